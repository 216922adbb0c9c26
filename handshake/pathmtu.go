package handshake

import (
	"time"

	"tfocraft/wire"
)

// The segment sizes that are gone back to when the path swallows larger ones
// without a word (RFC 4821, Section 7.7 and 7.2, as in Linux), less IP and TCP
// headers.
const (
	baseMSS4 = 1024 - 40
	baseMSS6 = 1280 - 60
)

// pathRetryAfter is when a larger segment is tried again on a path that was
// said or found to be narrow (RFC 1191, Section 6.3; RFC 8201, Section 4).
const pathRetryAfter = 10 * time.Minute

// pathSearch looks for the largest segment that a path lets through which does
// not say so by ICMP (packetization layer path MTU discovery, RFC 4821). What
// is known to pass is negotiated.pathMSS.
type pathSearch struct {
	upper   int      // the least MSS that is not tried
	whole   bool     // the largest one is tried first: what was swallowed may have been lost for another reason
	probing int      // MSS of the probe that is under way; 0 if none is
	seq     wire.Seq // where the probe begins
	end     wire.Seq // and ends
	since   instant  // when the path was last found narrow
}

// pathPrecision ends the search: what is left to find is not worth a loss.
const pathPrecision = 32

// narrowPath takes a smaller segment when a full one was not acknowledged after
// two timeouts (RFC 4821, Section 7.7).
func (m *Machine) narrowPath(now instant) {
	h := &m.handshake
	base, floor := baseMSS4, minPathMSS4
	if m.config.IPv6 {
		base, floor = baseMSS6, minPathMSS6
	}
	if m.path != nil {
		m.path.probing = 0
	}
	if m.config.NoPathSearch || m.send.timeouts < 2 || m.send.inFlight() < m.segmentSize() {
		return
	}
	if h.pathMSS <= base {
		base = max(h.pathMSS/2, floor)
	}
	if base < min(h.pathMSS, m.peerMSS()) {
		if m.path == nil {
			m.path = &pathSearch{upper: h.pathMSS + 1}
		}
		m.path.whole, m.path.since = true, now
		h.pathMSS, h.pathLowered = base, 0
		m.count.PathNarrowed++
	}
}

// retryPath tries what was too large before once that is long ago: at once if
// the path has said so, since it will say so again, and by probes if not.
func (m *Machine) retryPath(now instant) {
	h, p := &m.handshake, m.path
	switch {
	case !h.pathLowered.IsZero() && now.Sub(h.pathLowered) >= pathRetryAfter:
		h.pathMSS, h.pathLowered = m.config.MSS, 0
	case p == nil || now.Sub(p.since) < pathRetryAfter:
	case h.sack:
		p.upper, p.whole, p.since = m.config.MSS+1, true, now
	default:
		// Without SACK a probe that is lost would cost a timeout all the same.
		h.pathMSS, m.path = m.config.MSS, nil
	}
}

// candidate returns the MSS to try next, between one that passes and the bound
// of the peer, or 0 if the search is over.
func (p *pathSearch) candidate(passes, bound int) int {
	most := min(p.upper-1, bound)
	switch {
	case p.whole:
		return most
	case most-passes < pathPrecision:
		return 0
	}
	return (passes + most + 1) / 2
}

// probePath sends one larger segment if the search is not over, and enough
// follows it to show whether it was lost (RFC 4821, Section 7.4).
func (m *Machine) probePath(now instant, out []Output) []Output {
	s, h, p := &m.send, &m.handshake, m.path
	if p == nil || p.probing > 0 || !h.sack || m.recovery.phase != phaseOpen || s.board.lost > 0 || m.state != Established {
		return out
	}
	mss := p.candidate(h.pathMSS, m.peerMSS())
	if mss <= h.pathMSS {
		return out
	}
	size := mss - m.ackOptionsLen()
	enough := size + duplicateThreshold*m.segmentSize()
	if s.nextRecord() < enough || min(s.window-s.inFlight(), m.room()) < enough {
		return out
	}
	payload := m.wholePayload(s.nxt, size)
	p.whole = false
	p.probing, p.seq, p.end = mss, s.nxt, s.nxt.Add(size)
	s.sent(now, size, size, fateProbe)
	out = m.transmit(wire.Segment{Seq: p.seq, Flags: wire.ACK, Options: m.ackOptions(now), Payload: payload}, out)
	m.ecn.sentNew(&out[len(out)-1])
	return out
}

// notePathProbe widens the path when the probe has arrived.
func (m *Machine) notePathProbe(now instant) {
	p := m.path
	if p != nil && p.probing > 0 && p.end.LessEq(m.send.una) {
		m.handshake.pathMSS = max(m.handshake.pathMSS, p.probing)
		p.probing, p.since = 0, now
	}
}

// onlyPathProbeLost reports whether the probe is all that was lost: a sign of
// its size and not of congestion (RFC 4821, Section 7.6.2). The search then goes
// on below it.
func (m *Machine) onlyPathProbeLost() bool {
	b, p := &m.send.board, m.path
	if p == nil || p.probing == 0 || b.empty() {
		return false
	}
	i := b.find(p.seq)
	if i == len(b.all) || b.all[i].fate&(fateProbe|fateLost) != fateProbe|fateLost {
		return false
	}
	alone := b.lost == b.all[i].n
	if alone {
		p.upper = p.probing
	}
	p.probing = 0
	return alone
}
