package socket

import (
	"math"
	"time"

	"tfocraft/handshake"
)

// infos are the fields of struct tcp_info that are told, by their names.
var infos = map[string]func(s *socket, i *handshake.Info) int64{
	"tcpi_state":        func(s *socket, i *handshake.Info) int64 { return linuxStates[i.State] },
	"tcpi_options":      func(s *socket, i *handshake.Info) int64 { return infoOptions(i) },
	"tcpi_ca_state":     func(s *socket, i *handshake.Info) int64 { return int64(i.CongestionState) },
	"tcpi_retransmits":  func(s *socket, i *handshake.Info) int64 { return retransmits(i) },
	"tcpi_probes":       func(s *socket, i *handshake.Info) int64 { return int64(min(i.WindowProbes, i.Unanswered)) },
	"tcpi_backoff":      func(s *socket, i *handshake.Info) int64 { return int64(max(i.Unanswered, i.WindowProbes)) },
	"tcpi_snd_wscale":   func(s *socket, i *handshake.Info) int64 { return s.scale(i, s.trafficOf().in.scale) },
	"tcpi_rcv_wscale":   func(s *socket, i *handshake.Info) int64 { return s.scale(i, s.trafficOf().out.scale) },
	"tcpi_rto":          func(s *socket, i *handshake.Info) int64 { return i.RTO.Microseconds() },
	"tcpi_rtt":          func(s *socket, i *handshake.Info) int64 { return i.RTT.Microseconds() },
	"tcpi_rttvar":       func(s *socket, i *handshake.Info) int64 { return i.RTTVariation.Microseconds() },
	"tcpi_min_rtt":      func(s *socket, i *handshake.Info) int64 { return leastRTT(i) },
	"tcpi_snd_mss":      func(s *socket, i *handshake.Info) int64 { return int64(i.MSS) },
	"tcpi_advmss":       func(s *socket, i *handshake.Info) int64 { return s.announced(i) },
	"tcpi_snd_cwnd":     func(s *socket, i *handshake.Info) int64 { return int64(i.CwndSegments) },
	"tcpi_snd_ssthresh": func(s *socket, i *handshake.Info) int64 { return threshold(i) },
	"tcpi_unacked":      func(s *socket, i *handshake.Info) int64 { return int64(i.Unacked) },
	"tcpi_sacked":       func(s *socket, i *handshake.Info) int64 { return int64(i.Sacked) },
	"tcpi_lost":         func(s *socket, i *handshake.Info) int64 { return int64(i.Lost) },
	"tcpi_retrans":      func(s *socket, i *handshake.Info) int64 { return int64(i.Resent) },
	"tcpi_delivered":    func(s *socket, i *handshake.Info) int64 { return int64(i.Delivered) },
	"tcpi_snd_wnd":      func(s *socket, i *handshake.Info) int64 { return int64(i.SendWindow) },
	"tcpi_rcv_wnd":      func(s *socket, i *handshake.Info) int64 { return int64(i.RecvWindow) },
	"tcpi_dsack_dups":   func(s *socket, i *handshake.Info) int64 { return int64(i.DuplicatesSent) },

	"tcpi_total_retrans":        func(s *socket, i *handshake.Info) int64 { return int64(i.TotalRetransmits) },
	"tcpi_bytes_acked":          func(s *socket, i *handshake.Info) int64 { return s.bytesAcked(i) },
	"tcpi_bytes_received":       func(s *socket, i *handshake.Info) int64 { return s.bytesReceived(i) },
	"tcpi_notsent_bytes":        func(s *socket, i *handshake.Info) int64 { return int64(s.queued(SIOCOUTQNSD)) },
	"tcpi_fastopen_client_fail": func(s *socket, i *handshake.Info) int64 { return int64(i.ClientFail) },

	"tcpi_segs_out":      func(s *socket, _ *handshake.Info) int64 { return int64(s.trafficOf().out.segments) },
	"tcpi_segs_in":       func(s *socket, _ *handshake.Info) int64 { return int64(s.trafficOf().in.segments) },
	"tcpi_data_segs_out": func(s *socket, _ *handshake.Info) int64 { return int64(s.trafficOf().out.data) },
	"tcpi_data_segs_in":  func(s *socket, _ *handshake.Info) int64 { return int64(s.trafficOf().in.data) },
	"tcpi_bytes_sent":    func(s *socket, _ *handshake.Info) int64 { return int64(s.trafficOf().out.bytes) },
	"tcpi_bytes_retrans": func(s *socket, _ *handshake.Info) int64 { return int64(s.trafficOf().out.again) },
	"tcpi_rcv_ooopack":   func(s *socket, _ *handshake.Info) int64 { return int64(s.trafficOf().late) },
	"tcpi_last_data_sent": func(s *socket, _ *handshake.Info) int64 {
		t := s.trafficOf()
		return s.since(t.out.last, t.begun)
	},
	"tcpi_last_data_recv": func(s *socket, _ *handshake.Info) int64 {
		t := s.trafficOf()
		return s.since(t.in.last, t.begun)
	},
	"tcpi_last_ack_recv": func(s *socket, _ *handshake.Info) int64 { return s.since(s.trafficOf().acked, time.Time{}) },

	"tcpi_busy_time":      func(s *socket, _ *handshake.Info) int64 { return s.limited(busy) },
	"tcpi_rwnd_limited":   func(s *socket, _ *handshake.Info) int64 { return s.limited(byWindow) },
	"tcpi_sndbuf_limited": func(s *socket, _ *handshake.Info) int64 { return s.limited(byBuffer) },

	"tcpi_total_rto": func(s *socket, i *handshake.Info) int64 { return s.timeouts(i) },

	"tcpi_reordering": func(_ *socket, i *handshake.Info) int64 { return reordering(i) },
	"tcpi_reord_seen": func(_ *socket, i *handshake.Info) int64 { return reorderings(i) },

	"tcpi_ato":          func(s *socket, _ *handshake.Info) int64 { return s.trafficOf().ato.Microseconds() },
	"tcpi_rcv_mss":      func(s *socket, i *handshake.Info) int64 { return int64(s.trafficOf().peerMSS(i)) },
	"tcpi_rcv_space":    func(s *socket, i *handshake.Info) int64 { return s.receiveSpace(i) },
	"tcpi_pmtu":         func(s *socket, i *handshake.Info) int64 { return s.pathMTU(i) },
	"tcpi_pacing_rate":  func(_ *socket, i *handshake.Info) int64 { return pacing(i) },
	"tcpi_delivered_ce": func(_ *socket, i *handshake.Info) int64 { return unless(i.ECN, 0) },

	// Nobody counts these any more, or has set them.
	"tcpi_fackets":       func(*socket, *handshake.Info) int64 { return 0 },
	"tcpi_last_ack_sent": func(*socket, *handshake.Info) int64 { return 0 },
}

// UnknownInfo stands for a value that Linux has and this host has not.
const UnknownInfo = math.MinInt64

// firstReordering is net.ipv4.tcp_reordering, which grows where there is some.
const firstReordering = 3

// reordering is how far it reaches, which ours only knows where it sends as Linux does.
func reordering(i *handshake.Info) int64 {
	if i.ReorderingReach > 0 {
		return int64(i.ReorderingReach)
	}
	return unless(i.Reordering, firstReordering)
}

func reorderings(i *handshake.Info) int64 {
	if i.ReorderingReach > 0 {
		return int64(i.ReorderingSeen)
	}
	return unless(i.Reordering, 0)
}

// unless is a value that is known as long as something was not so.
func unless(was bool, n int64) int64 {
	if was {
		return UnknownInfo
	}
	return n
}

// scale is a window scale that counts if both sides have one.
func (s *socket) scale(i *handshake.Info, shift int) int64 {
	if !i.WindowScale {
		return 0
	}
	return int64(shift)
}

func threshold(i *handshake.Info) int64 {
	if i.Threshold >= 1<<30 {
		return 0x7fffffff
	}
	return int64(i.Threshold / max(i.MSS, 1))
}

// leastRTT is all ones as long as nothing was measured.
func leastRTT(i *handshake.Info) int64 {
	if i.RTT == 0 {
		return 1<<32 - 1
	}
	return i.MinRTT.Microseconds()
}

// announced is the MSS of the host's SYN, the room for options deducted.
func (s *socket) announced(i *handshake.Info) int64 {
	mss := s.trafficOf().out.mss
	if mss > 0 && i.Timestamps {
		mss -= 12
	}
	return int64(mss)
}

// timeouts counts those of a client's SYN, too; a SYN-ACK is not yet one of the
// connection.
func (s *socket) timeouts(i *handshake.Info) int64 {
	if s.served {
		return int64(i.Timeouts)
	}
	return int64(i.Timeouts + i.SynRetransmits)
}

// bytesAcked counts sequence numbers as snd_una does: a client's SYN and the FIN are
// one each.
func (s *socket) bytesAcked(i *handshake.Info) int64 {
	n := int64(i.Sent)
	if s.conn == nil || !i.State.Synchronized() && i.State != handshake.Closed {
		return n
	}
	if !s.served {
		n++
	}
	if i.State == handshake.FinWait2 || i.State == handshake.TimeWait {
		n++
	}
	return n
}

// bytesReceived counts the peer's FIN, too.
func (s *socket) bytesReceived(i *handshake.Info) int64 {
	switch i.State {
	case handshake.CloseWait, handshake.LastAck, handshake.Closing, handshake.TimeWait:
		return int64(i.Received) + 1
	}
	return int64(i.Received)
}

// linuxStates are the numbers of enum in net/tcp_states.h.
var linuxStates = [...]int64{
	handshake.Closed: 7, handshake.SynSent: 2, handshake.SynReceived: 3, handshake.Established: 1, handshake.FinWait1: 4,
	handshake.FinWait2: 5, handshake.CloseWait: 8, handshake.Closing: 11, handshake.LastAck: 9, handshake.TimeWait: 6,
}

// Bits of tcpi_options.
const (
	optionTimestamps = 1
	optionSACK       = 2
	optionScale      = 4
	optionECN        = 8
	optionECNSeen    = 16
	optionSynData    = 32
)

func infoOptions(i *handshake.Info) (bits int64) {
	if i.Timestamps {
		bits |= optionTimestamps
	}
	if i.SACK {
		bits |= optionSACK
	}
	if i.WindowScale {
		bits |= optionScale
	}
	if i.ECN {
		bits |= optionECN
	}
	if i.ECNSeen {
		bits |= optionECNSeen
	}
	if i.SynDataAcked {
		bits |= optionSynData
	}
	return bits
}

// IsInfo reports whether a name is that of a field that Info tells.
func IsInfo(name string) bool { return infos[name] != nil }

// Info returns a field of tcp_info of a socket; ok is false if there is none with
// the descriptor.
func (h *Host) Info(fd int, name string) (n int64, ok bool) {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return 0, false
	case s.listener != nil:
		return s.listening(name), true
	}
	i := unconnected
	if s.conn != nil {
		i = s.conn.Info()
	}
	return infos[name](s, &i), true
}

// unconnected is what Linux tells of a socket that has nothing to tell of: what a
// connection begins with.
var unconnected = handshake.Info{State: handshake.Closed, RTO: time.Second, RTTVariation: 250 * time.Millisecond, MSS: 536, CwndSegments: 10, Threshold: 1 << 30}

// listening is tcp_info of a listener: its queue, in fields that are there for
// something else.
func (s *socket) listening(name string) int64 {
	switch name {
	case "tcpi_state":
		return 10
	case "tcpi_unacked":
		return int64(s.listener.Waiting())
	case "tcpi_sacked":
		return int64(s.backlog)
	case "tcpi_reordering":
		return firstReordering
	case "tcpi_snd_cwnd":
		return int64(unconnected.CwndSegments)
	}
	return 0
}

// retransmits is icsk_retransmits, in which probes of a closed window do not count.
func retransmits(i *handshake.Info) int64 {
	if i.WindowProbes > 0 {
		return 0
	}
	return int64(i.Unanswered)
}
