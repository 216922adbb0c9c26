package iptables

import (
	"errors"
	"testing"
)

func TestTagText(t *testing.T) {
	tests := []struct {
		tag         Tag
		text, table string
	}{
		{Tag{PID: 1234, Start: 567890, PIDNS: 4026531836, ID: 0x9f3a1c20}, "tfocraft:1234:567890:4026531836:9f3a1c20", "tfocraft-1234-567890-4026531836-9f3a1c20"},
		{Tag{PID: 1}, "tfocraft:1:0:0:00000000", "tfocraft-1-0-0-00000000"},
		{Tag{Manual: true}, "tfocraft:manual", "tfocraft-manual"},
	}
	for _, test := range tests {
		if got := test.tag.String(); got != test.text {
			t.Errorf("String: got %q, want %q", got, test.text)
		}
		if got := test.tag.table(); got != test.table {
			t.Errorf("table: got %q, want %q", got, test.table)
		}
		if got, err := ParseTag(test.text); err != nil || got != test.tag {
			t.Errorf("ParseTag(%q): got %+v, %v, want %+v", test.text, got, err, test.tag)
		}
		if got, err := tagOfTable(test.table); err != nil || got != test.tag {
			t.Errorf("tagOfTable(%q): got %+v, %v, want %+v", test.table, got, err, test.tag)
		}
	}
}

func TestParseTagRefused(t *testing.T) {
	for _, s := range []string{"", "tfocraft", "tfocraft:", "tfocraft:1:2:3", "tfocraft:0:2:3:00000004", "tfocraft:-1:2:3:00000004",
		"tfocraft:1:2:3:4", "tfocraft:01:2:3:00000004", "tfocraft:1:2:3:0000000G", "tfocraft:1:2:3:00000004:", "tfocraft:manual:1", "other:1:2:3:00000004"} {
		if got, err := ParseTag(s); !errors.Is(err, ErrTag) {
			t.Errorf("ParseTag(%q): got %+v, %v, want ErrTag", s, got, err)
		}
	}
}

func FuzzParseTag(f *testing.F) {
	f.Add("tfocraft:1234:567890:4026531836:9f3a1c20")
	f.Add("tfocraft:manual")
	f.Fuzz(func(t *testing.T, s string) {
		if tag, err := ParseTag(s); err == nil && tag.String() != s {
			t.Errorf("got %q, want %q", tag, s)
		}
	})
}
