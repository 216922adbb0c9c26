package wire

// Flags are the twelve bits beside the data offset of a TCP header: nine with
// a name and three reserved ones, kept as they are on the wire.
type Flags uint16

// The control bits of RFC 9293, Section 3.1. AE is the bit of RFC 9768 that
// was NS before.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
	AE
)

// ReservedFlags are the three bits of the header that have no meaning yet.
const ReservedFlags Flags = 7 << 9

const allFlags Flags = 1<<12 - 1

// Has reports whether every bit of want is set.
func (f Flags) Has(want Flags) bool { return f&want == want }

// Any reports whether at least one bit of these is set.
func (f Flags) Any(these Flags) bool { return f&these != 0 }
