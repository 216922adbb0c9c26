package endpoint_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

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

// What a writer takes back during the handshake is not sent; what was in the SYN it
// cannot have back.
func TestStepperTakeBack(t *testing.T) {
	s := newStepped(t)
	c := s.begin(withCookie(), repeated("x", 496), 496)
	s.want("S 0:496(496) <...>")
	if n, err := c.WriteAhead([]byte("some more")); n != 9 || err != nil {
		t.Errorf("WriteAhead: %d, %v", n, err)
	}
	if n := c.TakeBack(5); n != 5 {
		t.Errorf("TakeBack: got %d bytes, want 5", n)
	}
	s.in("S. 0:0(0) ack 497 <mss 1460>", "")
	s.want("P. 497:501(4) ack 1")
	if n := c.TakeBack(500); n != 0 {
		t.Errorf("TakeBack of what was sent: got %d bytes, want 0", n)
	}
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
