package cookie

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func mustKey(t testing.TB, text string) Key {
	t.Helper()
	k, err := ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestParseKey(t *testing.T) {
	for _, tt := range []struct{ text, hex, sysctl string }{
		{"a0bf63f7-ed803d81-cd641d30-cebc4a90", "f763bfa0813d80ed301d64cd904abcce", "a0bf63f7-ed803d81-cd641d30-cebc4a90"},
		{"A0BF63F7-ED803D81-CD641D30-CEBC4A90", "f763bfa0813d80ed301d64cd904abcce", "a0bf63f7-ed803d81-cd641d30-cebc4a90"},
		{"f763bfa0813d80ed301d64cd904abcce", "f763bfa0813d80ed301d64cd904abcce", "a0bf63f7-ed803d81-cd641d30-cebc4a90"},
		{"00010203-04050607-08090a0b-0c0d0e0f", "03020100070605040b0a09080f0e0d0c", "00010203-04050607-08090a0b-0c0d0e0f"},
		{"0-0-0-0", "00000000000000000000000000000000", "00000000-00000000-00000000-00000000"},
		{"1-23-456-7890abc", "010000002300000056040000bc0a8907", "00000001-00000023-00000456-07890abc"},
	} {
		k := mustKey(t, tt.text)
		if got := k.Hex(); got != tt.hex {
			t.Errorf("ParseKey(%s).Hex: got %s, want %s", tt.text, got, tt.hex)
		}
		if got := k.Sysctl(); got != tt.sysctl {
			t.Errorf("ParseKey(%s).Sysctl: got %s, want %s", tt.text, got, tt.sysctl)
		}
	}
}

func TestParseKeyErrors(t *testing.T) {
	for _, tt := range []struct {
		text string
		want error
	}{
		{"", ErrKeyLength},
		{"00", ErrKeyLength},
		{strings.Repeat("0", 31), ErrKeyLength},
		{strings.Repeat("0", 33), ErrKeyLength},
		{strings.Repeat("0", 64), ErrKeyLength},
		{strings.Repeat("0", 31) + "g", ErrKeySyntax},
		{strings.Repeat("0", 30) + "é", ErrKeySyntax},
		{strings.Repeat("0", 31) + "\n", ErrKeySyntax},
		{"0-0-0", ErrKeyLength},
		{"0-0-0-0-0", ErrKeyLength},
		{"0-0-0-", ErrKeySyntax},
		{"-0-0-0", ErrKeySyntax},
		{"0-0-+1-0", ErrKeySyntax},
		{"0-0-0x1-0", ErrKeySyntax},
		{"0-0-1_1-0", ErrKeySyntax},
		{"0- 0-0-0", ErrKeySyntax},
		{"0-0-0-123456789", ErrKeyLength},
		{"0-0-0-000000001", ErrKeyLength},
	} {
		k, err := ParseKey(tt.text)
		if !errors.Is(err, tt.want) || k != (Key{}) {
			t.Errorf("ParseKey(%q): got %s, %v, want %v", tt.text, k.Hex(), err, tt.want)
		}
	}
}

func TestKeyErrorsHideTheKey(t *testing.T) {
	const secret = "5ec2e75ec2e7"
	for _, text := range []string{secret, secret + "x", secret + "-0-0-0", "0-0-" + secret, secret + "," + secret} {
		if _, err := ParseKeys(text); err == nil || strings.Contains(err.Error(), "5ec2e7") {
			t.Errorf("ParseKeys(%q): got error %v, want one without the key", text, err)
		}
	}
}

func TestParseKeys(t *testing.T) {
	const text = "a0bf63f7-ed803d81-cd641d30-cebc4a90,00000001-00000002-00000003-00000004"
	keys, err := ParseKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Key{mustKey(t, "f763bfa0813d80ed301d64cd904abcce"), mustKey(t, "1-2-3-4")}
	if !slices.Equal(keys, want) {
		t.Errorf("ParseKeys: got %d keys %s, want %s", len(keys), FormatKeys(keys), FormatKeys(want))
	}
	if got := FormatKeys(keys); got != text {
		t.Errorf("FormatKeys: got %s, want %s", got, text)
	}
	for _, tt := range []struct {
		text string
		want error
	}{
		{"", ErrKeyLength},
		{"0-0-0-0,", ErrKeyLength},
		{",0-0-0-0", ErrKeyLength},
		{"0-0-0-0, 0-0-0-0", ErrKeySyntax},
		{"0-0-0-0" + strings.Repeat(",0-0-0-0", MaxKeys), ErrKeyLength},
	} {
		if keys, err := ParseKeys(tt.text); !errors.Is(err, tt.want) || keys != nil {
			t.Errorf("ParseKeys(%q): got %d keys, %v, want %v", tt.text, len(keys), err, tt.want)
		}
	}
}

func TestNewKey(t *testing.T) {
	raw := []byte("0123456789abcdef")
	k, err := NewKey(bytes.NewReader(raw))
	if err != nil || !bytes.Equal(k[:], raw) {
		t.Errorf("NewKey: got %s, %v, want %x", k.Hex(), err, raw)
	}
	k, err = NewKey(bytes.NewReader(raw[:15]))
	if !errors.Is(err, io.ErrUnexpectedEOF) || k != (Key{}) {
		t.Errorf("NewKey of 15 bytes: got %s, %v, want io.ErrUnexpectedEOF", k.Hex(), err)
	}
}

func FuzzParseKey(f *testing.F) {
	for _, s := range []string{"", "0-0-0-0", "a0bf63f7-ed803d81-cd641d30-cebc4a90", "f763bfa0813d80ed301d64cd904abcce", "1-2-3-4,5-6-7-8", "----", "0-0-0-0x1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := ParseKeys(text)
		if err != nil {
			if !errors.Is(err, ErrKeySyntax) && !errors.Is(err, ErrKeyLength) {
				t.Errorf("ParseKeys(%q): got error %v, want a sentinel", text, err)
			}
			return
		}
		if back, err := ParseKeys(FormatKeys(keys)); err != nil || !slices.Equal(back, keys) {
			t.Errorf("ParseKeys(FormatKeys): got %v, want the %d keys of %q", err, len(keys), text)
		}
		for _, k := range keys {
			if back, err := ParseKey(k.Hex()); err != nil || back != k {
				t.Errorf("ParseKey(Hex): got %s, %v, want %s", back.Hex(), err, k.Hex())
			}
		}
	})
}
