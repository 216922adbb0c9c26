package handshake

import (
	"errors"
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/wire"
)

// A harness drives one machine with segments in the text form. Sequence
// numbers in texts are relative to each side's initial one, as in packetdrill;
// both initial numbers are close to the wrap, so every test crosses it.
type harness struct {
	t     *testing.T
	m     *Machine
	now   time.Time
	out   []Output
	sent  []wire.Segment // not yet matched by want
	ect   []bool         // of everything sent: whether it may be marked
	read  []byte
	eof   bool
	learn []Output // Learn and Block, in order
	drops []DropReason
}

const (
	ourISS   wire.Seq = 0xffff_fff0
	theirISS wire.Seq = 0xffff_ff00
)

var epoch = time.Unix(1_000_000, 0)

// plainConfig has no options but MSS, which keeps the texts short.
func plainConfig() Config {
	return Config{
		LocalPort: 1000, RemotePort: 80, ISS: ourISS, MSS: 1460,
		NoTimestamps: true, NoSACK: true, NoWindowScale: true,
	}
}

// withCookie is plainConfig for a client that holds a cookie.
func withCookie(hex string) Config {
	c := plainConfig()
	c.FastOpen = ClientFastOpen{Mode: ClientOn, Cookie: mustCookie(hex), MSS: 1460}
	return c
}

func mustCookie(hex string) cookie.Cookie {
	c, err := cookie.Parse(hex)
	if err != nil {
		panic(err)
	}
	return c
}

// startClient opens a client that has written data.
func startClient(t *testing.T, c Config, data string) *harness {
	t.Helper()
	h := &harness{t: t, now: epoch, m: NewClient(c)}
	h.write(data)
	h.take(h.m.Open(h.now, h.out[:0]))
	return h
}

// startServer gives a SYN to a server that does with it what a says.
func startServer(t *testing.T, c Config, a Admission, syn, payload string) *harness {
	t.Helper()
	h := &harness{t: t, now: epoch, m: NewServer(c)}
	h.take(h.m.Accept(h.now, h.parse(syn, payload), a, h.out[:0]))
	return h
}

func (h *harness) parse(text, payload string) wire.Segment {
	h.t.Helper()
	p, err := wire.ParseText(text)
	if err != nil {
		h.t.Fatalf("ParseText(%q): %v", text, err)
	}
	s := p.Segment
	if payload != "" {
		if len(payload) != len(s.Payload) {
			h.t.Fatalf("%q does not fit %d bytes of payload", text, len(payload))
		}
		s.Payload = []byte(payload)
	}
	if !p.HasWindow {
		s.Window = 65535
	}
	s.AddBase(wire.TextBase{SeqBase: theirISS, AckBase: ourISS})
	s.Options = wire.Pad(s.Options, 0)
	s.SrcPort, s.DstPort = 80, 1000
	return s
}

// take carries the outputs out: what they alias is copied.
func (h *harness) take(out []Output) {
	for _, o := range out {
		switch o.Kind {
		case Transmit:
			s := o.Segment
			s.Payload = append([]byte(nil), s.Payload...)
			s.Options = append(wire.Options(nil), s.Options...)
			h.sent, h.ect = append(h.sent, s), append(h.ect, o.ECT)
		case Deliver:
			h.read = append(h.read, o.Data...)
		case DeliverEOF:
			h.eof = true
		case Learn, Block:
			h.learn = append(h.learn, o)
		case Drop:
			h.drops = append(h.drops, o.Why)
		}
	}
	h.out = out
}

// in injects a segment from the peer.
func (h *harness) in(text, payload string) {
	h.t.Helper()
	h.take(h.m.Input(h.now, h.parse(text, payload), h.out[:0]))
}

// write gives data to the machine, all of which it has to take.
func (h *harness) write(data string) {
	h.t.Helper()
	n, out := h.m.Write(h.now, []byte(data), h.out[:0])
	if n != len(data) {
		h.t.Fatalf("Write took %d of %d bytes", n, len(data))
	}
	h.take(out)
}

func (h *harness) closeWrite() { h.take(h.m.CloseWrite(h.now, h.out[:0])) }
func (h *harness) close()      { h.take(h.m.Close(h.now, h.out[:0])) }
func (h *harness) abort()      { h.take(h.m.Abort(h.now, h.out[:0])) }

// wait lets time pass, with every deadline on the way.
func (h *harness) wait(d time.Duration) {
	end := h.now.Add(d)
	for {
		at := h.m.Deadline()
		if at.IsZero() || at.After(end) {
			break
		}
		if at.After(h.now) {
			h.now = at
		}
		h.take(h.m.Advance(h.now, h.out[:0]))
	}
	h.now = end
}

// want matches the next segment that was sent, in the text form. A window or
// options that the text does not mention are not compared.
func (h *harness) want(text string) wire.Segment {
	h.t.Helper()
	if len(h.sent) == 0 {
		h.t.Fatalf("nothing sent, want %s", text)
	}
	s := h.sent[0]
	h.sent = h.sent[1:]
	p, err := wire.ParseText(text)
	if err != nil {
		h.t.Fatalf("ParseText(%q): %v", text, err)
	}
	got := s
	if !p.HasWindow {
		got.Window = 0
	}
	if p.AnyOptions {
		got.Options, p.Segment.Options = nil, nil
	}
	gotText := string(wire.AppendText(nil, &got, wire.TextBase{SeqBase: ourISS, AckBase: theirISS}))
	wantText := string(wire.AppendText(nil, &p.Segment, wire.TextBase{}))
	if gotText != wantText {
		h.t.Fatalf("got  %s\nwant %s", gotText, wantText)
	}
	return s
}

// wantIdle says that nothing more was sent.
func (h *harness) wantIdle() {
	h.t.Helper()
	for _, s := range h.sent {
		h.t.Errorf("unexpected: %s", wire.AppendText(nil, &s, wire.TextBase{SeqBase: ourISS, AckBase: theirISS}))
	}
	if len(h.sent) > 0 {
		h.t.FailNow()
	}
}

func (h *harness) wantState(want State) {
	h.t.Helper()
	if got := h.m.State(); got != want {
		h.t.Fatalf("state: got %v, want %v", got, want)
	}
}

// wantRead says what was delivered since the last call, and consumes it.
func (h *harness) wantRead(want string) {
	h.t.Helper()
	if got := string(h.read); got != want {
		h.t.Fatalf("delivered: got %q, want %q", got, want)
	}
	h.take(h.m.Consume(h.now, len(h.read), h.out[:0]))
	h.read = nil
}

func (h *harness) wantOutcome(outcome Outcome, why Why) {
	h.t.Helper()
	if got := h.m.Info().FastOpen; got.Outcome != outcome || got.Why != why {
		h.t.Fatalf("outcome: got %q (%s), want %q (%s)", got.Outcome, got.Why, outcome, why)
	}
}

// wantLearnt says what the cache was told last: a cookie, an MSS.
func (h *harness) wantLearnt(hex string, mss uint16) {
	h.t.Helper()
	for i := len(h.learn) - 1; i >= 0; i-- {
		if o := h.learn[i]; o.Kind == Learn {
			if o.Cookie.Hex() != hex || o.MSS != mss {
				h.t.Fatalf("learnt: got cookie %s MSS %d, want %s and %d", o.Cookie.Hex(), o.MSS, hex, mss)
			}
			return
		}
	}
	h.t.Fatalf("nothing learnt, want cookie %s MSS %d", hex, mss)
}

func (h *harness) wantBlocked(want cookie.Reason) {
	h.t.Helper()
	var got cookie.Reason
	for _, o := range h.learn {
		if o.Kind == Block {
			got = o.Reason
		}
	}
	if got != want {
		h.t.Fatalf("negative response: got %q, want %q", got, want)
	}
}

// wantDropped says why the last segment was dropped.
func (h *harness) wantDropped(want DropReason) {
	h.t.Helper()
	if len(h.drops) == 0 {
		h.t.Fatalf("nothing dropped, want: %v", want)
	}
	if got := h.drops[len(h.drops)-1]; got != want {
		h.t.Fatalf("dropped: got %v, want %v", got, want)
	}
	h.drops = nil
}

// wantEnd says that the connection is over, and why, and that nothing is left.
func (h *harness) wantEnd(want error) {
	h.t.Helper()
	h.wantState(Closed)
	if got := h.m.Err(); !errors.Is(got, want) {
		h.t.Fatalf("ended: got %v, want %v", got, want)
	}
	if at := h.m.Deadline(); !at.IsZero() {
		h.t.Fatalf("closed, and a timer runs to %v", at)
	}
}

// wantEOF says whether the end of the peer's data was delivered.
func (h *harness) wantEOF(want bool) {
	h.t.Helper()
	if h.eof != want {
		h.t.Fatalf("EOF: got %v, want %v", h.eof, want)
	}
}

func (h *harness) consume(n int) { h.take(h.m.Consume(h.now, n, h.out[:0])) }

func (h *harness) icmp(e wire.ICMPError) {
	if e.IPVersion == 0 {
		e.IPVersion = 4
	}
	h.take(h.m.ICMP(h.now, e, h.out[:0]))
}

// connect returns an established client without anything outstanding. The
// SYN-ACK is synAck if that is not empty.
func connect(t *testing.T, c Config, synAck string) *harness {
	t.Helper()
	h := startClient(t, c, "")
	h.want("S 0:0(0) <...>")
	if synAck == "" {
		synAck = "S. 0:0(0) ack 1 <mss 1460>"
	}
	h.in(synAck, "")
	h.want(". 1:1(0) ack 1 <...>")
	h.wantState(Established)
	return h
}

// withTimestamps is a config whose clock shows 100 at the epoch.
func withTimestamps() Config {
	c := plainConfig()
	c.NoTimestamps = false
	c.TimestampOffset = 100 - uint32(epoch.UnixMilli())
	return c
}

// bytesOf returns n bytes that differ from their neighbours.
func bytesOf(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + i%26)
	}
	return string(b)
}

// ackAll injects a segment that acknowledges everything sent.
func (h *harness) ackAll(window int) {
	h.t.Helper()
	s := wire.Segment{
		SrcPort: 80, DstPort: 1000, Seq: h.m.recv.nxt, Ack: h.m.send.nxt, Flags: wire.ACK, Window: uint16(window),
	}
	h.take(h.m.Input(h.now, s, h.out[:0]))
}
