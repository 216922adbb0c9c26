package handshake

import "tfocraft/wire"

// receiver is the receiving half's variables (RFC 9293, Section 3.3.1).
type receiver struct {
	limit int // of unread; it grows up to most, see tuning
	most  int
	mss   int // what we have announced: larger payloads are several segments

	irs       wire.Seq
	nxt       wire.Seq // RCV.NXT
	edge      wire.Seq // right edge of the window as announced; it never moves back
	shift     uint8    // our window scale
	eager     bool     // the edge moves by every byte that makes room, as in FreeBSD
	noDSACK   bool     // see Config.NoDSACK
	unread    int      // delivered, not yet consumed
	delivered uint64

	early early
	twice wire.SACKBlock // bytes that have just come a second time, for D-SACK; empty if none
	tune  receiveTuning

	finAt   wire.Seq
	finSeen bool // a FIN came; finAt is its sequence number
	finDone bool // and everything before it

	lastAck   wire.Seq // Last.ACK.sent of RFC 7323
	unacked   int      // bytes taken since then
	largest   int      // largest segment seen, an estimate of the peer's segment size
	ackAtOnce bool     // not to wait for the end of a run of segments, see Machine.InputMore
	ackOwed   bool     // at that end
	quick     quickAcks
}

func (r *receiver) init(c *Config) {
	r.limit, r.most, r.mss = c.RecvBuffer, max(c.RecvBuffer, c.MaxRecvBuffer), c.MSS
	r.eager, r.noDSACK = c.Profile == FreeBSD, c.NoDSACK
}

// start begins behind the peer's SYN.
func (r *receiver) start(irs wire.Seq) {
	r.irs, r.nxt = irs, irs.Add(1)
	r.lastAck = r.nxt
	r.edge = r.nxt.Add(r.synWindow())
}

func (r *receiver) consume(n int) {
	if n > r.unread {
		panic("handshake: Consume of more than was delivered")
	}
	r.unread -= n
}

// release lets go of what waits for something that will not come any more.
func (r *receiver) release() { r.early = early{} }

// acknowledged notes that an acknowledgement goes out.
func (r *receiver) acknowledged() {
	r.lastAck = r.nxt
	if r.unacked > 0 {
		r.quick.acknowledged()
	}
	r.unacked = 0
	r.ackAtOnce, r.ackOwed = false, false
	r.twice = wire.SACKBlock{}
}

// again notes n bytes at seq that have come before (RFC 2883, Section 4).
func (r *receiver) again(seq wire.Seq, n int) {
	if n > 0 && !r.noDSACK {
		r.twice = wire.SACKBlock{Left: seq, Right: seq.Add(n)}
	}
}

// overlap notes which of the n bytes at seq have come before, out of order: of several parts the
// first one, and what lies next to it (RFC 2883, Section 4.2; as in Linux).
func (r *receiver) overlap(seq wire.Seq, n int) {
	end := seq.Add(n)
	for i := r.early.after(seq); i < len(r.early.runs) && r.early.runs[i].seq.Less(end); i++ {
		from, to := r.early.runs[i].seq, r.early.runs[i].end()
		if from.Less(seq) {
			from = seq
		}
		if end.Less(to) {
			to = end
		}
		switch {
		case r.twice.Left == r.twice.Right:
			r.again(from, to.Diff(from))
		case r.twice.Right == from && !r.noDSACK:
			r.twice.Right = to
		}
	}
}

// blocks appends n SACK blocks: first the bytes that came twice (RFC 2883).
func (r *receiver) blocks(dst []wire.SACKBlock, n int) []wire.SACKBlock {
	if r.twice.Left != r.twice.Right {
		dst = append(dst, r.twice)
		n--
	}
	return r.early.blocks(dst, n)
}

// trim cuts what lies before RCV.NXT and beyond the window.
func (r *receiver) trim(seq wire.Seq, data []byte) (wire.Seq, []byte) {
	if before := r.nxt.Diff(seq); before > 0 {
		cut := min(before, len(data))
		r.again(seq, cut)
		seq, data = seq.Add(cut), data[cut:]
	}
	if beyond := seq.Add(len(data)).Diff(r.edge); beyond > 0 {
		r.ackAtOnce = true // the peer sees a larger window than there is
		data = data[:max(len(data)-beyond, 0)]
	}
	return seq, data
}

// take accepts data at seq: what is next in order goes to out as deliveries,
// the rest waits. It reports false if there is no room to let it wait.
func (r *receiver) take(seq wire.Seq, data []byte, out []Output) ([]Output, bool) {
	r.largest = max(r.largest, min(len(data), r.mss))
	seq, data = r.trim(seq, data)
	if len(data) == 0 {
		return out, true
	}
	if r.finSeen && r.finAt.Less(seq.Add(len(data))) {
		r.finSeen = false // there is data behind it: it was not the peer's
	}
	if seq != r.nxt {
		r.ackAtOnce = true // RFC 5681, Section 4.2: tell of the gap
		r.overlap(seq, len(data))
		return out, r.early.keep(seq, data)
	}
	r.overlap(seq, len(data))
	return r.fill(data, out), true
}

// fill delivers data, which is next in order, and what was kept behind it. Bytes
// that were kept count as they came first, and the peer may have been told by SACK
// that they are here: whoever sends others in their place later changes nothing.
// So data is delivered up to the next run, and from behind it on.
func (r *receiver) fill(data []byte, out []Output) []Output {
	for {
		if n := min(r.early.gap(r.nxt), len(data)); n > 0 {
			out = r.deliver(data[:n], out)
			data = data[n:]
		}
		kept, ok := r.early.pop(r.nxt)
		if !ok {
			return out
		}
		r.ackAtOnce = true // a gap is filled
		out = r.deliver(kept, out)
		data = data[min(len(kept), len(data)):]
	}
}

// takeSynData takes the data of the peer's SYN, whose size says nothing about that
// of later segments: its sender did not know our MSS.
func (r *receiver) takeSynData(s *wire.Segment, out []Output) []Output {
	out, _ = r.take(s.DataSeq(), s.Payload, out)
	r.largest = 0
	return out
}

func (r *receiver) deliver(data []byte, out []Output) []Output {
	r.nxt = r.nxt.Add(len(data))
	r.unread += len(data)
	r.unacked += len(data)
	r.delivered += uint64(len(data))
	return append(out, Output{Kind: Deliver, Data: data})
}

// fin notes a FIN at seq, if it lies in the window with all that comes before
// it, and reports whether it is the next thing in order.
func (r *receiver) fin(seq wire.Seq) bool {
	if seq.LessEq(r.edge) && !seq.Less(r.nxt) && !seq.Less(r.early.end(r.nxt)) {
		r.finSeen, r.finAt = true, seq
	}
	if seq != r.nxt {
		r.ackAtOnce = true
	}
	return r.finComplete()
}

func (r *receiver) finComplete() bool { return r.finSeen && !r.finDone && r.finAt == r.nxt }

// behindFin reports whether seq lies behind the end of the peer's stream. Nothing
// can come from the peer there: who sends it anyway could hold up our sending, by a
// window that counts as newer than all that the peer says.
func (r *receiver) behindFin(seq wire.Seq) bool { return r.finDone && r.nxt.Less(seq) }

// takeFin passes the FIN. One that has come late, before its turn, ends a gap (RFC 5681, Section 4.2); with wait the
// acknowledgement is delayed.
func (r *receiver) takeFin(late, wait bool) {
	r.finDone = true
	r.nxt = r.nxt.Add(1)
	switch {
	case late:
		r.ackAtOnce = true
		return
	case !wait:
		r.ackOwed = true
		return
	}
	r.unacked = max(r.unacked, 1)
	r.quick.interactive = true
}
