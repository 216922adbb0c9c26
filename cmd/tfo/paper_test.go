package main

import (
	"slices"
	"testing"

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
