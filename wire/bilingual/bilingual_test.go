package bilingual_test

import (
	"testing"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/puretest"
)

func TestPure(t *testing.T) { puretest.Check(t, puretest.Rules{Imports: []string{"fmt"}}) }

func TestFormat(t *testing.T) {
	got := bilingual.Format("%s took %d bytes", "%[1]s接受了 %[2]d 字节", bilingual.T("the server", "服务器"), 13)
	if want := bilingual.T("the server took 13 bytes", "服务器接受了 13 字节"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestJoin(t *testing.T) {
	got := bilingual.Join(bilingual.Text{}, bilingual.T("a", "甲"), bilingual.Text{}, bilingual.T("b", "乙"))
	if want := bilingual.T("a; b", "甲；乙"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
