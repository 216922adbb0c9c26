package socket

import (
	"time"

	"tfocraft/handshake"
	"tfocraft/wire"
)

// A heard is what Linux makes of the data that has come: how long its segments are, and
// how fast they follow each other.
type heard struct {
	mss  int           // icsk_ack.rcv_mss
	last int           // of the segment before, if it may be the whole size (last_seg_size)
	ato  time.Duration // icsk_ack.ato, the pause that a delayed ACK is reckoned by
}

// leastATO is TCP_ATO_MIN.
const leastATO = 40 * time.Millisecond

// took is tcp_event_data_recv of a segment that came in order; before is when data had
// come last.
func (k *heard) took(at, before time.Time, s *wire.Segment, advertised int) {
	k.measure(s, advertised)
	switch pause := at.Sub(before); {
	case k.ato == 0:
		k.ato = leastATO
	case pause <= leastATO/2:
		k.ato = k.ato/2 + leastATO/2
	case pause < k.ato:
		k.ato = k.ato/2 + pause
	}
}

// measure is tcp_measure_rcv_mss: a longer segment counts at once, a shorter one if it
// comes twice, and is not the end of a write.
func (k *heard) measure(s *wire.Segment, advertised int) {
	n, last := len(s.Payload), k.last
	header := s.WireLen() - n
	k.last = 0
	switch ends := s.Flags.Any(wire.FIN | wire.URG | wire.SYN | wire.PSH); {
	case n >= k.mss:
		k.mss = min(n, advertised)
	case n+header >= firstMSS+wire.HeaderLen, n+header >= leastMSS+wire.HeaderLen && !ends:
		if k.last = n; n == last {
			k.mss = n
		}
	}
}

// begin is tcp_initialize_rcv_mss.
func (k *heard) begin(advertised, peers int) { k.mss = max(min(advertised, peers, firstMSS), leastMSS) }

// pacing is tcp_update_pacing_rate: how many bytes go out in a second, were they paced.
func pacing(i *handshake.Info) int64 {
	if i.RTT == 0 {
		return UnknownInfo
	}
	ratio := int64(120) // net.ipv4.tcp_pacing_ca_ratio
	if i.Cwnd < i.Threshold/2 {
		ratio = 200 // net.ipv4.tcp_pacing_ss_ratio
	}
	return int64(i.MSS) * int64(max(i.CwndSegments, i.Unacked)) * ratio * 10_000 / i.RTT.Microseconds()
}

// receiveSpace is what a reader is expected to read in a round trip at first: after it
// has, Linux goes by what it did.
func (s *socket) receiveSpace(i *handshake.Info) int64 {
	first := 10 * s.announced(i)
	if int64(i.Received) > first {
		return UnknownInfo
	}
	return first
}

// pathMTU is that of the interface, until something on the way has said that it is less.
func (s *socket) pathMTU(i *handshake.Info) int64 {
	if i.PathNarrowed > 0 || s.host.narrowed {
		return UnknownInfo
	}
	return int64(s.host.config.MTU)
}
