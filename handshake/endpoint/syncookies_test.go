package endpoint_test

import (
	"bytes"
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
	"tfocraft/wire/wiretest"
)

// A flood is a server whose clients share the wire with a sender of forged
// SYNs.
type flood struct {
	t              *testing.T
	wire           *link.Mem
	client, server *endpoint.Stack
	syn            wire.Packet
	count          uint32
}

func newFlood(t *testing.T) *flood {
	t.Helper()
	a, b := link.Pair(nil)
	f := &flood{t: t, wire: a}
	f.client = newStack(t, endpoint.Config{
		Link: a, Router: route{client4, client6, clientMAC, serverMAC}, Local: []netip.Prefix{netip.PrefixFrom(client4, 32)},
	})
	f.server = newStack(t, endpoint.Config{Link: b, Local: []netip.Prefix{netip.PrefixFrom(server4, 32)}})
	f.syn = wiretest.Packet(t, "198.18.0.0:1000", address4, "S 7:7(0) win 9000 <mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7>", "")
	f.syn.HasEthernet = true
	f.syn.Ethernet = wire.Ethernet{Dst: serverMAC, Src: clientMAC, EtherType: wire.EtherTypeIPv4}
	return f
}

// send sends n SYNs, each from another address or port.
func (f *flood) send(n int) {
	f.t.Helper()
	frames := make([][]byte, 0, 1000)
	for n > 0 {
		frames = frames[:0]
		for range min(n, cap(frames)) {
			f.count++
			f.syn.IPv4.Src = netip.AddrFrom4([4]byte{198, 18, byte(f.count >> 8), byte(f.count)})
			f.syn.TCP.SrcPort = 1000 + uint16(f.count>>16)
			f.syn.SetChecksums()
			frames = append(frames, f.syn.Append(nil))
		}
		if _, err := f.wire.WriteFrames(frames); err != nil {
			f.t.Fatal(err)
		}
		n -= len(frames)
		synctest.Wait()
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A flood of SYNs from forged addresses costs no memory once the backlog is
// full, and clients still connect and transfer: T-79.
func TestSynFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFlood(t)
		ln, err := (&endpoint.ListenConfig{Stack: f.server, Backlog: 64, FastOpen: fastOpen()}).Listen(t.Context(), "tcp4", ":80")
		if err != nil {
			t.Fatal(err)
		}
		go echo(ln)
		f.send(2000)
		before := heap()
		f.send(100_000)
		if grown := int64(heap()) - int64(before); grown > 128<<10 {
			t.Errorf("100000 SYNs have cost %d bytes, want 128 KiB at most", grown)
		}
		data := noise(300 << 10)
		for range 5 {
			for _, mode := range []handshake.ClientMode{handshake.ClientOn, handshake.ClientOff} {
				d := endpoint.Dialer{Stack: f.client, FastOpen: mode, Cookie: keyring().Mint(client4, server4)}
				c, err := d.DialContext(t.Context(), "tcp", address4, data)
				if err != nil {
					t.Fatal(err)
				}
				if got := finish(t, c); got != string(bytes.ToUpper(data)) {
					t.Errorf("got %d bytes back, want %d", len(got), len(data))
				}
				// A valid Fast Open cookie tells a client from the flood.
				if got, want := c.FastOpen().Outcome == handshake.Accepted, mode == handshake.ClientOn; got != want {
					t.Errorf("Fast Open accepted: %t, want %t", got, want)
				}
			}
		}
		n := f.server.Counters()
		if n.SyncookiesSent+n.ListenDrops != 102_000-64+5 || n.SyncookiesRecv != 5 || n.TCPReqQFullDoCookies != n.SyncookiesSent || n.SyncookiesFailed != 0 {
			t.Errorf("%d cookies sent, %d for a full queue, %d SYNs dropped, %d cookies came back, %d failed; want 101941 with the drops, 5 and 0",
				n.SyncookiesSent, n.TCPReqQFullDoCookies, n.ListenDrops, n.SyncookiesRecv, n.SyncookiesFailed)
		}
		// It comes in full batches, of which few are answered.
		if n.SyncookiesSent > 102_000/4 || n.PassiveOpens != 10 || n.TCPFastOpenPassive != 5 {
			t.Errorf("%d cookies sent, PassiveOpens %d, TCPFastOpenPassive %d; want 25500 at most, 10, 5", n.SyncookiesSent, n.PassiveOpens, n.TCPFastOpenPassive)
		}
		// When the half-open ones have timed out, all is as before.
		time.Sleep(3 * time.Minute)
		d := endpoint.Dialer{Stack: f.client, FastOpen: handshake.ClientOn, Cookie: keyring().Mint(client4, server4)}
		c, err := d.DialContext(t.Context(), "tcp", address4, []byte("hello"))
		if err != nil {
			t.Fatal(err)
		}
		finish(t, c)
		if got := c.FastOpen().Outcome; got != handshake.Accepted {
			t.Errorf("Fast Open after the flood: %s, want %s", got, handshake.Accepted)
		}
	})
}

// What is agreed by way of a cookie, and that the ACK's data counts.
func TestSynCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		ln := raw.listen(endpoint.ListenConfig{SynCookies: endpoint.SynCookiesAlways})
		raw.sendText("S 0:0(0) win 1000 <mss 1400,sackOK,TS val 5 ecr 0,nop,wscale 3>", "")
		got := raw.next()
		set, _ := got.TCP.Options.Decode()
		if !set.HasTimestamps || !set.SACKPermitted || !set.HasWindowScale {
			t.Fatalf("SYN-ACK %v, want all options", &got)
		}
		ack := raw.fromPeer(". 1:6(5) ack 1 win 1000 <nop,nop,TS val 6 ecr 0>", "hello")
		ack.TCP.Ack = got.TCP.Seq.Add(1)
		ack.TCP.Options = wire.AppendTimestamps(wire.AppendNOP(nil, 2), wire.Timestamps{Val: 6, Ecr: set.Timestamps.Val})
		ack.SetChecksums()
		raw.send(ack.Append(nil))
		c := accept(t, ln)
		if text := read(t, c, 5); text != "hello" {
			t.Errorf("read %q, want %q", text, "hello")
		}
		// 1300 is the next smaller in the table.
		if i := c.Info(); i.State != handshake.Established || i.MSS != 1300-12 || i.SendWindow != 8000 {
			t.Errorf("%v, MSS %d, window %d; want %v, 1288, 8000", i.State, i.MSS, i.SendWindow, handshake.Established)
		}
		// The same ACK is no second connection.
		raw.send(ack.Append(nil))
		synctest.Wait()
		if n := raw.stack.Counters(); n.PassiveOpens != 1 || n.SyncookiesRecv != 1 {
			t.Errorf("%d opens of %d cookies, want 1 of 1", n.PassiveOpens, n.SyncookiesRecv)
		}
	})
}

// A listener that sends no cookies looks for none; one that does answers what
// is not one with a reset and counts it.
func TestSynCookieForged(t *testing.T) {
	for _, c := range []struct {
		mode   endpoint.SynCookies
		syn    bool // so that a cookie is sent
		after  time.Duration
		failed uint64
	}{
		{mode: endpoint.SynCookiesOnOverflow, syn: true},
		{mode: endpoint.SynCookiesAlways},
		{mode: endpoint.SynCookiesAlways, syn: true, failed: 1},
		{mode: endpoint.SynCookiesAlways, syn: true, after: 3 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			raw := newRawPeer(t, nil)
			raw.listen(endpoint.ListenConfig{SynCookies: c.mode})
			if c.syn {
				p := raw.fromPeer("S 0:0(0) win 1000", "")
				p.TCP.SrcPort = 5001
				p.SetChecksums()
				raw.send(p.Append(nil))
				raw.next()
				if c.mode == endpoint.SynCookiesOnOverflow {
					p.TCP.Flags, p.TCP.Seq = wire.RST, 1
					p.SetChecksums()
					raw.send(p.Append(nil))
				}
			}
			time.Sleep(c.after)
			raw.sendText(". 1:1(0) ack 77 win 1000", "")
			raw.wantText(0, "R 77:77(0) win 0")
			if got := raw.stack.Counters().SyncookiesFailed; got != c.failed {
				t.Errorf("mode %d: SyncookiesFailed = %d, want %d", c.mode, got, c.failed)
			}
		})
	}
}

// A SYN that was answered by a cookie and comes again when there is room is answered
// by a half-open connection, too. The client knows the first answer: its ACK brings
// the cookie back, and is no reason for a reset.
func TestSynCookieThenHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		ln := raw.listen(endpoint.ListenConfig{Backlog: 1})
		send := func(port uint16, flags wire.Flags, seq, ack wire.Seq, payload string) {
			p := raw.fromPeer("S 0:0(0) win 1000 <mss 1400>", "")
			p.TCP.SrcPort, p.TCP.Flags, p.TCP.Seq, p.TCP.Ack, p.TCP.Payload = port, flags, seq, ack, []byte(payload)
			p.SetLengths()
			p.SetChecksums()
			raw.send(p.Append(nil))
		}
		send(5001, wire.SYN, 0, 0, "")
		raw.next()
		send(5000, wire.SYN, 0, 0, "")
		cookie := raw.next().TCP.Seq
		send(5001, wire.RST, 1, 0, "")
		time.Sleep(time.Second)
		send(5000, wire.SYN, 0, 0, "")
		if again := raw.next().TCP.Seq; again == cookie {
			t.Error("the second SYN-ACK is the first one")
		}
		send(5000, wire.ACK|wire.PSH, 6, cookie.Add(1), "world") // behind a loss
		raw.none()
		send(5000, wire.ACK|wire.PSH, 1, cookie.Add(1), "hello")
		c := accept(t, ln)
		if got := read(t, c, 5); got != "hello" {
			t.Errorf("read %q, want %q", got, "hello")
		}
		if got := raw.next().TCP; got.Flags != wire.ACK || got.Seq != cookie.Add(1) || got.Ack != 6 {
			t.Errorf("answer %v, want an ACK of 6", got)
		}
		if n := raw.stack.Counters(); n.OutRsts != 0 || raw.stack.Connections() != 1 {
			t.Errorf("%d resets, %d connections; want none, 1", n.OutRsts, raw.stack.Connections())
		}
	})
}

// Where the ACK and the first data are lost, what follows them does not fit the
// cookie. It is no reason for a reset: the first data comes again.
func TestSynCookieFirstDataLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		ln := raw.listen(endpoint.ListenConfig{SynCookies: endpoint.SynCookiesAlways})
		raw.sendText("S 0:0(0) win 1000 <mss 1400>", "")
		iss := raw.next().TCP.Seq
		data := func(text, payload string) {
			p := raw.fromPeer(text, payload)
			p.TCP.Ack = iss.Add(1)
			p.SetChecksums()
			raw.send(p.Append(nil))
		}
		data("P. 6:11(5) ack 1 win 1000", "world")
		data("F. 11:11(0) ack 1 win 1000", "")
		raw.none()
		data(". 1:6(5) ack 1 win 1000", "hello")
		data("P. 6:11(5) ack 1 win 1000", "world")
		if got := read(t, accept(t, ln), 10); got != "helloworld" {
			t.Errorf("read %q, want %q", got, "helloworld")
		}
	})
}

// A cookie that comes back while too many wait for Accept is dropped without a
// word; data brings it again: C-60.
func TestSynCookieQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Both SYNs come before either ACK.
		l := newLab(t, func(s *setup) { s.pair.Delay = 10 * time.Millisecond })
		ln := l.listen(endpoint.ListenConfig{SynCookies: endpoint.SynCookiesAlways, Backlog: 1})
		first, second := make(chan *endpoint.Conn), make(chan *endpoint.Conn)
		for _, c := range []chan *endpoint.Conn{first, second} {
			go func() { c <- l.mustDial(endpoint.Dialer{}, "hello") }()
		}
		a, b := <-first, <-second
		time.Sleep(20 * time.Millisecond)
		if n := l.server.Counters(); n.SyncookiesRecv < 2 || n.ListenOverflows != n.SyncookiesRecv-1 || n.ListenDrops != n.ListenOverflows {
			t.Errorf("%d cookies came back, %d overflows, %d drops; want 2 at least, all but one of them", n.SyncookiesRecv, n.ListenOverflows, n.ListenDrops)
		}
		go echo(ln)
		for _, c := range []*endpoint.Conn{a, b} {
			if got := finish(t, c); got != "HELLO" {
				t.Errorf("got %q, want %q", got, "HELLO")
			}
		}
	})
}

// Close of a listener leaves no way in for a cookie that is still good.
func TestSynCookieListenerClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		ln := raw.listen(endpoint.ListenConfig{SynCookies: endpoint.SynCookiesAlways})
		served := func(port uint16) wire.Packet {
			p := raw.fromPeer("S 0:0(0) win 1000", "")
			p.TCP.SrcPort = port
			p.SetChecksums()
			raw.send(p.Append(nil))
			got := raw.next()
			ack := raw.fromPeer(". 1:1(0) ack 1 win 1000", "")
			ack.TCP.SrcPort, ack.TCP.Ack = port, got.TCP.Seq.Add(1)
			ack.SetChecksums()
			return ack
		}
		open, late := served(5001), served(5002)
		raw.send(open.Append(nil))
		c := accept(t, ln) // keeps the port ours
		ln.Close()
		raw.send(late.Append(nil))
		if got := raw.next(); !got.TCP.Flags.Has(wire.RST) || got.TCP.Seq != late.TCP.Ack {
			t.Errorf("answer %v, want a reset", &got)
		}
		c.Abort()
	})
}
