package handshake

import (
	"time"

	"tfocraft/wire"
)

// RestoreServer returns the connection that an ACK opens whose SYN was answered
// by a cookie: syn is what [SynCookies.Recall] has said. The connection goes
// through the handshake once more, without sending anything, and then takes the
// ACK with the data and the FIN that it may carry. When the SYN-ACK left is not
// known, so the handshake gives no round-trip time, as in Linux.
//
// c is what the cookie was made and recalled with; its ISS is filled in. The
// connection is in ESTABLISHED, or in CLOSE-WAIT if the ACK has a FIN.
func RestoreServer(now time.Time, c Config, syn, ack wire.Segment, out []Output) (*Machine, []Output) {
	c.ISS = ack.Ack.Add(-1)
	c.ECN = ECNOff    // as the answer was
	c.DeferAccept = 0 // nobody is left that could wait
	m := NewServer(c)
	m.Accept(now, syn, Admission{Outcome: OutcomeNotAsked}, nil)
	m.send.synAt = 0
	return m, m.Input(now, ack, out)
}
