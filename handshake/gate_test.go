package handshake

import (
	"net/netip"
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/wire"
)

// gateKeys are those of the vectors: the second one in sysctl notation.
var gateKeys = [...]string{
	"000102030405060708090a0b0c0d0e0f",
	"a1b2c3d4-e5f60718-293a4b5c-6d7e8f90",
	"2b7e151628aed2a6abf7158809cf4f3c",
}

func gateKey(t *testing.T, i int) cookie.Key {
	t.Helper()
	k, err := cookie.ParseKey(gateKeys[i])
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// gateCookie is the cookie of gateKeys[0] for 192.0.2.1, by RFC 7413.
const gateCookie = "b52d0a13dde9a6ba"

func newGate(t *testing.T, c GateConfig) *Gate {
	t.Helper()
	c.Enabled = true
	if c.Keyring == nil {
		c.Keyring = cookie.NewKeyring(cookie.RFC7413, gateKey(t, 0))
	}
	return NewGate(c)
}

// admit asks the gate about a SYN with these options.
func admit(t *testing.T, g *Gate, now time.Time, options string) Admission {
	t.Helper()
	p, err := wire.ParseText("S 0:0(0) win 1 <" + options + ">")
	if err != nil {
		t.Fatal(err)
	}
	set, _ := wire.Options(wire.Pad(p.Segment.Options, 0)).Decode()
	return g.Admit(now, &set, 5, simClient, simServer)
}

// What the gate makes of a SYN (T-07, T-10, T-16, T-19, T-21, T-23, T-28, T-29, T-60, T-61,
// T-66, T-94, L-03, L-04). The replies of Linux to the same options, with a
// key and a scheme of its own, are in TestGateLikeLinux.
func TestGate(t *testing.T) {
	for _, test := range []struct {
		options string
		data    bool
		reply   string
		why     Why
	}{
		{"mss 1460", false, "", WhyNoOption},
		{"FO", false, gateCookie, WhyCookieGranted},
		{"FO " + gateCookie, true, "", WhyCookieValid},
		{"FO 1122334455667788", false, gateCookie, WhyCookieInvalid},
		{"FO b52d0a13dde9a6bb", false, gateCookie, WhyCookieInvalid},                 // a bit is flipped
		{"FO b52d0a13", false, gateCookie, WhyCookieInvalid},                         // only the beginning
		{"FO b52d0a13dde9a6ba0000000000000000", false, gateCookie, WhyCookieInvalid}, // and more
		{"FO 11", false, "", WhyIllegalLength},                                       // lengths that are not legal
		{"FO 1122", false, "", WhyIllegalLength},
		{"FO 11223344556677", false, "", WhyIllegalLength},
		{"FO 112233445566778899aabbccddeeff0011ff", false, "", WhyIllegalLength},
		{"FO 1122334455667788,FO " + gateCookie, true, "", WhyCookieValid}, // the last one counts
		{"FO " + gateCookie + ",FO 1122334455667788", false, gateCookie, WhyCookieInvalid},
		{"FO " + gateCookie + ",mss 1460,wscale 7", true, "", WhyCookieValid}, // anywhere
		{"mss 1460,nop,FO " + gateCookie + ",nop,wscale 7", true, "", WhyCookieValid},
		{"mss 1460,FO " + gateCookie + ",eol,eol", true, "", WhyCookieValid},
		{"eol,FO " + gateCookie, false, "", WhyNoOption},
		{"mss 1460,raw 2200", false, "", WhyNoOption}, // impossible lengths
		{"mss 1460,raw 2201", false, "", WhyNoOption},
		{"mss 1460,raw 223c0102", false, "", WhyNoOption},
	} {
		t.Run(test.options, func(t *testing.T) {
			got := admit(t, newGate(t, GateConfig{}), epoch, test.options)
			if got.Data != test.data || got.Reply.Hex() != test.reply || got.Why != test.why {
				t.Errorf("got data %v, reply %q (%s); want %v, %q (%s)",
					got.Data, got.Reply.Hex(), got.Why, test.data, test.reply, test.why)
			}
			if got.Experimental {
				t.Error("the answer is experimental")
			}
		})
	}
}

// What Linux 6.18 answered to the same SYNs with the same key, seen on the wire
// (L-03, L-04, T-23).
func TestGateLikeLinux(t *testing.T) {
	const good = "a24e1d399638e060"
	for _, test := range []struct {
		options      string
		data         bool
		reply        string
		experimental bool
	}{
		{"FO", false, good, false},
		{"FO " + good, true, "", false},
		{"FO 0102030405060708", false, good, false},
		{"FO 01020304", false, good, false},
		{"FO a24e1d39", false, good, false},
		{"FO a24e1d399638e0600000000000000000", false, good, false},
		{"FO 01", false, "", false},
		{"FO 0102", false, "", false},
		{"FO 01020304050607", false, "", false},
		{"FO 0102030405060708090a0b0c0d0e0f101112", false, "", false},
		{"mss 1460", false, "", false},
		{"FOEXP " + good, true, "", false},
		{"FOEXP", false, good, true},
		{"kind 254 f988", false, "", false},
		{"kind 255 f989", false, "", false},
		{"FO " + good + ",FO 0102030405060708", false, good, false},
		{"FO 0102030405060708,FO " + good, true, "", false},
		{"FO " + good + ",FOEXP", false, good, true},
	} {
		t.Run(test.options, func(t *testing.T) {
			g := newGate(t, GateConfig{Keyring: cookie.NewKeyring(cookie.Linux, gateKey(t, 1))})
			got := admit(t, g, epoch, test.options)
			if got.Data != test.data || got.Reply.Hex() != test.reply || got.Experimental != test.experimental {
				t.Errorf("got data %v, reply %q, experimental %v; want %v, %q, %v",
					got.Data, got.Reply.Hex(), got.Experimental, test.data, test.reply, test.experimental)
			}
		})
	}
}

// A gate that was not switched on ignores every option (T-01, T-44).
func TestGateOff(t *testing.T) {
	g := NewGate(GateConfig{})
	for _, options := range []string{"FO", "FO " + gateCookie, "FOEXP"} {
		if got := admit(t, g, epoch, options); got.Data || !got.Reply.IsZero() || got.Why != WhyGateOff {
			t.Errorf("%s: got %+v", options, got)
		}
	}
	if got := g.Pending(); got != 0 {
		t.Errorf("pending: got %d, want 0", got)
	}
}

// The forms of the option can be restricted.
func TestGateForms(t *testing.T) {
	for _, test := range []struct {
		options string
		config  GateConfig
		want    Why
	}{
		{"FO", GateConfig{OnlyStandard: true}, WhyCookieGranted},
		{"FOEXP", GateConfig{OnlyStandard: true}, WhyWrongForm},
		{"FO", GateConfig{OnlyExperimental: true}, WhyWrongForm},
		{"FOEXP", GateConfig{OnlyExperimental: true}, WhyCookieGranted},
	} {
		if got := admit(t, newGate(t, test.config), epoch, test.options); got.Why != test.want {
			t.Errorf("%s with %+v: got %s, want %s", test.options, test.config, got.Why, test.want)
		}
	}
}

// Old keys are still good for a while, and the new cookie comes along (T-26,
// T-27, T-83, L-05).
func TestGateRotation(t *testing.T) {
	ring := cookie.NewKeyring(cookie.RFC7413, gateKey(t, 0))
	g := newGate(t, GateConfig{Keyring: ring})
	ring.Rotate(gateKey(t, 2))
	got := admit(t, g, epoch, "FO "+gateCookie)
	if !got.Data || got.Reply.Hex() != "68f6bc3c5985af2a" || got.Why != WhyCookieOlderKey {
		t.Errorf("one key later: got %+v", got)
	}
	ring.Rotate(gateKey(t, 1))
	if got := admit(t, g, epoch, "FO "+gateCookie); got.Data || got.Why != WhyCookieInvalid {
		t.Errorf("two keys later: got %+v", got)
	}
}

// Servers that share a key take each other's cookies, others fall back (T-31).
func TestGateFarm(t *testing.T) {
	fresh := admit(t, newGate(t, GateConfig{}), epoch, "FO")
	if got := admit(t, newGate(t, GateConfig{}), epoch, "FO "+fresh.Reply.Hex()); !got.Data {
		t.Errorf("same key: got %+v", got)
	}
	other := newGate(t, GateConfig{Keyring: cookie.NewKeyring(cookie.RFC7413, gateKey(t, 2))})
	if got := admit(t, other, epoch, "FO "+fresh.Reply.Hex()); got.Data || got.Reply.IsZero() {
		t.Errorf("another key: got %+v", got)
	}
}

// A cookie belongs to an address: all clients behind one share it, others have
// their own, and a mapped address is the IPv4 address that it holds (T-24,
// T-25, T-80).
func TestGateAddresses(t *testing.T) {
	g := newGate(t, GateConfig{})
	set := wire.OptionSet{FastOpen: wire.FastOpen{Present: true}}
	mint := func(client, server string) string {
		return g.Admit(epoch, &set, 0, netip.MustParseAddr(client), netip.MustParseAddr(server)).Reply.Hex()
	}
	for _, test := range []struct{ client, server, want string }{
		{"192.0.2.1", "192.0.2.2", gateCookie},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.2", gateCookie},
		{"192.0.2.17", "192.0.2.2", "d4e5de5d9dc0e6af"},
		{"2001:db8::1", "2001:db8::2", "ea7211a762470e4d"},
	} {
		if got := mint(test.client, test.server); got != test.want {
			t.Errorf("%s: got %s, want %s", test.client, got, test.want)
		}
	}
}

// PendingFastOpenRequests: over the limit there is no Fast Open, and no cookie
// either, until a connection is confirmed or gone (T-45, T-46, T-58, T-75,
// T-77, T-79, L-07).
func TestGatePendingLimit(t *testing.T) {
	g := newGate(t, GateConfig{MaxPending: 1})
	if got := admit(t, g, epoch, "FO "+gateCookie); !got.Data {
		t.Fatalf("first: got %+v", got)
	}
	for _, options := range []string{"FO " + gateCookie, "FO 1122334455667788", "FO"} {
		got := admit(t, g, epoch, options)
		if got.Data || !got.Reply.IsZero() || got.Why != WhyPendingLimit {
			t.Errorf("%s over the limit: got %+v", options, got)
		}
	}
	g.Confirmed()
	if got := admit(t, g, epoch, "FO "+gateCookie); !got.Data {
		t.Errorf("after the ACK: got %+v", got)
	}
	g.Gone(epoch, false)
	if got := g.Pending(); got != 0 {
		t.Errorf("pending: got %d, want 0", got)
	}
}

// Requests and refused cookies do not count as pending (T-45).
func TestGateCountsOnlyAdmitted(t *testing.T) {
	g := newGate(t, GateConfig{MaxPending: 1})
	for range 3 {
		admit(t, g, epoch, "FO")
		admit(t, g, epoch, "FO 1122334455667788")
		admit(t, g, epoch, "mss 1460")
	}
	if got := g.Pending(); got != 0 {
		t.Errorf("pending: got %d, want 0", got)
	}
}

// A place that was freed by a reset stays taken for a while: the reset may come
// from the victim of a spoofed SYN (T-78).
func TestGateResetHold(t *testing.T) {
	g := newGate(t, GateConfig{MaxPending: 1})
	admit(t, g, epoch, "FO "+gateCookie)
	g.Gone(epoch, true)
	for _, after := range []time.Duration{0, time.Second, 60*time.Second - 1} {
		if got := admit(t, g, epoch.Add(after), "FO "+gateCookie); got.Data {
			t.Errorf("%v after the reset: got %+v", after, got)
		}
	}
	if got := admit(t, g, epoch.Add(60*time.Second), "FO "+gateCookie); !got.Data {
		t.Errorf("60 s after the reset: got %+v", got)
	}
}

// There is a limit though nobody set one (T-77).
func TestGateDefaultLimit(t *testing.T) {
	g := newGate(t, GateConfig{})
	admitted := 0
	for range 1000 {
		if admit(t, g, epoch, "FO "+gateCookie).Data {
			admitted++
		}
	}
	if admitted != 256 {
		t.Errorf("admitted: got %d, want 256", admitted)
	}
}

// An application with a protection of its own may do without cookies (T-89).
func TestGateCookieNotNeeded(t *testing.T) {
	g := NewGate(GateConfig{Enabled: true, CookieNotNeeded: true})
	for _, options := range []string{"mss 1460", "FO", "FO 1122334455667788"} {
		if got := admit(t, g, epoch, options); !got.Data || !got.Reply.IsZero() || got.Why != WhyCookieNotNeeded {
			t.Errorf("%s: got %+v", options, got)
		}
	}
	// A plain SYN is one: there is nothing that it could have been sent for.
	if got := g.Admit(epoch, &wire.OptionSet{}, 0, simClient, simServer); got.Data || got.Outcome != OutcomeNotAsked {
		t.Errorf("without option and data: got %+v", got)
	}
}

// A gate that is switched on without keys is a mistake that shows at once.
func TestGateNeedsKeyring(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("NewGate took Enabled without a Keyring")
		}
	}()
	NewGate(GateConfig{Enabled: true})
}

func TestListens(t *testing.T) {
	for flags, want := range map[string]bool{
		"S": true, "SP": true, "SU": true, "SEW": true, "SEWA": true,
		"S.": false, "SF": false, "SR": false, ".": false, "F": false, "R": false, "-": false, "FSRP.": false,
	} {
		f, err := wire.ParseFlags(flags)
		if err != nil {
			t.Fatal(err)
		}
		if got := Listens(&wire.Segment{Flags: f}); got != want {
			t.Errorf("%s: got %v, want %v", flags, got, want)
		}
	}
}
