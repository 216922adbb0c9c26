package handshake

import (
	"tfocraft/cookie"
	"tfocraft/wire"
)

// negotiated is what the two SYNs agreed on, and the handshake's own progress.
type negotiated struct {
	peerMSS     int
	pathMSS     int // lowered by ICMP; Config.MSS at first
	pathLowered instant
	synData     int  // bytes in the first SYN
	scale       bool // both offered window scaling
	sack        bool
	retries     int16 // of the SYN or SYN-ACK
	lost        bool  // one of them was sent again because no answer came
	unreachable bool  // an ICMP error has answered the SYN:
	icmpType    uint8
	icmpCode    uint8
	plain       bool // SYN: the option and the data are left out from now on
	replyForm   bool // server: the cookie for the client goes in the form 254/0xF989
	fastOpened  bool // server: the SYN's data was taken (RFC 7413, Section 4.2)
	accepted    bool // server: an application has the connection
	synAckSent  bool
	synAckFin   bool    // the first SYN-ACK had our FIN, too
	deferAccept uint8   // see Config.DeferAccept
	deferred    bool    // server: the SYN-ACK was acknowledged, and nothing came yet
	answeredAt  instant // last SYN-ACK for a repeated SYN, or last ACK for a probe
}

// minPeerMSS is the smallest segment size that a peer can impose; with less,
// every byte would cost a packet. Linux has the same floor.
const minPeerMSS = 48

// maxShift is the largest window scale (RFC 7323, Section 2.3).
const maxShift = 14

// learnOptions takes what the peer's SYN says (RFC 9293, Section 3.7.1;
// RFC 7323, Section 2.5 and 3.2; RFC 2018, Section 2).
func (m *Machine) learnOptions(now instant, s *wire.Segment, set *wire.OptionSet) {
	h := &m.handshake
	h.peerMSS = defaultMSS(m.config.IPv6)
	if set.HasMSS {
		h.peerMSS = max(int(set.MSS), minPeerMSS)
	}
	h.sack = set.SACKPermitted && !m.config.NoSACK
	h.scale = set.HasWindowScale && !m.config.NoWindowScale
	m.ts.on = set.HasTimestamps && !m.config.NoTimestamps
	if m.ts.on {
		m.ts.recent, m.ts.recentAt = set.Timestamps.Val, now
	}
	if h.scale {
		m.send.shift = min(set.WindowScale, maxShift)
		m.recv.shift = m.recv.wantShift()
	}
	m.fitBuffer()
	// A window in a SYN is never scaled (RFC 7323, Section 2.2).
	m.send.window = int(s.Window)
	m.send.maxWindow = m.send.window
	m.send.wl1, m.send.wl2 = s.Seq, m.send.iss
	if s.Flags.Has(wire.ACK) {
		m.send.wl2 = s.Ack
	}
}

// segmentSize is how much payload the next segment may carry: the smaller of
// the peer's MSS and the path's, less the options that every segment has
// (RFC 6691).
func (m *Machine) segmentSize() int {
	n := m.agreedMSS()
	if m.config.LinuxSender {
		n = min(n, m.send.piece(m.timestampsLen()))
	}
	return max(n-m.ackOptionsLen(), 1)
}

// agreedMSS is the smaller of the peer's MSS and the path's.
func (m *Machine) agreedMSS() int { return min(m.handshake.pathMSS, m.peerMSS()) }

// fullSize is segmentSize without regard to the peer's window.
func (m *Machine) fullSize() int { return max(m.agreedMSS()-m.ackOptionsLen(), 1) }

// peerMSS is what the peer has announced, or our own size until then.
func (m *Machine) peerMSS() int {
	if m.handshake.peerMSS > 0 {
		return m.handshake.peerMSS
	}
	return m.config.MSS
}

func (m *Machine) timestampsLen() int {
	if m.ts.on {
		return 12
	}
	return 0
}

func (m *Machine) ackOptionsLen() int {
	n := m.timestampsLen()
	if blocks := m.sackCount(); blocks > 0 {
		n += 4 + 8*blocks
	}
	return n
}

func (m *Machine) sackCount() int {
	if !m.handshake.sack {
		return 0
	}
	n := m.recv.early.islands(m.maxSACK())
	if m.recv.twice.Left != m.recv.twice.Right {
		n++
	}
	return min(n, m.maxSACK())
}

func (m *Machine) maxSACK() int {
	if m.ts.on {
		return wire.MaxSACKBlocks - 1
	}
	return wire.MaxSACKBlocks
}

// synOptions appends the options of a SYN, or of a SYN-ACK if answer is set:
// then only what the peer has offered. The order is the profile's. A Fast Open
// option that does not fit is left out; ok tells.
func (m *Machine) synOptions(now instant, answer bool, fo wire.FastOpen) (options wire.Options, ok bool) {
	start := len(m.scratch)
	mss := uint16(min(m.handshake.pathMSS, 65535))
	ts := !m.config.NoTimestamps && (!answer || m.ts.on)
	sack := !m.config.NoSACK && (!answer || m.handshake.sack)
	scale := !m.config.NoWindowScale && (!answer || m.handshake.scale)
	var b []byte
	if m.config.Profile == FreeBSD {
		b = m.appendFreeBSDSyn(m.scratch, mss, ts, sack, scale, now)
	} else {
		b = m.appendLinuxSyn(m.scratch, mss, ts, sack, scale, now)
	}
	ok = len(b)-start+fo.WireLen() <= wire.MaxOptionsLen
	if ok {
		b = fo.Append(b)
	}
	b = m.config.Profile.pad(b, start)
	m.scratch = b
	return wire.Options(b[start:len(b):len(b)]), ok
}

// cookieOption is a Fast Open option with this cookie; its bytes are in scratch.
func (m *Machine) cookieOption(c cookie.Cookie, experimental bool) wire.FastOpen {
	start := len(m.scratch)
	m.scratch = c.Append(m.scratch)
	return wire.FastOpen{Present: true, Experimental: experimental, Cookie: m.scratch[start:]}
}

// ackOptions appends the options of a segment after the handshake.
func (m *Machine) ackOptions(now instant) wire.Options {
	start := len(m.scratch)
	b := m.scratch
	if m.ts.on {
		b = wire.AppendTimestamps(wire.AppendNOP(b, 2), m.timestampsNow(now))
	}
	if n := m.sackCount(); n > 0 {
		var blocks [wire.MaxSACKBlocks]wire.SACKBlock
		b = wire.AppendSACK(wire.AppendNOP(b, 2), m.recv.blocks(blocks[:0], n)...)
	}
	m.scratch = b
	return wire.Options(b[start:len(b):len(b)])
}

func (m *Machine) timestampsNow(now instant) wire.Timestamps {
	return wire.Timestamps{Val: m.ts.value(now), Ecr: m.ts.recent}
}
