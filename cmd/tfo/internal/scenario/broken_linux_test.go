package scenario_test

import (
	"slices"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/scenario"
	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire/path"
)

// What a scenario expects is not seen where it does not happen: for each kind of expectation, a path over which it fails.
func TestBroken(t *testing.T) {
	for _, c := range []struct {
		scenario    string
		middleboxes string
		broken      []string // among the expectations, in part
	}{
		{"first-and-second", "strip-option", []string{
			"connection 1: Fast Open cookie-received", "connection 2: Fast Open accepted", "shows the cookie that the first SYN-ACK granted",
			"connection 2: the server has the request after 0.5 round trips",
		}},
		{"first-and-second", "reset-on-option", []string{"connection 1: the client got the reply"}},
		{"article", "rewrite-option-to-nop", []string{"TCPFastOpenCookieReqd 1", "TCPFastOpenPassive 2", "show the same cookie"}},
		{"http-get", "strip-option", []string{"the whole GET travels in the SYN"}},
		{"http-get", "reset-on-option", []string{"the server's application got 2 requests"}},
		{"big-request", "strip-option", []string{"the SYN carries as much as one segment holds"}},
		{"syn-ack-data", "strip-option", []string{"carries the whole response", "two segments until the client has the response"}},
		{"no-support", "reset-on-option", []string{"connection 1: the server has the request", "the second connection does not ask"}},
		{"wrong-cookie", "drop-syn-data", []string{"connection 2: Fast Open rejected", "brings another cookie than the SYN showed"}},
		{"key-rotation", "drop-syn-data", []string{"the cookie of the old key is taken", "the third SYN shows the new cookie"}},
		{"experimental-option", "strip-option", []string{"both SYNs have the experimental form"}},
		{"simultaneous-open", "reset-on-option", []string{"the SYNs cross", "each side gets what the other has sent"}},
		{"replayed-syn", "strip-option", []string{"the server takes the data of the copy", "the application was told twice"}},
		{"option-stripped", "", []string{
			"connection 1: the SYN leaves with the option and arrives without", "connection 2: Fast Open rejected",
		}},
		{"syn-data-dropped", "", []string{"the SYN goes again once", "the response comes after 1s"}},
		{"blackhole-and-negative-cache", "", []string{"the third SYN has neither option nor data", "the response comes after 1s"}},
		{"lost-syn-ack", "", []string{"one segment of the second connection is lost", "are sent again"}},
		{"nat-changes-address", "nat", []string{"the server sees another address each time", "each address has a cookie of its own"}},
		{"farm-shared-key", "", []string{"each server has had three of the requests", "connection 2: Fast Open rejected"}},
		{"stolen-cookie-flood", "drop-syn-data", []string{"with a limit of 1000", "with a limit of 8"}},
		{"stolen-cookie-flood", "strip-option", []string{"an honest client has its SYN's data refused"}},
	} {
		t.Run(c.scenario+"/"+c.middleboxes, func(t *testing.T) {
			t.Parallel()
			p := playBehind(t, c.scenario, c.middleboxes)
			if p.OK() {
				t.Error("all that was expected was seen")
			}
			for _, want := range c.broken {
				p.wantNotSeen(t, want)
			}
		})
	}
}

// What never came is said to be so, and has no time.
func TestNeverCame(t *testing.T) {
	p := playBehind(t, "lost-syn-ack", "reset-on-option")
	if c := p.wantNotSeen(t, "the response comes after"); c.Seen != "never" {
		t.Errorf("got %+v, want a response that never came", c)
	}
}

// The same of round trips.
func TestNoTrips(t *testing.T) {
	p := playBehind(t, "first-and-second", "reset-on-option")
	if c := p.wantNotSeen(t, "round trips"); c.Seen != "never, never" {
		t.Errorf("got %+v, want round trips that were never made", c)
	}
}

// playBehind plays a scenario as it is, but with these middleboxes in its path.
func playBehind(t *testing.T, name, middleboxes string) played {
	t.Helper()
	sc, err := scenario.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	cfg := scenario.Config{Sides: sc.Sides[0], Path: sc.Way()}
	if cfg.Path.Middleboxes, err = path.ParseMiddleboxes(middleboxes); err != nil {
		t.Fatal(err)
	}
	return play(t, sc, cfg)
}

// wantNotSeen wants the first expectation that has these words not to be met, and returns it.
func (p *played) wantNotSeen(t *testing.T, words string) story.Check {
	t.Helper()
	i := slices.IndexFunc(p.Checks, func(c story.Check) bool { return strings.Contains(c.What.En, words) })
	if i < 0 {
		t.Fatalf("%q was not expected: %+v", words, p.Checks)
	}
	if p.Checks[i].OK {
		t.Errorf("%q was seen: %+v\n%s", words, p.Checks, p.told)
	}
	return p.Checks[i]
}
