package main

import (
	"slices"
	"strings"
	"testing"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
)

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  []string
	}{
		{"one two three", 0, []string{"one two three"}},
		{"one two three", 13, []string{"one two three"}},
		{"one two three", 12, []string{"one two", "three"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"abcdefghij kl", 4, []string{"abcd", "efgh", "ij", "kl"}},
		{"服务器接受了 13 字节", 12, []string{"服务器接受了", "13 字节"}},
		{"服务器接受了数据", 9, []string{"服务器接", "受了数据"}},
		{"", 5, []string{""}},
	} {
		if got := wrap(test.text, test.width); !slices.Equal(got, test.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func TestUserLang(t *testing.T) {
	for _, test := range []struct{ all, messages, lang, want string }{
		{"", "", "", "en"}, {"", "", "zh_CN.UTF-8", "zh"}, {"C", "", "zh_CN.UTF-8", "en"}, {"", "zh_TW", "en_US", "zh"}, {"", "", "de_DE", "en"},
	} {
		t.Setenv("LC_ALL", test.all)
		t.Setenv("LC_MESSAGES", test.messages)
		t.Setenv("LANG", test.lang)
		if got := userLang(); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}

func TestFieldRows(t *testing.T) {
	data := []byte{0x45, 0x00, 0x12, 0x34, 0xff, 0, 1, 2, 3, 4, 5, 6}
	for _, test := range []struct {
		offset, width int
		want          []string
	}{
		{0, 4, []string{"0100 ...."}},
		{4, 4, []string{".... 0101"}},
		{16, 16, []string{"12 34"}},
		{19, 13, []string{"...1 0010 0011 0100"}},
		{12, 20, []string{".... 0000 0001 0010", "0011 0100"}},
		{16, 80, []string{"12 34 ff 00 01 02 03 04", "05 06"}},
	} {
		f := dissect.Field{Offset: test.offset, Width: test.width}
		if got := fieldRows(data, &f); !slices.Equal(got, test.want) {
			t.Errorf("bits %d to %d: got %q, want %q", test.offset, test.offset+test.width, got, test.want)
		}
	}
}

// The layout of fields on wide paper and on narrow, in colours and without.
func TestWriteFields(t *testing.T) {
	data := []byte{0x45, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 'h', 'i'}
	frame := &dissect.Frame{
		Fields: []dissect.Field{
			{Name: bilingual.T("Version", "版本"), Width: 4, Value: "4", Meaning: bilingual.T("What version it is.", "版本。"), Section: "RFC 791, Section 3.1"},
			{
				Name: bilingual.T("Length", "长度"), Offset: 4, Width: 4, Value: "5", Unit: bilingual.T("32-bit words", "32 位字"),
				Meaning: bilingual.T("How long it is.", "长度。"), Reason: bilingual.T("there are no options", "没有选项"),
			},
			{Name: bilingual.T("Long", "长"), Offset: 8, Width: 80, Value: "00010203040506070809", Meaning: bilingual.T("Ten bytes.", "十字节。"), Bad: true},
			{Name: bilingual.T("Data", "数据"), Offset: 88, Width: 16, Value: "6869"},
		},
		Groups: []dissect.Group{
			{Name: bilingual.T("Header", "首部"), Summary: "all of it", First: 0, End: 3},
			{Name: bilingual.T("Inner", "内部"), First: 2, End: 3, Depth: 1},
			{Name: bilingual.T("Payload", "载荷"), First: 3, End: 4},
		},
	}
	var b strings.Builder
	for _, p := range []paper{{lang: langEn}, {lang: langEn, width: 40}, {lang: langZh, width: 80}, {lang: langEn, color: true}} {
		p.writeFields(&b, data, frame)
		b.WriteByte('\n')
	}
	golden(t, "fields.golden", b.String())
}
