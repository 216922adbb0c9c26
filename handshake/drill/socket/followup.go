package socket

import "time"

// A followUp is what a socket tells about sends and arrivals later on.
type followUp struct {
	chrono     chrono
	errors     errorQueue
	pinned     []pin
	skbs       skbList
	nextPin    uint32
	marks      []mark
	stamping   *int   // what a control message of the send under way asks for
	identifies bool   // SOF_TIMESTAMPING_OPT_ID
	firstByte  uint64 // that such numbers count from
	left       uint64 // how many bytes were sent
	received   uint64
	heard      time.Time // when data came last
}

// begin forgets what was of an earlier connection of the socket, but for what there
// is to tell.
func (f *followUp) begin() {
	f.chrono, f.pinned, f.marks, f.skbs = chrono{}, nil, nil, skbList{}
	f.left, f.received = 0, 0
}

// progress is how many bytes of the connection are acknowledged, and have left.
func (s *socket) progress() (acked, sent uint64) {
	i := s.conn.Info()
	s.left = max(s.left, s.written()-uint64(i.Unsent)) // one that is over has nothing left that was sent
	return i.Sent, s.left
}

// written is how many bytes were written to the connection.
func (s *socket) written() uint64 { return s.conn.Info().Sent + uint64(s.conn.Unsent()) }

// notice tells sockets what has become of their sends.
func (h *Host) notice() {
	for _, f := range h.files {
		if f.socket != nil && f.socket.conn != nil {
			f.socket.notice()
		}
	}
}

func (s *socket) notice() {
	s.clock()
	if s.follow(); !s.metered() {
		s.skbs.pushed = s.written()
	}
	if len(s.pinned)+len(s.marks) > 0 {
		acked, sent := s.progress()
		s.stamp()
		s.unpin(acked, sent, s.over())
	}
	if s.options.get(SOL_SOCKET, SO_TIMESTAMPING) != 0 {
		if n := s.conn.Info().Received; n > s.received {
			s.received, s.heard = n, s.host.now
		}
	}
}
