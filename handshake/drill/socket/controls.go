package socket

import "time"

// Types of control messages that are not the names of options, and what an error
// in the queue of errors says of itself, with Linux's numbers.
const (
	TCP_CM_INQ       = TCP_INQ
	SCM_TIMESTAMPING = SO_TIMESTAMPING

	SO_EE_ORIGIN_TIMESTAMPING  = 4
	SO_EE_ORIGIN_ZEROCOPY      = 5
	SO_EE_CODE_ZEROCOPY_COPIED = 1

	SCM_TSTAMP_SND   = 0
	SCM_TSTAMP_SCHED = 1
	SCM_TSTAMP_ACK   = 2
)

// A Control is a control message of recvmsg(2); its level and type say which of the
// others counts.
type Control struct {
	Level, Type int
	Int         int           // TCP_CM_INQ
	Stamp       time.Time     // SCM_TIMESTAMPING: the first of the three
	Error       ExtendedError // IP_RECVERR, IPV6_RECVERR
}

// An ExtendedError is struct sock_extended_err.
type ExtendedError struct {
	Errno              Errno
	Origin, Type, Code int
	Info, Data         uint32
}

// controls are the messages that go along with what was read.
func (s *socket) controls() (list []Control) {
	if s.reports(SOF_TIMESTAMPING_RX_SOFTWARE) && !s.heard.IsZero() {
		list = append(list, Control{Level: SOL_SOCKET, Type: SCM_TIMESTAMPING, Stamp: s.heard})
	}
	if s.options.get(SOL_TCP, TCP_INQ) != 0 {
		list = append(list, Control{Level: SOL_TCP, Type: TCP_CM_INQ, Int: s.inq()})
	}
	return list
}

// inq is tcp_inq_hint: how much is left to read, or 1 if that is the end.
func (s *socket) inq() int {
	have, ended := s.conn.Buffered()
	if have == 0 && ended {
		return 1
	}
	return have
}
