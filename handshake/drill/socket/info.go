package socket

import (
	"time"

	"tfocraft/handshake"
)

// infos are the fields of struct tcp_info that are told, by their names.
var infos = map[string]func(s *socket, i *handshake.Info) int64{
	"tcpi_state":    func(s *socket, i *handshake.Info) int64 { return linuxStates[i.State] },
	"tcpi_options":  func(s *socket, i *handshake.Info) int64 { return infoOptions(i) },
	"tcpi_ca_state": func(s *socket, i *handshake.Info) int64 { return int64(i.CongestionState) },
	"tcpi_rto":      func(s *socket, i *handshake.Info) int64 { return i.RTO.Microseconds() },
	"tcpi_rtt":      func(s *socket, i *handshake.Info) int64 { return i.RTT.Microseconds() },
	"tcpi_min_rtt":  func(s *socket, i *handshake.Info) int64 { return i.MinRTT.Microseconds() },
	"tcpi_snd_mss":  func(s *socket, i *handshake.Info) int64 { return int64(i.MSS) },
	"tcpi_snd_cwnd": func(s *socket, i *handshake.Info) int64 {
		return int64(i.CwndSegments)
	},
	"tcpi_snd_ssthresh": func(s *socket, i *handshake.Info) int64 {
		if i.Threshold >= 1<<30 {
			return 0x7fffffff
		}
		return int64(i.Threshold / max(i.MSS, 1))
	},
	"tcpi_unacked":   func(s *socket, i *handshake.Info) int64 { return int64(i.Unacked) },
	"tcpi_sacked":    func(s *socket, i *handshake.Info) int64 { return int64(i.Sacked) },
	"tcpi_lost":      func(s *socket, i *handshake.Info) int64 { return int64(i.Lost) },
	"tcpi_retrans":   func(s *socket, i *handshake.Info) int64 { return int64(i.Resent) },
	"tcpi_delivered": func(s *socket, i *handshake.Info) int64 { return int64(i.Delivered) },
	"tcpi_total_retrans": func(s *socket, i *handshake.Info) int64 {
		return int64(i.TotalRetransmits)
	},
	"tcpi_bytes_acked":    func(s *socket, i *handshake.Info) int64 { return int64(i.Sent) },
	"tcpi_bytes_received": func(s *socket, i *handshake.Info) int64 { return int64(i.Received) },
	"tcpi_snd_wnd":        func(s *socket, i *handshake.Info) int64 { return int64(i.SendWindow) },
	"tcpi_dsack_dups":     func(s *socket, i *handshake.Info) int64 { return int64(i.DuplicatesSent) },
	"tcpi_notsent_bytes": func(s *socket, i *handshake.Info) int64 {
		return int64(s.queued(SIOCOUTQNSD))
	},
	"tcpi_fastopen_client_fail": func(s *socket, i *handshake.Info) int64 { return int64(i.ClientFail) },
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
var unconnected = handshake.Info{State: handshake.Closed, RTO: time.Second, MSS: 536, CwndSegments: 10, Threshold: 1 << 30}

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
	case "tcpi_snd_cwnd":
		return int64(unconnected.CwndSegments)
	}
	return 0
}
