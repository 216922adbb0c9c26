package handshake

import (
	"math/rand/v2"
	"testing"
	"time"

	"tfocraft/wire"
)

// A byteBoard is a scoreboard that knows every byte by itself: slow, and simple
// enough to be right.
type byteBoard struct {
	t     *testing.T
	first wire.Seq
	all   []byteFate
	board scoreboard
	now   instant
	ops   []byte
}

type byteFate struct {
	fate    fate
	sentAt  instant
	vague   bool // was SACKed: how often it was sent is not told apart any more
	undated bool // was lost: nor is when
}

func (b *byteFate) lose() {
	if b.fate&fateSacked == 0 {
		b.fate, b.undated = b.fate|fateLost, true
	}
}

// what is the part of a fate that is known of the byte.
func (b *byteFate) what(f fate) fate {
	if b.vague || b.fate&fateSacked != 0 {
		return f & (fateSacked | fateLost)
	}
	return f
}

func (m *byteBoard) op() int {
	if len(m.ops) == 0 {
		return 0
	}
	b := m.ops[0]
	m.ops = m.ops[1:]
	return int(b)
}

// place is a byte of the sequence space, or the end.
func (m *byteBoard) place() int { return (m.op()<<8 | m.op()) % (len(m.all) + 1) }

// run does what the bytes say, to both, and compares.
func (m *byteBoard) run() {
	for len(m.ops) > 0 {
		m.now = m.now.Add(time.Duration(m.op()%3) * time.Millisecond)
		switch m.op() % 10 {
		case 0, 1, 2:
			m.push()
		case 3:
			m.ack()
		case 4, 5:
			m.sack()
		case 6:
			m.lose()
		case 7, 8:
			m.resend()
		case 9:
			m.rare()
		}
		m.compare()
	}
}

func (m *byteBoard) push() {
	n := 1 + m.op()%40
	f := fate(0)
	if m.op()%8 == 0 {
		f = fateProbe
	}
	m.board.push(m.now, m.first.Add(len(m.all)), n, n, f)
	for range n {
		m.all = append(m.all, byteFate{fate: f, sentAt: m.now})
	}
}

func (m *byteBoard) ack() {
	n := m.place()
	var d delivery
	m.board.acked(m.first.Add(n), &d)
	want := 0
	for _, b := range m.all[:n] {
		if b.fate&fateSacked == 0 {
			want++
		}
	}
	m.first, m.all = m.first.Add(n), m.all[n:]
	m.delivered(&d, want)
}

func (m *byteBoard) sack() {
	left, right := m.place(), m.place()
	if m.op()%16 == 0 {
		right += 1 << 10 // beyond what was sent
	}
	var d delivery
	m.board.sacks(m.first.Add(left), m.first.Add(right), &d)
	want := 0
	for i := left; i < right && right <= len(m.all); i++ {
		if b := &m.all[i]; b.fate&fateSacked == 0 {
			b.fate = b.fate&^(fateLost|fateRepair) | fateSacked
			want++
		}
	}
	m.delivered(&d, want)
}

func (m *byteBoard) delivered(d *delivery, want int) {
	if d.bytes != want || want > 0 && d.latest.n == 0 {
		m.t.Fatalf("delivered: got %d bytes, the latest %v; want %d", d.bytes, d.latest, want)
	}
}

// lose marks a whole span, as RACK does, or what begins at SND.UNA.
func (m *byteBoard) lose() {
	if m.board.empty() {
		return
	}
	if m.op()%2 == 0 {
		n := 1 + m.op()%30
		end := min(n, m.board.spans()[0].n) // never beyond the first span
		m.board.loseFirst(n)
		for i := range end {
			m.all[i].lose()
		}
		return
	}
	i := m.board.head + m.op()%len(m.board.spans())
	s := m.board.all[i]
	if s.fate&(fateSacked|fateLost) != 0 {
		return
	}
	m.board.lose(i)
	at := s.seq.Diff(m.first)
	for j := range s.n {
		m.all[at+j].lose()
	}
}

// resend sends what was lost first, or any bytes that begin a span, again.
func (m *byteBoard) resend() {
	seq, n, ok := m.board.firstLost(60)
	if m.op()%4 == 0 && !m.board.empty() {
		seq, n, ok = m.first, len(m.all), true
	}
	if !ok {
		return
	}
	n = 1 + m.op()%n
	m.board.resent(m.now, seq, n, n)
	at := seq.Diff(m.first)
	for i := range n {
		b := &m.all[at+i]
		if b.fate&fateLost != 0 {
			b.fate |= fateRepair
		}
		b.fate = b.fate&^(fateLost|fateProbe) | fateResent
		b.sentAt, b.vague, b.undated = m.now, false, false
	}
}

// rare is what a timeout does, and its undoing.
func (m *byteBoard) rare() {
	switch m.op() % 3 {
	case 0:
		m.board.distrust()
		for i := range m.all {
			if b := &m.all[i]; b.fate&fateSacked != 0 {
				b.fate, b.vague = b.fate&^fateSacked, true
			}
		}
	case 1:
		m.board.loseAll(m.now)
		for i := range m.all {
			m.all[i].lose()
		}
	case 2:
		m.board.found()
		for i := range m.all {
			m.all[i].fate &^= fateLost | fateRepair
		}
	}
}

// compare says that both agree on every byte, and the sums with the parts.
func (m *byteBoard) compare() {
	m.t.Helper()
	at, sacked, lost := 0, 0, 0
	for _, s := range m.board.spans() {
		if s.seq != m.first.Add(at) || s.n <= 0 {
			m.t.Fatalf("a span of %d bytes at %d, want one at %d", s.n, s.seq.Diff(m.first), at)
		}
		for i := range s.n {
			if at+i >= len(m.all) {
				m.t.Fatalf("the spans reach beyond %d bytes", len(m.all))
			}
			b := m.all[at+i]
			if b.what(s.fate) != b.what(b.fate) {
				m.t.Fatalf("byte %d: got fate %b, want %b", at+i, s.fate, b.fate)
			}
			if b.what(fateResent) != 0 && !b.undated && s.sentAt != b.sentAt {
				m.t.Fatalf("byte %d: got sent at %v, want %v", at+i, s.sentAt, b.sentAt)
			}
			switch {
			case b.fate&fateSacked != 0:
				sacked++
			case b.fate&fateLost != 0:
				lost++
			}
		}
		at += s.n
	}
	outstanding := len(m.all) - sacked - lost
	if at != len(m.all) || m.board.sacked != sacked || m.board.lost != lost || m.board.outstanding() != outstanding {
		m.t.Fatalf("got %d bytes, %d sacked, %d lost, %d outstanding; want %d, %d, %d, %d",
			at, m.board.sacked, m.board.lost, m.board.outstanding(), len(m.all), sacked, lost, outstanding)
	}
	m.compareEnds()
}

func (m *byteBoard) compareEnds() {
	m.t.Helper()
	highest, firstLost, run := m.first, -1, 0
	for i, b := range m.all {
		switch {
		case b.fate&fateSacked != 0:
			highest = m.first.Add(i + 1)
		case b.fate&fateLost != 0 && firstLost < 0:
			firstLost, run = i, 1
		case b.fate&fateLost != 0 && firstLost+run == i:
			run++
		}
	}
	if got := m.board.highestSacked(m.first); got != highest {
		m.t.Fatalf("highest SACKed: got %d, want %d", got.Diff(m.first), highest.Diff(m.first))
	}
	seq, n, ok := m.board.firstLost(60)
	if ok != (firstLost >= 0) || ok && (seq.Diff(m.first) != firstLost || n <= 0 || n > run) {
		m.t.Fatalf("first lost: got %d bytes at %d, %v; want up to %d at %d", n, seq.Diff(m.first), ok, run, firstLost)
	}
}

// Whatever happens in whatever order, the spans say what a board of single bytes
// says (C-73, C-24).
func TestScoreboard(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 6675))
		ops := make([]byte, 1500)
		for i := range ops {
			ops[i] = byte(rng.Uint32())
		}
		m := byteBoard{t: t, first: wire.Seq(rng.Uint32()) | 0xffff_f000, now: firstInstant, ops: ops}
		if m.run(); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzScoreboard(f *testing.F) {
	f.Add([]byte{0, 0, 39, 1, 0, 4, 0, 10, 0, 20, 1, 0, 6, 0, 5, 0, 7, 1, 3})
	f.Add([]byte{1, 0, 30, 0, 1, 1, 30, 1, 0, 9, 1, 0, 7, 0, 40, 0, 9, 2, 0, 3, 0, 50})
	f.Fuzz(func(t *testing.T, ops []byte) {
		m := byteBoard{t: t, first: 0xffff_ff80, now: firstInstant, ops: ops[:min(len(ops), 4000)]}
		m.run()
	})
}

// A peer that reports every second byte costs a bounded number of spans, and what
// it says further is believed where that takes no new one.
func TestScoreboardBound(t *testing.T) {
	var b scoreboard
	var d delivery
	first := ourISS
	b.push(firstInstant, first, 4*maxSpans, 1000, 0)
	for i := range 2 * maxSpans {
		b.sacks(first.Add(2*i+1), first.Add(2*i+2), &d)
	}
	if got := len(b.spans()); got > maxSpans {
		t.Errorf("got %d spans, want %d at the most", got, maxSpans)
	}
	if b.sacked != d.bytes || b.sacked == 0 || b.outstanding() != 4*maxSpans-b.sacked {
		t.Errorf("got %d SACKed, %d delivered, %d outstanding", b.sacked, d.bytes, b.outstanding())
	}
	b.sacks(first, first.Add(4*maxSpans), &d)
	if b.sacked != 4*maxSpans || len(b.spans()) != 1 {
		t.Errorf("all at once: got %d SACKed in %d spans", b.sacked, len(b.spans()))
	}
	b.acked(first.Add(4*maxSpans), &d)
	if !b.empty() || b.sacked != 0 || cap(b.all) > idleSpans {
		t.Errorf("afterwards: empty %v, %d SACKed, room for %d spans", b.empty(), b.sacked, cap(b.all))
	}
}

// Segments of one burst are one span, and so is what was SACKed or lost of them:
// the cost is by burst and hole, not by segment.
func TestScoreboardJoins(t *testing.T) {
	var b scoreboard
	var d delivery
	for i := range 100 {
		b.push(firstInstant, ourISS.Add(1000*i), 1000, 1000, 0)
	}
	if got := len(b.spans()); got != 1 {
		t.Errorf("a burst: got %d spans, want 1", got)
	}
	for i := 20; i < 100; i++ {
		b.sacks(ourISS.Add(1000*i), ourISS.Add(1000*(i+1)), &d)
	}
	if got := len(b.spans()); got != 2 {
		t.Errorf("with one hole: got %d spans, want 2", got)
	}
}
