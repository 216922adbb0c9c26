package load

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/wire"
)

// syns returns the frames of a run in mode Syn.
func syns(t *testing.T, c Config) [][]byte {
	t.Helper()
	h := start(t, c)
	h.advance(time.Hour)
	if !h.Done() {
		t.Fatal("it is not done")
	}
	return h.out.frames
}

func many() Config {
	c := small(Syn)
	c.Sizes, _ = ParseSizes("0-100:3,1000-1400:1")
	c.Cookies = Random{Seed: 7}
	c.Count = 900
	return c
}

func TestRepeatable(t *testing.T) {
	all := syns(t, many())
	if !slices.EqualFunc(all, syns(t, many()), bytes.Equal) {
		t.Error("two runs with one seed differ")
	}
	c := many()
	c.Seed++
	same := 0
	for i, frame := range syns(t, c) {
		if bytes.Equal(frame, all[i]) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("with another seed %d frames are the same", same)
	}
}

// Shares together are as many exchanges, from ports of their own.
func TestShares(t *testing.T) {
	ports := make(map[uint16]int)
	n := 0
	for share := range 3 {
		c := many()
		c.Share, c.Shares = share, 3
		for _, frame := range syns(t, c) {
			p, err := wire.ParseFrame(frame)
			if err != nil {
				t.Fatal(err)
			}
			n++
			if other, ok := ports[p.TCP.SrcPort]; ok && other != share {
				t.Fatalf("port %d is in share %d and %d", p.TCP.SrcPort, other, share)
			}
			ports[p.TCP.SrcPort] = share
		}
	}
	if n != 900 {
		t.Errorf("%d exchanges, want 900", n)
	}
}

// Clients that the server has given no cookie take no part.
func TestSomeCookies(t *testing.T) {
	c := many()
	jar := NewJar(c.Clients.Len())
	for i := 3; i < c.Clients.Len(); i += 50 {
		jar.learn(i, []byte{byte(i), 1, 2, 3})
	}
	c.Cookies = jar
	for _, frame := range syns(t, c) {
		p, err := wire.ParseFrame(frame)
		if err != nil {
			t.Fatal(err)
		}
		i, _ := c.Clients.Index(p.IPv4.Src)
		if got := p.TCP.Options.FastOpen().Cookie; i%50 != 3 || len(got) != 4 || got[0] != byte(i) {
			t.Fatalf("client %d shows %x", i, got)
		}
	}
}

// Every client shows the cookie of its own address.
func TestMintedCookies(t *testing.T) {
	c := many()
	ring := cookie.NewKeyring(cookie.Linux, cookie.Key{1, 2, 3})
	c.Cookies = Minted{ring.Scheme().Minter(ring.Keys()[0]), testServer.Addr()}
	for _, frame := range syns(t, c) {
		p, err := wire.ParseFrame(frame)
		if err != nil || !p.ChecksumsOK() {
			t.Fatalf("%v: %v", &p, err)
		}
		src, dst := p.Addrs()
		if verdict, _ := ring.Check(p.TCP.Options.FastOpen().Cookie, src, dst); !verdict.Valid() {
			t.Fatalf("%v: the cookie is %v", &p, verdict)
		}
	}
}

// An answer in mode Syn is judged without memory.
func TestSynAnswers(t *testing.T) {
	c := small(Syn)
	h := start(t, c)
	h.want(testSyn)
	h.server("S. 0:0(0) ack 14 win 65535 <mss 1460>", "S. 0:0(0) ack 1 win 65535 <mss 1460>", "R. 0:0(0) ack 14 win 0")
	h.want()
	h.wantCounters(Counters{Sent: 1, SynAcks: 2, Accepted: 1, Rejected: 1, Resets: 1})
}

// Answers to SYNs that this run has not sent are strays: those of an earlier run have
// numbers that are anywhere, also a step or more from those that are right.
func TestSynStrays(t *testing.T) {
	h := start(t, small(Syn))
	h.want(testSyn)
	h.server("S. 0:0(0) ack 15 win 65535", "S. 0:0(0) ack 0 win 65535", "S. 0:0(0) ack 1000 win 65535",
		"S. 0:0(0) ack 2097166 win 65535", "S. 0:0(0) ack 4294967290 win 65535", "R. 0:0(0) ack 15 win 0", "R 0:0(0) win 0")
	h.wantCounters(Counters{Sent: 1, Strays: 7})

	c := small(Syn)
	c.Clients, _ = ParseClients("198.18.1.1")
	c.Ports, c.Count = Ports{1000, 1000}, 2
	h = start(t, c)
	h.pop()
	h.want(testSyn)
	h.server("S. 0:0(0) ack 14 win 65535", "S. 0:0(0) ack 4292870158 win 65535", "S. 0:0(0) ack 2097166 win 65535")
	h.wantCounters(Counters{Sent: 2, SynAcks: 2, Accepted: 2, Strays: 1})
}

// An open loop goes on whether or not there are answers, and times count from the
// plan.
func TestOpenLoop(t *testing.T) {
	c := small(Exchange)
	c.Rate, c.Count = 100, 3
	h := start(t, c)
	h.want(testSyn)
	if got := h.Next(0); got != 10*time.Millisecond {
		t.Errorf("the next begins at %v", got)
	}
	h.advance(25 * time.Millisecond) // late
	h.pop()
	h.pop()
	h.want()
	h.server("SF. 0:13(13) ack 14 win 65535 <mss 1460>")
	first, whole := NewLatency(), NewLatency()
	h.TakeLatency(first, whole)
	if got := first.Max().Round(100 * time.Microsecond); got != 5*time.Millisecond {
		t.Errorf("what was to begin at 20 ms and answered at 25 ms took %v", got)
	}
}

// What a rate asks for and a machine cannot do is counted.
func TestUnsent(t *testing.T) {
	c := small(Syn)
	c.Rate, c.Count, c.Duration = 1000, 0, time.Second
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var out discard
	for now := time.Duration(0); !e.Done(); now += 10 * time.Millisecond {
		e.Advance(now, &out, 7)
	}
	if got := e.Counters(); got.Sent+got.Unsent != 1000 || got.Unsent < 250 {
		t.Errorf("counted %+v", got)
	}
}

// Also if it is interrupted.
func TestUnsentAtInterrupt(t *testing.T) {
	for now, want := range map[time.Duration]Counters{
		500 * time.Millisecond: {Sent: 7, Unsent: 493}, 2 * time.Second: {Sent: 7, Unsent: 993},
	} {
		c := small(Syn)
		c.Rate, c.Count, c.Duration = 1000, 0, time.Second
		e, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		var out discard
		e.Advance(10*time.Millisecond, &out, 7)
		e.Abort(now, &out)
		e.Abort(now+time.Second, &out)
		if got := e.Counters(); got != want {
			t.Errorf("interrupted at %v: counted %+v, want %+v", now, got, want)
		}
	}
}

// In an open loop what times out is among the times, from the plan on, and in a closed
// one not.
func TestTimeoutLatency(t *testing.T) {
	for _, rate := range []float64{0, 100} {
		c := small(Exchange)
		c.Rate, c.Count, c.Concurrency = rate, 3, 3
		h := start(t, c)
		h.want(append([]string{testSyn}, map[bool][]string{true: {testSyn, testSyn}}[rate == 0]...)...)
		h.server("SF. 0:13(13) ack 14 win 65535 <mss 1460>")
		h.pop()
		h.advance(30 * time.Millisecond) // late: two were planned meanwhile
		h.advance(5 * time.Second)
		first, whole := NewLatency(), NewLatency()
		h.TakeLatency(first, whole)
		if rate == 0 {
			if first.Count() != 1 || whole.Count() != 1 {
				t.Errorf("a closed loop has %d and %d times", first.Count(), whole.Count())
			}
			continue
		}
		for _, l := range []Latency{first, whole} {
			if got := l.Max().Round(10 * time.Millisecond); l.Count() != 3 || got != 5020*time.Millisecond {
				t.Errorf("%d times, the longest %v", l.Count(), got)
			}
		}
	}
}

// Two that begin at 10 a second take two tenths of a second.
func TestRateOfCount(t *testing.T) {
	for _, mode := range []Mode{Syn, Exchange} {
		c := small(mode)
		c.Rate, c.Count = 10, 2
		h := start(t, c)
		for range 2 {
			h.want(testSyn)
			h.server("SF. 0:13(13) ack 14 win 65535 <mss 1460>")
			h.server(". 15:15(0) ack 15 win 65535")
			h.out.frames = nil
			h.advance(100 * time.Millisecond)
		}
		if n, in := h.Rate(h.now); n != 2 || in != 200*time.Millisecond {
			t.Errorf("%v: %d in %v", mode, n, in)
		}
	}
}

func TestClosedLoop(t *testing.T) {
	c := small(Exchange)
	c.Concurrency, c.Count, c.Duration = 4, 0, time.Second
	h := start(t, c)
	if n := len(h.out.frames); n != 4 {
		t.Fatalf("%d begin at once, want 4", n)
	}
	for len(h.out.frames) > 1 {
		h.pop()
	}
	h.want(testSyn)
	h.server("R. 0:0(0) ack 14 win 0")
	h.advance(0)
	h.want(testSyn)
	h.advance(time.Second)
	h.out.frames = nil
	h.advance(4 * time.Second)
	h.wantCounters(Counters{Sent: 5, Retransmits: 4, Resets: 1, Timeouts: 4})
}

// A closed loop does not go on for hours with a server that is silent.
func TestHopeless(t *testing.T) {
	c := small(Exchange)
	c.Concurrency, c.Count = 4, 1000000
	h := start(t, c)
	for range 20 {
		h.advance(time.Second)
	}
	h.out.frames = nil
	h.wantCounters(Counters{Sent: 4, Retransmits: 8, Timeouts: 4})
}

// Nor with one that answered once, and not when one in two is silent, if there is a
// bound. An answer now and then is enough without.
func TestGoneSilent(t *testing.T) {
	for _, test := range []struct {
		name     string
		answers  func(n int) bool
		bound    uint64
		timeouts uint64 // 0 means that it goes on
	}{
		{"silent after 10", func(n int) bool { return n < 10 }, 0, 64},
		{"silent for 60 now and then", func(n int) bool { return n%61 == 0 }, 0, 0},
		{"every other one", func(n int) bool { return n%2 == 0 }, 100, 100},
		{"every other one, without bound", func(n int) bool { return n%2 == 0 }, 0, 0},
	} {
		c := small(Request)
		c.Concurrency, c.Count, c.MaxTimeouts = 1, 2000, test.bound
		h := start(t, c)
		for n := 0; !h.Done(); n++ {
			h.pop()
			if test.answers(n) {
				h.server("S. 0:0(0) ack 1 win 65535 <mss 1460,FO 01020304>")
				h.advance(0)
				h.out.frames = h.out.frames[1:] // the reset
				continue
			}
			h.out.frames = nil
			h.advance(5 * time.Second)
		}
		got := h.Counters()
		if gaveUp := test.timeouts > 0; gaveUp != h.GaveUp() || gaveUp && got.Timeouts != test.timeouts || !gaveUp && got.Sent != 2000 {
			t.Errorf("%s: gave up: %v, counted %+v", test.name, h.GaveUp(), got)
		}
	}
}

func TestRampOfConcurrency(t *testing.T) {
	c := small(Exchange)
	c.Concurrency, c.Count, c.Ramp = 100, 0, time.Second
	h := start(t, c)
	for _, want := range []int{1, 26, 51, 76, 100, 100} {
		if got := h.InFlight(); got != want {
			t.Errorf("at %v %d are in flight, want %d", h.now, got, want)
		}
		h.advance(250 * time.Millisecond)
	}
}

// A pair of address and port that is still in flight is passed over.
func TestPairInFlight(t *testing.T) {
	c := small(Exchange)
	c.Clients, _ = ParseClients("198.18.1.1-198.18.1.2")
	c.Ports = Ports{1000, 1000}
	c.Concurrency, c.Count = 64, 0
	h := start(t, c)
	if got := h.InFlight(); got != 2 {
		t.Fatalf("%d in flight, want one for each pair", got)
	}
	h.pop()
	h.want(testSyn)
	for range 3 {
		h.server("R. 0:0(0) ack 14 win 0")
		h.advance(0)
		isn := h.isn
		h.want(testSyn)
		if step := h.isn.Diff(isn); step <= MaxSize+2 { // SYN and FIN
			t.Errorf("the numbers of the next connection are %d later", step)
		}
	}
}

// SYNs of very many lengths are right, and take no more memory than a bound.
func TestManyLengths(t *testing.T) {
	c := small(Syn)
	c.MSS, c.Count = 65000, 2000
	c.Sizes, _ = ParseSizes("0-64000")
	h := start(t, c)
	for h.advance(time.Second); len(h.out.frames) > 0; {
		if p := h.pop(); len(p.TCP.Payload) > 64000 || p.TCP.Flags != wire.SYN {
			t.Fatalf("sent %v", &p)
		}
	}
	kept := 0
	for _, stamps := range h.frames.stamps {
		for data, s := range stamps {
			if s != nil {
				kept += data
			}
		}
	}
	if kept < maxKept/2 || kept > maxKept {
		t.Errorf("%d bytes are kept, want at most %d", kept, maxKept)
	}
	h.wantCounters(Counters{Sent: 2000})
}

func TestProfiles(t *testing.T) {
	for _, test := range []struct {
		profile handshake.Profile
		options string
	}{
		{handshake.Linux, "mss 1460,sackOK,TS val N ecr 0,nop,wscale 7,FO 0102030405060708,nop,nop"},
		{handshake.FreeBSD, "mss 1460,nop,wscale 6,sackOK,TS val N ecr 0,FO 0102030405060708,eol,eol"},
	} {
		c := small(Syn)
		var err error
		if c.Form, err = ProfileForm(test.profile, 1460, false, false, 1); err != nil {
			t.Fatal(err)
		}
		p, err := wire.ParseFrame(syns(t, c)[0])
		if err != nil {
			t.Fatal(err)
		}
		set, _ := p.TCP.Options.Decode()
		got := p.TCP.Options.String()
		before, after, _ := strings.Cut(got, "TS val ")
		_, after, _ = strings.Cut(after, " ecr")
		if got = before + "TS val N ecr" + after; got != test.options || set.Timestamps.Val == 0 {
			t.Errorf("%v: %s, want %s", test.profile, p.TCP.Options, test.options)
		}
	}
}

func TestMutations(t *testing.T) {
	const cookie = "0102030405060708"
	for name, want := range map[string]string{
		"none":               "mss 1460,FO " + cookie + ",nop,nop",
		"cookie-0":           "mss 1460,FO,nop,nop",
		"cookie-1":           "mss 1460,kind 34 01,nop",
		"cookie-5":           "mss 1460,kind 34 0102030405,nop",
		"cookie-16":          "mss 1460,FO " + cookie + "08090a0b0c0d0e0f,nop,nop",
		"cookie-17":          "mss 1460,kind 34 " + cookie + "08090a0b0c0d0e0f10,nop",
		"cookie-bit":         "mss 1460,FO 0102030405060709,nop,nop",
		"cookie-zero":        "mss 1460,FO 0000000000000000,nop,nop",
		"no-cookie":          "mss 1460",
		"twice":              "mss 1460,FO " + cookie + ",FO fefdfcfbfaf9f8f7",
		"twice-first-wrong":  "mss 1460,FO fefdfcfbfaf9f8f7,FO " + cookie,
		"truncated":          "mss 1460,raw 2228" + cookie + "0101",
		"length-0":           "mss 1460,raw 2200" + cookie + "0101",
		"length-1":           "mss 1460,raw 2201" + cookie + "0101",
		"unpadded":           "mss 1460,raw 220a010203040506",
		"first":              "FO " + cookie + ",mss 1460,nop,nop",
		"experimental":       "mss 1460,FOEXP " + cookie,
		"experimental-other": "mss 1460,kind 254 f988" + cookie,
		"bad-checksum":       "mss 1460,FO " + cookie + ",nop,nop",
		"fin":                "mss 1460,FO " + cookie + ",nop,nop",
		"reserved":           "mss 1460,FO " + cookie + ",nop,nop",
		"ack-number":         "mss 1460,FO " + cookie + ",nop,nop",
	} {
		c := small(Syn)
		var err error
		if c.Mutations, err = ParseMutations(name); err != nil {
			t.Error(err)
			continue
		}
		p, err := wire.ParseFrame(syns(t, c)[0])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := normal(p.TCP.Options.String()); got != normal(want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if got, want := p.ChecksumsOK(), name != "bad-checksum"; got != want {
			t.Errorf("%s: the checksums are right: %v", name, got)
		}
		if got := len(p.TCP.Payload); got != 13 && name != "unpadded" {
			t.Errorf("%s: %d bytes of data", name, got)
		}
	}
	for _, m := range Mutations() {
		name := strings.ReplaceAll(m.Name, "N", "4")
		if _, err := ParseMutations(name); err != nil {
			t.Errorf("%s is listed: %v", name, err)
		}
	}
}

// normal writes cookies of illegal lengths in one way.
func normal(options string) string { return strings.ReplaceAll(options, "kind 34", "FO") }

// Mutations are taken in turn.
func TestMutationsInTurn(t *testing.T) {
	c := small(Syn)
	c.Count = 4
	c.Mutations, _ = ParseMutations("none,no-cookie")
	for i, frame := range syns(t, c) {
		p, _ := wire.ParseFrame(frame)
		if got, want := p.TCP.Options.FastOpen().Present, i%2 == 0; got != want {
			t.Errorf("SYN %d has the option: %v", i, got)
		}
	}
}

// The cookie of another client is the one that belongs to that client.
func TestMutationOther(t *testing.T) {
	c := many()
	ring := cookie.NewKeyring(cookie.RFC7413, cookie.Key{1})
	c.Cookies = Minted{ring.Scheme().Minter(ring.Keys()[0]), testServer.Addr()}
	c.Mutations, _ = ParseMutations("cookie-other")
	for _, frame := range syns(t, c)[:300] {
		p, _ := wire.ParseFrame(frame)
		src, dst := p.Addrs()
		got := p.TCP.Options.FastOpen().Cookie
		if verdict, _ := ring.Check(got, src, dst); verdict.Valid() {
			t.Fatal("the cookie is the client's own")
		}
		i, _ := c.Clients.Index(src)
		if verdict, _ := ring.Check(got, c.Clients.At((i+1)%c.Clients.Len()), dst); !verdict.Valid() {
			t.Fatal("the cookie is nobody's")
		}
	}
}

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

func BenchmarkSyn(b *testing.B) {
	c := small(Syn)
	c.Clients, _ = ParseClients("198.19.0.0/16")
	c.Cookies = Minted{cookie.RFC7413.Minter(cookie.Key{1}), testServer.Addr()}
	c.Sizes, c.Count = SizeOf(64), 0
	e, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	var out discard
	b.ReportAllocs()
	for b.Loop() {
		e.Advance(0, &out, 1)
	}
}

type discard struct{ buffer [2048]byte }

func (d *discard) Buffer() []byte { return d.buffer[:] }
func (d *discard) Send([]byte)    {}

// BenchmarkExchange is a whole exchange with a server that has its answer in one
// segment: two frames in and two out.
func BenchmarkExchange(b *testing.B) {
	c := small(Exchange)
	c.Clients, _ = ParseClients("198.19.0.0/16")
	c.Form, _ = ProfileForm(handshake.Linux, 1460, false, false, 1)
	c.Count, c.Concurrency = 0, 1000
	e, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	var out echo
	response := []byte("Hello, Client")
	b.ReportAllocs()
	for b.Loop() {
		now := time.Duration(0)
		e.Advance(now, &out, 1)
		out.answer(wire.SYN|wire.FIN|wire.ACK, serverISN, 14, response)
		e.Input(now, now, out.reply, false)
		e.Settle(now, &out)
		out.answer(wire.ACK, serverISN+15, 1, nil)
		e.Input(now, now, out.reply, false)
		e.Settle(now, &out)
	}
	if got := e.Counters(); got.Completed != got.Sent {
		b.Errorf("counted %+v", got)
	}
}

// An echo is an output that makes answers to the last frame.
type echo struct {
	discard
	sent, reply []byte
	packet      wire.Packet
}

func (e *echo) Send(frame []byte) { e.sent = frame }

// answer acknowledges so many numbers from that of the last frame on.
func (e *echo) answer(flags wire.Flags, seq wire.Seq, acked int, data []byte) {
	p, _ := wire.ParseFrame(e.sent)
	e.packet = wire.NewPacket(p.Dst(), p.Src(), wire.Segment{
		Flags: flags, Seq: seq, Ack: p.TCP.Seq.Add(acked), Window: 65535, Payload: data,
	})
	e.packet.HasEthernet, e.packet.Ethernet.EtherType = true, wire.EtherTypeIPv4
	e.packet.SetLengths()
	e.reply = e.packet.Append(e.reply[:0])
}
