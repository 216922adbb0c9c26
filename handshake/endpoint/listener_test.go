package endpoint_test

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// With a full backlog a SYN gets no answer at all: C-60.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		ln := l.listen(endpoint.ListenConfig{Backlog: 2})
		for range 2 {
			l.mustDial(endpoint.Dialer{}, "")
		}
		synctest.Wait()
		if _, err := l.dial(endpoint.Dialer{Timeout: 500 * time.Millisecond}, ""); err == nil {
			t.Error("a third connection was made")
		}
		if got := l.server.Counters().ListenDrops; got != 1 {
			t.Errorf("ListenDrops = %d, want 1", got)
		}
		if out, in := countResets(l.segments()); out+in != 0 {
			t.Errorf("%d resets", out+in)
		}
		accept(t, ln)
		l.mustDial(endpoint.Dialer{}, "")
	})
}

// A handshake that ends while the backlog is full does not end at the server:
// its ACK is dropped, and the repeated SYN-ACK brings the next one: C-60.
func TestBacklogFullAtAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.pair.Delay = 10 * time.Millisecond })
		ln := l.listen(endpoint.ListenConfig{Backlog: 2})
		done := make(chan *endpoint.Conn, 3)
		done <- l.mustDial(endpoint.Dialer{}, "")
		time.Sleep(20 * time.Millisecond)
		for range 2 {
			go func() { done <- l.mustDial(endpoint.Dialer{}, "") }()
		}
		time.Sleep(100 * time.Millisecond)
		if n := l.server.Counters(); n.PassiveOpens != 2 || n.ListenOverflows != 1 || n.ListenDrops != 1 {
			t.Errorf("%d opens, %d overflows, %d drops; want 2, 1, 1", n.PassiveOpens, n.ListenOverflows, n.ListenDrops)
		}
		go echo(ln)
		for range 3 {
			c := <-done
			write(t, c, "hello")
			if got := finish(t, c); got != "HELLO" {
				t.Errorf("got %q, want %q", got, "HELLO")
			}
		}
		if out, in := countResets(l.segments()); out+in != 0 {
			t.Errorf("%d resets", out+in)
		}
	})
}

// Spoofed SYNs fill the places of half-open connections, no more: C-51.
func TestHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		raw.listen(endpoint.ListenConfig{Backlog: 2, SynCookies: endpoint.SynCookiesOff, Machine: handshake.Config{SynAckRetries: -1}})
		for port := range uint16(3) {
			p := raw.fromPeer("S 0:0(0) win 1000", "")
			p.TCP.SrcPort = 5000 + port
			p.SetChecksums()
			raw.send(p.Append(nil))
		}
		raw.next()
		raw.next()
		raw.none()
		time.Sleep(2 * time.Second)
		raw.sendText("S 0:0(0) win 1000", "")
		if got := raw.next(); !got.TCP.Flags.Has(wire.SYN | wire.ACK) {
			t.Errorf("after the others have timed out: %v, want a SYN-ACK", &got)
		}
	})
}

// Beyond the limit of pending connections a SYN's data is not taken; a
// connection that was reset counts for a while longer: T-45, T-78.
func TestMaxPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		gate := fastOpen()
		gate.MaxPending = 1
		ln := raw.listen(endpoint.ListenConfig{FastOpen: gate})
		shown := keyring().Mint(server4, client4).Hex()
		syn := "S 0:5(5) win 1000 <mss 1460,FO " + shown + ",nop,nop>"
		send := func(port uint16, text, payload string) wire.Packet {
			p := raw.fromPeer(text, payload)
			p.TCP.SrcPort = port
			p.SetChecksums()
			raw.send(p.Append(nil))
			return raw.next()
		}
		first := send(5001, syn, "hello")
		if first.TCP.Ack != 6 {
			t.Fatalf("first SYN-ACK acknowledges %d, want 6", first.TCP.Ack)
		}
		if got := send(5002, syn, "hello").TCP.Ack; got != 1 {
			t.Errorf("second SYN-ACK acknowledges %d, want 1", got)
		}
		if got := raw.stack.Counters().TCPFastOpenListenOverflow; got != 1 {
			t.Errorf("TCPFastOpenListenOverflow = %d, want 1", got)
		}
		// The first one is reset: RCV.NXT is 6.
		accept(t, ln)
		reset := raw.fromPeer("R 6:6(0) win 0", "")
		reset.TCP.SrcPort = 5001
		reset.SetChecksums()
		raw.send(reset.Append(nil))
		if got := send(5003, syn, "hello").TCP.Ack; got != 1 {
			t.Errorf("right after the reset a SYN-ACK acknowledges %d, want 1", got)
		}
		time.Sleep(61 * time.Second)
		for drained := false; !drained; {
			raw.link.SetReadDeadline(time.Now().Add(time.Millisecond))
			drained = !raw.tryNext()
		}
		if got := send(5004, syn, "hello").TCP.Ack; got != 6 {
			t.Errorf("a minute after the reset a SYN-ACK acknowledges %d, want 6", got)
		}
	})
}

// Accept returns a connection opened by SYN data before its ACK, also if it
// was reset by then: T-09, T-57, T-65, T-91, T-92.
func TestAcceptBeforeHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		ln := raw.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
		syn := "S 0:5(5) win 1000 <mss 1460,FO " + keyring().Mint(server4, client4).Hex() + ",nop,nop>"
		raw.sendText(syn, "hello")
		iss := raw.next().TCP.Seq
		c := accept(t, ln)
		if got := c.Info().State; got != handshake.SynReceived {
			t.Errorf("state %v, want %v", got, handshake.SynReceived)
		}
		write(t, c, "world")
		raw.wantText(iss, "P. 1:6(5) ack 6")
		// The same SYN again is answered again, and its data not delivered.
		raw.sendText(syn, "hello")
		raw.wantText(iss, "S. 0:0(0) ack 6 <...>")
		raw.sendText("R 6:6(0) win 0", "")
		synctest.Wait()
		if got := read(t, c, 5); got != "hello" {
			t.Errorf("read %q, want %q", got, "hello")
		}
		if n, err := c.Read(make([]byte, 9)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("then %d bytes, %v; want %v", n, err, syscall.ECONNRESET)
		}
	})
}

// Close of a listener resets the connections that nobody has accepted, also
// those that are not established: T-93.
func TestListenerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		ln := l.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
		d := endpoint.Dialer{FastOpen: handshake.ClientOn, Cookie: keyring().Mint(client4, server4)}
		kept := l.mustDial(d, "kept")
		served := accept(t, ln)
		left := l.mustDial(d, "left")
		ln.Close()
		if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept: %v, want %v", err, net.ErrClosed)
		}
		if _, err := left.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("read of what was not accepted: %v, want %v", err, syscall.ECONNRESET)
		}
		write(t, served, "hello")
		if got := read(t, kept, 5); got != "hello" {
			t.Errorf("what was accepted reads %q, want %q", got, "hello")
		}
		if _, err := l.dial(d, ""); err == nil {
			t.Error("a connection was made after Close")
		}
		if err := ln.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}

// That includes those whose handshake is not over, with and without Fast Open:
// T-93.
func TestListenerCloseHalfOpen(t *testing.T) {
	for _, c := range []struct{ name, syn, payload, want string }{
		{"plain", "S 0:0(0) win 1000 <mss 1460>", "", "R. 1:1(0) ack 1 win 65535"},
		{"Fast Open", "S 0:5(5) win 1000 <mss 1460,FO " + keyring().Mint(server4, client4).Hex() + ",nop,nop>", "hello", "R. 1:1(0) ack 6 win 65535"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				raw := newRawPeer(t, nil)
				ln := raw.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
				raw.sendText(c.syn, c.payload)
				iss := raw.next().TCP.Seq
				ln.Close()
				raw.wantText(iss, c.want)
				raw.none()
				time.Sleep(time.Minute)
				raw.none()
			})
		})
	}
}

// Close of a listener wakes Accept.
func TestListenerCloseUnblocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		ln := l.listen(endpoint.ListenConfig{})
		done := make(chan error)
		go func() {
			_, err := ln.Accept()
			done <- err
		}()
		synctest.Wait()
		ln.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept: %v, want %v", err, net.ErrClosed)
		}
	})
}

// What gets an answer without a connection, and what does not: C-06, C-07,
// C-59, D-14.
func TestNoConnection(t *testing.T) {
	for _, c := range []struct {
		name   string
		text   string
		change func(*wire.Packet)
		want   string // empty: nothing
	}{
		{name: "ACK to a listener", text: ". 1:1(0) ack 77 win 10", want: "R 77:77(0) win 0"},
		{name: "FIN to a listener", text: "F 1:1(0) win 10"},
		{name: "no flags to a listener", text: "- 1:1(0) win 10"},
		{name: "SYN-ACK to a listener", text: "S. 1:1(0) ack 77 win 10", want: "R 77:77(0) win 0"},
		{name: "reset to a listener", text: "R 1:1(0) win 0"},
		{name: "SYN and FIN", text: "SF 1:1(0) win 10"},
		{name: "SYN and RST", text: "SR 1:1(0) win 10"},
		{name: "another port", text: "S 0:0(0) win 10", change: func(p *wire.Packet) { p.TCP.DstPort = 81 }},
		{name: "another host", text: "S 0:0(0) win 10", change: func(p *wire.Packet) { p.IPv4.Dst = netip.MustParseAddr("192.0.2.9") }},
		{name: "from a multicast address", text: "S 0:0(0) win 10", change: func(p *wire.Packet) { p.IPv4.Src = netip.MustParseAddr("224.0.0.1") }},
		{name: "from broadcast", text: "S 0:0(0) win 10", change: func(p *wire.Packet) { p.IPv4.Src = netip.MustParseAddr("255.255.255.255") }},
		{name: "from our own address", text: "S 0:0(0) win 10", change: func(p *wire.Packet) { p.IPv4.Src = client4 }},
		{name: "from loopback", text: "S 0:0(0) win 10", change: func(p *wire.Packet) { p.IPv4.Src = netip.MustParseAddr("127.0.0.1") }},
		{name: "land", text: "S 0:0(0) win 10", change: func(p *wire.Packet) { p.IPv4.Src, p.TCP.SrcPort = client4, 80 }},
		{name: "to a group of stations", text: "S 0:0(0) win 10", change: func(p *wire.Packet) { p.Ethernet.Dst = wire.MAC{1, 0, 94, 0, 0, 1} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				raw := newRawPeer(t, nil)
				raw.listen(endpoint.ListenConfig{})
				p := raw.fromPeer(c.text, "")
				if c.change != nil {
					c.change(&p)
				}
				p.SetChecksums()
				raw.send(p.Append(nil))
				if c.want != "" {
					raw.wantText(0, c.want)
				}
				raw.none()
			})
		})
	}
}

// C-01: a segment with a wrong checksum does not exist.
func TestBadChecksum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		raw.listen(endpoint.ListenConfig{})
		p := raw.fromPeer("S 0:0(0) win 10", "")
		p.TCP.Checksum++
		raw.send(p.Append(nil))
		raw.none()
		if got := raw.stack.Counters().InCsumErrors; got != 1 {
			t.Errorf("InCsumErrors = %d, want 1", got)
		}
	})
}

// Frames that are cut or changed anywhere do no harm.
func TestGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		raw.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
		p := raw.fromPeer("S 0:5(5) win 1000 <mss 1460,FO 0102030405060708,nop,nop>", "hello")
		frame := p.Append(nil)
		for cut := 14; cut < len(frame); cut++ {
			raw.send(frame[:cut])
		}
		for i := range frame {
			changed := append([]byte(nil), frame...)
			changed[i] ^= 0xff
			raw.send(changed)
		}
		wantAlive(t, raw)
	})
}

// Answers go where the peer's frames come from, tags included, and follow it.
func TestAnswersFollowPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		raw.listen(endpoint.ListenConfig{})
		syn := raw.fromPeer("S 0:0(0) win 1000", "")
		syn.Ethernet.NumTags = 1
		syn.Ethernet.Tags[0] = wire.VLANTag{Protocol: wire.EtherTypeVLAN, Control: 7}
		raw.send(syn.Append(nil))
		answer := raw.next()
		if want := syn.Ethernet.Reversed(); answer.Ethernet != want {
			t.Errorf("SYN-ACK has the header %+v, want %+v", answer.Ethernet, want)
		}
		ack := raw.fromPeer("P. 1:6(5) ack 1 win 1000", "hello")
		ack.TCP.Ack = answer.TCP.Seq + 1
		ack.Ethernet.Src = wire.MAC{2, 0, 0, 0, 0, 99}
		ack.SetChecksums()
		raw.send(ack.Append(nil))
		// The ACK of this one still goes the old way: whether a segment is the
		// peer's is known only when the machine has taken it.
		raw.next()
		ack.TCP.Seq += 5
		ack.SetChecksums()
		raw.send(ack.Append(nil))
		answer = raw.next()
		if want := ack.Ethernet.Reversed(); answer.Ethernet != want {
			t.Errorf("ACK has the header %+v, want %+v", answer.Ethernet, want)
		}
	})
}

func TestListenAddresses(t *testing.T) {
	for _, c := range []struct {
		network, address string
		want             string // Addr
		dial4, dial6     bool
	}{
		{"tcp", ":80", "[::]:80", true, true},
		{"tcp4", ":80", "0.0.0.0:80", true, false},
		{"tcp", "0.0.0.0:80", "0.0.0.0:80", true, false}, // as in package net
		{"tcp6", "[::]:80", "[::]:80", false, true},
		{"tcp", address4, address4, true, false},
		{"tcp", address6, address6, false, true},
	} {
		t.Run(c.network+" "+c.address, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, nil)
				lc := endpoint.ListenConfig{Stack: l.server}
				ln, err := lc.Listen(t.Context(), c.network, c.address)
				if err != nil {
					t.Fatal(err)
				}
				if got := ln.Addr().String(); got != c.want {
					t.Errorf("Addr() = %s, want %s", got, c.want)
				}
				d := endpoint.Dialer{Stack: l.client, Timeout: 100 * time.Millisecond}
				_, err = d.DialContext(t.Context(), "tcp", address4, nil)
				if got := err == nil; got != c.dial4 {
					t.Errorf("IPv4 connects: %v, want %v (%v)", got, c.dial4, err)
				}
				_, err = d.DialContext(t.Context(), "tcp", address6, nil)
				if got := err == nil; got != c.dial6 {
					t.Errorf("IPv6 connects: %v, want %v (%v)", got, c.dial6, err)
				}
			})
		})
	}
}

// A rotation that is due happens with the next SYN.
func TestKeyRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		gate := fastOpen()
		gate.Keyring.SetRotation(time.Now(), cookie.Rotation{Every: time.Minute})
		go echo(l.listen(endpoint.ListenConfig{FastOpen: gate}))
		d := endpoint.Dialer{FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{})}
		for i, want := range []handshake.Outcome{handshake.CookieReceived, handshake.Accepted, handshake.Rejected} {
			c := l.mustDial(d, "hello")
			if got := c.FastOpen(); got.Outcome != want {
				t.Errorf("connection %d: %s (%s), want %s", i+1, got.Outcome, got.Why, want)
			}
			finish(t, c)
			// Periods are one minute: the cookie is of the key before the minting
			// one after one, and too old after two more.
			time.Sleep(time.Duration(i+1) * time.Minute)
		}
	})
}
