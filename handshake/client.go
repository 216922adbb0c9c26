package handshake

import (
	"tfocraft/cookie"
	"tfocraft/wire"
)

// optionSpace is all that a header can have.
const optionSpace = wire.MaxOptionsLen

// open sends the SYN.
func (m *Machine) open(now instant, out []Output) []Output {
	m.startSending()
	m.ts.start(now, m.begun, m.config.TimestampOffset)
	options, fits := m.synOptions(now, false, m.planFastOpen())
	if !fits {
		// RFC 7413, Section 4.1.1: without room for the option there is no Fast
		// Open on this connection.
		m.noFastOpen(WhyNoRoom)
	}
	out = m.setState(SynSent, out)
	data := m.wholePayload(m.send.nxt, m.handshake.synData)
	m.send.nxt = m.send.nxt.Add(len(data))
	m.send.lastSent = now
	// The SYN itself is what is timed, with data or without.
	m.send.synAt = now
	m.armRetransmit(now)
	return m.sendSyn(options, data, out)
}

// startSending places what is sent behind a SYN.
func (m *Machine) startSending() {
	m.send.start(m.config.ISS)
	m.rack.start(m.send.nxt)
	m.recovery.point = m.send.una
}

func (m *Machine) sendSyn(options wire.Options, data []byte, out []Output) []Output {
	return m.transmit(wire.Segment{
		Seq: m.send.iss, Flags: wire.SYN | m.askECN(), Window: uint16(m.recv.synWindow()), Options: options, Payload: data,
	}, out)
}

// planFastOpen decides what the first SYN carries: how much data, and which
// option, which it returns.
func (m *Machine) planFastOpen() (option wire.FastOpen) {
	fo, h := m.config.FastOpen, &m.handshake
	m.begunStory(FastOpenInfo{SynOption: OptionNone, SynAckOption: OptionNone})
	switch {
	case fo.Mode == ClientOff && fo.OffBecause != "":
		m.noFastOpen(WhyBlocked)
		m.story().BlockedBy = fo.OffBecause
	case fo.Mode == ClientOff:
		m.noFastOpen(WhyNotAsked)
	case fo.Mode == ClientNoCookie && m.send.unsent() == 0:
		m.noFastOpen(WhyNoData)
	case fo.Mode == ClientNoCookie:
		h.synData = min(m.send.unsent(), m.synDataLimit(option))
	case fo.Cookie.IsZero():
		// RFC 7413, Section 4.2.1 (erratum 4239): an empty option, of length 2,
		// asks for a cookie; such a SYN carries no data.
		option = wire.FastOpen{Present: true, Experimental: fo.Experimental}
		m.story().SynOption = OptionRequest
	default:
		option = m.cookieOption(fo.Cookie, fo.Experimental)
		h.synData = min(m.send.unsent(), m.synDataLimit(option))
		m.story().SynOption = OptionCookie
		m.story().SynCookie = fo.Cookie
	}
	if option.Present || h.synData > 0 {
		m.story().Experimental = option.Experimental
		m.story().SynData = h.synData
	}
	return option
}

func (m *Machine) noFastOpen(why Why) {
	m.handshake.synData, m.handshake.plain = 0, true
	m.begunStory(FastOpenInfo{Outcome: Disabled, Why: why, SynOption: OptionNone, SynAckOption: OptionNone})
}

// synDataLimit is how much data a SYN may carry: the server's MSS if it is
// known and the default one otherwise (RFC 7413, Section 4.1.3), not more than
// the path takes, less the room that options may need.
func (m *Machine) synDataLimit(option wire.FastOpen) int {
	mss := defaultMSS(m.config.IPv6)
	if m.config.FastOpen.MSS != 0 {
		mss = max(int(m.config.FastOpen.MSS), minPeerMSS)
	}
	return max(min(mss, m.config.MSS)-m.synDataOptions(option), 0)
}

// SynRoom returns how many bytes the SYN of a client that was not opened yet would
// carry if so many were written: none without a cookie, unless none is needed.
func (m *Machine) SynRoom() int {
	fo := m.config.FastOpen
	if fo == nil || fo.Mode == ClientOff || fo.Mode == ClientOn && fo.Cookie.IsZero() {
		return 0
	}
	var option wire.FastOpen
	if fo.Mode == ClientOn {
		option = wire.FastOpen{Present: true, Experimental: fo.Experimental, Cookie: make([]byte, fo.Cookie.Len())}
	}
	return m.synDataLimit(option)
}

// triedFastOpen reports whether the first SYN had the option, or data without.
func (m *Machine) triedFastOpen() bool { return m.fastOpen.Outcome != Disabled }

// synTimeout sends the SYN again, without the option and without data: either
// may be what the path does not let through (RFC 7413, Section 4.2.1 and 4.2.2).
// The sequence number stays, and a late answer to the first SYN still counts.
func (m *Machine) synTimeout(now instant, out []Output) []Output {
	if m.handshake.retries >= m.config.SynRetries {
		if m.handshake.unreachable {
			return m.unansweredSyn(m.rememberedICMP(), out)
		}
		return m.unansweredSyn(ErrTimeout, out)
	}
	m.handshake.retries++
	m.handshake.lost = true
	if m.handshake.retries > m.config.SynLinear {
		m.rtt.backOff()
	}
	return m.resendSyn(now, out)
}

// resendSyn sends the SYN again without what Fast Open has put in it.
func (m *Machine) resendSyn(now instant, out []Output) []Output {
	m.handshake.plain = true
	m.count.SynRetransmits++
	m.send.synAt, m.send.synAgain = now, true
	m.armRetransmit(now)
	options, _ := m.synOptions(now, false, wire.FastOpen{})
	return m.sendSyn(options, nil, out)
}

// failSyn gives up before the handshake is done. If Fast Open was tried, reason
// is remembered as a negative response (RFC 7413, Section 4.1.3.1); none if it
// is empty.
func (m *Machine) failSyn(reason cookie.Reason, why Why, err error, out []Output) []Output {
	if m.triedFastOpen() {
		m.settle(Fallback, why)
		if reason != "" {
			out = append(out, Output{Kind: Block, Reason: reason})
		}
	}
	return m.end(err, out)
}

// unansweredSyn gives up on SYNs that got no SYN-ACK. An ICMP error was
// remembered when it came.
func (m *Machine) unansweredSyn(err error, out []Output) []Output {
	if m.handshake.unreachable {
		return m.failSyn("", WhyICMP, err, out)
	}
	return m.failSyn(cookie.NoSynAck, WhyNoAnswer, err, out)
}

// abandonSyn gives up because the application does. If a SYN has gone
// unanswered long enough to be sent again, that is what is remembered.
func (m *Machine) abandonSyn(err error, out []Output) []Output {
	if m.handshake.unreachable || m.handshake.lost {
		return m.unansweredSyn(err, out)
	}
	return m.end(err, out)
}

// refused takes the reset of a SYN. If that SYN had data, the data may be what a
// middlebox resets (RFC 7413, Section 7.1), and the next one goes without. A
// SYN without data was refused for another reason, most likely a closed port.
func (m *Machine) refused(out []Output) []Output {
	var reason cookie.Reason
	if m.handshake.synData > 0 && !m.handshake.plain {
		reason = cookie.Reset
	}
	return m.failSyn(reason, WhyRefused, ErrRefused, out)
}

// settle notes how Fast Open ended.
func (m *Machine) settle(outcome Outcome, why Why) {
	f := m.story()
	f.Outcome, f.Why = outcome, why
}

// inputSynSent is RFC 9293, Section 3.10.7.3.
func (m *Machine) inputSynSent(now instant, s *wire.Segment, set *wire.OptionSet, out []Output) []Output {
	hasAck := s.Flags.Has(wire.ACK)
	if hasAck && !(m.send.iss.Less(s.Ack) && s.Ack.LessEq(m.send.nxt)) {
		if !s.Flags.Has(wire.RST) {
			out = m.resetAt(s.Ack, out)
		}
		return m.drop(DropAck, out)
	}
	switch {
	case s.Flags.Has(wire.RST) && hasAck:
		return m.refused(out)
	case s.Flags.Has(wire.RST):
		return m.drop(DropReset, out)
	case !s.Flags.Has(wire.SYN):
		return m.drop(DropNoFlags, out)
	case !hasAck && s.Flags.Has(wire.FIN):
		return m.drop(DropBadFlags, out)
	case !hasAck:
		return m.simultaneousOpen(now, s, set, out)
	}
	// As in Linux an echo of zero passes: some servers echo nothing.
	ecr := set.Timestamps.Ecr
	if set.HasTimestamps && !m.config.NoTimestamps && ecr != 0 && !m.ts.echoes(now, ecr) {
		return m.drop(DropTimestamp, m.resetAt(s.Ack, out))
	}
	return m.inputSynAck(now, s, set, out)
}

// resetAt answers a segment that belongs to no connection of ours with a reset
// that its sender will believe.
func (m *Machine) resetAt(seq wire.Seq, out []Output) []Output {
	return m.transmit(wire.Segment{Seq: seq, Flags: wire.RST}, out)
}

// inputSynAck completes the handshake.
func (m *Machine) inputSynAck(now instant, s *wire.Segment, set *wire.OptionSet, out []Output) []Output {
	m.learnOptions(now, s, set)
	m.recv.start(s.Seq)
	m.answeredECN(s.Flags)
	m.openWindow(now)
	acked, synData := m.takeSynAck(now, s, set), m.handshake.synData
	out = m.judgeSynAck(set, acked, out)
	m.config.FastOpen = nil // its work is done
	m.armKeepAlive(now)
	m.handshake.unreachable = false
	out = m.setState(Established, out)
	out = m.takeSynAckData(s, out)
	m.recv.quick.lastData = now
	save := m.savesAck()
	if m.send.unsent() > 0 && acked == synData {
		// A writer has waited for this: what it sends answers the SYN-ACK.
		m.beginQuickAcks()
	}
	before := len(out)
	out = m.flush(now, out)
	switch {
	case len(out) > before:
	case save:
		m.saveAck(now)
	default:
		m.recv.ackOwed = true // data that has come with it can be acknowledged with it
	}
	return out
}

// openWindow sets the congestion window and the timeout for the first data.
func (m *Machine) openWindow(now instant) {
	m.cwnd.open(m.config.InitialWindow, m.unit(), m.handshake.lost)
	if m.handshake.lost {
		m.rtt.synWasLost()
	}
	m.send.lastSent = now
	m.timers.retransmit = 0
}

// takeSynAck takes the acknowledgement of a SYN-ACK and returns how much of the
// SYN's data it covers. The rest goes out again with the first ACK (RFC 7413,
// Section 4.2.2).
func (m *Machine) takeSynAck(now instant, s *wire.Segment, set *wire.OptionSet) int {
	m.sampleSyn(now, s, set)
	m.send.advance(s.Ack)
	m.count.Delivered++ // the SYN, with its data or without
	// To the peer the rest was never sent: it is not in its sequence space.
	m.send.nxt = s.Ack
	return s.Ack.Diff(m.send.iss.Add(1))
}

// synDataEnd is where the data of the first SYN ends.
func (m *Machine) synDataEnd() wire.Seq { return m.send.iss.Add(1 + m.handshake.synData) }

// synDataLeft is how many of the bytes at SND.NXT were in the SYN and are to go
// again.
func (m *Machine) synDataLeft() int {
	if !m.active || m.handshake.synData == 0 {
		return 0
	}
	return max(m.synDataEnd().Diff(m.send.nxt), 0)
}

// sampleSyn takes the first round-trip sample. After a repeated SYN only the
// timestamp of the last one tells that this one was answered (RFC 6298, Section
// 3). That of an earlier one may come late: an end that has it goes on echoing it
// when it answers the next one for an answer that was lost, as Linux does.
func (m *Machine) sampleSyn(now instant, s *wire.Segment, set *wire.OptionSet) {
	at := m.send.synAt
	if !at.IsZero() && (!m.send.synAgain || m.ts.on && set.Timestamps.Ecr == m.ts.value(at)) {
		m.sampleRTT(now, now.Sub(at))
	}
	if m.rtt.srtt > 0 {
		m.rack.least.sample(now, m.rtt.srtt)
	}
	m.send.synAt = 0
}

// takeSynAckData takes data and a FIN that came with the SYN-ACK: where the server
// has accepted our data, or could have if there had been any (RFC 7413, Section 3).
// Anything else comes again. So it is in Linux since 6.19; before it was enough
// to have asked for a cookie.
func (m *Machine) takeSynAckData(s *wire.Segment, out []Output) []Output {
	fo := m.fastOpen
	accepted := fo.SynAcked > 0 || fo.SynData == 0 && fo.SynOption == OptionCookie
	if !m.triedFastOpen() || !accepted {
		return out
	}
	out = m.recv.takeSynData(s, out)
	m.story().SynAckData = m.recv.nxt.Diff(m.recv.irs.Add(1))
	if s.Flags.Has(wire.FIN) && m.recv.fin(s.DataSeq().Add(len(s.Payload))) {
		out = m.peerClosed(true, out)
	}
	return out
}

// simultaneousOpen answers a crossing SYN (RFC 9293, Section 3.5). Data in it
// is not taken: it comes again once the connection stands.
func (m *Machine) simultaneousOpen(now instant, s *wire.Segment, set *wire.OptionSet, out []Output) []Output {
	m.learnOptions(now, s, set)
	m.recv.start(s.Seq)
	m.send.synAt, m.send.synAgain = now, true
	m.handshake.retries = 0 // those of the SYN-ACK count from here
	if m.triedFastOpen() {
		m.settle(Fallback, WhySimultaneous)
	}
	out = m.setState(SynReceived, out)
	m.armRetransmit(now)
	return m.emitSynAck(now, wire.FastOpen{}, nil, 0, out)
}
