package endpoint_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// A tape is a link that keeps what is written to it.
type tape struct {
	frames [][]byte
}

func (t *tape) ReadFrames([]link.Frame) (int, error) { return 0, os.ErrDeadlineExceeded }
func (t *tape) SetReadDeadline(time.Time) error      { return nil }
func (t *tape) MTU() int                             { return 1500 }
func (t *tape) Close() error                         { return nil }

func (t *tape) WriteFrames(batch [][]byte) (int, error) {
	for _, f := range batch {
		t.frames = append(t.frames, bytes.Clone(f))
	}
	return len(batch), nil
}

// A stepped is a stack at 192.0.2.1 in virtual time, whose peer at 192.0.2.2 is
// the test. Sequence numbers in texts are relative to each side's initial one.
type stepped struct {
	t             *testing.T
	p             *endpoint.Stepper
	link          *tape
	now           time.Time
	local, remote netip.AddrPort // of the connection in hand
	iss           wire.Seq       // of ours
}

const peerISS wire.Seq = 1000

func newStepped(t *testing.T) *stepped {
	t.Helper()
	s := &stepped{
		t: t, link: &tape{}, now: time.Unix(1_000_000, 0),
		local: netip.AddrPortFrom(client4, 80), remote: netip.AddrPortFrom(server4, 5000),
	}
	var err error
	s.p, err = endpoint.NewStepper(s.now, endpoint.Config{
		Link:   s.link,
		Router: route{client4, client6, clientMAC, serverMAC},
		Local:  []netip.Prefix{netip.PrefixFrom(client4, 32), netip.PrefixFrom(client6, 128)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.p.Close() })
	return s
}

// listen opens a listener on port 80, for a peer at port 5000.
func (s *stepped) listen(c endpoint.ListenConfig) *endpoint.Listener {
	s.t.Helper()
	c.Stack = s.p.Stack()
	ln, err := c.Listen(s.t.Context(), "tcp", ":80")
	if err != nil {
		s.t.Fatal(err)
	}
	return ln
}

// begin dials port 80 of the peer; taken is how much of data the dial takes.
func (s *stepped) begin(d endpoint.Dialer, data string, taken int) *endpoint.Conn {
	s.t.Helper()
	d.Stack = s.p.Stack()
	c, n, err := d.Begin(s.t.Context(), netip.AddrPortFrom(server4, 80), []byte(data))
	if err != nil || n != taken {
		s.t.Fatalf("Begin took %d bytes, %v; want %d", n, err, taken)
	}
	s.wait(0)
	s.local = c.LocalAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort()
	s.remote = netip.AddrPortFrom(server4, 80)
	return c
}

// wait lets time pass, with every deadline on the way.
func (s *stepped) wait(d time.Duration) {
	end := s.now.Add(d)
	for {
		at := s.p.Deadline()
		if at.IsZero() || at.After(end) {
			break
		}
		if at.After(s.now) {
			s.now = at
		}
		s.p.Advance(s.now)
	}
	s.now = end
	s.p.Advance(s.now)
}

// in injects a segment of the peer.
func (s *stepped) in(text, payload string) {
	s.t.Helper()
	p, err := wire.ParseText(text)
	if err != nil {
		s.t.Fatalf("ParseText(%q): %v", text, err)
	}
	seg := p.Segment
	if payload != "" {
		seg.Payload = []byte(payload)
	}
	if !p.HasWindow {
		seg.Window = 65535
	}
	seg.AddBase(wire.TextBase{SeqBase: peerISS, AckBase: s.iss})
	seg.Options = wire.Pad(seg.Options, 0)
	s.send(seg)
}

func (s *stepped) send(seg wire.Segment) {
	seg.SetDataOffset()
	packet := wire.NewPacket(s.remote, s.local, seg)
	packet.SetLengths()
	packet.SetChecksums()
	s.p.Input(s.now, packet.Append(link.AppendHeader(nil, clientMAC, serverMAC, 4)))
	s.wait(0)
}

// icmp injects an error about a segment of ours with this sequence number.
func (s *stepped) icmp(e wire.ICMPError, seq wire.Seq) {
	quoted := wire.NewPacket(s.local, s.remote, wire.Segment{Seq: s.iss + seq, Flags: wire.ACK})
	quoted.SetLengths()
	quoted.SetChecksums()
	e.IPVersion, e.From = 4, server4
	frame := link.AppendHeader(nil, clientMAC, serverMAC, 4)
	s.p.Input(s.now, wire.AppendICMPError(frame, e, client4, quoted.Append(nil)))
	s.wait(0)
}

// want matches the next segment of ours.
func (s *stepped) want(text string) {
	s.t.Helper()
	if len(s.link.frames) == 0 {
		s.t.Fatalf("nothing sent, want %s", text)
	}
	packet, err := wire.ParseFrame(s.link.frames[0])
	s.link.frames = s.link.frames[1:]
	if err != nil {
		s.t.Fatal(err)
	}
	if packet.TCP.Flags.Has(wire.SYN) {
		s.iss = packet.TCP.Seq
	}
	p, err := wire.ParseText(text)
	if err != nil {
		s.t.Fatalf("ParseText(%q): %v", text, err)
	}
	got := packet.TCP
	if !p.HasWindow {
		got.Window = 0
	}
	if p.AnyOptions {
		got.Options, p.Segment.Options = nil, nil
	}
	gotText := string(wire.AppendText(nil, &got, wire.TextBase{SeqBase: s.iss, AckBase: peerISS}))
	if wantText := string(wire.AppendText(nil, &p.Segment, wire.TextBase{})); gotText != wantText {
		s.t.Fatalf("got  %s\nwant %s", gotText, wantText)
	}
}

// wantIdle says that nothing more was sent.
func (s *stepped) wantIdle() {
	s.t.Helper()
	if n := len(s.link.frames); n > 0 {
		p, _ := wire.ParseFrame(s.link.frames[0])
		s.t.Fatalf("%d more frames, the first is %v", n, &p)
	}
}

// tryRead reads what is there.
func (s *stepped) tryRead(c *endpoint.Conn, want string) {
	s.t.Helper()
	b := make([]byte, 1<<16)
	n, err := c.TryRead(b)
	s.wait(0)
	if string(b[:n]) != want || err != nil {
		s.t.Fatalf("read %q, %v; want %q", b[:n], err, want)
	}
}

// accept returns the connection that waits.
func (s *stepped) accept(ln *endpoint.Listener) *endpoint.Conn {
	s.t.Helper()
	c, err := ln.TryAccept()
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// A server and a client in virtual time, from the SYN to the last ACK.
func TestStepper(t *testing.T) {
	s := newStepped(t)
	ln := s.listen(endpoint.ListenConfig{FastOpen: handshake.GateConfig{Enabled: true, CookieNotNeeded: true}})
	if _, err := ln.TryAccept(); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("TryAccept: %v, want %v", err, syscall.EAGAIN)
	}
	s.in("S 0:5(5) <mss 1460>", "hello")
	s.want("S. 0:0(0) ack 6 <mss 1460>")
	c := s.accept(ln)
	s.tryRead(c, "hello")
	if _, err := c.TryRead(make([]byte, 1)); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("TryRead: %v, want %v", err, syscall.EAGAIN)
	}
	if n, err := c.TryWrite([]byte("world")); n != 5 || err != nil {
		t.Errorf("TryWrite: %d, %v", n, err)
	}
	s.wait(0)
	s.want("P. 1:6(5) ack 6")
	s.in("F. 6:6(0) ack 6", "")
	s.want(". 6:6(0) ack 7")
	c.Close()
	s.wait(0)
	s.want("F. 6:6(0) ack 7")
	s.in(". 7:7(0) ack 7", "")
	s.wantIdle()
	if _, err := c.Ended(); err != nil {
		t.Errorf("ended: %v", err)
	}
}

// As FreeBSD does, a client takes all that it is given with the connect. A server
// without cookies gets a plain SYN the next time.
func TestStepperFreeBSD(t *testing.T) {
	s := newStepped(t)
	d := endpoint.Dialer{
		FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{}),
		Machine: handshake.Config{Profile: handshake.FreeBSD, NoTimestamps: true},
	}
	for _, options := range []string{"FO", "eol,eol"} {
		c := s.begin(d, repeated("x", 100), 100)
		s.want("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK," + options + ">")
		s.in("S. 0:0(0) ack 1 win 65535 <mss 1460>", "")
		s.want("P. 1:101(100) ack 1 win 65535")
		s.in(". 1:1(0) ack 101", "")
		if ok, err := c.Opened(); !ok || err != nil {
			t.Errorf("Opened: %v, %v", ok, err)
		}
		s.in("F. 1:1(0) ack 101", "")
		s.want(". 101:101(0) ack 2 win 65535")
		c.Close()
		s.wait(0)
		s.want("F. 101:101(0) ack 2 win 65535")
		s.in(". 2:2(0) ack 102", "")
		s.wantIdle()
	}
}

// withCookie is a dialer that has a cookie, with Linux's quick acknowledgements.
func withCookie() endpoint.Dialer {
	c, _ := cookie.Parse("abcd1234")
	return endpoint.Dialer{
		FastOpen: handshake.ClientOn, Cookie: c,
		Machine: handshake.Config{NoTimestamps: true, NoWindowScale: true, QuickAcks: 16},
	}
}

// A writer that does not wait has the server's data acknowledged at once; for one
// that has waited for the handshake to end, the connection is a conversation.
func TestStepperQuickAcks(t *testing.T) {
	s := newStepped(t)
	c := s.begin(withCookie(), repeated("x", 100), 100)
	s.want("S 0:100(100) <...>")
	s.in("S. 0:0(0) ack 101 <mss 1460>", "")
	s.want(". 101:101(0) ack 1")
	s.wait(10 * time.Millisecond)
	s.in("P. 1:6(5) ack 101", "hello")
	s.want(". 101:101(0) ack 6")
	if err := c.SetQuickAck(false); err != nil {
		t.Error(err)
	}
	s.in("P. 6:11(5) ack 101", "hello")
	s.wantIdle()
	if err := c.SetQuickAck(true); err != nil {
		t.Error(err)
	}
	s.wait(0)
	s.want(". 101:101(0) ack 11")

	c = s.begin(withCookie(), repeated("x", 1500), 496)
	s.want("S 0:496(496) <...>")
	if n, err := c.TryWrite([]byte("x")); n != 0 || !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("TryWrite in SYN-SENT: %d, %v; want %v", n, err, syscall.EAGAIN)
	}
	if n, err := c.WriteAhead([]byte(repeated("x", 1004))); n != 1004 || err != nil {
		t.Errorf("WriteAhead: %d, %v", n, err)
	}
	s.wait(20 * time.Millisecond)
	s.in("S. 0:0(0) ack 497 <mss 1460>", "")
	s.want("P. 497:1501(1004) ack 1")
	s.wait(20 * time.Millisecond)
	s.in("P. 1:6(5) ack 1501", "hello")
	s.wantIdle()
	s.tryRead(c, "hello")
	if n, err := c.WriteAhead([]byte("x")); n != 1 || err != nil {
		t.Errorf("WriteAhead after the handshake: %d, %v", n, err)
	}
	s.wait(0)
	s.want("P. 1501:1502(1) ack 6")
}

// An ICMP error about something that is not in flight is only counted. One about
// the SYN-ACK of a connection that nobody has accepted ends it: it can be accepted,
// its data read, and then comes the error.
func TestStepperICMPBeforeAccept(t *testing.T) {
	s := newStepped(t)
	ln := s.listen(endpoint.ListenConfig{FastOpen: handshake.GateConfig{Enabled: true, CookieNotNeeded: true}})
	hostUnreachable := wire.ICMPError{Type: wire.ICMPv4Unreachable, Code: 1}
	s.in("S 0:5(5) <mss 1460>", "hello")
	s.want("S. 0:0(0) ack 6 <mss 1460>")
	s.icmp(hostUnreachable, 5000)
	if got := s.p.Stack().Counters(); got.OutOfWindowIcmps != 1 || got.ICMPErrors != 1 || got.Ignored != 0 {
		t.Errorf("counted %+v", got)
	}
	s.icmp(hostUnreachable, 0)
	c := s.accept(ln)
	if got := c.Info().State; got != handshake.Closed {
		t.Errorf("state %v, want %v", got, handshake.Closed)
	}
	s.tryRead(c, "hello")
	if _, err := c.TryRead(make([]byte, 1)); !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("TryRead: %v, want %v", err, syscall.EHOSTUNREACH)
	}
	s.in(". 6:6(0) ack 1", "")
	s.want("R 1:1(0)")
	s.wantIdle()

	// One that was accepted goes on.
	s.remote = netip.AddrPortFrom(server4, 5001)
	s.in("S 0:5(5) <mss 1460>", "hello")
	s.want("S. 0:0(0) ack 6 <mss 1460>")
	c = s.accept(ln)
	s.icmp(hostUnreachable, 0)
	if got := c.Info().State; got != handshake.SynReceived {
		t.Errorf("accepted: state %v, want %v", got, handshake.SynReceived)
	}
}

// Timestamps that cannot be right are counted: in a SYN-ACK, which is reset, and
// later.
func TestStepperPAWS(t *testing.T) {
	s := newStepped(t)
	d := withCookie()
	d.Machine.NoTimestamps = false
	c := s.begin(d, "hello", 5)
	syn, err := wire.ParseFrame(s.link.frames[0])
	if err != nil {
		t.Fatal(err)
	}
	set, _ := syn.TCP.Options.Decode()
	ecr := set.Timestamps.Val
	s.want("S 0:5(5) <...>")
	s.in(fmt.Sprintf("S. 0:0(0) ack 6 <mss 1460,TS val 700 ecr %d>", ecr+9999), "")
	s.want("R 6:6(0)")
	s.in(fmt.Sprintf("S. 0:0(0) ack 6 <mss 1460,TS val 700 ecr %d>", ecr), "")
	s.want(". 6:6(0) ack 1 <...>")
	s.in(fmt.Sprintf("P. 1:6(5) ack 6 <TS val 699 ecr %d,nop,nop>", ecr), "world")
	s.want(". 6:6(0) ack 1 <...>")
	s.in("P. 1:6(5) ack 6", "world")
	s.wantIdle()
	if got := s.p.Stack().Counters(); got.PAWSActive != 1 || got.PAWSEstab != 1 || got.Ignored != 3 {
		t.Errorf("counted %+v", got)
	}
	if got := c.Info().State; got != handshake.Established {
		t.Errorf("state %v, want %v", got, handshake.Established)
	}
}

// The Fast Open of a listener changes while it listens: off, on with a key, on
// with another one. A connection that is pending counts against the new limit.
func TestSetFastOpen(t *testing.T) {
	s := newStepped(t)
	ln := s.listen(endpoint.ListenConfig{})
	port := uint16(5000)
	syn := func(option, want string) {
		t.Helper()
		port++
		s.remote = netip.AddrPortFrom(server4, port)
		s.in("S 0:5(5) <mss 1460"+option+">", "hello")
		s.want("S. 0:0(0) ack " + want + ">")
	}
	set := func(c handshake.GateConfig) {
		t.Helper()
		if err := ln.SetFastOpen(c); err != nil {
			t.Fatal(err)
		}
	}
	cookies := make([]string, 2)
	syn(",FO", "1 <mss 1460")
	for i := range cookies {
		keys := cookie.NewKeyring(cookie.RFC7413, cookie.Key{0: byte(i)})
		cookies[i] = keys.Mint(server4, client4).Hex()
		set(handshake.GateConfig{Enabled: true, Keyring: keys, MaxPending: 1 + i})
		syn(",FO", "1 <mss 1460,FO "+cookies[i]+",nop,nop")
		syn(",FO "+cookies[i], "6 <mss 1460")
		syn(",FO "+cookies[i], "1 <mss 1460") // too many are pending
	}
	set(handshake.GateConfig{Enabled: true, Keyring: cookie.NewKeyring(cookie.RFC7413, cookie.Key{0: 1})})
	syn(",FO "+cookies[0], "1 <mss 1460,FO "+cookies[1]+",nop,nop")

	if err := ln.SetFastOpen(handshake.GateConfig{Enabled: true}); !errors.Is(err, handshake.ErrNoKeyring) {
		t.Errorf("without a keyring: %v, want %v", err, handshake.ErrNoKeyring)
	}
	syn(",FO "+cookies[1], "6 <mss 1460")
	set(handshake.GateConfig{})
	syn(",FO "+cookies[1], "1 <mss 1460")
	ln.Close()
	if err := ln.SetFastOpen(handshake.GateConfig{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v, want %v", err, net.ErrClosed)
	}
}

// C-59: without a kernel the stack refuses for all ports of its addresses.
func TestStepperRefuses(t *testing.T) {
	s := newStepped(t)
	s.in("S 0:5(5) win 1000", "hello")
	s.want("R. 0:0(0) ack 6 win 0")
	s.local = netip.AddrPortFrom(netip.MustParseAddr("192.0.2.77"), 80)
	s.in("S 0:0(0) win 1000", "")
	s.wantIdle()
}

// Options of a connection that is being opened: how often its SYN goes again, and
// a cork for what is written after it.
func TestStepperOptions(t *testing.T) {
	s := newStepped(t)
	c := s.begin(withCookie(), "hello", 5)
	s.want("S 0:5(5) <...>")
	if err := c.SetSynRetries(1); err != nil {
		t.Error(err)
	}
	s.wait(time.Second)
	s.want("S 0:0(0) <...>")
	s.wait(2 * time.Second)
	s.wantIdle()
	if _, err := c.TryWrite([]byte("x")); !errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("TryWrite: %v, want %v", err, syscall.ETIMEDOUT)
	}

	c = s.begin(withCookie(), "hello", 5)
	s.want("S 0:5(5) <...>")
	s.in("S. 0:0(0) ack 6 <mss 1460>", "")
	s.want(". 6:6(0) ack 1")
	if err := c.SetCork(true); err != nil {
		t.Error(err)
	}
	c.TryWrite([]byte("wor"))
	c.TryWrite([]byte("ld"))
	s.wait(0)
	s.wantIdle()
	if err := c.SetCork(false); err != nil {
		t.Error(err)
	}
	s.wait(0)
	s.want("P. 6:11(5) ack 1")
	c.Abort()
	s.wait(0)
	for name, err := range map[string]error{
		"SetCork": c.SetCork(true), "SetSynRetries": c.SetSynRetries(1), "SetQuickAck": c.SetQuickAck(true),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s after Abort: %v, want %v", name, err, net.ErrClosed)
		}
	}
}

// While a connection is left that a listener has accepted, another one can have its
// port if it says so, but not while the first one listens.
func TestReuseAddr(t *testing.T) {
	s := newStepped(t)
	lc := endpoint.ListenConfig{Stack: s.p.Stack(), ReuseAddr: true}
	first := s.listen(lc)
	if _, err := lc.Listen(t.Context(), "tcp", ":80"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("beside a listener: %v, want %v", err, syscall.EADDRINUSE)
	}
	s.in("S 0:0(0) <mss 1460>", "")
	s.want("S. 0:0(0) ack 1 <mss 1460>")
	s.in(". 1:1(0) ack 1", "")
	old := s.accept(first)
	first.Close()
	for _, reuse := range []bool{false, true} {
		lc.ReuseAddr = reuse
		ln, err := lc.Listen(t.Context(), "tcp", ":80")
		if !reuse {
			if !errors.Is(err, syscall.EADDRINUSE) {
				t.Errorf("not asked for: %v, want %v", err, syscall.EADDRINUSE)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		s.in("P. 1:6(5) ack 1", "hello")
		s.tryRead(old, "hello")
		s.wait(time.Second)
		s.want(". 1:1(0) ack 6")
		s.remote = netip.AddrPortFrom(server4, 5001)
		s.in("S 0:0(0) <mss 1460>", "")
		s.want("S. 0:0(0) ack 1 <mss 1460>")
		s.in(". 1:1(0) ack 1", "")
		c := s.accept(ln)
		ln.Close()
		old.Abort()
		c.Abort()
		s.wait(0)
	}
	lc.ReuseAddr = false
	s.listen(lc) // nothing is left of the claim
}
