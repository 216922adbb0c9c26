package handshake

import (
	"encoding/binary"
	"testing"
	"time"

	"tfocraft/wire"
)

// A fuzzPeer plays whatever the fuzzer's bytes say against one machine, and
// holds the machine to its promises. The byte with sequence number n of the
// peer's stream is always streamByte(n), so that deliveries can be checked.
type fuzzPeer struct {
	t       *testing.T
	m       *Machine
	now     time.Time
	in      []byte
	got     int // bytes delivered
	eof     bool
	edge    wire.Seq
	edgeSet bool
	dead    bool
}

func streamByte(n wire.Seq) byte { return byte(uint32(n) * 2654435761 >> 24) }

func stream(at wire.Seq, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = streamByte(at.Add(i))
	}
	return b
}

func (p *fuzzPeer) byte() byte {
	if len(p.in) == 0 {
		return 0
	}
	b := p.in[0]
	p.in = p.in[1:]
	return b
}

func (p *fuzzPeer) word() int { return int(p.byte())<<8 | int(p.byte()) }

// near returns a number that is most often close to one of the given ones.
func (p *fuzzPeer) near(of ...wire.Seq) wire.Seq {
	kind := p.byte()
	at := of[int(kind)%len(of)]
	switch kind >> 6 {
	case 0:
		return at
	case 1:
		return at.Add(int(int8(p.byte())))
	case 2:
		return at.Add(int(int16(p.word())))
	}
	return wire.Seq(p.word()<<16 | p.word())
}

var fuzzFlags = [...]wire.Flags{
	wire.ACK, wire.ACK, wire.ACK | wire.PSH, wire.ACK | wire.FIN, wire.RST, wire.RST | wire.ACK, wire.SYN,
	wire.SYN | wire.ACK, wire.SYN | wire.ACK | wire.FIN, 0, wire.FIN, wire.SYN | wire.FIN, 0x1ff, wire.ACK | wire.URG,
}

func (p *fuzzPeer) segment() wire.Segment {
	m := p.m
	s := wire.Segment{Flags: fuzzFlags[int(p.byte())%len(fuzzFlags)]}
	s.Seq = p.near(m.recv.nxt, m.recv.irs, m.recv.edge, m.recv.early.end(m.recv.nxt))
	s.Ack = p.near(m.send.nxt, m.send.una, m.send.nxt, m.send.iss)
	s.Window = uint16(p.word())
	s.Urgent = uint16(s.Window)
	s.Options = p.options()
	s.Payload = stream(s.DataSeq(), int(p.byte())*int(p.byte())%3000)
	if m.state == SynSent && p.got == 0 {
		s.Seq = theirISS // the stream is checked from there
		s.Payload = stream(s.DataSeq(), len(s.Payload))
	}
	return s
}

func (p *fuzzPeer) options() wire.Options {
	kind := p.byte()
	var b []byte
	if kind&1 != 0 {
		val := p.m.ts.recent + uint32(int8(p.byte()))
		b = wire.AppendTimestamps(b, wire.Timestamps{Val: val, Ecr: p.m.ts.value(p.m.clock(p.now)) + uint32(int8(p.byte()))})
	}
	if kind&2 != 0 {
		b = wire.AppendMSS(b, uint16(p.word()))
	}
	if kind&4 != 0 {
		b = wire.AppendWindowScale(b, p.byte())
	}
	if kind&8 != 0 {
		b = wire.AppendSACKPermitted(b)
	}
	if kind&16 != 0 {
		b = wire.FastOpen{Present: true, Experimental: kind&32 != 0, Cookie: make([]byte, p.byte()&15)}.Append(b)
	}
	if kind&64 != 0 {
		b = append(b, p.byte(), p.byte(), p.byte())
	}
	return b[:min(len(b), wire.MaxOptionsLen)]
}

// call makes one call.
func (p *fuzzPeer) call() {
	m, out := p.m, []Output(nil)
	switch op := p.byte(); op % 12 {
	default:
		s := p.segment()
		s.Flags |= wire.Flags(op/12&3) * wire.ECE // and CWR, which is the next bit
		m.Mark(wire.ECN(s.Window & 3))
		out = m.Input(p.now, s, nil)
	case 0:
		p.now = p.now.Add(time.Duration(p.word()) * time.Millisecond)
		out = m.Advance(p.now, nil)
	case 1, 2:
		p.fire()
		return
	case 3:
		space := m.SendSpace()
		var n int
		n, out = m.Write(p.now, stream(0, p.word()%3000), nil)
		if n > space {
			p.t.Fatalf("Write took %d bytes into %d", n, space)
		}
	case 4:
		if n := m.Unread(); n > 0 {
			out = m.Consume(p.now, 1+p.word()%n, nil)
		}
	case 5:
		switch op / 12 {
		case 0, 1, 2:
			out = m.CloseWrite(p.now, nil)
		case 3, 4, 5:
			out = m.Close(p.now, nil)
		case 6:
			out = m.Abort(p.now, nil)
		}
	case 6:
		e := wire.ICMPError{IPVersion: 4, Type: p.byte() % 13, Code: p.byte() % 16, MTU: uint32(p.word())}
		e.Seq = p.near(m.send.una, m.send.nxt.Add(-1), m.send.iss)
		out = m.ICMP(p.now, e, nil)
	}
	p.check(out)
}

// fire lets the time of the deadline come.
func (p *fuzzPeer) fire() {
	at := p.m.Deadline()
	if at.IsZero() {
		return
	}
	if at.After(p.now) {
		p.now = at
	}
	out := p.m.Advance(p.now, nil)
	if next := p.m.Deadline(); len(out) == 0 && !next.IsZero() && !next.After(p.now) {
		p.t.Fatalf("in %v Advance at the deadline changed nothing", p.m.State())
	}
	p.check(out)
}

// maxOutputs is more than a call may ask for: a segment may fill every gap between
// the runs that are kept, and comes out in a part for each.
const maxOutputs = 2*maxRuns + 100

func (p *fuzzPeer) check(out []Output) {
	m := p.m
	if len(out) > maxOutputs {
		p.t.Fatalf("%d outputs of one call", len(out))
	}
	for i := range out {
		switch o := &out[i]; o.Kind {
		case Deliver:
			want := stream(m.recv.irs.Add(1+p.got), len(o.Data))
			if string(o.Data) != string(want) || p.eof {
				p.t.Fatalf("delivered out of order at %d", p.got)
			}
			p.got += len(o.Data)
		case DeliverEOF:
			if p.eof {
				p.t.Fatal("second end of the stream")
			}
			p.eof = true
		case ChangeState:
			if p.dead {
				p.t.Fatal("a closed machine changes its state")
			}
			p.dead = o.To == Closed
		case Transmit:
			p.checkSegment(&o.Segment)
			p.checkECN(o)
		}
	}
	p.checkMachine()
}

func (p *fuzzPeer) checkMachine() {
	m := p.m
	waiting := 0
	for i, r := range m.recv.early.runs {
		waiting += len(r.data)
		if i > 0 && r.seq.Less(m.recv.early.runs[i-1].end()) {
			p.t.Fatal("runs overlap")
		}
	}
	if waiting+m.recv.unread > m.recv.limit {
		p.t.Fatalf("%d bytes kept out of order and %d unread in a buffer of %d", waiting, m.recv.unread, m.recv.limit)
	}
	if m.send.nxt.Less(m.send.nxt) || m.send.nxt.Less(m.send.una) || m.send.inFlight() < 0 {
		p.t.Fatalf("SND.UNA %d, SND.NXT %d, max %d", m.send.una, m.send.nxt, m.send.nxt)
	}
	if m.state == Closed && !m.Deadline().IsZero() {
		p.t.Fatal("closed and a timer runs")
	}
	waitingToSend := m.maySend() && m.state != SynReceived && (m.send.unsent() > 0 || m.send.inFlight() > 0)
	if waitingToSend && m.timers.retransmit.IsZero() && m.timers.persist.IsZero() {
		p.t.Fatalf("in %v %d bytes unsent, %d in flight and no timer", m.state, m.send.unsent(), m.send.inFlight())
	}
}

func (p *fuzzPeer) checkSegment(s *wire.Segment) {
	m := p.m
	if len(s.Payload) > m.config.MSS || len(s.Options)%4 != 0 || len(s.Options) > wire.MaxOptionsLen {
		p.t.Fatalf("segment with %d bytes of options and %d of payload", len(s.Options), len(s.Payload))
	}
	if !s.Flags.Has(wire.ACK) || s.Flags.Has(wire.RST) {
		return
	}
	came := m.recv.irs.Add(1 + p.got)
	if m.recv.finDone {
		came = came.Add(1)
	}
	// Deliveries of the same call may stand behind the segment.
	if m.recv.nxt.Less(s.Ack) || came.Less(s.Ack) && !s.Flags.Has(wire.SYN) {
		p.t.Fatalf("acknowledges %d, came %d", s.Ack.Diff(m.recv.irs), came.Diff(m.recv.irs))
	}
	if s.Flags.Has(wire.SYN) {
		return
	}
	edge := s.Ack.Add(int(s.Window) << m.recv.shift)
	if p.edgeSet && edge.Add(1<<m.recv.shift-1).Less(p.edge) {
		p.t.Fatalf("window goes back by %d", p.edge.Diff(edge))
	}
	if !p.edgeSet || p.edge.Less(edge) {
		p.edge, p.edgeSet = edge, true
	}
}

// checkECN holds a segment to what RFC 3168 says of it.
func (p *fuzzPeer) checkECN(o *Output) {
	s := &o.Segment
	switch on := p.m.Info().ECN; {
	case !on && (o.ECT || s.Flags.Has(wire.CWR) && !s.Flags.Has(wire.SYN) || s.Flags.Has(wire.ECE) && !s.Flags.Has(wire.SYN)):
		p.t.Fatalf("without ECN: ECT %v, flags %v", o.ECT, s.Flags)
	case o.ECT && (len(s.Payload) == 0 || s.Flags.Any(wire.SYN|wire.RST)):
		p.t.Fatalf("ECT with %d bytes of payload, flags %v", len(s.Payload), s.Flags)
	case s.Flags.Has(wire.CWR) && !s.Flags.Has(wire.SYN) && (!o.ECT || o.SegmentSize > 0):
		p.t.Fatal("CWR with what is not new, or in a burst")
	}
}

// fuzzMachine returns a machine that is about to be driven into a state.
func fuzzConfig(kind byte) Config {
	return Config{
		ISS: ourISS, MSS: 1460, RecvBuffer: 4000 << (kind & 3), SendBuffer: 5000,
		NoTimestamps: kind&4 != 0, NoSACK: kind&8 != 0, NoWindowScale: kind&16 != 0, Nagle: kind&32 != 0, ECN: ECN(kind>>6) % 3,
		FastOpen: ClientFastOpen{Mode: ClientOn, Cookie: mustCookie("0102030405060708")},
	}
}

// reach brings the machine to a state by the shortest way.
func (p *fuzzPeer) reach(kind, to byte, server bool) {
	if c := fuzzConfig(kind); server {
		if to&1 != 0 {
			c.SynAckHold = time.Second
		}
		p.m = NewServer(c)
		syn := wire.Segment{Seq: theirISS, Flags: wire.SYN | setupECN, Window: 5000, Options: p.options()}
		syn.Payload = stream(syn.DataSeq(), int(p.byte()))
		p.check(p.m.Accept(p.now, syn, Admission{Data: to&2 != 0}, nil))
	} else {
		p.m = NewClient(c)
		_, out := p.m.Write(p.now, stream(0, int(p.byte())), nil)
		p.check(p.m.Open(p.now, out))
	}
	if to < 4 {
		return
	}
	m := p.m
	answer := wire.Segment{Seq: theirISS, Ack: m.send.nxt, Flags: wire.SYN | wire.ACK | wire.ECE, Window: 60000, Options: p.options()}
	if server {
		answer.Seq, answer.Flags = m.recv.nxt, wire.ACK
		if m.ts.on {
			answer.Options = wire.AppendTimestamps(nil, wire.Timestamps{Val: m.ts.recent, Ecr: m.ts.value(p.m.clock(p.now))})
		}
	}
	p.check(m.Input(p.now, answer, nil))
	if to&1 != 0 {
		p.check(m.CloseWrite(p.now, nil))
	}
	if to&(2|8) != 0 {
		next := wire.Segment{Seq: m.recv.nxt, Ack: m.send.una, Flags: wire.ACK, Window: 60000}
		if to&2 != 0 {
			next.Flags |= wire.FIN
		}
		if to&8 != 0 {
			next.Ack = m.send.nxt
		}
		if m.ts.on {
			next.Options = wire.AppendTimestamps(nil, wire.Timestamps{Val: m.ts.recent, Ecr: m.ts.value(p.m.clock(p.now))})
		}
		p.check(m.Input(p.now, next, nil))
	}
}

func fuzzRun(t *testing.T, in []byte) State {
	p := &fuzzPeer{t: t, now: epoch, in: in}
	to := p.byte()
	p.reach(p.byte(), to&15, to&16 != 0)
	reached := p.m.State()
	for len(p.in) > 0 {
		p.call()
	}
	if p.m.State() != Closed {
		p.check(p.m.Abort(p.now, nil))
	}
	if got := p.m.State(); got != Closed {
		t.Fatalf("after Abort: got %v", got)
	}
	return reached
}

// Arbitrary segments, times, calls and ICMP errors against a machine in every
// state: nothing panics, time makes progress, and the promises about the byte
// stream, acknowledgements and the window hold.
func FuzzMachine(f *testing.F) {
	for to := range byte(32) {
		for _, calls := range [][]byte{nil, {7, 0, 0, 0, 10, 0, 0, 9, 9, 4, 0, 9}, {3, 4, 0, 1, 1, 5, 40, 8, 3}} {
			f.Add(append([]byte{to, to * 7, 2}, calls...))
		}
	}
	f.Add(binary.BigEndian.AppendUint64([]byte{4, 0, 1, 7, 2, 2, 64, 9}, 0x1234567890abcdef))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1024 {
			return
		}
		fuzzRun(t, in)
	})
}

// The fuzz target begins in every state that a machine can be in.
func TestFuzzReachesEveryState(t *testing.T) {
	seen := map[State]bool{}
	for to := range byte(32) {
		seen[fuzzRun(t, []byte{to, 0x1c, 0, 0, 0, 0, 0})] = true
	}
	for state := SynSent; state <= TimeWait; state++ {
		if !seen[state] {
			t.Errorf("%v is not reached", state)
		}
	}
}
