package handshake

import (
	"tfocraft/cookie"
	"tfocraft/wire"
)

// judgeSynAck says what a SYN-ACK means for Fast Open and what the cookie cache
// should know from now on (RFC 7413, Sections 4.1.3, 4.1.3.1 and 4.2.2). acked
// is how many bytes of the SYN's data it covers.
func (m *Machine) judgeSynAck(set *wire.OptionSet, acked int, out []Output) []Output {
	m.noteSynAck(set, acked)
	if !m.triedFastOpen() {
		return out
	}
	out = m.learn(set, out)
	granted := len(set.FastOpen.Cookie) > 0
	synData := m.fastOpen.SynData
	switch {
	case acked == synData && synData > 0:
		m.settle(Accepted, WhyAllAcked)
	case acked > 0:
		m.settle(Accepted, WhyPartlyAcked)
	case m.fastOpen.Why == WhyPacketTooBig:
		// The path was at fault, and has said how.
	case m.handshake.lost:
		m.settle(Fallback, WhyRetransmitted)
		if !granted {
			// Only plain SYNs got through: the option or the data was probably
			// what the path dropped. An option in the answer proves otherwise.
			return append(out, Output{Kind: Block, Reason: cookie.NoSynAck})
		}
	case m.fastOpen.SynOption == OptionRequest && granted:
		m.settle(CookieReceived, WhyCookieGranted)
	case m.fastOpen.SynOption == OptionRequest:
		m.settle(Fallback, WhyNoCookie)
		return append(out, Output{Kind: Block, Reason: cookie.NoCookie})
	case granted && m.fastOpen.SynOption == OptionCookie:
		// The old cookie was stale; the path is fine.
		m.settle(Rejected, WhyCookieReplaced)
	case synData == 0:
		// A server that knows nothing of Fast Open answers the same way.
		m.settle(Fallback, WhyNoData)
	default:
		m.settle(Rejected, WhyDataNotAcked)
		return append(out, Output{Kind: Block, Reason: cookie.DataNotAcked})
	}
	return out
}

func (m *Machine) noteSynAck(set *wire.OptionSet, acked int) {
	if acked > 0 {
		m.story().SynAcked = acked
	}
	if len(set.FastOpen.Cookie) == 0 {
		return
	}
	m.story().SynAckOption = OptionCookie
	if c, err := cookie.FromBytes(set.FastOpen.Cookie); err == nil {
		m.story().SynAckCookie = c
	}
}

// learn hands the server's cookie and MSS to the cache. A cookie that was neither
// asked for nor replaces one, as in [ClientNoCookie], is not kept.
func (m *Machine) learn(set *wire.OptionSet, out []Output) []Output {
	o := Output{Kind: Learn, Cookie: m.fastOpen.SynAckCookie, Experimental: set.FastOpen.Experimental}
	if m.config.FastOpen.Mode != ClientOn {
		o.Cookie, o.Experimental = cookie.Cookie{}, false
	}
	if set.HasMSS {
		o.MSS = set.MSS
	}
	if o.Cookie.IsZero() && o.MSS == 0 {
		return out
	}
	return append(out, o)
}
