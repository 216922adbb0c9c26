package load

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestParseClients(t *testing.T) {
	for text, want := range map[string]string{
		"198.18.1.0/24":                       "254: 198.18.1.1 ... 198.18.1.254",
		"198.18.1.77/30":                      "2: 198.18.1.77 ... 198.18.1.78",
		"198.18.1.4/31":                       "2: 198.18.1.4 ... 198.18.1.5",
		"198.18.1.4/32":                       "1: 198.18.1.4 ... 198.18.1.4",
		"198.18.1.4":                          "1: 198.18.1.4 ... 198.18.1.4",
		"198.18.1.0-198.18.1.255":             "256: 198.18.1.0 ... 198.18.1.255",
		"198.18.1.1,198.18.2.0/29":            "7: 198.18.1.1 ... 198.18.2.6",
		"198.18.0.0/16":                       "65534: 198.18.0.1 ... 198.18.255.254",
		"2001:db8::/112":                      "65536: 2001:db8:: ... 2001:db8::ffff",
		"2001:db8::ffff:fffe-2001:db8::1:0:3": "6: 2001:db8::ffff:fffe ... 2001:db8::1:0:3",
	} {
		c, err := ParseClients(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := fmt.Sprintf("%d: %v ... %v", c.Len(), c.At(0), c.At(c.Len()-1)); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
		checkIndex(t, c)
	}
}

// checkIndex wants every number and address to be each other's, and the prefixes to
// hold all of them.
func checkIndex(t *testing.T, c *Clients) {
	t.Helper()
	prefixes := c.Prefixes()
	for i := range c.Len() {
		a := c.At(i)
		if got, ok := c.Index(a); !ok || got != i {
			t.Fatalf("%v: client %d, %v is number %d, %v", c, i, a, got, ok)
		}
		in := 0
		for _, p := range prefixes {
			if p.Contains(a) {
				in++
			}
		}
		if in != 1 {
			t.Fatalf("%v: %v is in %d of %v", c, a, in, prefixes)
		}
	}
	for _, a := range []netip.Addr{c.At(0).Prev().Prev(), c.At(c.Len() - 1).Next().Next(), netip.MustParseAddr("::1")} {
		if i, ok := c.Index(a); ok {
			t.Errorf("%v: %v is number %d", c, a, i)
		}
	}
}

func TestParseClientsBad(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "a range is empty",
		"198.18.1.1,":              "a range is empty",
		"198.18.1.0/33":            "is not a prefix",
		"x":                        "neither a prefix",
		"198.18.1.9-198.18.1.1":    "ends before it begins",
		"198.18.1.9-::1":           "ends before it begins",
		"198.18.1.0/24,198.18.1.7": "198.18.1.0/24 and 198.18.1.7 overlap",
		"198.18.1.1-198.18.1.9,198.18.1.9-198.18.1.12": "overlap",
		"198.18.1.1,2001:db8::1":                       "not of one family",
		"0.0.0.0/4":                                    "more than",
		"2001:db8::/64":                                "more than",
		"2001:db8::/100":                               "more than",
		"224.0.0.0/24":                                 "not the address of a host",
		"fe80::1%eth0":                                 "has a zone",
		"0.0.0.0":                                      "not the address of a host",
	} {
		_, err := ParseClients(text)
		if !errors.Is(err, ErrClients) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestPrefixes(t *testing.T) {
	c, err := ParseClients("198.18.1.1-198.18.1.8")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(c.Prefixes()), "[198.18.1.1/32 198.18.1.2/31 198.18.1.4/30 198.18.1.8/32]"; got != want {
		t.Errorf("prefixes %s, want %s", got, want)
	}
}

func TestPorts(t *testing.T) {
	for text, want := range map[string]Ports{"1024-65535": {1024, 65535}, "7": {7, 7}, "1-65535": {1, 65535}} {
		if got, err := ParsePorts(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "9-1", "1-65536", "x", "-", "1-", "99999999999999999999"} {
		if p, err := ParsePorts(text); !errors.Is(err, ErrPorts) {
			t.Errorf("%q: %v, %v", text, p, err)
		}
	}
	// The shares are all ports, each once.
	all := Ports{1000, 1102}
	next := all.First
	for i := range 4 {
		p := all.Share(i, 4)
		if p.First != next || p.Len() < 25 || p.Len() > 26 {
			t.Errorf("share %d is %v", i, p)
		}
		next = p.Last + 1
	}
	if next != all.Last+1 {
		t.Errorf("the shares end before %d", next)
	}
}
