package handshake

import (
	"slices"

	"tfocraft/wire"
)

// A scoreboard knows what became of the sequence space between SND.UNA and
// SND.NXT: when each part was sent, and whether the peer has it (RFC 2018) or it
// is taken to be lost (RFC 6675, RFC 8985). Parts with the same fate are one
// span, so that a burst costs as much as a segment.
type scoreboard struct {
	all  []span // all[head:] follow each other without a gap
	head int

	sacked int // bytes that the peer has out of order
	lost   int // bytes taken to be lost and not sent again yet
	again  int // bytes that were sent again, and have not arrived: with any, the times are not in order
}

// A span is a part of the sequence space that was sent at one time.
type span struct {
	seq    wire.Seq
	n      int // bytes; a FIN counts as one
	sentAt instant
	size   uint16 // the longest payload of a segment in it
	fate   fate
}

type fate uint8

const (
	fateSacked fate = 1 << iota // by a SACK block
	fateLost                    // and not sent again yet
	fateResent                  // was sent more than once
	fateRepair                  // was lost and sent again, and there is no sign of it yet
	fateProbe                   // a probe of the path's MTU: its loss says nothing about congestion
)

func (s *span) end() wire.Seq { return s.seq.Add(s.n) }

// segments is how many segments the last n bytes of the span are.
func (s *span) segments(n int) int {
	size := max(int(s.size), 1)
	return (n + size - 1) / size
}

// maxSpans bounds the memory that a peer can cost which reports its holes byte
// by byte. Further blocks are believed only where they need no new span.
const maxSpans = 4096

// A delivery is what one acknowledgement says has arrived.
type delivery struct {
	bytes   int      // for the first time
	count   int      // the same in segments
	latest  span     // that was sent last of what has arrived; n is 0 if nothing has
	fresh   instant  // when the last of it was sent that was sent only once; zero if none
	earlier wire.Seq // end of the first part that was sent only once and arrived late: see reordering
	any     bool
	repair  bool // something before the acknowledgement was sent more than once
}

func (b *scoreboard) spans() []span { return b.all[b.head:] }

func (b *scoreboard) empty() bool { return b.head == len(b.all) }

// outstanding is how many bytes are in the network: sent, and neither arrived
// nor lost (RFC 6675, SetPipe).
func (b *scoreboard) outstanding() int {
	if b.empty() {
		return 0
	}
	all := b.spans()
	return all[len(all)-1].end().Diff(all[0].seq) - b.sacked - b.lost
}

// push adds n bytes at the end that are sent now, in segments of that size. A peer
// that makes for too many spans has the last ones told apart no more.
func (b *scoreboard) push(now instant, seq wire.Seq, n, size int, f fate) {
	next := span{seq, n, now, uint16(size), f}
	if !b.empty() {
		last := &b.all[len(b.all)-1]
		crowded := len(b.spans()) >= maxSpans && last.fate == 0 && f == 0
		if alike(last, &next) || crowded {
			last.n += n
			last.sentAt, last.size = now, max(last.size, next.size)
			return
		}
	}
	if b.head > len(b.all)/2 {
		// To move fewer than were taken away costs a bounded time for each.
		b.all = b.all[:copy(b.all, b.spans())]
		b.head = 0
	}
	b.all = append(b.all, next)
}

// count adds sign times the bytes of s to the sums.
func (b *scoreboard) count(s *span, sign int) {
	switch {
	case s.fate&fateSacked != 0:
		b.sacked += sign * s.n
		return
	case s.fate&fateLost != 0:
		b.lost += sign * s.n
	}
	if s.fate&fateResent != 0 {
		b.again += sign * s.n
	}
}

// acked takes away what lies before ack.
func (b *scoreboard) acked(ack wire.Seq, d *delivery) {
	for !b.empty() {
		s := &b.all[b.head]
		n := min(ack.Diff(s.seq), s.n)
		if n <= 0 {
			return
		}
		part := *s
		part.n = n
		if s.fate&fateSacked == 0 {
			d.add(&part)
			d.count += s.segments(s.n) - s.segments(s.n-n)
			d.repair = d.repair || s.fate&fateResent != 0
		}
		b.count(&part, -1)
		if n < s.n {
			s.seq, s.n = s.seq.Add(n), s.n-n
			return
		}
		b.head++
	}
	// Nothing is left.
	b.all, b.head = b.all[:0], 0
	if cap(b.all) > idleSpans {
		b.all = nil
	}
}

// idleSpans is how many spans a connection keeps room for that has nothing in
// the network.
const idleSpans = 2

// add notes that a part has arrived for the first time.
func (d *delivery) add(s *span) {
	d.bytes += s.n
	if d.latest.n == 0 || sentAfter(s.sentAt, s.end(), d.latest.sentAt, d.latest.end()) {
		d.latest = *s
	}
	if s.fate&fateResent == 0 {
		if d.fresh.Before(s.sentAt) {
			d.fresh = s.sentAt
		}
		if !d.any || s.end().Less(d.earlier) {
			d.earlier, d.any = s.end(), true
		}
	}
}

// sacks marks the bytes from left to right as arrived (RFC 2018). Blocks that
// make no sense have no effect.
func (b *scoreboard) sacks(left, right wire.Seq, d *delivery) {
	if b.empty() || !left.Less(right) || b.all[len(b.all)-1].end().Less(right) {
		return
	}
	for i := b.find(left); i < len(b.all) && b.all[i].seq.Less(right); i++ {
		if b.all[i].fate&fateSacked != 0 {
			continue
		}
		if b.all[i].seq.Less(left) {
			if !b.split(i, left) {
				continue
			}
			i++
		}
		if right.Less(b.all[i].end()) && !b.split(i, right) {
			return
		}
		d.add(&b.all[i])
		d.count += b.all[i].segments(b.all[i].n)
		b.setFate(i, b.all[i].fate&^(fateLost|fateRepair)|fateSacked)
		i = b.join(i)
	}
}

// find returns the index of the span with seq, or of the first one after it.
func (b *scoreboard) find(seq wire.Seq) int {
	i, found := slices.BinarySearchFunc(b.spans(), seq, func(s span, seq wire.Seq) int { return s.end().Diff(seq) })
	if found {
		i++ // it ends just before
	}
	return b.head + i
}

// split cuts span i at seq, which lies within it, and reports whether there was
// room for one more.
func (b *scoreboard) split(i int, seq wire.Seq) bool {
	if len(b.spans()) >= maxSpans {
		return false
	}
	rest := b.all[i]
	n := seq.Diff(rest.seq)
	rest.seq, rest.n = seq, rest.n-n
	b.all[i].n = n
	b.all = slices.Insert(b.all, i+1, rest)
	return true
}

func (b *scoreboard) setFate(i int, f fate) {
	b.count(&b.all[i], -1)
	b.all[i].fate = f
	b.count(&b.all[i], 1)
}

// join makes one of span i and its neighbours where nothing tells them apart any
// more, and returns the index of what i has become part of.
func (b *scoreboard) join(i int) int {
	if i+1 < len(b.all) && alike(&b.all[i], &b.all[i+1]) {
		b.all[i].n += b.all[i+1].n
		b.all = slices.Delete(b.all, i+1, i+2)
	}
	if i > b.head && alike(&b.all[i-1], &b.all[i]) {
		b.all[i-1].n += b.all[i].n
		b.all = slices.Delete(b.all, i, i+1)
		i--
	}
	return i
}

// alike reports whether two neighbours can be one span. When something was sent
// that has arrived is of no interest any more.
func alike(a, b *span) bool {
	if a.fate != b.fate || a.fate&fateProbe != 0 {
		return false
	}
	return a.fate&fateSacked != 0 || a.sentAt.Equal(b.sentAt) && a.size == b.size
}

// lose marks span i as lost.
func (b *scoreboard) lose(i int) int {
	b.setFate(i, b.all[i].fate|fateLost)
	return b.join(i)
}

// loseFirst marks the first n bytes as lost, but for those that have arrived.
func (b *scoreboard) loseFirst(n int) {
	if b.empty() {
		return
	}
	s := &b.all[b.head]
	if s.fate&(fateSacked|fateLost) != 0 || n < s.n && !b.split(b.head, s.seq.Add(n)) {
		return
	}
	b.lose(b.head)
}

// loseAll marks as lost what has not arrived: the first span, and those that were sent
// by then.
func (b *scoreboard) loseAll(then instant) {
	for i := b.head; i < len(b.all); i++ {
		if s := &b.all[i]; s.fate&(fateSacked|fateLost) == 0 && (i == b.head || !then.Before(s.sentAt)) {
			i = b.lose(i)
		}
	}
}

// loseLarger marks what went out in segments of more than size bytes as lost.
func (b *scoreboard) loseLarger(size int) {
	for i := b.head; i < len(b.all); i++ {
		if s := &b.all[i]; s.fate&(fateSacked|fateLost) == 0 && int(s.size) > size && s.n > size {
			i = b.lose(i)
		}
	}
}

// reneged reports whether SACK blocks have said that the peer has the bytes at SND.UNA,
// and it does not acknowledge them: it has thrown them away (RFC 2018, Section 8).
func (b *scoreboard) reneged() bool { return !b.empty() && b.all[b.head].fate&fateSacked != 0 }

// distrust forgets what SACK blocks have said.
func (b *scoreboard) distrust() {
	for i := b.head; i < len(b.all); i++ {
		if b.all[i].fate&fateSacked != 0 {
			b.setFate(i, b.all[i].fate&^fateSacked)
		}
	}
}

// found takes back what was marked as lost.
func (b *scoreboard) found() {
	for i := b.head; i < len(b.all); i++ {
		if b.all[i].fate&(fateLost|fateRepair) != 0 {
			b.setFate(i, b.all[i].fate&^(fateLost|fateRepair))
		}
	}
}

// firstLost returns the first bytes that are lost; ok is false if there are none. Parts
// that follow, and were sent at other times, come along as long as they fit into a segment
// of that size, as in Linux: small segments do not go again one by one.
func (b *scoreboard) firstLost(size int) (seq wire.Seq, n int, ok bool) {
	if b.lost == 0 {
		return 0, 0, false
	}
	for _, s := range b.spans() {
		switch lost := s.fate&fateLost != 0; {
		case !ok && lost:
			seq, n, ok = s.seq, s.n, true
		case !ok:
		case !lost, n+s.n > size:
			return seq, n, true
		default:
			n += s.n
		}
	}
	return seq, n, ok
}

// resent notes that the n bytes at seq, which begins a span, are sent once more.
func (b *scoreboard) resent(now instant, seq wire.Seq, n, size int) {
	for end := seq.Add(n); seq.Less(end); {
		i := b.find(seq)
		if end.Less(b.all[i].end()) {
			b.split(i, end) // without room to tell the rest apart it counts as sent, too
		}
		seq = b.all[i].end()
		f := b.all[i].fate&^(fateLost|fateProbe) | fateResent
		if b.all[i].fate&fateLost != 0 {
			f |= fateRepair
		}
		b.setFate(i, f)
		b.all[i].sentAt, b.all[i].size = now, uint16(size)
		b.join(i)
	}
}

// highestSacked returns the end of the last bytes that have arrived out of
// order; una if none have.
func (b *scoreboard) highestSacked(una wire.Seq) wire.Seq {
	all := b.spans()
	for i := len(all) - 1; b.sacked > 0 && i >= 0; i-- {
		if all[i].fate&fateSacked != 0 {
			return all[i].end()
		}
	}
	return una
}
