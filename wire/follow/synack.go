package follow

import (
	"bytes"
	"fmt"

	"tfocraft/wire"
)

// synAck takes a SYN-ACK.
func (c *conn) synAck(st *step) string {
	self, other := &c.sides[st.from], &c.sides[st.from.other()]
	if c.info.MidStream && !other.known {
		other.join(st.seg.Ack)
	}
	// RFC 9293, Section 3.10.7.3: what was never sent is not acknowledged.
	if a := other.offset(st.seg.Ack); !other.known || a < 1 || a > other.next {
		return "SYN-ACK for something that was never sent: ignored or reset"
	}
	switch {
	case c.info.Simultaneous:
		return c.crossedSynAck(st)
	case st.from == client:
		return "SYN-ACK from the side that opened the connection: out of place"
	case self.synSeen && st.seg.Seq == self.base:
		return c.synAckAgain(st)
	case self.known && st.seg.Seq != self.base && c.established():
		return "SYN-ACK with another sequence number: it does not belong to this connection"
	}
	c.open(st)
	c.readSynAck(st)
	return c.synAckReason(st)
}

// readSynAck takes over what a SYN-ACK says before the client has
// acknowledged one: a later one counts instead.
func (c *conn) readSynAck(st *step) {
	i := &c.info
	fo := fastOpen(st.seg.Options)
	c.acknowledge(st)
	c.trips.refuseSynData()
	i.SynAck = st.at
	i.SynAckOption, i.SynAckCookie = optionOf(fo), bytes.Clone(fo.Cookie)
	i.SynAckData = len(st.seg.Payload)
	if !i.MidStream {
		i.SynAcked = min(int(c.sides[client].offset(st.seg.Ack)-1), i.SynData)
		c.rest = 1 + int64(i.SynAcked)
	}
}

func (c *conn) synAckReason(st *step) string {
	i := &c.info
	fo := fastOpen(st.seg.Options)
	reason := c.takenReason()
	switch {
	case i.MidStream:
		reason = "acknowledges a SYN that was not seen" + c.cookieAside(fo)
	case legalCookie(fo.Cookie) && i.SynOption == OptionRequest:
		reason = fmt.Sprintf("grants cookie %x; %s", fo.Cookie, reason)
	case legalCookie(fo.Cookie) && i.SynOption == OptionCookie && i.SynAcked > 0:
		reason += fmt.Sprintf("; renews the cookie: %x", fo.Cookie)
	case legalCookie(fo.Cookie) && i.SynOption == OptionCookie:
		reason = fmt.Sprintf("refuses the cookie and sends a new one, %x; %s", fo.Cookie, reason)
	case fo.Present:
		reason += c.cookieAside(fo)
	case i.SynOption == OptionRequest && !c.plainAgain:
		reason = "no cookie for the client; " + reason
	}
	if n := len(st.seg.Payload); n > 0 {
		reason += fmt.Sprintf("; %s of response in the SYN-ACK", bytesOf(n))
	}
	if st.seg.Flags.Has(wire.FIN) {
		reason += "; closes its side"
	}
	return reason
}

// takenReason says what a SYN-ACK does with the data of the SYN.
func (c *conn) takenReason() string {
	i := &c.info
	switch {
	case i.SynData == 0:
		return "acknowledges the SYN"
	case i.SynAcked == i.SynData:
		return fmt.Sprintf("accepts the %s before the handshake is over", bytesOf(i.SynData))
	case i.SynAcked > 0:
		return fmt.Sprintf("accepts %d of the %s before the handshake is over", i.SynAcked, bytesOf(i.SynData))
	}
	if c.plainAgain {
		return "acknowledges the plain SYN"
	}
	return "acknowledges the SYN only"
}

// cookieAside tells of an option that the SYN did not lead to expect.
func (c *conn) cookieAside(fo wire.FastOpen) string {
	switch {
	case !fo.Present:
		return ""
	case fo.Request():
		return "; empty Fast Open option, without meaning here"
	case !fo.Legal():
		return "; " + illegal(fo)
	case c.info.MidStream:
		return fmt.Sprintf("; sends cookie %x", fo.Cookie)
	}
	return fmt.Sprintf("; sends cookie %x unasked", fo.Cookie)
}

func (c *conn) synAckAgain(st *step) string {
	if st.copy {
		return "duplicate of the SYN-ACK"
	}
	c.info.SynAckRetransmits++
	less := c.info.SynAckOption != OptionNone && !st.seg.Options.FastOpen().Present
	c.synPayload(st)
	if c.sides[server].acked > 0 {
		return "SYN-ACK again" + without(less) + ", though the client has acknowledged it"
	}
	if c.info.SynRetransmits > 0 {
		// The client was still waiting: this is the one that it will read.
		c.readSynAck(st)
	}
	return "SYN-ACK again" + without(less) + ": the client's ACK has not arrived"
}

// crossedSynAck takes the SYN-ACK of either side after a simultaneous open.
func (c *conn) crossedSynAck(st *step) string {
	if st.copy {
		return "duplicate of the SYN-ACK"
	}
	if st.seg.Seq != c.sides[st.from].base {
		return "SYN-ACK with another sequence number: it does not belong to this connection"
	}
	before := c.established()
	if st.from == server {
		c.readSynAck(st)
	} else {
		c.acknowledge(st)
	}
	if c.established() && !before {
		return "answers the other side's SYN; handshake complete"
	}
	return "answers the other side's SYN"
}
