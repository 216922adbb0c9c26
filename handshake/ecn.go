package handshake

import "tfocraft/wire"

// ECN says whether a connection speaks explicit congestion notification
// (RFC 3168): routers then mark packets of it that they would else have dropped.
type ECN uint8

// The ways, which are those of Linux's net.ipv4.tcp_ecn: 0, 2 and 1.
const (
	ECNOff     ECN = iota // not spoken: a peer that offers it gets a plain connection
	ECNAnswer             // spoken if the peer asks for it
	ECNRequest            // asked for as well
)

// ecn is what a connection knows of marks, in both directions.
type ecn struct {
	mark  wire.ECN // of the segments that are handed over
	on    bool     // both sides have agreed: marks on what comes are echoed
	sends bool     // and what goes may be marked
	seen  bool     // a segment has come that could be marked
	echo  bool     // every ACK has ECE until a segment with CWR comes
	cwr   bool     // the next new data has CWR: the window was reduced

	told  bool     // the acknowledgement in hand has ECE
	held  ecnHold  // the window was reduced, and no mark counts before something above point is acknowledged
	point wire.Seq // SND.NXT then
}

// ecnHold is why the window was reduced.
type ecnHold uint8

const (
	heldByLoss ecnHold = iota + 1
	heldByMark
)

// setupECN are the flags of an ECN-setup SYN packet (RFC 3168, Section 6.1.1).
const setupECN = wire.ECE | wire.CWR

// Mark tells what the ECN field of the IP header says in the segments that are
// handed over from now on. An owner that never calls it has none that are marked.
func (m *Machine) Mark(e wire.ECN) { m.ecn.mark = e }

// askECN returns the flags by which a SYN asks for ECN. One that is sent again asks
// no more: the flags may be why nobody has answered (RFC 3168, Section 6.1.1.1).
func (m *Machine) askECN() wire.Flags {
	if m.config.ECN == ECNRequest && m.count.SynRetransmits == 0 {
		return setupECN
	}
	return 0
}

// askedECN takes the flags of the SYN that reaches a server (RFC 3168,
// Section 6.1.1). One that asks for AccECN as well is content with ECN (RFC 9768,
// Section 3.1.2).
func (m *Machine) askedECN(syn wire.Flags) {
	m.ecn.on = m.config.ECN != ECNOff && syn.Has(setupECN)
	m.ecn.sends = m.ecn.on
}

// askedAgain takes the flags of a SYN that is repeated. If it does not ask, we must
// not send what can be marked; the peer may still do so, for our first answer may
// have reached it (RFC 3168, Section 6.1.1).
func (m *Machine) askedAgain(syn wire.Flags) {
	m.ecn.sends = m.ecn.sends && syn.Has(setupECN)
}

// answerECN returns the flag by which a SYN-ACK agrees.
func (m *Machine) answerECN() wire.Flags {
	if m.ecn.on {
		return wire.ECE
	}
	return 0
}

// answeredECN takes the flags of the SYN-ACK. CWR beside ECE means that somebody
// reflects our own flags. It may answer a SYN that has asked when another one has
// not: then nothing of ours can be marked, but what comes may be (RFC 3168,
// Section 6.1.1). After a simultaneous open there is no ECN.
func (m *Machine) answeredECN(synAck wire.Flags) {
	m.ecn.on = m.config.ECN == ECNRequest && synAck&setupECN == wire.ECE
	m.ecn.sends = m.ecn.on && m.count.SynRetransmits == 0
}

// takeMark is the receiver's part (RFC 3168, Section 6.1.3), for a segment that is
// in the window: other ones may be forged, and of segments without data nobody
// knows where they have come from (Section 6.1.5). The first one with a mark, and
// the end of the echo, are acknowledged at once, as in Linux: the sender's window
// may be small by now.
func (m *Machine) takeMark(s *wire.Segment) {
	e := &m.ecn
	if !e.on || len(s.Payload) == 0 {
		return
	}
	before := e.echo
	if s.Flags.Has(wire.CWR) {
		e.echo = false
	}
	e.seen = e.seen || e.mark != wire.NotECT
	e.echo = e.echo || e.mark == wire.CE
	if e.echo != before {
		m.recv.ackAtOnce = true
	}
}

// echoECN returns the flag that tells the peer of marks.
func (m *Machine) echoECN() wire.Flags {
	if m.ecn.echo {
		return wire.ECE
	}
	return 0
}

// takeEcho is the sender's part (RFC 3168, Section 6.1.2), for an ACK that has
// advanced SND.UNA by acked bytes: marks shrink the window as a loss does, once for
// what was in flight, and not while losses are repaired, for which it has shrunk
// already. As there two segments are the least. It shrinks at once, but with Config.LinuxSender
// step by step.
func (m *Machine) takeEcho(s *wire.Segment, acked int) {
	e := &m.ecn
	e.told = e.sends && s.Flags.Has(wire.ECE)
	if e.held != 0 && e.point.Less(m.send.una) {
		if m.shrinks() {
			m.cwnd.window = m.cwnd.threshold
		}
		e.held = 0
	}
	// Before the CWR is out nothing new is, and what was marked is what the window
	// has shrunk for.
	if !e.told || e.held != 0 || e.cwr || m.recovery.phase != phaseOpen {
		return
	}
	m.cwnd.lost(m.send.inFlight()+acked, m.unit())
	m.recovery.undo.again = notReported
	m.hold(heldByMark)
	if m.shrinks() {
		m.recovery.flight, m.recovery.delivered, m.recovery.sent = m.cwnd.window, 0, 0
		return
	}
	m.cwnd.window = min(m.cwnd.window, m.cwnd.threshold)
}

// shrinks reports whether the window shrinks step by step for a mark, as in Linux (TCP_CA_CWR).
func (m *Machine) shrinks() bool {
	return m.config.LinuxSender && m.ecn.held == heldByMark && m.recovery.phase == phaseOpen
}

// hold notes that the window was reduced: the peer is told with the next new data
// (RFC 3168, Section 6.1.2).
func (m *Machine) hold(why ecnHold) {
	if e := &m.ecn; e.sends {
		e.held, e.point, e.cwr = why, m.send.nxt, true
	}
}

// shrink lowers the threshold for a loss in a flight of this size, unless a mark has
// done so for the same flight (RFC 3168, Section 6.1.2).
func (m *Machine) shrink(flight int) {
	if e := &m.ecn; e.held == heldByMark && m.send.una.Less(e.point) {
		e.cwr = true
		return
	}
	m.cwnd.lost(flight, m.unit())
	m.hold(heldByLoss)
}

// mayGrow reports whether the acknowledgement in hand lets the window grow: not if
// it tells of marks, nor in the round trip after (RFC 3168, Section 6.1.2).
func (e *ecn) mayGrow() bool { return !e.told && e.held != heldByMark }

// notLost takes the answer to a loss back that there was not; due is whether CWR
// was due before it.
func (e *ecn) notLost(due bool) {
	e.cwr = e.cwr && due
	if e.held == heldByLoss {
		e.held = 0
	}
}

// sentNew lets the data in o, sent for the first time, be marked, and says CWR with
// it if that is due. Nothing else can be marked: SYNs, segments without data, what
// is sent again and window probes (RFC 3168, Sections 6.1.1 and 6.1.4 to 6.1.6).
func (e *ecn) sentNew(o *Output) {
	if !e.sends || len(o.Segment.Payload) == 0 {
		return
	}
	o.ECT = true
	if e.cwr {
		e.cwr = false
		o.Segment.Flags |= wire.CWR
	}
}
