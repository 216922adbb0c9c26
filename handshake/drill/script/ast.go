package script

import (
	"fmt"
	"time"

	"tfocraft/wire"
)

// A Pos is a place in a script: line and column, counted from 1, the column in
// characters.
type Pos struct{ Line, Column int }

func (p Pos) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// A Script is what a file says.
type Script struct {
	Name    string
	Options []Option
	Events  []Event // in the order of the file
}

// An Option is a line --name=value, or --name alone, before the first event.
type Option struct {
	Pos         Pos
	Name, Value string
}

// An Event is one thing that is done or expected at a time. Exactly one of its
// Packet, ICMP, Call, Command, Code and Unsupported is set.
type Event struct {
	Pos         Pos
	Source      string // the event as it is written, on one line, without comments
	Time        Time
	Packet      *Packet
	ICMP        *ICMP
	Call        *Call
	Command     *Command
	Code        *Code
	Unsupported *Unsupported
}

// A TimeKind says what the numbers of a [Time] mean.
type TimeKind uint8

// The forms of a time.
const (
	Absolute      TimeKind = iota // 1.5: since the beginning of the script
	Relative                      // +1.5: since the event before
	AbsoluteRange                 // 1~2
	RelativeRange                 // +1~+2
	Anytime                       // *
	Immediately                   // no time is written: at the time of the event before
)

// A Time is when an event happens. At is the time, or the beginning of a range.
// End is the end of a range, and of a call that blocks ("..."), on the
// same scale as At.
type Time struct {
	Kind   TimeKind
	At     time.Duration
	End    time.Duration
	Blocks bool // "At...End": the call is made at At and returns at End
}

// A Direction is that of a packet, as seen from the host under test.
type Direction byte

// The directions, as they are written.
const (
	In  Direction = '<' // the script sends it to the host under test
	Out Direction = '>' // the host under test is expected to send it
)

// An ECN is what a script says of the ECN field of the IP header.
type ECN uint8

// What a script can say of ECN. ECT01 is either of the two.
const (
	ECNUnsaid ECN = iota
	NoECN
	ECT0
	ECT1
	ECT01
	CE
)

// An IPInfo is what stands in brackets before a packet.
type IPInfo struct {
	ECN                          ECN
	TOS, TTL                     uint8
	FlowLabel                    uint32
	HasTOS, HasTTL, HasFlowLabel bool
}

// A Packet is a TCP segment that is sent or expected. Sequence numbers are
// relative to the initial ones of the connection.
type Packet struct {
	Direction Direction
	IP        IPInfo
	Text      string // what wire.ParseText has read, definitions replaced
	wire.SegmentText
	// SrcPort and DstPort are 0 unless they are written ("1234 > 80").
	SrcPort, DstPort uint16
}

// An ICMP is an ICMP error that is sent or expected.
type ICMP struct {
	Direction Direction
	IP        IPInfo
	Type      string // "unreachable", "time_exceeded", "packet_too_big", ...
	Code      string // "host_unreachable", "frag_needed", ...; or empty
	MTU       int    // 0 if none is written
	Quoted    Quoted
}

// A Quoted is the segment inside an ICMP error: "[0:10(10)]".
type Quoted struct {
	Flags      wire.Flags // 0 if none are written
	Start, End uint32
	Length     int
	HasSeq     bool
}

// A Call is a socket call with the result that is expected.
type Call struct {
	Pos    Pos // of the name
	Name   string
	Args   []Expr
	Result Expr
	Errno  string // such as "EAGAIN"; empty if none is written
	Note   string // what stands in parentheses behind
}

// A Command is text for a shell, between backquotes.
type Command struct{ Text string }

// A Code is text in Python, between %{ and }%.
type Code struct {
	Pos  Pos // of its first character
	Text string
}

// An Unsupported is an event of the language that this package can tell from
// others but does not understand, such as a UDP packet.
type Unsupported struct{ What string }

// An ExprKind is the kind of an [Expr].
type ExprKind uint8

// The kinds.
const (
	Ellipsis ExprKind = iota // ...: any value
	Integer
	Symbol // a name: AF_INET, MSG_FASTOPEN
	String // "...", escapes resolved
	Array  // [a, b]
	Struct // {a=b, c}
	Binary // a|b, a&b, a<<b, ...
	Unary  // ~a, -a, !a
	Apply  // htons(8080), inet_addr("1.2.3.4"), msg_name(...)
)

// An Expr is an argument or a result of a call.
type Expr struct {
	Pos    Pos
	Kind   ExprKind
	Int    int64   // of an Integer
	Text   string  // name of a Symbol or Apply, value of a String, operator
	Args   []Expr  // elements of an Array, operands, arguments of an Apply
	Fields []Field // of a Struct
}

// A Field is "name = value" in a struct; Name is empty if only a value is
// written. Left holds what stands before "=" if that is not a bare name, such as
// msg_name(...).
type Field struct {
	Name  string
	Left  *Expr
	Value Expr
}
