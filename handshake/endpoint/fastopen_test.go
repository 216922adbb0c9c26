package endpoint_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// The first connection asks for a cookie, the second one shows it and has its
// data answered before the handshake is over: T-06 to T-11, T-90, T-91.
func TestFirstAndSecondConnection(t *testing.T) {
	for _, address := range []string{address4, address6} {
		t.Run(address, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { firstAndSecond(t, address) })
		})
	}
}

func firstAndSecond(t *testing.T, address string) {
	const oneWay = 20 * time.Millisecond
	l := newLab(t, func(s *setup) { s.pair.Delay = oneWay })
	ln := l.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
	d := endpoint.Dialer{Stack: l.client, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{})}
	for i, want := range []struct {
		client, server     handshake.Outcome
		option             handshake.SynOption
		synData            int
		request, firstByte time.Duration // after the dial
	}{
		{handshake.CookieReceived, handshake.CookieGranted, handshake.OptionRequest, 0, 3 * oneWay, 4 * oneWay},
		{handshake.Accepted, handshake.Accepted, handshake.OptionCookie, 5, oneWay, 2 * oneWay},
	} {
		began := time.Now()
		var request time.Duration
		var served handshake.FastOpenInfo
		done := make(chan struct{})
		go func() {
			defer close(done)
			c := accept(t, ln)
			if got := read(t, c, 5); got != "hello" {
				t.Errorf("connection %d: server read %q, want %q", i+1, got, "hello")
			}
			request = time.Since(began)
			write(t, c, "world")
			served = c.FastOpen()
			c.Close()
		}()
		c, err := d.DialContext(t.Context(), "tcp", address, []byte("hello"))
		if err != nil {
			t.Fatal(err)
		}
		if got := finish(t, c); got != "world" {
			t.Errorf("connection %d: client read %q, want %q", i+1, got, "world")
		}
		<-done
		got := c.FastOpen()
		if got.Outcome != want.client || got.SynOption != want.option || got.SynData != want.synData || got.SynAcked != want.synData {
			t.Errorf("connection %d: client got %+v, want %+v", i+1, got, want)
		}
		if served.Outcome != want.server {
			t.Errorf("connection %d: server got %s (%s), want %s", i+1, served.Outcome, served.Why, want.server)
		}
		if request != want.request {
			t.Errorf("connection %d: request after %v, want %v", i+1, request, want.request)
		}
		timing := c.Timing()
		if got := timing.FirstByte.Sub(timing.Syn); got != want.firstByte {
			t.Errorf("connection %d: first byte after %v, want %v", i+1, got, want.firstByte)
		}
		if got := timing.Established.Sub(timing.Syn); got != 2*oneWay {
			t.Errorf("connection %d: established after %v, want %v", i+1, got, 2*oneWay)
		}
	}
	if c := l.server.Counters(); c.TCPFastOpenCookieReqd != 1 || c.TCPFastOpenPassive != 1 || c.PassiveOpens != 2 {
		t.Errorf("server counted %+v", c)
	}
	if c := l.client.Counters(); c.TCPFastOpenActive != 1 || c.ActiveOpens != 2 {
		t.Errorf("client counted %+v", c)
	}
}

// An outcomeCase is one way for a connection to go. Before it, the cache may
// learn a cookie from an undisturbed connection.
type outcomeCase struct {
	name   string
	learn  bool
	change func(*setup)
	dialer func(*endpoint.Dialer)
	gate   func(*handshake.GateConfig)
	server handshake.Config
	// before runs between learning and the connection.
	before  func(l *lab, g *handshake.GateConfig)
	data    string // "hello" if empty
	outcome handshake.Outcome
	why     handshake.Why
	// next is what the next connection does about Fast Open.
	next handshake.SynOption
}

func repeated(text string, n int) string { return strings.Repeat(text, n) }

// wrong is a cookie of a legal length that no key makes.
func wrong(n int) cookie.Cookie {
	c, err := cookie.FromBytes([]byte(repeated("w", n)))
	if err != nil {
		panic(err)
	}
	return c
}

// onSYN applies a change to SYNs from the client only, once it is armed.
func onSYN(armed *bool, change func(*wire.Packet) bool) func(*setup) {
	return func(s *setup) {
		s.pair.Forward = tamper(func(p *wire.Packet) bool {
			if !*armed || !isSYN(p) {
				return true
			}
			return change(p)
		})
	}
}

var outcomeCases = []outcomeCase{
	{
		name:    "off",
		dialer:  func(d *endpoint.Dialer) { d.FastOpen = handshake.ClientOff },
		outcome: handshake.Disabled, why: handshake.WhyNotAsked, next: handshake.OptionNone,
	},
	{
		name:    "request",
		outcome: handshake.CookieReceived, why: handshake.WhyCookieGranted, next: handshake.OptionCookie,
	},
	{
		name: "request experimental", dialer: func(d *endpoint.Dialer) { d.Experimental = true },
		outcome: handshake.CookieReceived, why: handshake.WhyCookieGranted, next: handshake.OptionCookie,
	},
	{
		name: "accepted", learn: true,
		outcome: handshake.Accepted, why: handshake.WhyAllAcked, next: handshake.OptionCookie,
	},
	{
		name: "more data than a SYN holds", learn: true, data: repeated("0123456789", 30_000),
		outcome: handshake.Accepted, why: handshake.WhyAllAcked, next: handshake.OptionCookie,
	},
	{
		name: "acknowledged in part", learn: true, data: repeated("x", 500), server: handshake.Config{RecvBuffer: 100},
		outcome: handshake.Accepted, why: handshake.WhyPartlyAcked, next: handshake.OptionCookie,
	},
	{
		name: "older key", learn: true,
		before:  func(_ *lab, g *handshake.GateConfig) { g.Keyring.Rotate(cookie.Key{9}) },
		outcome: handshake.Accepted, why: handshake.WhyAllAcked, next: handshake.OptionCookie,
	},
	{
		name: "expired key", learn: true,
		before: func(_ *lab, g *handshake.GateConfig) {
			g.Keyring.Rotate(cookie.Key{9})
			g.Keyring.Rotate(cookie.Key{10})
		},
		outcome: handshake.Rejected, why: handshake.WhyCookieReplaced, next: handshake.OptionCookie,
	},
	{
		name:    "wrong cookie",
		dialer:  func(d *endpoint.Dialer) { d.Cookie = wrong(8) },
		outcome: handshake.Rejected, why: handshake.WhyCookieReplaced, next: handshake.OptionCookie,
	},
	{
		name:   "cookie of an illegal length",
		dialer: func(d *endpoint.Dialer) { d.Cookie = wrong(7) },
		// What becomes of a cookie of the application's own says nothing about
		// the path.
		outcome: handshake.Rejected, why: handshake.WhyDataNotAcked, next: handshake.OptionRequest,
	},
	{
		name:    "cookie without room",
		dialer:  func(d *endpoint.Dialer) { d.Cookie = wrong(38) },
		outcome: handshake.Disabled, why: handshake.WhyNoRoom, next: handshake.OptionRequest,
	},
	{
		name:    "server without Fast Open",
		gate:    func(g *handshake.GateConfig) { g.Enabled = false },
		outcome: handshake.Fallback, why: handshake.WhyNoCookie, next: handshake.OptionNone,
	},
	{
		name:    "no cookie needed",
		dialer:  func(d *endpoint.Dialer) { d.FastOpen = handshake.ClientNoCookie },
		gate:    func(g *handshake.GateConfig) { g.CookieNotNeeded = true },
		outcome: handshake.Accepted, why: handshake.WhyAllAcked, next: handshake.OptionNone,
	},
	{
		name:    "no cookie shown to a server that needs one",
		dialer:  func(d *endpoint.Dialer) { d.FastOpen = handshake.ClientNoCookie },
		outcome: handshake.Rejected, why: handshake.WhyDataNotAcked, next: handshake.OptionNone,
	},
}

func TestOutcomes(t *testing.T) {
	for _, c := range outcomeCases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.run(t, new(bool)) })
		})
	}
}

// Middleboxes that drop or change what they do not know: T-87.
func TestMiddleboxes(t *testing.T) {
	dropSYNData := func(p *wire.Packet) bool { return len(p.TCP.Payload) == 0 }
	dropOption := func(p *wire.Packet) bool { return !p.TCP.Options.FastOpen().Present }
	cutData := func(p *wire.Packet) bool { p.TCP.Payload = nil; return true }
	for _, c := range []struct {
		outcomeCase
		middlebox func(*wire.Packet) bool
	}{
		{outcomeCase{
			name: "request dropped", outcome: handshake.Fallback, why: handshake.WhyRetransmitted, next: handshake.OptionNone,
		}, dropOption},
		{outcomeCase{
			name: "request stripped", outcome: handshake.Fallback, why: handshake.WhyNoCookie, next: handshake.OptionNone,
		}, stripFastOpen},
		{outcomeCase{
			name: "data dropped", learn: true, outcome: handshake.Fallback, why: handshake.WhyRetransmitted, next: handshake.OptionNone,
		}, dropSYNData},
		{outcomeCase{
			name: "option dropped", learn: true, outcome: handshake.Fallback, why: handshake.WhyRetransmitted, next: handshake.OptionNone,
		}, dropOption},
		{outcomeCase{
			name: "option stripped", learn: true, outcome: handshake.Rejected, why: handshake.WhyDataNotAcked, next: handshake.OptionNone,
		}, stripFastOpen},
		{outcomeCase{
			name: "data cut off", learn: true, outcome: handshake.Rejected, why: handshake.WhyDataNotAcked, next: handshake.OptionNone,
		}, cutData},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				armed := new(bool)
				c.change = onSYN(armed, c.middlebox)
				c.run(t, armed)
			})
		})
	}
}

// run makes the connections of the case; the data arrives exactly once in each.
func (o outcomeCase) run(t *testing.T, armed *bool) {
	l := newLab(t, o.change)
	gate := fastOpen()
	if o.gate != nil {
		o.gate(&gate)
	}
	ln := l.listen(endpoint.ListenConfig{FastOpen: gate, Machine: o.server})
	go echo(ln)
	d := endpoint.Dialer{FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{})}
	if o.learn {
		finish(t, l.mustDial(d, "learn"))
	}
	if o.before != nil {
		o.before(l, &gate)
	}
	if o.dialer != nil {
		o.dialer(&d)
	}
	if o.data == "" {
		o.data = "hello"
	}
	synctest.Wait()
	*armed = true
	c := l.mustDial(d, o.data)
	info := c.FastOpen()
	if got := finish(t, c); got != strings.ToUpper(o.data) {
		t.Errorf("got %d bytes back, want %d", len(got), len(o.data))
	}
	if info.Outcome != o.outcome || info.Why != o.why {
		t.Errorf("outcome %q (%s), want %q (%s)", info.Outcome, info.Why, o.outcome, o.why)
	}
	d.Cookie = cookie.Cookie{}
	next := l.mustDial(d, "next")
	if got := next.FastOpen().SynOption; got != o.next {
		t.Errorf("next SYN has the option %q, want %q", got, o.next)
	}
	finish(t, next)
	checkActive(t, l, info)
}

func checkActive(t *testing.T, l *lab, info handshake.FastOpenInfo) {
	t.Helper()
	c := l.client.Counters()
	if info.SynData > 0 && info.Outcome == handshake.Accepted && c.TCPFastOpenActive == 0 {
		t.Error("TCPFastOpenActive was not counted")
	}
	if info.SynData > 0 && info.Outcome != handshake.Accepted && c.TCPFastOpenActiveFail == 0 {
		t.Error("TCPFastOpenActiveFail was not counted")
	}
}

// A listener that waits for its application sends the response in the SYN-ACK:
// T-62. One that trusts nobody sends none before the ACK: T-81.
func TestResponseBeforeAck(t *testing.T) {
	for _, c := range []struct {
		name     string
		machine  handshake.Config
		early    bool // the response comes before the client's ACK
		inSynAck int
	}{
		{"data behind the SYN-ACK", handshake.Config{}, true, 0},
		{"data in the SYN-ACK", handshake.Config{SynAckHold: 5 * time.Millisecond}, true, 5},
		{"no data before the ACK", handshake.Config{NoDataBeforeAck: true}, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const oneWay = 20 * time.Millisecond
				l := newLab(t, func(s *setup) { s.pair.Delay = oneWay })
				ln := l.listen(endpoint.ListenConfig{FastOpen: fastOpen(), Machine: c.machine})
				go func() {
					s := accept(t, ln)
					read(t, s, 5)
					write(t, s, "world")
				}()
				client := l.mustDial(endpoint.Dialer{FastOpen: handshake.ClientOn, Cookie: keyring().Mint(client4, server4)}, "hello")
				read(t, client, 5)
				timing := client.Timing()
				early := timing.FirstByte.Sub(timing.Syn) < 4*oneWay
				if got := client.FastOpen().SynAckData; got != c.inSynAck || early != c.early {
					t.Errorf("%d bytes in the SYN-ACK, response before the ACK: %v; want %d, %v", got, early, c.inSynAck, c.early)
				}
			})
		})
	}
}

// What RFC 7413, Section 2.1, warns of: once the connection is forgotten, the
// same SYN opens another one, and the application gets the data again. T-03.
func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		ln := raw.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
		syn := "S 0:5(5) win 1000 <mss 1460,FO " + keyring().Mint(server4, client4).Hex() + ",nop,nop>"
		for i := range 2 {
			raw.sendText(syn, "order")
			c := accept(t, ln)
			if got := read(t, c, 5); got != "order" {
				t.Errorf("time %d: read %q", i+1, got)
			}
			c.Abort()
			synctest.Wait()
		}
	})
}
