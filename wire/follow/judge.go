package follow

// judge says what became of Fast Open by what was seen so far. A SYN-ACK is
// read as a client reads it (RFC 7413, Sections 4.2.1 and 4.2.2).
func (c *conn) judge() { c.info.FastOpen, c.info.Why = c.verdict() }

func (c *conn) verdict() (Outcome, Why) {
	i := &c.info
	switch {
	case i.MidStream:
		return Unknown, WhyNotSeen
	case i.SynOption == OptionNone && i.SynData == 0:
		return Disabled, WhyNotAsked
	case i.SynData > 0 && i.SynAcked == i.SynData:
		return Accepted, WhyAllAcked
	case i.Simultaneous:
		return Fallback, WhySimultaneous
	case i.SynAcked > 0:
		return Accepted, WhyPartlyAcked
	case c.refused:
		return Fallback, WhyRefused
	case i.SynAck.IsZero() && c.sides[server].known:
		return Unknown, WhyNotSeen
	case i.SynAck.IsZero():
		return Fallback, WhyNoAnswer
	case c.plainAgain:
		return Fallback, WhyRetransmitted
	}
	return c.verdictOnOptions()
}

// verdictOnOptions judges an answer to the first SYN that takes no data.
func (c *conn) verdictOnOptions() (Outcome, Why) {
	i := &c.info
	granted := legalCookie(i.SynAckCookie)
	switch {
	case i.SynOption == OptionRequest && granted:
		return CookieReceived, WhyCookieGranted
	case i.SynOption == OptionRequest:
		return Fallback, WhyNoCookie
	case i.SynOption == OptionCookie && granted:
		return Rejected, WhyCookieReplaced
	case i.SynData > 0:
		return Rejected, WhyDataNotAcked
	case !legalCookie(i.SynCookie):
		return Fallback, WhyNoCookie
	}
	return Fallback, WhyNoData
}
