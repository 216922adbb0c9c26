package cookie

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func mustCookie(t testing.TB, text string) Cookie {
	t.Helper()
	c, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// T-14: legal cookies are 4 to 16 bytes and even; all that fit an option can be held.
func TestCookieLengths(t *testing.T) {
	legal := map[int]bool{4: true, 6: true, 8: true, 10: true, 12: true, 14: true, 16: true}
	for n := range Capacity + 3 {
		b := bytes.Repeat([]byte{0xa5}, n)
		c, err := FromBytes(b)
		if n > Capacity {
			if !errors.Is(err, ErrCookieLength) {
				t.Errorf("FromBytes of %d bytes: got error %v, want ErrCookieLength", n, err)
			}
			if _, err := Parse(strings.Repeat("a5", n)); !errors.Is(err, ErrCookieLength) {
				t.Errorf("Parse of %d bytes: got error %v, want ErrCookieLength", n, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("FromBytes of %d bytes: got error %v, want none", n, err)
		}
		if got, want := c.Legal(), legal[n]; got != want {
			t.Errorf("Legal at %d bytes: got %v, want %v", n, got, want)
		}
		if got, want := c.IsZero(), n == 0; got != want {
			t.Errorf("IsZero at %d bytes: got %v, want %v", n, got, want)
		}
		if got := c.Append([]byte{1}); c.Len() != n || !bytes.Equal(got, append([]byte{1}, b...)) {
			t.Errorf("%d bytes: got Len %d, Append %x", n, c.Len(), got)
		}
		if back := mustCookie(t, c.Hex()); back != c || !back.Equal(c) {
			t.Errorf("Parse(Hex) of %d bytes: got %s, want %s", n, back.Hex(), c.Hex())
		}
	}
}

func TestCookieAliasesNothing(t *testing.T) {
	b := []byte{1, 2, 3, 4}
	c, _ := FromBytes(b)
	b[0] = 9
	if got, want := c.Hex(), "01020304"; got != want {
		t.Errorf("after the source changed: got %s, want %s", got, want)
	}
	c.Append(nil)[0] = 9
	if got, want := c.Hex(), "01020304"; got != want {
		t.Errorf("after the appended bytes changed: got %s, want %s", got, want)
	}
}

func TestCookieEqual(t *testing.T) {
	a := mustCookie(t, "0102030405060708")
	for _, tt := range []struct {
		other string
		want  bool
	}{
		{"0102030405060708", true},
		{"0102030405060709", false},
		{"8102030405060708", false},
		{"01020304", false},
		{"010203040506070800000000", false},
		{"", false},
	} {
		b := mustCookie(t, tt.other)
		if got := a.Equal(b); got != tt.want {
			t.Errorf("Equal(%s): got %v, want %v", tt.other, got, tt.want)
		}
		if got := a == b; got != tt.want {
			t.Errorf("== %s: got %v, want %v", tt.other, got, tt.want)
		}
	}
	// T-22: zeros are a cookie, and not the absent one.
	if zeros := mustCookie(t, "00000000"); zeros.IsZero() || !zeros.Legal() || zeros == (Cookie{}) {
		t.Errorf("four zero bytes: got IsZero %v, Legal %v, want a cookie", zeros.IsZero(), zeros.Legal())
	}
}

func TestParseCookieErrors(t *testing.T) {
	for _, tt := range []struct {
		text string
		want error
	}{
		{"0", ErrCookieSyntax},
		{"0g", ErrCookieSyntax},
		{" 01020304", ErrCookieSyntax},
		{"0x01", ErrCookieSyntax},
		{strings.Repeat("0", 78), ErrCookieLength},
	} {
		if _, err := Parse(tt.text); !errors.Is(err, tt.want) {
			t.Errorf("Parse(%q): got error %v, want %v", tt.text, err, tt.want)
		}
	}
}

// T-32: nothing that prints a value, however, may show what is secret in it.
func TestRedaction(t *testing.T) {
	key, err := ParseKey("6b65796b65796b65796b65796b65796b")
	if err != nil {
		t.Fatal(err)
	}
	c := mustCookie(t, "6b65796b65796b65")
	ring := NewKeyring(Linux, key, key)
	minter := Linux.Minter(key)
	secrets := []string{"6b65796b", "6B65796B", "keyk", "107, 101", "107 101", "0x6b, 0x65",
		fmt.Sprint(minter.k0), fmt.Sprintf("%x", minter.k0)}
	values := []any{c, &c, key, &key, ring, minter, []Key{key}, struct{ K Key }{key}, Hint{Cookie: c},
		Entry{Hint: Hint{Cookie: c}}, map[string]Cookie{"c": c}}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U"} {
			checkNoSecret(t, fmt.Sprintf("%s of %T", verb, v), fmt.Sprintf(verb, v), secrets)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Errorf("json of %T: got error %v, want none", v, err)
		}
		checkNoSecret(t, fmt.Sprintf("json of %T", v), string(text), secrets)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("text", "value", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "value", v)
		checkNoSecret(t, fmt.Sprintf("log of %T", v), log.String(), secrets)
	}
	if got, want := fmt.Sprintf("%v %x %s", c, key, ring), "cookie(8 bytes) key(16 bytes) keyring(linux, 2 keys)"; got != want {
		t.Errorf("redacted: got %q, want %q", got, want)
	}
}

func checkNoSecret(t *testing.T, what, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s: got %q, which shows %q", what, text, secret)
		}
	}
}

func FuzzCookie(f *testing.F) {
	for n := range Capacity + 2 {
		f.Add(bytes.Repeat([]byte{byte(n)}, n))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := FromBytes(b)
		if (err != nil) != (len(b) > Capacity) {
			t.Fatalf("FromBytes of %d bytes: got error %v", len(b), err)
		}
		if err != nil {
			return
		}
		if got := c.Append(nil); !bytes.Equal(got, b) {
			t.Errorf("Append: got %x, want %x", got, b)
		}
		if back, err := Parse(c.Hex()); err != nil || back != c || !back.Equal(c) {
			t.Errorf("Parse(Hex): got %s, %v, want %x", back.Hex(), err, b)
		}
	})
}

func FuzzParseCookie(f *testing.F) {
	for _, s := range []string{"", "00", "0102030405060708", "0", "zz", strings.Repeat("f", 77)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			if c != (Cookie{}) || (!errors.Is(err, ErrCookieSyntax) && !errors.Is(err, ErrCookieLength)) {
				t.Errorf("Parse(%q): got %s, %v", text, c.Hex(), err)
			}
			return
		}
		if got, want := c.Hex(), strings.ToLower(text); got != want {
			t.Errorf("Hex: got %q, want %q", got, want)
		}
	})
}
