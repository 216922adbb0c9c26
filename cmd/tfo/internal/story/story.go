// Package story puts together what there is to tell of an exchange: every frame with all its fields, why each is as it
// is, what it changed at either side, and what became of Fast Open. A [Story] is plain data: the page, the
// terminal and --json show the same one.
package story

import (
	"time"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
)

// A Story is an exchange from its first frame to its last.
type Story struct {
	// Name is the scenario's, empty for a capture. Title is one line, About a few sentences: the question and what to look at.
	Name  string         `json:"name,omitempty"`
	Title bilingual.Text `json:"title"`
	About bilingual.Text `json:"about,omitzero"`
	// Command makes the same story again.
	Command string `json:"command,omitempty"`
	// Hosts are the columns of the sequence diagram, left to right: client, perhaps a middlebox, server.
	Hosts []Host `json:"hosts"`
	// Frames are in the order of their departure.
	Frames      []Frame      `json:"frames"`
	Connections []Connection `json:"connections"`
	// Checks say what was expected and whether it was seen.
	Checks []Check `json:"checks,omitempty"`
	// Savings are what tfo lab saves has measured; usually there are none.
	Savings []Saving `json:"savings,omitempty"`
	// Left counts frames that are not shown: there were too many, or they have no addresses that tell whose they are.
	Left int `json:"left,omitempty"`
}

// A Host is a column of the diagram.
type Host struct {
	Name      bilingual.Text `json:"name"`      // "client"
	Stack     string         `json:"stack"`     // "tfocraft", "Linux", empty if not known
	Addresses []string       `json:"addresses"` // what its frames have as source
}

// A Frame is one frame on its way from one host to another.
type Frame struct {
	Number int `json:"number"` // from 1; in a capture that of the file
	// Seen counts the frames in the order in which the place saw them whose view of the connections is told. States follow each
	// other in this order, which differs from that of departure where frames cross on a path.
	Seen int `json:"seen"`
	// Departed and Arrived are since the first frame. In a capture from one place both are the same.
	Departed time.Duration `json:"departed_ns"`
	Arrived  time.Duration `json:"arrived_ns"`
	// From and To are indexes of Hosts.
	From int `json:"from"`
	To   int `json:"to"`
	// Fate is what befell it on the way, empty if nothing did: "lost", "dropped by drop-syn-data". Lost tells that it did
	// not arrive, Changed that it arrived with other bytes than it left with; Bytes are those that it left with, and
	// ArrivedBytes the others, each with its fields.
	Fate              bilingual.Text `json:"fate,omitzero"`
	Lost              bool           `json:"lost,omitempty"`
	Changed           bool           `json:"changed,omitempty"`
	Bytes             []byte         `json:"bytes"` // base64 in JSON
	Dissection        dissect.Frame  `json:"dissection"`
	ArrivedBytes      []byte         `json:"arrived_bytes,omitempty"`
	ArrivedDissection dissect.Frame  `json:"arrived_dissection,omitzero"`

	Connection int `json:"connection"` // its number; 0 for frames that are not TCP
	// Label is the frame in a few words, what kind it is first: "SYN, cookie, 13 bytes".
	Label bilingual.Text `json:"label"`
	// Cookie and Data are how many bytes of a Fast Open cookie and of payload it carries.
	Cookie int            `json:"cookie,omitempty"`
	Data   int            `json:"data,omitempty"`
	Text   string         `json:"text"`            // the segment in the text form, numbers relative
	Reason bilingual.Text `json:"reason"`          // what the segment is for
	Notes  []Note         `json:"notes,omitempty"` // what changed with it besides
	// Client and Server are the states of both sides after the frame arrived, and what each knows.
	Client Side `json:"client"`
	Server Side `json:"server"`
	// Cache is the client's cookie cache after the frame.
	Cache []CacheEntry `json:"cache,omitempty"`
}

// A Note is something that a frame changed: a cookie learnt, data delivered, a round trip measured.
type Note struct {
	At   int            `json:"at"` // index of Hosts
	Text bilingual.Text `json:"text"`
}

// A Side is what one end of a connection has come to.
type Side struct {
	State string `json:"state"` // of RFC 9293: "SYN-SENT"
	// Presumed tells that this is LISTEN only because nothing was seen of the server yet; it may be in SYN-RECEIVED already, or not be there.
	Presumed bool `json:"presumed,omitempty"`
	// Next, Acked and Window are offsets into its stream (its SYN is 0) and bytes.
	Next   int64 `json:"next"`
	Acked  int64 `json:"acked"`
	Window int   `json:"window"`
}

// A CacheEntry is a line of the client's cookie cache.
type CacheEntry struct {
	Server string `json:"server"`           // for a negative entry with the port
	Cookie string `json:"cookie,omitempty"` // hex; empty for a negative entry
	MSS    int    `json:"mss,omitempty"`
	// Blocked is why Fast Open is not tried with this server, zero for a cookie.
	Blocked bilingual.Text `json:"blocked,omitzero"`
	Frame   int            `json:"frame"` // that brought it
}

// A Connection is what became of one.
type Connection struct {
	Number int    `json:"number"`
	Client string `json:"client"`
	Server string `json:"server"`
	// ClientHost and ServerHost are indexes of Hosts.
	ClientHost int            `json:"client_host"`
	ServerHost int            `json:"server_host"`
	FastOpen   string         `json:"fast_open"`
	Reason     bilingual.Text `json:"reason"`
	// RequestRoundTrips are until the server had the request, ResponseRoundTrips until the client had the first byte of the
	// response; 0 if that did not happen. RequestTime and ResponseTime are the same in time.
	RequestRoundTrips  float64       `json:"request_round_trips"`
	ResponseRoundTrips float64       `json:"response_round_trips"`
	RequestTime        time.Duration `json:"request_ns"`
	ResponseTime       time.Duration `json:"response_ns"`
	SynData            int           `json:"syn_data"`
	SynAcked           int           `json:"syn_acked"`
	Retransmits        int           `json:"retransmits"`
}

// A Check is something that was expected.
type Check struct {
	What bilingual.Text `json:"what"`
	Seen string         `json:"seen"` // what was seen, in a few words or numbers
	OK   bool           `json:"ok"`
}

// A Saving is one row of tfo lab saves: a request over a path of that round-trip time, with the three-way handshake and with Fast Open.
type Saving struct {
	Stack string        `json:"stack"` // "tfocraft" or "Linux"
	RTT   time.Duration `json:"rtt_ns"`
	// Request is until the server has the first byte of the request, Response until the client has that of the response; medians.
	PlainRequest     time.Duration `json:"plain_request_ns"`
	FastOpenRequest  time.Duration `json:"fast_open_request_ns"`
	PlainResponse    time.Duration `json:"plain_response_ns"`
	FastOpenResponse time.Duration `json:"fast_open_response_ns"`
}
