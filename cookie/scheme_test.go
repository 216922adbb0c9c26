package cookie

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestSchemeNames(t *testing.T) {
	want := []string{"rfc7413", "linux", "linux-aes", "freebsd"}
	var got []string
	for _, s := range Schemes() {
		got = append(got, s.Name())
		if back, err := ParseScheme(s.Name()); err != nil || back != s {
			t.Errorf("ParseScheme(%q): got %v, %v, want %v", s.Name(), back, err, s)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("names: got %q, want %q", got, want)
	}
	if got, want := Scheme(200).String(), "scheme(200)"; got != want {
		t.Errorf("name of no scheme: got %q, want %q", got, want)
	}
}

func TestParseSchemeError(t *testing.T) {
	for _, name := range []string{"", "Linux", "scheme(9)", "openbsd"} {
		_, err := ParseScheme(name)
		if !errors.Is(err, ErrScheme) {
			t.Errorf("ParseScheme(%q): got error %v, want ErrScheme", name, err)
			continue
		}
		for _, s := range Schemes() {
			if !strings.Contains(err.Error(), s.Name()) {
				t.Errorf("ParseScheme(%q): got error %q, want it to list %s", name, err, s)
			}
		}
	}
}
