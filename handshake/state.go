package handshake

// State is a connection state of RFC 9293, Section 3.3.2. LISTEN is not among
// them: a Machine exists from the first SYN on.
type State uint8

// The states, in the order of RFC 9293.
const (
	Closed State = iota
	SynSent
	SynReceived
	Established
	FinWait1
	FinWait2
	CloseWait
	Closing
	LastAck
	TimeWait
)

var stateNames = [...]string{
	Closed: "CLOSED", SynSent: "SYN-SENT", SynReceived: "SYN-RECEIVED", Established: "ESTABLISHED",
	FinWait1: "FIN-WAIT-1", FinWait2: "FIN-WAIT-2", CloseWait: "CLOSE-WAIT", Closing: "CLOSING",
	LastAck: "LAST-ACK", TimeWait: "TIME-WAIT",
}

func (s State) String() string { return stateNames[s] }

// Synchronized reports whether both sides know each other's sequence numbers
// (RFC 9293, Section 3.3.2).
func (s State) Synchronized() bool { return s >= Established }
