package handshake

import (
	"tfocraft/cookie"
	"tfocraft/wire"
)

// OutputKind says what an [Output] asks for.
type OutputKind uint8

// The outputs. The set is closed: a new one means a new case in every owner.
const (
	// Transmit: send Segment. Its ports, sequence numbers, flags, window,
	// options and payload are set, its data offset, checksum and everything
	// below TCP are not.
	Transmit OutputKind = iota + 1
	// Deliver: Data comes next in the byte stream to the application. The
	// application's reading is reported with [Machine.Consume].
	Deliver
	// DeliverEOF: the peer has sent everything that it will send.
	DeliverEOF
	// Learn: the cookie cache should now hold this. Cookie is zero if only the
	// MSS was learnt (RFC 7413, Section 4.1.3).
	Learn
	// Block: the path to this port showed a negative response; Reason says
	// which (RFC 7413, Section 4.1.3.1).
	Block
	// ChangeState: the connection went From one state To another. On entry to
	// Closed, Err says why, and is nil after an orderly close.
	ChangeState
	// Drop: the segment given to Input, or the error given to ICMP, was not used;
	// Why says for what reason.
	Drop
)

// An Output is one thing that the owner of a [Machine] has to do. Which fields
// are set depends on Kind. Segment.Options, Segment.Payload and Data belong to
// the Machine, or alias the segment that was given to it, and are valid until
// the next call.
type Output struct {
	Kind         OutputKind
	Segment      wire.Segment  // Transmit
	SegmentSize  int           // Transmit: if not 0, the payload is several segments of this many bytes, the last one of fewer
	ECT          bool          // Transmit: its packet may be marked: ECT(0) in the IP header (RFC 3168, Section 5)
	Data         []byte        // Deliver
	Cookie       cookie.Cookie // Learn
	MSS          uint16        // Learn; 0 if the peer sent none
	Experimental bool          // Learn: the cookie came in the form 254/0xF989
	Reason       cookie.Reason // Block
	From, To     State         // ChangeState
	Err          error         // ChangeState
	Why          DropReason    // Drop
}

// DropReason says why a segment had no effect.
type DropReason uint8

// Reasons to drop a segment.
const (
	DropNoFlags     DropReason = iota + 1 // neither SYN, RST nor ACK where one is needed
	DropBadFlags                          // SYN with FIN or RST
	DropSequence                          // outside the receive window
	DropAck                               // acknowledges what was never sent, or is far too old
	DropTimestamp                         // its timestamp is older than what came before, or echoes what was never sent (RFC 7323)
	DropNoTimestamp                       // it has none, where all have
	DropReset                             // a reset that does not hit the window exactly (RFC 5961)
	DropUnexpectSYN                       // a SYN on a synchronized connection (RFC 5961)
	DropClosed                            // there is no connection any more
	DropNoRoom                            // out of order and no room to keep it
	DropICMP                              // an ICMP error that quotes nothing outstanding; no segment
	DropDeferred                          // ends a handshake and brings no data, see Config.DeferAccept
)

var dropNames = [...]string{
	DropNoFlags: "no usable flags", DropBadFlags: "contradicting flags", DropSequence: "outside the window",
	DropAck: "unacceptable acknowledgement", DropTimestamp: "timestamp too old", DropNoTimestamp: "timestamp missing",
	DropReset: "reset off the mark", DropUnexpectSYN: "SYN on a live connection", DropClosed: "connection closed",
	DropNoRoom: "no room out of order", DropICMP: "ICMP error about nothing outstanding",
	DropDeferred: "data is waited for",
}

func (d DropReason) String() string { return dropNames[d] }
