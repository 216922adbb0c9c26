package handshake

import (
	"testing"
	"time"
	"unsafe"

	"tfocraft/wire"
)

// Misuse by the program panics.
func TestMisuse(t *testing.T) {
	syn := wire.Segment{Flags: wire.SYN}
	for name, misuse := range map[string]func(){
		"no MSS":             func() { NewClient(Config{}) },
		"Open twice":         func() { m := NewClient(plainConfig()); m.Open(epoch, nil); m.Open(epoch, nil) },
		"Open of a server":   func() { NewServer(plainConfig()).Open(epoch, nil) },
		"Accept by a client": func() { NewClient(plainConfig()).Accept(epoch, syn, Admission{}, nil) },
		"Accept twice": func() {
			m := NewServer(plainConfig())
			m.Accept(epoch, syn, Admission{}, nil)
			m.Accept(epoch, syn, Admission{}, nil)
		},
		"Consume of nothing":  func() { NewClient(plainConfig()).Consume(epoch, 1, nil) },
		"Confirmed of no one": func() { NewGate(GateConfig{}).Confirmed() },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			misuse()
		})
	}
}

// A machine that was not opened yet has nothing to do.
func TestUnopened(t *testing.T) {
	for _, m := range []*Machine{NewClient(plainConfig()), NewServer(plainConfig())} {
		if got := m.Deadline(); !got.IsZero() {
			t.Errorf("deadline: got %v", got)
		}
		out := m.Advance(epoch, nil)
		out = m.Close(epoch, out)
		out = m.Abort(epoch, out)
		out = m.ICMP(epoch, wire.ICMPError{IPVersion: 4, Type: 3, Code: 3}, out)
		if len(out) != 0 {
			t.Errorf("got %v", out)
		}
		out = m.Input(epoch, wire.Segment{Flags: wire.SYN}, out)
		if len(out) != 1 || out[0].Why != DropClosed {
			t.Errorf("Input: got %v", out)
		}
	}
}

// Advance may be called early, which does nothing, and late.
func TestAdvance(t *testing.T) {
	h := startClient(t, plainConfig(), "")
	h.want("S 0:0(0) <mss 1460>")
	at := h.m.Deadline()
	h.take(h.m.Advance(at.Add(-1), h.out[:0]))
	h.wantIdle()
	if got := h.m.Deadline(); !got.Equal(at) {
		t.Errorf("deadline: got %v, want %v", got, at)
	}
	late := at.Add(time.Minute)
	h.take(h.m.Advance(late, h.out[:0]))
	h.want("S 0:0(0) <mss 1460>")
	h.wantIdle()
	if got, want := h.m.Deadline(), late.Add(2*time.Second); !got.Equal(want) {
		t.Errorf("deadline: got %v, want %v", got, want)
	}
}

// The state changes are told in order, with the reason at the end.
func TestChangeState(t *testing.T) {
	m := NewClient(plainConfig())
	out := m.Open(epoch, nil)
	out = m.Input(epoch, wire.Segment{Seq: theirISS, Ack: ourISS.Add(1), Flags: wire.SYN | wire.ACK, Window: 1000}, out)
	out = m.Input(epoch, wire.Segment{Seq: theirISS.Add(1), Flags: wire.RST}, out)
	var got []State
	var last Output
	for _, o := range out {
		if o.Kind == ChangeState {
			if len(got) > 0 && got[len(got)-1] != o.From {
				t.Errorf("from: got %v, want %v", o.From, got[len(got)-1])
			}
			got, last = append(got, o.To), o
		}
	}
	if len(got) != 3 || got[0] != SynSent || got[1] != Established || got[2] != Closed || last.Err != ErrReset {
		t.Errorf("got %v, %v", got, last.Err)
	}
}

func TestNames(t *testing.T) {
	for s := Closed; s <= TimeWait; s++ {
		if s.String() == "" || s.Synchronized() != (s >= Established) {
			t.Errorf("state %d: %q, synchronized %v", s, s, s.Synchronized())
		}
	}
	for d := DropNoFlags; d <= DropICMP; d++ {
		if d.String() == "" {
			t.Errorf("drop reason %d has no name", d)
		}
	}
}

// maxIdle is what an idle machine may cost in bytes: with what the endpoint adds
// a connection is to take no more than 2 KiB, so that a hundred thousand of them
// fit a small machine.
const maxIdle = 1280

// maxMachine is the size in bytes up to which a Machine, with the eight bytes that
// the runtime puts before it, takes no more than 1152 on the heap; the next size is
// 1280.
const maxMachine = 1152 - 8

// An idle connection holds on to no buffers, whatever has gone through it.
func TestIdleMemory(t *testing.T) {
	if got := unsafe.Sizeof(Machine{}); got > maxMachine {
		t.Errorf("a machine takes %d bytes, want at most %d", got, maxMachine)
	}
	s := transfer(200_000, 0.05)
	s.run()
	for _, h := range s.hosts {
		m := h.m
		held := int(unsafe.Sizeof(*m)) + m.send.store.Cap() + cap(m.scratch) +
			cap(m.recv.early.runs)*int(unsafe.Sizeof(run{})) + cap(m.send.board.all)*int(unsafe.Sizeof(span{}))
		t.Logf("%s: machine %d, store %d, scratch %d", h.name, unsafe.Sizeof(*m), m.send.store.Cap(), cap(m.scratch))
		if held > maxIdle {
			t.Errorf("%s holds %d bytes, want at most %d", h.name, held, maxIdle)
		}
	}
}

// The end leaves nothing behind: neither what waits on either side, nor half of the
// account of it.
func TestEndLetsGo(t *testing.T) {
	c := plainConfig()
	c.NoSACK = false
	h := connect(t, c, "S. 0:0(0) ack 1 <mss 1460,sackOK>")
	for range 6 {
		h.write(bytesOf(1000))
		h.wait(time.Millisecond)
	}
	h.in("P. 11:21(10) ack 2501 <nop,nop,sack 3001:4001>", "")
	if m := h.m; m.send.board.head == 0 || m.send.board.sacked == 0 || len(m.recv.early.runs) == 0 {
		t.Fatalf("%d spans are over, %d bytes SACKed, %d runs", m.send.board.head, m.send.board.sacked, len(m.recv.early.runs))
	}
	h.abort()
	h.wantEnd(ErrAborted)
	b := &h.m.send.board
	if len(b.spans()) != 0 || !b.empty() || b.sacked != 0 || b.lost != 0 || b.again != 0 || b.outstanding() != 0 {
		t.Errorf("%d spans, %d bytes SACKed, %d lost, %d sent again are left", len(b.spans()), b.sacked, b.lost, b.again)
	}
	if h.m.Unsent() != 0 || h.m.recv.early.runs != nil {
		t.Errorf("%d bytes to send and %d runs are left", h.m.Unsent(), len(h.m.recv.early.runs))
	}
}

// A bare segment goes no further than where a peer that took back its window
// still accepts it.
func TestEmptySeq(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.write(bytesOf(5000))
	h.sent = nil
	h.in(". 1:1(0) ack 1 win 2000", "")
	h.in("P. 1:6(5) ack 1 win 2000", "hello")
	h.wait(40 * time.Millisecond)
	h.want(". 2001:2001(0) ack 6")
}
