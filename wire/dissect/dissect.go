// Package dissect names every bit of a frame: what the field is called, what it
// says, what it is for, and where the RFC defines it.
//
// A [Frame] has leaves and groups. Leaves ([Field]) tile the frame: in order, without gaps,
// without overlap, whatever the input is. Groups (a header, an option, the flags) are
// ranges of leaves, one inside the other.
//
// Why a field has its value (why this acknowledgment number?) is said by
// [Explain], which takes the facts that a follower has of the connection.
//
// The package is pure: no sockets, files, goroutines, logging or clock.
package dissect

import "tfocraft/wire/bilingual"

// A Field is a leaf: some bits of a frame with one meaning.
type Field struct {
	// ID names the field within its frame, for links and for programs: "tcp.options.fo.cookie". A field that a frame has more than
	// once has a number behind the name from the second on: "tcp.options.nop.kind-2".
	ID string `json:"id"`
	// Filter is Wireshark's name of the same field ("tcp.options.tfo.cookie"), empty where it has none.
	Filter string `json:"filter,omitempty"`
	// Name is the term of the RFC.
	Name bilingual.Text `json:"name"`
	// Offset and Width are in bits, from the first bit of the frame.
	Offset int `json:"offset"`
	Width  int `json:"width"`
	// Value is what the bits say: a number, an address, bytes in hex, of which more than 64 end in "…". Of a field that is cut it is what is there.
	Value string `json:"value"`
	// Unit of the number in Value, if it has one, such as "bytes" or "32-bit words".
	Unit bilingual.Text `json:"unit,omitzero"`
	// Meaning is one sentence: what the field is for, and what this value of it says.
	Meaning bilingual.Text `json:"meaning"`
	// Section is where the field is defined: "RFC 9293, Section 3.1".
	Section string `json:"section"`
	// Reason is why the value is what it is, where the context of the connection decides it.
	Reason bilingual.Text `json:"reason,omitzero"`
	// Bad tells that the value is wrong: a checksum, an illegal length, bytes that are missing. What an ICMP error quotes may end early.
	Bad bool `json:"bad,omitempty"`

	unfinished bool // a checksum that sums up the pseudo-header only
}

// A Group is a run of fields that belong together.
type Group struct {
	ID   string         `json:"id"` // "tcp", "tcp.options", "tcp.options.fo"
	Name bilingual.Text `json:"name"`
	// Summary is the whole group in a few words: "192.0.2.1 > 192.0.2.2, TCP".
	Summary string `json:"summary"`
	// First and End are indexes of Fields: the group is Fields[First:End].
	First int `json:"first"`
	End   int `json:"end"`
	Depth int `json:"depth"` // 0 for headers, 1 for what is inside them, ...
}

// A Frame is a frame that was taken apart.
type Frame struct {
	Fields []Field `json:"fields"`
	Groups []Group `json:"groups"` // outer before inner, in the order of the frame
}
