package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tfocraft/cookie"
)

const (
	sysctlA = "a0bf63f7-ed803d81-cd641d30-cebc4a90"
	hexA    = "f763bfa0813d80ed301d64cd904abcce"
	sysctlB = "00000001-00000002-00000003-00000004"
)

func TestLoadKeyFile(t *testing.T) {
	a, _ := cookie.ParseKey(sysctlA)
	b, _ := cookie.ParseKey(sysctlB)
	for _, tt := range []struct {
		name, text string
		want       []cookie.Key
		err        error
	}{
		{"sysctl", sysctlA + "\n", []cookie.Key{a}, nil},
		{"hex", hexA + "\n", []cookie.Key{a}, nil},
		{"two", sysctlA + "," + sysctlB + "\n", []cookie.Key{a, b}, nil},
		{"short groups", "1-2-3-4\n", []cookie.Key{b}, nil},
		{"no newline", sysctlA, []cookie.Key{a}, nil},
		{"no newline, hex", sysctlB + "," + hexA, []cookie.Key{b, a}, nil},
		{"comments", "# keys\n\n  " + sysctlA + "\r\n# end", []cookie.Key{a}, nil},
		{"empty", "", nil, ErrDamaged},
		{"comments alone", "# keys\n", nil, ErrDamaged},
		{"last digit lost", sysctlA[:len(sysctlA)-1], nil, ErrDamaged},
		{"last digits lost", sysctlA + "," + sysctlB[:30], nil, ErrDamaged},
		{"last group lost", sysctlA[:26], nil, cookie.ErrKeyLength},
		{"half of hex", hexA[:31] + "\n", nil, cookie.ErrKeyLength},
		{"second lost", sysctlA + ",\n", nil, cookie.ErrKeyLength},
		{"too long", hexA + "00\n", nil, cookie.ErrKeyLength},
		{"two lines", sysctlA + "\n" + sysctlB + "\n", nil, cookie.ErrKeySyntax},
		{"binary", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", nil, cookie.ErrKeySyntax},
		{"huge", strings.Repeat("# comment\n", 10000) + sysctlA + "\n", nil, cookie.ErrKeySyntax},
		{"eleven", strings.Repeat(hexA+",", 10) + hexA + "\n", nil, cookie.ErrKeyLength},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := LoadKeyFile(path)
		if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %s, %v, want %s, %v", tt.name, cookie.FormatKeys(got), err, cookie.FormatKeys(tt.want), tt.err)
		}
		if err != nil && (!strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "a0bf")) {
			t.Errorf("%s: got error %q, want one line with the path and no key", tt.name, err)
		}
		if after := readFile(t, path); after != tt.text {
			t.Errorf("%s: the file was changed", tt.name)
		}
	}
}

func TestLoadKeyFileUnreadable(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadKeyFile(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got error %v, want fs.ErrNotExist", err)
	}
	if _, err := LoadKeyFile(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("directory: got error %v, want one with the path", err)
	}
}

// T-32: keys are for their owner's eyes.
func TestSaveKeyFile(t *testing.T) {
	a, _ := cookie.ParseKey(sysctlA)
	b, _ := cookie.ParseKey(sysctlB)
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	if err := SaveKeyFile(path, []cookie.Key{a, b}, false); err != nil {
		t.Fatal(err)
	}
	wantKeyFile(t, path, a, b)
	if err := SaveKeyFile(path, []cookie.Key{b}, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("save over a file: got error %v, want fs.ErrExist", err)
	}
	wantKeyFile(t, path, a, b)
	if err := SaveKeyFile(path, []cookie.Key{b}, true); err != nil {
		t.Fatal(err)
	}
	wantKeyFile(t, path, b)
	for _, keys := range [][]cookie.Key{nil, make([]cookie.Key, cookie.MaxKeys+1)} {
		if err := SaveKeyFile(path, keys, true); !errors.Is(err, cookie.ErrKeyLength) {
			t.Errorf("save %d keys: got error %v, want ErrKeyLength", len(keys), err)
		}
	}
	wantKeyFile(t, path, b)
	wantNoLeftovers(t, dir, 1)
	if err := SaveKeyFile(filepath.Join(dir, "none", "key"), []cookie.Key{a}, false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("save without a directory: got error %v, want fs.ErrNotExist", err)
	}
}

func wantKeyFile(t *testing.T, path string, want ...cookie.Key) {
	t.Helper()
	got, err := LoadKeyFile(path)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("keys: got %s, %v, want %s", cookie.FormatKeys(got), err, cookie.FormatKeys(want))
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode: got %v, %v, want 0600", info.Mode(), err)
	}
}

func TestKeyFileExposed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if _, err := KeyFileExposed(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got error %v, want fs.ErrNotExist", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[fs.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o602: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if got, err := KeyFileExposed(path); got != want || err != nil {
			t.Errorf("mode %v: got %v, %v, want %v", mode, got, err, want)
		}
	}
}

func FuzzKeyFile(f *testing.F) {
	for _, s := range []string{"", sysctlA, hexA + "\n", "# c\n1-2-3-4\n", sysctlA + "," + hexA, "\r\n,\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := parseKeyFile(text)
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("got %d keys, %v", len(keys), err)
		}
		if err != nil {
			return
		}
		if back, err := parseKeyFile(cookie.FormatKeys(keys)); err != nil || !slices.Equal(back, keys) {
			t.Errorf("written and read again: got %d keys, %v, want %d", len(back), err, len(keys))
		}
	})
}
