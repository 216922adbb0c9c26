package load

import (
	"errors"
	"strings"
	"testing"
)

func TestBadConfig(t *testing.T) {
	for want, change := range map[string]func(c *Config){
		"contains the server":     func(c *Config) { c.Clients, _ = ParseClients("198.18.0.0/16") },
		"not of one family":       func(c *Config) { c.Clients, _ = ParseClients("2001:db8::1") },
		"there are none":          func(c *Config) { c.Clients = nil },
		"2e+09 a second":          func(c *Config) { c.Rate = 2e9 },
		"-1 exchanges in flight":  func(c *Config) { c.Concurrency = -1 },
		"a time is negative":      func(c *Config) { c.Ramp = -1 },
		"a SYN has room for 1444": func(c *Config) { c.Mode, c.Sizes = Syn, SizeOf(1445) },
		"there is no FO":          func(c *Config) { c.Form, _ = ParseForm("mss 1460") },
		"no room for a cookie of 37 bytes": func(c *Config) {
			c.Cookies = Fixed(make([]byte, 37))
		},
		"cookie-36 takes 44 bytes": func(c *Config) { c.Mutations, _ = ParseMutations("cookie-36") },
		"needs a cookie": func(c *Config) {
			c.Cookies = nil
			c.Mutations, _ = ParseMutations("cookie-bit")
		},
		"a segment of 10 bytes": func(c *Config) { c.MSS = 10 },
	} {
		c := small(Exchange)
		change(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for _, text := range []string{"mss", "mss 1460,...", strings.Repeat("nop,", 41) + "nop"} {
		if _, err := ParseForm(text); !errors.Is(err, ErrOptions) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := ParseMutations("nosuch"); !errors.Is(err, ErrMutation) {
		t.Error(err)
	}
	if _, err := ParseMutations("cookie-39"); !errors.Is(err, ErrMutation) {
		t.Error(err)
	}
}
