package endpoint_test

import (
	"bytes"
	"net/netip"
	"os"
	"testing"
	"time"

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
