package handshake

import (
	"time"

	"tfocraft/cookie"
	"tfocraft/wire"
)

// Listens reports whether a segment that reaches a listener opens a connection:
// a SYN without ACK, RST or FIN. Linux drops a SYN with FIN as well.
func Listens(s *wire.Segment) bool {
	return s.Flags.Has(wire.SYN) && !s.Flags.Any(wire.ACK|wire.RST|wire.FIN)
}

// Completes reports whether a segment can be the one that ends the handshake of
// a server: with ACK, and neither SYN nor RST.
func Completes(s *wire.Segment) bool {
	return s.Flags.Has(wire.ACK) && !s.Flags.Any(wire.SYN|wire.RST)
}

// Displaced reports whether a segment belongs to another handshake than that of a
// server in SYN-RECEIVED: it acknowledges another SYN-ACK. That is a cookie's if the
// SYN was answered by one at first, and a repeated one, for which there was room
// again, by this machine. If so, GiveWay makes room for what the peer knows of.
func (m *Machine) Displaced(s wire.Segment) bool {
	return m.state == SynReceived && !m.active && Completes(&s) && !m.ackOfSyn(&s)
}

// GiveWay ends the connection without a word. See Displaced.
func (m *Machine) GiveWay(now time.Time, out []Output) []Output {
	m.begin(now)
	return m.end(nil, out)
}

// accept takes the SYN that opens the connection.
func (m *Machine) accept(now instant, syn *wire.Segment, a Admission, out []Output) []Output {
	set, _ := syn.Options.Decode()
	m.startSending()
	m.ts.start(now, m.begun, m.config.TimestampOffset)
	m.learnOptions(now, syn, &set)
	m.recv.start(syn.Seq)
	m.askedECN(syn.Flags)
	m.cwnd.open(m.config.InitialWindow, m.segmentSize(), false)
	m.admit(syn, &set, a)
	out = m.setState(SynReceived, out)
	if !a.Data {
		return m.sendSynAck(now, out)
	}
	at := len(out)
	out = m.recv.takeSynData(syn, out)
	m.story().SynAcked = m.recv.nxt.Diff(m.recv.irs.Add(1))
	if m.config.SynAckHold != 0 && !m.config.NoDataBeforeAck && m.mayAnswerInSynAck() {
		if m.config.SynAckHold > 0 {
			m.timers.synAck = now.Add(m.config.SynAckHold)
		}
		return out
	}
	// The SYN-ACK goes first: the client should not wait for our application.
	delivered := len(out) - at
	out = m.sendSynAck(now, out)
	rotate(out[at:], delivered)
	return out
}

// rotate moves the first n elements behind the rest; there is at most one of
// each here.
func rotate(out []Output, n int) {
	if n == 1 && len(out) == 2 {
		out[0], out[1] = out[1], out[0]
	}
}

func (m *Machine) admit(syn *wire.Segment, set *wire.OptionSet, a Admission) {
	m.handshake.fastOpened, m.handshake.replyForm = a.Data, a.Experimental
	fo := FastOpenInfo{
		Outcome: a.Outcome, Why: a.Why, SynOption: OptionNone, SynAckOption: OptionNone,
		Experimental: set.FastOpen.Experimental, SynData: len(syn.Payload),
	}
	switch {
	case set.FastOpen.Request():
		fo.SynOption = OptionRequest
	case set.FastOpen.Present:
		fo.SynOption = OptionCookie
		fo.SynCookie, _ = cookie.FromBytes(set.FastOpen.Cookie)
	}
	if !a.Reply.IsZero() {
		fo.SynAckOption, fo.SynAckCookie = OptionCookie, a.Reply
	}
	m.begunStory(fo)
}

// sendSynAck sends the first SYN-ACK, with data if the application was waited
// for and has some, and with a FIN if that is all.
func (m *Machine) sendSynAck(now instant, out []Output) []Output {
	m.timers.synAck = 0
	m.handshake.synAckSent = true
	m.send.synAt = now
	m.armRetransmit(now)
	data, fin := m.synAckData(now)
	fo := wire.FastOpen{}
	if c := m.fastOpen.SynAckCookie; !c.IsZero() {
		fo = m.cookieOption(c, m.handshake.replyForm)
	}
	out = m.emitSynAck(now, fo, data, fin, out)
	return m.flush(now, out)
}

// synAckData returns what of the response goes in the SYN-ACK, and the FIN flag if that
// is all of it and the application has closed: a client that takes the one takes the
// other, and one exchange less is seen by both.
func (m *Machine) synAckData(now instant) (data []byte, fin wire.Flags) {
	s := &m.send
	n := min(s.unsent(), m.segmentSize()-optionSpace, s.window)
	if n <= 0 || !m.mayAnswerInSynAck() {
		return nil, 0
	}
	data = m.wholePayload(s.nxt, n)
	m.story().SynAckData = n
	if s.finFollows(n) {
		m.handshake.synAckFin, fin = true, wire.FIN
		n++
	}
	s.sent(now, n, m.segmentSize(), 0)
	return data, fin
}

// mayAnswerInSynAck reports whether the client expects data in the SYN-ACK: it has
// sent some itself, or shown a cookie (RFC 7413, Section 3).
func (m *Machine) mayAnswerInSynAck() bool {
	return m.handshake.fastOpened && m.fastOpen.SynOption != OptionRequest
}

func (m *Machine) emitSynAck(now instant, fo wire.FastOpen, data []byte, fin wire.Flags, out []Output) []Output {
	m.handshake.synAckSent = true
	options, _ := m.synOptions(now, true, fo)
	return m.transmit(wire.Segment{
		Seq: m.send.iss, Flags: wire.SYN | wire.ACK | fin | m.answerECN(), Window: m.recv.announceSyn(),
		Options: options, Payload: data,
	}, out)
}

// synAckTimeout sends the SYN-ACK again: without the option and without data,
// but still acknowledging the SYN data that was taken (RFC 7413, Section
// 4.2.2). Data sent since has to wait for the ACK; then it goes again, slowly
// (RFC 5681, Section 3.1).
func (m *Machine) synAckTimeout(now instant, out []Output) []Output {
	h := &m.handshake
	if h.retries >= m.config.SynAckRetries && !m.deferring() || m.userTimedOut(now) {
		return m.timedOut(out)
	}
	h.retries++
	if m.deferring() {
		m.rtt.backOff()
		m.armRetransmit(now)
		return out
	}
	h.lost = true
	m.count.SynRetransmits++
	m.send.synAt, m.send.synAgain = now, true
	m.rtt.backOff()
	m.cwnd.open(m.config.InitialWindow, m.segmentSize(), true)
	m.armRetransmit(now)
	return m.emitSynAck(now, wire.FastOpen{}, nil, 0, out)
}

// repeatedSyn answers the SYN of this very connection once more, not too often
// and without taking its data again.
func (m *Machine) repeatedSyn(now instant, out []Output) []Output {
	h := &m.handshake
	if h.synAckSent && now.Sub(h.answeredAt) >= challengeInterval {
		h.answeredAt = now
		m.send.synAt, m.send.synAgain = now, true
		out = m.emitSynAck(now, wire.FastOpen{}, nil, 0, out)
	}
	return m.drop(DropUnexpectSYN, out)
}

// confirm leaves SYN-RECEIVED for a segment whose ACK covers our SYN.
func (m *Machine) confirm(now instant, s *wire.Segment, set *wire.OptionSet, out []Output) []Output {
	m.sampleSyn(now, s, set)
	m.openWindow(now)
	var d delivery
	m.send.board.acked(s.Ack, &d)
	m.takeBlocks(s, set, &d)
	m.send.advance(s.Ack)
	m.count.Delivered += 1 + uint32(d.count) // and our SYN
	acked := s.Ack.Diff(m.send.iss.Add(1))
	switch {
	case m.active:
		// To the peer the rest of the SYN's data was never sent.
		m.judgeCrossed(acked)
		m.send.nxt = s.Ack
	case !m.send.board.empty() && (m.handshake.lost || acked < m.inSynAck()):
		// What went with a SYN-ACK that was lost, or taken without its data, goes
		// again.
		m.send.board.loseAll(now)
		m.recovery.phase, m.recovery.point = phaseLoss, m.send.nxt
	case m.handshake.sack && set.NumSACK > 0:
		// The client's first ACK was lost, and what this one reports missing is.
		m.rack.delivered(now, &d, true)
		m.rack.reached(m.send.board.highestSacked(s.Ack))
		m.recover(now, acked, &d)
	}
	m.recv.quick.lastData = now
	m.armKeepAlive(now)
	return m.setState(Established, out)
}

// inSynAck is how much of the sequence space the first SYN-ACK took beside its SYN.
func (m *Machine) inSynAck() int {
	if m.handshake.synAckFin {
		return m.fastOpen.SynAckData + 1
	}
	return m.fastOpen.SynAckData
}

// judgeCrossed is judgeSynAck after a simultaneous open.
func (m *Machine) judgeCrossed(acked int) {
	m.story().SynAcked = acked
	if m.triedFastOpen() && acked > 0 && acked == m.fastOpen.SynData {
		m.settle(Accepted, WhyAllAcked)
	}
}
