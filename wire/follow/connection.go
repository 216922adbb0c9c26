package follow

import (
	"net/netip"
	"slices"
	"time"
)

// An Outcome says in one word what became of Fast Open on a connection, as its
// client sees it.
type Outcome string

// The outcomes. Unknown means that the segments that would tell were not seen.
const (
	Unknown        Outcome = ""
	Disabled       Outcome = "disabled"        // the SYN had neither option nor data
	CookieReceived Outcome = "cookie-received" // asked for a cookie and got one
	Accepted       Outcome = "accepted"        // the SYN's data was taken
	Rejected       Outcome = "rejected"        // the SYN's data was not taken
	Fallback       Outcome = "fallback"        // went on as plain TCP, or not at all
)

// A Why explains an [Outcome] in one stable phrase.
type Why string

// The explanations.
const (
	WhyNotSeen        Why = "handshake not seen"
	WhyNotAsked       Why = "not asked for"
	WhyCookieGranted  Why = "server granted a cookie"
	WhyAllAcked       Why = "SYN data acknowledged"
	WhyPartlyAcked    Why = "SYN data acknowledged in part"
	WhyNoData         Why = "no data in the SYN to acknowledge"
	WhyCookieReplaced Why = "server refused the cookie and sent a new one"
	WhyDataNotAcked   Why = "server acknowledged the SYN only"
	WhyNoCookie       Why = "server sent no cookie"
	WhyRetransmitted  Why = "SYN was lost and went again without Fast Open"
	WhySimultaneous   Why = "both sides opened at once"
	WhyRefused        Why = "connection refused"
	WhyNoAnswer       Why = "no answer to any SYN"
)

// An Option is the kind of Fast Open option in a SYN or a SYN-ACK, whether or
// not its length is legal.
type Option string

// The kinds. A request is an empty option.
const (
	OptionNone    Option = "none"
	OptionRequest Option = "request"
	OptionCookie  Option = "cookie"
)

// A Connection is what the frames of one connection have told so far. Times
// are those of the frames, zero for what has not happened; where a segment was
// seen several times, the last one before its acknowledgment counts.
type Connection struct {
	Number         int            // from 1, in the order of first frames
	Client, Server netip.AddrPort // the client is who sent the first SYN
	// MidStream tells that the SYN was not seen. Without a SYN-ACK too, the side
	// with the lower port is taken for the server. The Fast Open fields are then
	// unknown, and so are the round trips.
	MidStream    bool
	Simultaneous bool // both sides sent a SYN (RFC 9293, Section 3.5)

	SynOption       Option
	SynExperimental bool   // kind 254 with 0xF989 instead of kind 34
	SynCookie       []byte // of any length, legal or not
	SynData         int    // bytes of data in the first SYN
	SynRetransmits  int    // copies made by the path not counted

	// The SYN-ACK is the last one before the client's ACK.
	SynAckOption      Option
	SynAckCookie      []byte
	SynAcked          int // bytes of the SYN's data that it acknowledged
	SynAckData        int // bytes of data in it
	SynAckRetransmits int

	FastOpen Outcome
	Why      Why

	Syn, SynAck       time.Time
	Established       time.Time // each side's SYN is acknowledged
	ServerHasRequest  time.Time
	ClientHasResponse time.Time // its first byte
	Closed            time.Time // in order or by a reset

	// RequestTrips and ResponseTrips count one-way trips until the server has
	// the request and until the client has the first byte of the response; 0 if
	// that has not happened. See the package comment.
	RequestTrips, ResponseTrips int
	// RequestSegments and ResponseSegments count the segments of both sides
	// until then, that segment included.
	RequestSegments, ResponseSegments int

	Segments    int // of both sides, copies included
	Retransmits int // of data and FIN, of both sides; not what a SYN carried in vain
	// ServerRetransmits are those of them that the server has sent.
	ServerRetransmits int
	// ClientRTT is the least time from a segment of the client to its acknowledgment, ServerRTT the same for the server: from
	// the place where the frames were seen to the other side and back. Beside the client ClientRTT is the round-trip time of
	// the path and ServerRTT that of the client's own answers; anywhere else they add up to it. 0 if there was none.
	ClientRTT, ServerRTT time.Duration
	// Sent and Received are bytes of data from the client and from the server,
	// each counted once.
	Sent, Received uint64
	ICMPErrors     int  // about segments that were on their way
	Reset          bool // by a reset that fits the connection
	ClosedInOrder  bool // each side's FIN is acknowledged
}

// RequestRoundTrips returns the round trips until the server has the request.
func (c *Connection) RequestRoundTrips() float64 { return float64(c.RequestTrips) / 2 }

// ResponseRoundTrips returns the round trips until the client has the first
// byte of the response.
func (c *Connection) ResponseRoundTrips() float64 { return float64(c.ResponseTrips) / 2 }

// HandshakeRTT returns the time from the SYN to the segment with which the client acknowledges the SYN-ACK. It is the
// round-trip time of the whole path, wherever on it the frames were seen. It is 0 if that was not seen, or if something had to
// be sent twice: which one was answered is not known then (RFC 6298, Section 3).
func (c *Connection) HandshakeRTT() time.Duration {
	if c.Syn.IsZero() || c.Established.IsZero() || c.Simultaneous || c.SynRetransmits+c.SynAckRetransmits > 0 {
		return 0
	}
	return c.Established.Sub(c.Syn)
}

// clone returns a copy that shares nothing with c.
func (c *Connection) clone() Connection {
	d := *c
	d.SynCookie, d.SynAckCookie = slices.Clone(c.SynCookie), slices.Clone(c.SynAckCookie)
	return d
}
