package follow_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"tfocraft/cookie"
	"tfocraft/wire/follow"
)

const (
	firstClient  = "192.0.2.1:40000"
	secondClient = "192.0.2.9:40000"
	cookieServer = "192.0.2.2:80"
)

// open says a SYN and the SYN-ACK that answers it, each with an option, and returns the lines.
func (x *talk) open(client, synOption, synAckOption string) (syn, synAck follow.Line) {
	x.Helper()
	// Every connection begins elsewhere, so that it is not taken for the one before.
	x.isn += 1000
	syn = x.say(client, cookieServer, fmt.Sprintf("S %d:%d(0) win 1000 <%s>", x.isn, x.isn, synOption))
	synAck = x.say(cookieServer, client, fmt.Sprintf("S. 7:7(0) ack %d win 1000 <%s>", x.isn+1, synAckOption))
	return syn, synAck
}

func TestCookieVerdicts(t *testing.T) {
	x := newTalk(t)
	for _, step := range []struct {
		client, syn, synAck       string
		wantSyn, wantSynAck       follow.CookieVerdict
		granted                   string // before the SYN
		grantedFrame, grantedConn int
	}{
		{firstClient, "FO 0a0a0a0a", "mss 1460", follow.CookieUnknown, follow.CookieNone, "", 0, 0},
		{firstClient, "FO", "FO 01010101", follow.CookieNone, follow.CookieNew, "", 0, 0},
		{firstClient, "FO 01010101", "mss 1460", follow.CookieGranted, follow.CookieNone, "01010101", 4, 2},
		{firstClient, "FO 01010101", "FO 01010101", follow.CookieGranted, follow.CookieAgain, "01010101", 4, 2},
		{firstClient, "FO 0b0b0b0b", "FO 02020202", follow.CookieOther, follow.CookieNew, "01010101", 8, 4},
		{firstClient, "FO 01010101", "mss 1460", follow.CookieOther, follow.CookieNone, "02020202", 10, 5},
		{secondClient, "FO 02020202", "FO 03030303", follow.CookieForeign, follow.CookieNew, "", 0, 0},
		{secondClient, "FO 02020202", "mss 1460", follow.CookieForeign, follow.CookieNone, "03030303", 14, 7},
		{secondClient, "FO 01010101", "mss 1460", follow.CookieOther, follow.CookieNone, "03030303", 14, 7},
		{secondClient, "FO 010101", "FO 01", follow.CookieNone, follow.CookieNone, "03030303", 14, 7},
	} {
		syn, synAck := x.open(step.client, step.syn, step.synAck)
		if syn.Facts.Cookie != step.wantSyn || synAck.Facts.Cookie != step.wantSynAck {
			t.Errorf("%+v: got verdicts %q and %q", step, syn.Facts.Cookie, synAck.Facts.Cookie)
		}
		got := fmt.Sprintf("%x %d %d", syn.Facts.Granted, syn.Facts.GrantedFrame, syn.Facts.GrantedConnection)
		if want := fmt.Sprintf("%s %d %d", step.granted, step.grantedFrame, step.grantedConn); got != want {
			t.Errorf("%+v: got granted before %s, want %s", step, got, want)
		}
	}
}

// With the key, it decides; that a wrong cookie is somebody else's is told all the same.
func TestCookieVerdictsUnderKey(t *testing.T) {
	x := newTalk(t)
	ring := cookie.NewKeyring(cookie.Linux, cookie.Key{1}, cookie.Key{2})
	x.Keyring = ring
	of := func(r *cookie.Keyring, client string) string {
		return "FO " + r.Mint(netip.MustParseAddrPort(client).Addr(), netip.MustParseAddrPort(cookieServer).Addr()).Hex()
	}
	older := cookie.NewKeyring(cookie.Linux, cookie.Key{2})
	x.open(firstClient, "FO", of(ring, firstClient))
	for _, step := range []struct {
		client, option string
		want           follow.CookieVerdict
	}{
		{firstClient, of(ring, firstClient), follow.CookieRight},
		{secondClient, of(ring, secondClient), follow.CookieRight}, // never seen
		{firstClient, of(older, firstClient), follow.CookieRight},
		{secondClient, of(ring, firstClient), follow.CookieForeign},
		{secondClient, "FO 01020304", follow.CookieWrong},
		{firstClient, "FO", follow.CookieNone},
	} {
		if syn, _ := x.open(step.client, step.option, "mss 1460"); syn.Facts.Cookie != step.want {
			t.Errorf("%s %s: got %q, want %q", step.client, step.option, syn.Facts.Cookie, step.want)
		}
	}
}

// What was granted is bounded like the connections; so are the caches.
func TestCookiesBounded(t *testing.T) {
	x := newTalk(t)
	x.Limit = 3
	for i := range 10 {
		x.open(fmt.Sprintf("192.0.2.%d:1000", 10+i), "FO", fmt.Sprintf("FO 010203%02d", i))
	}
	var got []string
	for _, e := range x.Cache() {
		got = append(got, fmt.Sprintf("%s %x", e.Client, e.Cookie))
	}
	if want := []string{"192.0.2.17 01020307", "192.0.2.18 01020308", "192.0.2.19 01020309"}; !slices.Equal(got, want) {
		t.Errorf("cache: got %q, want %q", got, want)
	}
	for i, want := range []follow.CookieVerdict{follow.CookieUnknown, follow.CookieGranted} {
		client := []string{"192.0.2.10:1001", "192.0.2.19:1001"}[i]
		if syn, _ := x.open(client, []string{"FO 01020300", "FO 01020309"}[i], "mss 1460"); syn.Facts.Cookie != want {
			t.Errorf("%s: got %q, want %q", client, syn.Facts.Cookie, want)
		}
	}
}
