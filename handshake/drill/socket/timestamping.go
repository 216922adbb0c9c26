package socket

import "net/netip"

// Flags of SO_TIMESTAMPING, with Linux's numbers.
const (
	SOF_TIMESTAMPING_TX_HARDWARE  = 1 << 0
	SOF_TIMESTAMPING_TX_SOFTWARE  = 1 << 1
	SOF_TIMESTAMPING_RX_HARDWARE  = 1 << 2
	SOF_TIMESTAMPING_RX_SOFTWARE  = 1 << 3
	SOF_TIMESTAMPING_SOFTWARE     = 1 << 4
	SOF_TIMESTAMPING_SYS_HARDWARE = 1 << 5
	SOF_TIMESTAMPING_RAW_HARDWARE = 1 << 6
	SOF_TIMESTAMPING_OPT_ID       = 1 << 7
	SOF_TIMESTAMPING_TX_SCHED     = 1 << 8
	SOF_TIMESTAMPING_TX_ACK       = 1 << 9
	SOF_TIMESTAMPING_OPT_CMSG     = 1 << 10
	SOF_TIMESTAMPING_OPT_TSONLY   = 1 << 11
	SOF_TIMESTAMPING_OPT_STATS    = 1 << 12
	SOF_TIMESTAMPING_OPT_PKTINFO  = 1 << 13
	SOF_TIMESTAMPING_OPT_TX_SWHW  = 1 << 14
	SOF_TIMESTAMPING_OPT_ID_TCP   = 1 << 16

	// knownStamping are all that Linux 6.18 takes from a program, but for those of
	// hardware clocks.
	knownStamping = 1<<19 - 1&^(1<<15)

	// recordedStamping says what has a timestamp; the others are about how that is told.
	recordedStamping = SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK
)

// stampStages are the times that a timestamp can be of, in their order.
var stampStages = []struct{ flag, info int }{
	{SOF_TIMESTAMPING_TX_SCHED, SCM_TSTAMP_SCHED},
	{SOF_TIMESTAMPING_TX_SOFTWARE, SCM_TSTAMP_SND},
	{SOF_TIMESTAMPING_TX_ACK, SCM_TSTAMP_ACK},
}

// A mark is the last byte of a send: when it leaves, be it again, or is acknowledged,
// a timestamp is taken.
type mark struct {
	end  uint64 // of the data, counted from the first byte of the connection
	flag int    // the times that are asked for
	left bool
}

// changeStamping is sock_set_timestamping. Numbers of bytes are counted from where
// the connection is.
func changeStamping(s *socket, flags int) Errno {
	switch {
	case flags&^knownStamping != 0:
		return EINVAL
	case flags&SOF_TIMESTAMPING_OPT_ID_TCP != 0 && flags&SOF_TIMESTAMPING_OPT_ID == 0:
		return EINVAL
	case flags&SOF_TIMESTAMPING_OPT_STATS != 0 && flags&SOF_TIMESTAMPING_OPT_TSONLY == 0:
		return EINVAL
	}
	if flags&SOF_TIMESTAMPING_OPT_ID != 0 && !s.identifies {
		if s.conn == nil || s.over() {
			return EINVAL
		}
		s.firstByte = s.conn.Info().Sent
		if flags&SOF_TIMESTAMPING_OPT_ID_TCP != 0 {
			s.firstByte = s.written()
		}
	}
	s.identifies = flags&SOF_TIMESTAMPING_OPT_ID != 0
	return ""
}

// SendStamped is sendmsg(2) with a control message that says which timestamps this
// data has.
func (h *Host) SendStamped(fd int, data []byte, flags int, to netip.AddrPort, stamping int) Op {
	s, e := h.socket(fd)
	switch {
	case e != "":
		return failed(e)
	case stamping&^recordedStamping != 0:
		return failed(EINVAL)
	}
	var sending Op
	return func() (Result, bool) {
		s.stamping = &stamping
		defer func() { s.stamping = nil }()
		if sending == nil {
			sending = h.Send(fd, data, flags, to)
		}
		return sending()
	}
}

// reports reports whether timestamps of this kind are taken and told.
func (s *socket) reports(flag int) bool {
	flags := s.options.get(SOL_SOCKET, SO_TIMESTAMPING)
	return flags&SOF_TIMESTAMPING_SOFTWARE != 0 && flags&flag != 0
}

// mark is tcp_tx_timestamp: it notes a send that ends with what was written last.
// One that waits in the same segment is forgotten.
func (s *socket) mark() {
	flag := s.options.get(SOL_SOCKET, SO_TIMESTAMPING)
	if s.stamping != nil {
		flag = *s.stamping
	}
	if flag &= recordedStamping; flag == 0 {
		return
	}
	s.stamp() // what the send before has waited for may be over
	i := s.conn.Info()
	if n := len(s.marks); n > 0 && !s.marks[n-1].left && i.Unsent <= i.MSS {
		s.marks = s.marks[:n-1]
	}
	s.marks = append(s.marks, mark{end: s.written(), flag: flag})
}

// stamp takes the timestamps that are due.
func (s *socket) stamp() {
	acked, sent := s.progress()
	out := &s.trafficOf().out
	var keep []mark
	for _, m := range s.marks {
		for _, p := range out.resent {
			if m.left && p.from < m.end && m.end <= p.to {
				s.queueStamps(&m, SOF_TIMESTAMPING_TX_SCHED|SOF_TIMESTAMPING_TX_SOFTWARE)
			}
		}
		if !m.left && m.end <= sent {
			m.left = true
			s.queueStamps(&m, SOF_TIMESTAMPING_TX_SCHED|SOF_TIMESTAMPING_TX_SOFTWARE)
		}
		if m.end <= acked {
			s.queueStamps(&m, SOF_TIMESTAMPING_TX_ACK)
			continue
		}
		keep = append(keep, m)
	}
	s.marks, out.resent = keep, nil
}

// queueStamps queues those timestamps of a send that are asked for, if it is said
// that they are told.
func (s *socket) queueStamps(m *mark, due int) {
	if s.options.get(SOL_SOCKET, SO_TIMESTAMPING)&SOF_TIMESTAMPING_SOFTWARE == 0 {
		return
	}
	for _, stage := range stampStages {
		if m.flag&due&stage.flag == 0 {
			continue
		}
		e := ExtendedError{Errno: ENOMSG, Origin: SO_EE_ORIGIN_TIMESTAMPING, Info: uint32(stage.info)}
		if s.identifies {
			e.Data = uint32(m.end - 1 - s.firstByte)
		}
		size := 1
		if s.options.get(SOL_SOCKET, SO_TIMESTAMPING)&SOF_TIMESTAMPING_OPT_TSONLY != 0 {
			size = 0
		}
		s.errors.add(queuedError{size: size, control: []Control{
			{Level: SOL_SOCKET, Type: SCM_TIMESTAMPING, Stamp: s.host.now}, s.receivedError(e),
		}})
	}
}
