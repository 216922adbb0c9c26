package handshake

import (
	"tfocraft/wire"
)

// closeWrite queues the FIN (RFC 9293, Section 3.10.4).
func (m *Machine) closeWrite(now instant, out []Output) []Output {
	if m.send.finQueued || m.state == Closed && !m.unopened() {
		return out
	}
	m.send.finQueued = true
	if m.state == SynReceived && !m.handshake.synAckSent {
		return m.sendSynAck(now, out)
	}
	return m.flush(now, out)
}

// closeBoth closes for an application that will neither read nor write.
func (m *Machine) closeBoth(now instant, out []Output) []Output {
	switch {
	case m.state == Closed:
		return out
	case m.state == SynSent:
		return m.abandonSyn(ErrAborted, out)
	case m.LeavesUnread():
		return m.abort(now, ErrAborted, out)
	case m.state == FinWait2 && m.config.FinWait2 < 0:
		return m.abort(now, nil, out)
	}
	m.closed = true
	if m.state == FinWait2 && m.timers.final.IsZero() {
		m.timers.final = now.Add(m.config.FinWait2)
	}
	return m.closeWrite(now, out)
}

// abort resets the connection (RFC 9293, Section 3.10.5).
func (m *Machine) abort(now instant, why error, out []Output) []Output {
	switch m.state {
	case Closed:
		return out
	case SynSent:
		return m.abandonSyn(why, out)
	case TimeWait:
		return m.end(why, out)
	}
	if m.recv.ackOwed {
		// It may be that of the SYN-ACK. A server takes a Fast Open connection that is reset before for one by a stranger's
		// address, and Linux holds its place among the pending ones for a minute (RFC 7413, Section 5.1).
		out = m.sendAck(now, out)
	}
	// As in Linux it has the window and the options that any other segment would
	// have. RFC 7323, Section 3.2, wants timestamps in it (SHOULD).
	reset := wire.Segment{
		Seq: m.send.emptySeq(), Flags: wire.RST | wire.ACK, Window: m.recv.field(), Options: m.ackOptions(now),
	}
	return m.end(why, m.transmit(reset, out))
}

// finSent moves on when the FIN has gone out; it may go out more than once.
func (m *Machine) finSent(out []Output) []Output {
	switch m.state {
	case Established:
		return m.setState(FinWait1, out)
	case CloseWait:
		return m.setState(LastAck, out)
	}
	return out
}

// peerClosed passes the peer's FIN to the application; late is whether it has come before its turn.
func (m *Machine) peerClosed(late bool, out []Output) []Output {
	// Who closes second may do so soon, with a FIN that acknowledges. Linux waits for that, as long as
	// for an answer, where it has an idea of how long that is.
	wait := m.config.LinuxSender && m.state == Established && m.recv.quick.interval > 0
	m.recv.takeFin(late, wait)
	out = append(out, Output{Kind: DeliverEOF})
	if m.state == Established {
		out = m.setState(CloseWait, out)
	}
	return out
}

// afterPeerClosed moves on when both sides have closed.
func (m *Machine) afterPeerClosed(now instant, out []Output) []Output {
	switch m.state {
	case FinWait1:
		return m.setState(Closing, out)
	case FinWait2:
		return m.enterTimeWait(now, out)
	}
	return out
}
