package handshake

import (
	"time"

	"tfocraft/cookie"
)

// Outcome says in one word what became of Fast Open on a connection.
type Outcome string

// The outcomes; the words are stable and appear in the program's JSON.
const (
	OutcomePending  Outcome = ""                // the handshake is not far enough yet
	Disabled        Outcome = "disabled"        // not asked for, or switched off for this path
	CookieReceived  Outcome = "cookie-received" // asked for a cookie and got one
	CookieGranted   Outcome = "cookie-granted"  // server: gave a cookie that was asked for
	Accepted        Outcome = "accepted"        // the SYN's data was taken; server: also an open with a valid cookie and no data
	Rejected        Outcome = "rejected"        // the SYN's data was not taken; it went again after the handshake
	Fallback        Outcome = "fallback"        // went on as plain TCP
	OutcomeNotAsked Outcome = "none"            // server: the SYN had no Fast Open option
)

// Why explains an [Outcome] in one stable phrase.
type Why string

// The explanations.
const (
	WhyNotAsked        Why = "not asked for"
	WhyBlocked         Why = "switched off for this path" // followed by the cache's reason
	WhyNoRoom          Why = "no room for the option"
	WhyCookieGranted   Why = "server granted a cookie"
	WhyAllAcked        Why = "SYN data acknowledged"
	WhyPartlyAcked     Why = "SYN data acknowledged in part"
	WhyNoData          Why = "no data in the SYN to acknowledge"
	WhyCookieReplaced  Why = "server refused the cookie and sent a new one"
	WhyDataNotAcked    Why = "server acknowledged the SYN only"
	WhyNoCookie        Why = "server sent no cookie"
	WhyRetransmitted   Why = "SYN was lost and went again without Fast Open"
	WhyPacketTooBig    Why = "SYN was too big for the path and went again without Fast Open"
	WhySimultaneous    Why = "both sides opened at once"
	WhyRefused         Why = "connection refused"
	WhyNoAnswer        Why = "no answer to any SYN"
	WhyICMP            Why = "destination unreachable"
	WhyCookieValid     Why = "cookie valid"
	WhyCookieOlderKey  Why = "cookie valid under an older key"
	WhyCookieInvalid   Why = "cookie invalid"
	WhyCookieNotNeeded Why = "cookie not required"
	WhyGateOff         Why = "Fast Open is off on this listener"
	WhyPendingLimit    Why = "too many connections pending"
	WhyNoOption        Why = "no Fast Open option in the SYN"
	WhyIllegalLength   Why = "cookie length illegal, option ignored"
	WhyWrongForm       Why = "option form not enabled on this listener"
)

// SynOption is the kind of Fast Open option that a SYN carried.
type SynOption string

// The kinds; the words appear in the program's JSON.
const (
	OptionNone    SynOption = "none"
	OptionRequest SynOption = "request"
	OptionCookie  SynOption = "cookie"
)

// FastOpenInfo tells what happened about Fast Open, the same way for client
// and server: what the SYN and the SYN-ACK carried, and what came of it.
type FastOpenInfo struct {
	Outcome      Outcome
	Why          Why
	BlockedBy    cookie.Reason // with WhyBlocked
	SynOption    SynOption
	Experimental bool          // the SYN's option had the form 254/0xF989
	SynCookie    cookie.Cookie // in the SYN
	SynData      int           // bytes of data in the first SYN
	SynAckOption SynOption     // OptionCookie or OptionNone
	SynAckCookie cookie.Cookie // in the SYN-ACK
	SynAcked     int           // bytes of the SYN's data that the SYN-ACK acknowledged
	SynAckData   int           // bytes of data in the SYN-ACK
}

// Info is a snapshot of a connection. Byte counts leave out retransmissions;
// MSS is what one segment may carry now, options deducted.
type Info struct {
	State          State
	FastOpen       FastOpenInfo
	RTT, RTO       time.Duration // RTT is zero until it was measured
	RTTVariation   time.Duration // RTTVAR of RFC 6298
	MinRTT         time.Duration // the least of the last minutes
	MSS            int
	Cwnd           int  // bytes
	Threshold      int  // slow start threshold, bytes; 1<<30 until there was a loss
	SendWindow     int  // bytes the peer allows
	RecvWindow     int  // bytes we allow
	ECN, ECNSeen   bool // both sides have agreed on ECN; and a segment has come that could be marked
	Sent, Received uint64
	Unsent         int  // bytes written that were not sent yet
	Unanswered     int  // timeouts in a row, of data or of the SYN or SYN-ACK
	WindowProbes   int  // of a window that is still closed
	Reordering     bool // was seen on the way to the peer (RFC 8985, Section 6.2)
	// With Config.LinuxSender: of how many segments late ones were late by (tcpi_reordering), and how often.
	ReorderingReach, ReorderingSeen int
	// What both sides have agreed on.
	Timestamps, SACK, WindowScale bool
	SynRetransmits                int // of the SYN or the SYN-ACK
	Retransmits                   int // of data and FIN, in segments

	// What follows is in segments, and what Linux calls tcpi_unacked, tcpi_sacked,
	// tcpi_lost, tcpi_retrans, tcpi_snd_cwnd, tcpi_delivered and
	// tcpi_total_retrans. Those lost count until they have arrived.
	Unacked, Sacked, Lost, Resent int // of what is in flight
	CwndSegments                  int
	Delivered                     int // that the peer has, the SYN included
	TotalRetransmits              int // the two above, and data of the SYN that was sent again
	CongestionState               CongestionState
	// SynDataAcked is TCPI_OPT_SYN_DATA of Linux: the server has taken all the data
	// of our SYN, or we some of the client's.
	SynDataAcked bool
	ClientFail   ClientFail

	// How losses were found: FastRecoveries by acknowledgements, Timeouts by the
	// retransmission timer. TailProbes were sent to provoke an acknowledgement.
	FastRecoveries, Timeouts, TailProbes int
	SpuriousRecoveries                   int // taken back: there was no loss
	DuplicatesSent                       int // reported by the peer (D-SACK)
	PathNarrowed                         int // segment size lowered without an ICMP error
	Dropped                              int // segments that had no effect
	Challenges                           int // challenge ACKs sent (RFC 5961)
}

// counts are the counters of Info, in the room of a quarter.
type counts struct {
	SynRetransmits, Retransmits, FastRecoveries, Timeouts, TailProbes     uint32
	SpuriousRecoveries, DuplicatesSent, PathNarrowed, Dropped, Challenges uint32
	Delivered, SynDataAgain                                               uint32
}

func (c *counts) report(i *Info) {
	i.SynRetransmits, i.Retransmits = int(c.SynRetransmits), int(c.Retransmits)
	i.FastRecoveries, i.Timeouts, i.TailProbes = int(c.FastRecoveries), int(c.Timeouts), int(c.TailProbes)
	i.SpuriousRecoveries, i.DuplicatesSent = int(c.SpuriousRecoveries), int(c.DuplicatesSent)
	i.Delivered, i.TotalRetransmits = int(c.Delivered), int(c.SynRetransmits+c.Retransmits+c.SynDataAgain)
	i.PathNarrowed, i.Dropped, i.Challenges = int(c.PathNarrowed), int(c.Dropped), int(c.Challenges)
}
