package lab

import (
	"errors"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/path"
)

// A boxStory is what two connections of one kernel to another come to, with a middlebox between.
type boxStory struct {
	box string
	err error // of both
	// acked tells that the data in the SYN of the second connection was acknowledged.
	acked bool
	// server and client name a counter there that has to have gone up.
	server, client string
	// seen has to hold for the segments that crossed the path.
	seen func(segments []crossing) bool
}

// A crossing is a segment as it left and, if it did, as it arrived.
type crossing struct {
	path.Passage
	sent, got wire.Segment
}

func (c *crossing) syn() bool    { return c.sent.Flags&(wire.SYN|wire.ACK) == wire.SYN }
func (c *crossing) synAck() bool { return c.sent.Flags.Has(wire.SYN | wire.ACK) }

// all returns a predicate that holds if it does for all of the segments, and for one at least, for which which does.
func all(which, what func(c *crossing) bool) func([]crossing) bool {
	return func(segments []crossing) bool {
		n := 0
		for i := range segments {
			if which(&segments[i]) {
				if !what(&segments[i]) {
					return false
				}
				n++
			}
		}
		return n > 0
	}
}

// one returns a predicate that holds if it does for one of the segments.
func one(which func(c *crossing) bool) func([]crossing) bool {
	return func(segments []crossing) bool {
		n := 0
		for i := range segments {
			if which(&segments[i]) {
				n++
			}
		}
		return n == 1
	}
}

// without holds if no SYN arrives with such an option, of those that were sent with it.
func without(has func(wire.OptionSet) bool) func([]crossing) bool {
	decode := func(s wire.Segment) wire.OptionSet { set, _ := s.Options.Decode(); return set }
	return all(func(c *crossing) bool { return c.syn() && has(decode(c.sent)) }, func(c *crossing) bool { return !has(decode(c.got)) })
}

func fastOpen(set wire.OptionSet) bool { return set.FastOpen.Present }

// noCookie holds if no SYN arrives with the option and the client never has more than a request.
func noCookie(segments []crossing) bool {
	return without(fastOpen)(segments) && all((*crossing).syn, func(c *crossing) bool { return len(c.sent.Options.FastOpen().Cookie) == 0 })(segments)
}

// synsWithData holds if this is the fate of every SYN with data that the client sends.
func synsWithData(fate path.Fate) func([]crossing) bool {
	return all(func(c *crossing) bool { return c.syn() && len(c.sent.Payload) > 0 && c.From == path.Near }, func(c *crossing) bool { return c.Fate == fate })
}

// truncated holds if two bytes of the SYN's data arrive with it, and the client sends the rest again.
func truncated(segments []crossing) bool {
	withData := func(c *crossing) bool { return c.syn() && len(c.sent.Payload) > 0 }
	rest := func(c *crossing) bool { return !c.syn() && string(c.got.Payload) == "llo" }
	return all(withData, func(c *crossing) bool { return len(c.got.Payload) == 2 })(segments) &&
		all(rest, func(c *crossing) bool { return c.From == path.Near })(segments)
}

var boxStories = []boxStory{
	{box: "strip-option", seen: noCookie},
	{box: "rewrite-option-to-nop", seen: noCookie},
	{box: "normalise-options", seen: noCookie},
	{box: "drop-option", client: "TCPSynRetrans", seen: all(
		func(c *crossing) bool { return c.syn() && c.sent.Options.FastOpen().Present },
		func(c *crossing) bool { return c.Fate == path.DroppedByBox })},
	{box: "reset-on-option", err: syscall.ECONNREFUSED, seen: all((*crossing).syn, func(c *crossing) bool { return c.Fate == path.TakenByBox })},
	{box: "drop-syn-data", client: "TCPSynRetrans", seen: synsWithData(path.DroppedByBox)},
	{box: "drop-syn-ack=2", acked: true, server: "TCPFastOpenPassive", seen: one(func(c *crossing) bool {
		return c.synAck() && c.Fate == path.DroppedByBox
	})},
	{box: "drop-data-until-established", client: "TCPSynRetrans", seen: synsWithData(path.DroppedByBox)},
	{box: "truncate-syn-data=0", client: "TCPFastOpenActiveFail", seen: all((*crossing).syn, func(c *crossing) bool { return len(c.got.Payload) == 0 })},
	{box: "truncate-syn-data=2", server: "TCPFastOpenPassive", client: "TCPFastOpenActiveFail", seen: truncated},
	{box: "nat", acked: true, server: "TCPFastOpenPassive", seen: fromAddresses(1)},
	{box: "nat-pool", server: "TCPFastOpenPassiveFail", seen: fromAddresses(2)},
	{box: "answer-syn", seen: func(segments []crossing) bool {
		return all((*crossing).synAck, func(c *crossing) bool { return c.MadeBy != "" || c.Fate == path.TakenByBox })(segments) &&
			all((*crossing).syn, func(c *crossing) bool {
				return c.MadeBy == "" || len(c.sent.Payload) == 0 && !c.sent.Options.FastOpen().Present
			})(segments)
	}},
	{box: "strip-sack", acked: true, seen: without(func(s wire.OptionSet) bool { return s.SACKPermitted })},
	{box: "strip-timestamps", acked: true, seen: without(func(s wire.OptionSet) bool { return s.HasTimestamps })},
	{box: "strip-window-scale", acked: true, seen: without(func(s wire.OptionSet) bool { return s.HasWindowScale })},
	{box: "clamp-mss=1000", acked: true, seen: without(func(s wire.OptionSet) bool { return s.MSS > 1000 })},
	{box: "rewrite-isn", acked: true, seen: all((*crossing).syn, func(c *crossing) bool { return c.got.Seq != c.sent.Seq })},
	{box: "balance", acked: true, seen: all((*crossing).syn, func(c *crossing) bool { return !c.Changed() })},
	{box: "nat,answer-syn", seen: fromAddresses(1)},
}

// fromAddresses holds if the SYNs arrive from that many addresses, none of which is the client's.
func fromAddresses(n int) func([]crossing) bool {
	return func(segments []crossing) bool {
		arrived := make(map[netip.Addr]bool)
		for _, c := range segments {
			if c.syn() && c.Fate == path.Arrived {
				p, err := wire.ParseFrame(c.Got)
				if err != nil || p.Src().Addr().String() == "192.0.2.1" || p.Src().Addr().String() == "2001:db8::1" {
					return false
				}
				arrived[p.Src().Addr()] = true
			}
		}
		return len(arrived) == n
	}
}

// Every middlebox has the effect on two kernels that it is there for.
func TestMiddleboxesBetweenKernels(t *testing.T) {
	told := make(map[string]bool)
	for _, story := range boxStories {
		name, _, _ := strings.Cut(story.box, "=")
		told[name] = true
		for _, family := range []string{"IPv4", "IPv6"} {
			t.Run(story.box+"/"+family, func(t *testing.T) {
				t.Parallel()
				story.tell(t, family == "IPv6")
			})
		}
	}
	for _, info := range path.Middleboxes() {
		if name, _, _ := strings.Cut(info.Name, "="); !told[name] {
			t.Errorf("%s has no story", name)
		}
	}
}

func (b *boxStory) tell(t *testing.T, ipv6 bool) {
	boxes, err := path.ParseMiddleboxes(b.box)
	if err != nil {
		t.Fatal(err)
	}
	l, record := newPathLab(t, &path.Config{Middleboxes: boxes})
	s, err := ListenKernel(l.Server, KernelServerConfig{Listen: netip.AddrPortFrom(l.Server.Addr(ipv6), 80), Reply: upper, Await: len("hello")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	go s.Serve(t.Context())
	var acked bool
	for i := range 2 {
		x, err := (&KernelClient{Host: l.Client}).Exchange(t.Context(), s.Addr(), []byte("hello"))
		// The server answers what it has read first, which may be a part of what was sent.
		if !errors.Is(err, b.err) || b.err == nil && (len(x.Reply) == 0 || !strings.HasPrefix("HELLO", string(x.Reply))) {
			t.Fatalf("exchange %d: got %q, %v, want %v", i, x.Reply, err, b.err)
		}
		acked = x.SynDataAcked
	}
	if acked != b.acked {
		t.Errorf("data in the SYN acknowledged: got %v, want %v", acked, b.acked)
	}
	for _, c := range []struct {
		host *Host
		name string
	}{{l.Server, b.server}, {l.Client, b.client}} {
		if c.name == "" {
			continue
		}
		if n, err := c.host.Counter(c.name); n == 0 || err != nil {
			t.Errorf("%s of the %s: got %d, %v", c.name, c.host.Name, n, err)
		}
	}
	l.Close()
	if segments := crossings(record); !b.seen(segments) {
		for _, c := range segments {
			t.Errorf("%d -> %d %s | %s | %v, %s", c.From, c.To, wire.AppendText(nil, &c.sent, wire.TextBase{}), wire.AppendText(nil, &c.got, wire.TextBase{}), c.Fate, c.By)
		}
	}
}

func crossings(record *path.Recorder) (segments []crossing) {
	passages, _ := record.Passages()
	for _, p := range passages {
		c := crossing{Passage: p}
		sent, err := wire.ParseFrame(p.Sent)
		if err != nil {
			continue // neighbours
		}
		c.sent = sent.TCP
		if got, err := wire.ParseFrame(p.Got); err == nil {
			c.got = got.TCP
		}
		segments = append(segments, c)
	}
	return segments
}
