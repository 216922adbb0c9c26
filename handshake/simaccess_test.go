package handshake

import "tfocraft/wire"

// What the simulation knows of a machine's insides is here and nowhere else.

// Where the sender falls short of what the checks ask for, it is excused here.
const (
	// After a timeout the oldest segment goes out whole, whatever the window is.
	resendsBeyondWindow = true
	// An acknowledgement on an old segment moves SND.UNA and leaves SND.WND: both
	// together are more than the peer has allowed.
	staleWindow = true
	// A FIN behind a window that is full makes the ACKs after it look old to the
	// peer, and a probe takes the place of a delayed acknowledgement, though the
	// peer drops it: what was acknowledged that way goes again, or both sides
	// answer each other until one gives up.
	fullWindowLosesAcks = true
	// The retransmission timeout does not allow for a delayed acknowledgement: it
	// shrinks to a round trip, or to MinRTO if that is more.
	timeoutIgnoresDelayedAck = true
)

// simHeld is the memory of a machine, in bytes but for runs.
type simHeld struct {
	send     int // what the send store takes, acknowledged bytes not yet given back included
	sendCap  int // the most it may take
	early    int // bytes out of order
	earlyCap int
	runs     int
	unread   int
}

func heldBy(m *Machine) simHeld {
	h := simHeld{
		send: cap(m.send.store), sendCap: 4*m.config.SendBuffer + 4<<10,
		earlyCap: m.recv.window(), runs: len(m.recv.early.runs), unread: m.recv.unread,
	}
	for _, r := range m.recv.early.runs {
		h.early += len(r.data)
	}
	return h
}

// outstanding is the range of sequence numbers of which an ICMP error or an ACK
// may tell something new.
func outstanding(m *Machine) (una, end wire.Seq) { return m.send.una, m.send.max }

// expected is RCV.NXT, and window how much from there on is taken.
func expected(m *Machine) (nxt wire.Seq, window int) { return m.recv.nxt, m.recv.window() }

// ackLimit is the highest acknowledgement that a machine may send: of all that
// it has delivered, and of the FIN if that is through.
func ackLimit(m *Machine) wire.Seq {
	came := m.recv.irs.Add(1).Add(int(m.recv.delivered))
	if m.recv.finDone {
		came = came.Add(1)
	}
	return came
}

// recvShift is the scale of the windows that a machine announces.
func recvShift(m *Machine) uint8 { return m.recv.shift }

func peerISS(m *Machine) wire.Seq { return m.recv.irs }

// challenges is how many challenge ACKs a machine has sent.
func challenges(m *Machine) int { return m.info.Challenges }
