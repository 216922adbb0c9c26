package socket

import (
	"tfocraft/handshake"
	"tfocraft/wire"
)

// Where an error in the queue of errors comes from.
const (
	SO_EE_ORIGIN_ICMP  = 2
	SO_EE_ORIGIN_ICMP6 = 3
)

// wantsErrors reports whether ICMP errors are told at once, and not only if nothing else
// comes (IP_RECVERR).
func (s *socket) wantsErrors() bool {
	if s.host.config.Local.Is6() {
		return s.options.get(SOL_IPV6, IPV6_RECVERR) != 0
	}
	return s.options.get(SOL_IP, IP_RECVERR) != 0
}

// tellICMP is the end of tcp_v4_err for a socket that wants errors. On a connection the
// next call has it, which goes on living; that of a SYN is queued, too.
func (h *Host) tellICMP(e *wire.ICMPError) {
	fd, ok := h.Find(e.Src, e.Dst)
	if !ok {
		return
	}
	s := h.files[fd].socket
	if !s.wantsErrors() {
		return
	}
	if soft := s.conn.SoftError(); soft != nil {
		s.err = errnoOf(soft)
		return
	}
	if s.over() && s.err != "" && s.conn.Info().State == handshake.Closed && !s.told {
		origin := SO_EE_ORIGIN_ICMP
		if e.IPVersion == 6 {
			origin = SO_EE_ORIGIN_ICMP6
		}
		s.errors.add(queuedError{size: 1, control: []Control{s.receivedError(ExtendedError{
			Errno: s.err, Origin: origin, Type: int(e.Type), Code: int(e.Code), Info: e.MTU,
		})}})
	}
}
