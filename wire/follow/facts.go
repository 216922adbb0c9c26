package follow

import (
	"net/netip"
	"time"

	"tfocraft/wire"
)

// Facts are what a follower knew when a segment came, and what it concludes from
// it. They are what the reasons for single fields rest on.
type Facts struct {
	// Sender and Receiver are the two ends just before the segment.
	Sender, Receiver Endpoint
	// Client is which of them has opened the connection, as far as is known; see [Connection].
	Client netip.AddrPort
	// Copy is a duplicate that the path has made; Retransmission was sent again.
	Copy, Retransmission bool
	// SynData is how many bytes of data the connection's first SYN carried, SynAcked how many of them the SYN-ACK took;
	// -1 as long as no SYN-ACK was seen. SynOption is the SYN's option.
	SynData, SynAcked int
	SynOption         Option
	// Granted is the newest cookie that this server had given this client before, in any connection; nil if none was seen. It
	// must not be changed.
	// It was in the frame of that number (GrantedFrame, from 1) of that connection.
	Granted           []byte
	GrantedFrame      int
	GrantedConnection int
	// CachedMSS is the MSS in bytes that a client which keeps to RFC 7413, Section 4.1.3, has in its cache with the cookie of this server
	// before the segment, as in [CacheEntry]. It is 0 if there is no such entry, or the server has announced none.
	CachedMSS int
	// Cookie judges the cookie that is in this segment.
	Cookie CookieVerdict
	// RTT is the sample that this segment's acknowledgment gives; 0 if it gives none. Acknowledged is
	// the number of the frame that it measures.
	RTT          time.Duration
	Acknowledged int
}

// An Endpoint is one end of a connection as seen on the wire. Numbers are offsets into its stream: its SYN is 0, its first byte of data 1.
type Endpoint struct {
	Addr   netip.AddrPort
	HasISS bool     // its SYN was seen
	ISS    wire.Seq // what the numbers count from; without HasISS it is the sequence number before the first that was seen
	Next   int64    // after the highest that it has sent
	Acked  int64    // up to here the other end has acknowledged
	Window int      // bytes that it has offered last, scaled
	Scale  int      // shift of its windows; -1 as long as it is not known or not in use
	MSS    int      // that it has announced; 0 if it has not
	SACK   bool     // it has announced SACK-permitted
	TS     bool     // it has announced timestamps
	TSVal  uint32   // its latest timestamp
	State  State
}

// Presumed reports whether the state of an end is that of a server of which nothing was seen: LISTEN, in which it must have been to take a
// SYN. Whether it has taken one and is in SYN-RECEIVED by now, or is not there at all, its answer will tell.
func (e *Endpoint) Presumed() bool { return e.State == Listen && !e.HasISS }

// Ends are both ends of a connection.
type Ends struct{ Client, Server Endpoint }

// A State is a TCP state of RFC 9293, Section 3.3.2, as it follows from what was seen.
type State string

// The states. As far as segments tell: that TIME-WAIT has ended, or that a side has given up, is not seen. A server is
// presumed to be in LISTEN until its SYN-ACK, see [Endpoint.Presumed]. The state of a side is empty as long as nothing tells it.
const (
	unknownState State = ""

	Closed      State = "CLOSED"
	Listen      State = "LISTEN"
	SynSent     State = "SYN-SENT"
	SynReceived State = "SYN-RECEIVED"
	Established State = "ESTABLISHED"
	FinWait1    State = "FIN-WAIT-1"
	FinWait2    State = "FIN-WAIT-2"
	CloseWait   State = "CLOSE-WAIT"
	Closing     State = "CLOSING"
	LastAck     State = "LAST-ACK"
	TimeWait    State = "TIME-WAIT"
)

// A CookieVerdict judges a cookie in a segment.
type CookieVerdict string

// The verdicts. Which of them a follower can reach depends on what it has seen, and on whether it was given the key.
const (
	CookieNone    CookieVerdict = ""         // there is no cookie in the segment
	CookieUnknown CookieVerdict = "unknown"  // nothing to compare it with
	CookieGranted CookieVerdict = "granted"  // the one that this server has given this client before
	CookieForeign CookieVerdict = "foreign"  // the newest one that this server has given another client
	CookieOther   CookieVerdict = "other"    // not the newest one that this server has given this client
	CookieRight   CookieVerdict = "right"    // right for this client under the key
	CookieWrong   CookieVerdict = "wrong"    // wrong under the key
	CookieNew     CookieVerdict = "new"      // in a SYN-ACK: the first for this client, or another than before
	CookieAgain   CookieVerdict = "repeated" // in a SYN-ACK: the same as before
)
