package handshake

import (
	"bytes"
	"time"

	"tfocraft/wire"
)

// check holds a segment to what a sender must not do: send other bytes than
// were written, or bytes that are acknowledged already, or more than fits into a
// packet or into the peer's window; acknowledge what has not come; take back
// window.
func (s *sim) check(h *simHost, seg *wire.Segment) {
	if len(seg.Payload) > 0 {
		s.checkPayload(h, seg)
	}
	if seg.Flags.Has(wire.ACK) && !seg.Flags.Has(wire.RST) && h.m.State() != SynSent {
		s.checkAck(h, seg)
	}
}

// checkPayload is check for the bytes of h in seg.
func (s *sim) checkPayload(h *simHost, seg *wire.Segment) {
	n, first := len(seg.Payload), seg.DataSeq()
	at := first.Diff(h.config.ISS) - 1
	if at < 0 || at+n > h.written || !bytes.Equal(seg.Payload, h.stream[at:at+n]) {
		s.fail("%s sends other bytes than were written", h.name)
		return
	}
	// What is on the way needs no copy: it is what was written.
	seg.Payload = h.stream[at : at+n]
	peer := s.peer(h)
	size := min(h.config.MSS, max(peer.config.MSS, minPeerMSS))
	if seg.Flags.Has(wire.SYN) {
		size = h.config.MSS // that of the peer may be an old one, from the cache
	}
	if n > max(size-len(seg.Options), 1) {
		s.fail("%s sends %d bytes and %d of options, the segment size is %d", h.name, n, len(seg.Options), size)
	}
	end := first.Add(n)
	if h.hasAck && first.Less(h.ack) {
		s.fail("%s sends byte %d again, which is acknowledged up to %d", h.name, at, h.ack.Diff(h.config.ISS)-1)
	}
	if h.hasRoom && h.room.Less(end) && !seg.Flags.Has(wire.SYN) && !s.probesShutWindow(h, first) {
		s.fail("%s sends up to %d, the window ends at %d", h.name, at+n, h.room.Diff(h.config.ISS)-1)
	}
	if seg.Flags.Has(wire.SYN) && !seg.Flags.Has(wire.ACK) {
		return // if the server has not taken it, it goes again
	}
	if h.hasHigh && first.Less(h.high) {
		h.again++
		s.logf("%s sends %d bytes again", h.name, min(n, h.high.Diff(first)))
		s.checkRepeat(h, at)
	}
	if !h.hasHigh || h.high.Less(end) {
		h.high, h.hasHigh = end, true
	}
}

// checkRepeat: a segment that goes again, from this byte on, does not go once more before
// there can be an answer to it. What an ICMP error is about does.
func (s *sim) checkRepeat(h *simHost, at int) {
	if last, ok := h.repeated[at]; ok && s.now.Sub(last) < 2*s.path.delay {
		s.fail("%s sends byte %d again, and did so %v ago", h.name, at, s.now.Sub(last))
	}
	if h.repeated == nil {
		h.repeated = map[int]time.Time{}
	}
	h.repeated[at] = s.now
}

// probesShutWindow reports whether a segment that begins at first is the one that
// the timer sends over a window that the peer has shut.
func (s *sim) probesShutWindow(h *simHost, first wire.Seq) bool {
	una, _ := outstanding(h.m)
	return first == una && h.m.Info().SendWindow == 0
}

// checkAck is check for what h says of the other direction.
func (s *sim) checkAck(h *simHost, seg *wire.Segment) {
	if ackLimit(h.m).Less(seg.Ack) {
		s.fail("%s acknowledges what has not come", h.name)
	}
	if seg.Flags.Has(wire.SYN) {
		return // a repeated SYN-ACK cannot say how wide the window has become since
	}
	shift := recvShift(h.m)
	edge := seg.Ack.Add(int(seg.Window) << shift)
	if h.hasEdge && edge.Add(1<<shift-1).Less(h.edge) {
		irs := peerISS(h.m)
		s.fail("%s takes back window: from %d to %d", h.name, h.edge.Diff(irs), edge.Diff(irs))
	}
	if !h.hasEdge || h.edge.Less(edge) {
		h.edge, h.hasEdge = edge, true
	}
}

// hears notes the most that the peer's segments have ever allowed, believed or
// not. A window in a SYN is not scaled (RFC 7323, Section 2.2).
func (h *simHost) hears(peer *simHost, seg *wire.Segment) {
	var room wire.Seq
	switch {
	case seg.Flags.Has(wire.SYN) && !seg.Flags.Has(wire.ACK):
		room = h.config.ISS.Add(1 + int(seg.Window))
	case !seg.Flags.Has(wire.ACK) || seg.Flags.Has(wire.RST) || peer.m == nil || h.forged:
		return
	case seg.Flags.Has(wire.SYN):
		room = seg.Ack.Add(int(seg.Window))
	default:
		room = seg.Ack.Add(int(seg.Window) << recvShift(peer.m))
	}
	if !h.hasRoom || h.room.Less(room) {
		h.room, h.hasRoom = room, true
	}
}

// believes notes what the peer has acknowledged, if the segment was not
// dropped.
func (h *simHost) believes(seg *wire.Segment) {
	if !seg.Flags.Has(wire.ACK) || seg.Flags.Has(wire.RST) || h.forged {
		return
	}
	for i := range h.out {
		if h.out[i].Kind == Drop {
			return
		}
	}
	if !h.hasAck || h.ack.Less(seg.Ack) {
		h.ack, h.hasAck = seg.Ack, true
	}
}

// delivered holds the bytes against what the peer has written.
func (s *sim) delivered(h *simHost, data []byte) {
	peer := s.peer(h)
	if h.eof {
		s.fail("%s was delivered data behind the end", h.name)
	}
	end := h.got + len(data)
	if end > peer.written || !bytes.Equal(data, peer.stream[h.got:end]) {
		s.fail("%s was delivered something else than was written", h.name)
		return
	}
	h.got = end
	s.readSoon(h)
}

// deliveredEOF: the end comes once, and behind everything.
func (s *sim) deliveredEOF(h *simHost) {
	peer := s.peer(h)
	switch {
	case h.eof:
		s.fail("%s was delivered two ends", h.name)
	case !peer.halfDone && !peer.gone:
		s.fail("%s was delivered an end that %s has not asked for", h.name, peer.name)
	case h.got != peer.written:
		s.fail("%s was delivered the end after %d of %d bytes", h.name, h.got, peer.written)
	}
	h.eof, h.eofAt = true, s.now
	s.after(0, h, (*sim).app)
}

// checkMemory holds a machine to its bounds.
func (s *sim) checkMemory(h *simHost) {
	held := heldBy(h.m)
	switch {
	case held.send > held.sendCap:
		s.fail("%s keeps %d bytes to send, at most %d are in order", h.name, held.send, held.sendCap)
	case held.early > held.earlyCap:
		s.fail("%s keeps %d bytes out of order in a window of %d", h.name, held.early, held.earlyCap)
	case held.runs > maxRuns:
		s.fail("%s keeps %d runs", h.name, held.runs)
	case held.unread > held.unreadCap:
		s.fail("%s has %d bytes unread, %d are allowed", h.name, held.unread, held.unreadCap)
	}
}

// checkChallenges: there is a limit on them (RFC 5961, Section 7).
func (s *sim) checkChallenges(h *simHost) {
	n := challenges(h.m)
	if n == h.challenges {
		return
	}
	if h.challenges > 0 && s.now.Sub(h.challengedAt) < challengeInterval || n != h.challenges+1 {
		s.fail("%s sends challenge ACKs within %v", h.name, s.now.Sub(h.challengedAt))
	}
	h.challenges, h.challengedAt = n, s.now
}

// longestSilence is more than any sequence of timeouts takes in which nothing
// happens: 8 of up to 60 s, the pauses of TIME-WAIT, of the applications, and
// of duplicates.
const longestSilence = 15 * time.Minute

// checkPace: something gets on all the time, in virtual time and in segments.
func (s *sim) checkPace() {
	if s.now.Sub(s.progress) > longestSilence {
		s.fail("nothing was delivered and no state has changed for %v", s.now.Sub(s.progress))
	}
	if n := s.segmentBound(); s.segments > n {
		s.fail("livelock: more than %d segments", n)
	}
	if s.steps > 1<<20 {
		s.fail("livelock: more than %d steps", s.steps)
	}
}

// segmentBound is how many segments both sides may need for everything, those
// included that go again: as many for each time that an application writes or
// reads, for each full segment, and for each stray one.
func (s *sim) segmentBound() int {
	n := 100 + 4*s.strays
	for i, h := range s.hosts {
		peer := s.hosts[1-i]
		size := max(min(h.config.MSS, peer.config.MSS, s.path.mtu-40)-wire.MaxOptionsLen, 8)
		if peer.config.RecvBuffer > 0 {
			size = max(min(size, peer.config.RecvBuffer/2), 1)
		}
		n += 10 * (h.calls + h.written/size)
	}
	return n
}

// judge says what has to hold at the end.
func (s *sim) judge() {
	for i, h := range s.hosts {
		if h.m == nil {
			continue
		}
		s.judgeEnd(h, s.hosts[1-i])
	}
	if s.gate.pending != 0 {
		s.fail("%d connections are still pending", s.gate.pending)
	}
	if s.path.clean() && !s.twoOpens {
		s.judgeClean()
	}
}

// judgeEnd: who ends in order has been heard out, and who ends with an error has
// a reason.
func (s *sim) judgeEnd(h, peer *simHost) {
	err := h.m.Err()
	if !h.ended || !h.m.Deadline().IsZero() {
		s.fail("%s ends in %v with deadline %v", h.name, h.m.State(), h.m.Deadline())
	}
	if err == nil && peer.got != h.written {
		s.fail("%s ended in order, %s got %d of its %d bytes", h.name, peer.name, peer.got, h.written)
	}
	polite := h.end.polite() && peer.end.polite()
	if !polite || err == nil {
		return
	}
	if s.path.lossless() && !s.outlived(h, peer) {
		s.fail("%s ended with %v on a path that loses nothing", h.name, err)
	}
}

// outlived excuses an error: the peer kept no TIME-WAIT, or a short one, and was gone
// when something that was on the way for long, or sent again, reached it.
func (s *sim) outlived(h, peer *simHost) bool {
	return peer.config.TimeWait != 0 && peer.m != nil && peer.got == h.written && h.got == peer.written
}

// judgeClean: where nothing happens to segments, nothing goes twice and nobody
// waits for more than he has to.
func (s *sim) judgeClean() {
	for i, h := range s.hosts {
		if h.m == nil {
			s.fail("%s was never there", h.name)
			return
		}
		peer := s.hosts[1-i]
		info := h.m.Info()
		// A server that waits for data sends its SYN-ACK twice to a client without any.
		waits := h.config.DeferAccept > 0 || peer.config.DeferAccept > 0
		// Linux probes before the acknowledgement of two short segments, which may be delayed.
		waits = waits || h.config.LinuxSender
		if !waits && !s.acksLate(peer, h) && (info.SynRetransmits > 0 || info.Retransmits > 0 || h.again > 0) {
			s.fail("%s sends again on a path where nothing happens: %d SYNs, %d timeouts or the like, %d segments",
				h.name, info.SynRetransmits, info.Retransmits, h.again)
		}
		if !waits && h.prompt() && peer.prompt() && h.end != endLast {
			if took, most := peer.eofAt.Sub(epoch), s.expectedTime(h, peer); took > most {
				s.fail("%s had everything after %v, expected within %v", peer.name, took, most)
			}
		}
	}
}

// acksLate reports whether h may acknowledge later than peer counts on: longer than
// the shortest retransmission timeout, or, with quick acknowledgements, not with
// every second segment if these are small. Linux, too, takes segments for 536 bytes
// until larger ones come.
func (s *sim) acksLate(h, peer *simHost) bool {
	return h.m.config.DelayedAck >= minRTO(h.m) || h.config.QuickAcks > 0 && peer.m.segmentSize() < leastSegment
}

// expectedTime is how long it takes until peer has everything that h has
// written: the handshake, slow start, windows that are full, and a delayed
// acknowledgement in each round trip.
func (s *sim) expectedTime(h, peer *simHost) time.Duration {
	trip := 2*s.path.delay + peer.m.config.DelayedAck
	size := h.m.Info().MSS
	// The window moves in steps, and writes need not fill the buffer.
	window := min(recvBuffer(peer.m), sendBuffer(h.m)) / 2
	trips, sent := 2, 0
	for cwnd := int(h.m.config.InitialWindow) * size; sent < len(h.stream); trips++ {
		sent += min(cwnd, max(window, 1))
		// Every second segment is acknowledged: the window grows by half.
		cwnd = min(cwnd+max(cwnd/2, size), 1<<30)
	}
	return time.Duration(trips)*trip + s.path.delay + h.m.config.SynAckHold + peer.m.config.SynAckHold
}

// checkECN: what may be marked is new data of a connection that has agreed on ECN,
// and with nothing else goes CWR (RFC 3168, Sections 6.1.2 and 6.1.5). again is whether
// some of it was sent before.
func (s *sim) checkECN(h *simHost, o *Output, again bool) {
	seg := &o.Segment
	switch syn := seg.Flags.Has(wire.SYN); {
	case o.ECT && (syn || again || len(seg.Payload) == 0):
		s.fail("%s sends what is not new so that it can be marked", h.name)
	case o.ECT && !h.m.Info().ECN:
		s.fail("%s sends what can be marked, and has not agreed on it", h.name)
	case seg.Flags.Has(wire.CWR) && !syn && !o.ECT:
		s.fail("%s says CWR with what is not new", h.name)
	case seg.Flags.Has(wire.ECE) && !syn && !h.m.Info().ECN:
		s.fail("%s says ECE, and has not agreed on it", h.name)
	}
}
