package handshake

import (
	"time"

	"tfocraft/wire"
)

// What the simulation knows of a machine's insides is here and nowhere else.

// simHeld is the memory of a machine, in bytes but for runs.
type simHeld struct {
	send      int // what the send store takes, acknowledged bytes not yet given back included
	sendCap   int // the most it may take
	early     int // bytes out of order
	earlyCap  int
	runs      int
	unread    int
	unreadCap int
}

func heldBy(m *Machine) simHeld {
	h := simHeld{
		send: m.send.store.Cap(), sendCap: max(2*m.send.most, 1<<10),
		earlyCap: m.recv.window(), runs: len(m.recv.early.runs), unread: m.recv.unread, unreadCap: m.recv.limit,
	}
	for _, r := range m.recv.early.runs {
		h.early += len(r.data)
	}
	return h
}

// outstanding is the range of sequence numbers of which an ICMP error or an ACK
// may tell something new.
func outstanding(m *Machine) (una, end wire.Seq) { return m.send.una, m.send.nxt }

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
func challenges(m *Machine) int { return int(m.count.Challenges) }

// What a machine was configured with.

func minRTO(m *Machine) time.Duration { return m.rtt.floor }
func recvBuffer(m *Machine) int       { return m.recv.limit }
func sendBuffer(m *Machine) int       { return m.send.limit }
