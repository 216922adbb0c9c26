package follow

import (
	"bytes"
	"fmt"

	"tfocraft/wire"
)

// syn takes a SYN without an acknowledgment.
func (c *conn) syn(st *step) string {
	self := &c.sides[st.from]
	switch {
	case self.synSeen:
		return c.synAgain(st)
	case st.from == server:
		return c.crossedSyn(st)
	}
	c.firstSyn(st)
	reason := synReason(fastOpen(st.seg.Options), len(st.seg.Payload))
	if st.seg.Flags.Has(wire.FIN) {
		reason += "; with FIN, which most hosts drop"
	}
	return reason
}

// open takes note of the sequence number and the data of a SYN or a SYN-ACK.
func (c *conn) open(st *step) {
	self := &c.sides[st.from]
	if !self.known || self.base != st.seg.Seq {
		self.begin(st.seg.Seq)
	}
	self.synSeen = true
	self.synTrips = c.trips.of(c, st)
	c.synPayload(st)
}

// synPayload takes note of what a SYN or a SYN-ACK carries behind itself.
func (c *conn) synPayload(st *step) {
	self, end := &c.sides[st.from], 1+int64(len(st.seg.Payload))
	if end > 1 {
		self.add(1, len(st.seg.Payload))
		c.trips.sent(c, st, span{1, end})
	}
	// A SYN with FIN is dropped by most hosts; a SYN-ACK with FIN is read.
	if st.seg.Flags.Has(wire.FIN|wire.ACK) && !self.finSeen {
		self.finish(end)
	}
}

func (c *conn) firstSyn(st *step) {
	fo := fastOpen(st.seg.Options)
	c.info.Syn = st.at
	c.info.SynOption, c.info.SynExperimental = optionOf(fo), fo.Experimental
	c.info.SynCookie = bytes.Clone(fo.Cookie)
	c.info.SynData = len(st.seg.Payload)
	c.rest = 1
	c.open(st)
}

func synReason(fo wire.FastOpen, data int) string {
	switch {
	case fo.Present && !fo.Legal() && data > 0:
		return illegal(fo) + fmt.Sprintf("; %s of data in the SYN", bytesOf(data))
	case fo.Present && !fo.Legal():
		return illegal(fo)
	case fo.Request() && data > 0:
		return fmt.Sprintf("asks for a cookie (%s, empty), with %s of data that no cookie covers", optionName(fo), bytesOf(data))
	case fo.Request():
		return fmt.Sprintf("asks for a cookie (%s, empty)", optionName(fo))
	case fo.Present && data > 0 && fo.Experimental:
		return fmt.Sprintf("cookie (%s) and %s of data in the SYN: no waiting for the handshake", optionName(fo), bytesOf(data))
	case fo.Present && data > 0:
		return fmt.Sprintf("cookie and %s of data in the SYN: no waiting for the handshake", bytesOf(data))
	case fo.Present:
		return fmt.Sprintf("cookie in the SYN (%s), no data", optionName(fo))
	case data > 0:
		return fmt.Sprintf("%s of data in the SYN, without a cookie", bytesOf(data))
	}
	return "opens the connection, without Fast Open"
}

func optionName(fo wire.FastOpen) string {
	if fo.Experimental {
		return "experimental Fast Open option, kind 254"
	}
	return "Fast Open option"
}

// crossedSyn takes a SYN from the side that was asked to connect (RFC 9293,
// Section 3.5).
func (c *conn) crossedSyn(st *step) string {
	c.info.Simultaneous = true
	// It is sent before the other's SYN has come: nothing precedes it.
	c.sides[server].begin(st.seg.Seq)
	c.sides[server].synSeen, c.sides[server].synTrips = true, 1
	c.synPayload(st)
	return "opens from its side too: both opened at once"
}

// synAgain takes a SYN with the sequence number of the first.
func (c *conn) synAgain(st *step) string {
	if st.copy {
		return "duplicate of the SYN"
	}
	if st.from == server {
		return "SYN again: no answer yet"
	}
	c.info.SynRetransmits++
	fo, data := fastOpen(st.seg.Options), len(st.seg.Payload)
	c.synPayload(st)
	less := optionOf(fo) != c.info.SynOption || data < c.info.SynData
	firstTime := less && !c.plainAgain
	c.plainAgain = c.plainAgain || less
	switch {
	case c.established():
		return "SYN again, though it was acknowledged"
	case !c.info.SynAck.IsZero():
		return "SYN again" + without(less) + ": the SYN-ACK has not arrived"
	case firstTime:
		return fmt.Sprintf("SYN again%s: the first got no answer (RFC 7413, %s)", without(less), c.synSection())
	}
	return "SYN again" + without(less) + ": still no answer"
}

// without is for a SYN or SYN-ACK that has less than the first one had.
func without(less bool) string {
	if less {
		return ", without Fast Open"
	}
	return ""
}

// synSection is where RFC 7413 says how a SYN is retransmitted.
func (c *conn) synSection() string {
	if c.info.SynOption == OptionRequest {
		return "4.2.1"
	}
	return "4.2.2"
}
