package socket

// A pin is a send with MSG_ZEROCOPY whose memory is still in use.
type pin struct {
	id  uint32
	end uint64 // of its data, counted from the first byte of the connection
}

// MaxFragments is MAX_SKB_FRAGS: more pieces of memory than these do not go into one
// packet, so that where packets end depends on them.
const MaxFragments = 17

// pins reports whether a send with these flags keeps the memory of the program.
func (s *socket) pins(flags int) bool {
	return flags&MSG_ZEROCOPY != 0 && s.options.get(SOL_SOCKET, SO_ZEROCOPY) != 0
}

// pin notes a send that ends with what was written last.
func (s *socket) pin() {
	s.pinned = append(s.pinned, pin{s.nextPin, s.written()})
	s.nextPin++
}

// unpin is msg_zerocopy_callback: it tells of sends whose data the peer has, or nobody
// waits for any more. What has left was copied on its way, as where a packet is
// shown to a program.
func (s *socket) unpin(acked, sent uint64, over bool) {
	for len(s.pinned) > 0 && (over || s.pinned[0].end <= acked) {
		code := SO_EE_CODE_ZEROCOPY_COPIED
		if s.pinned[0].end > sent {
			code = 0
		}
		s.released(s.pinned[0].id, code)
		s.pinned = s.pinned[1:]
	}
}

// released queues the end of a send, together with the one before if that is the
// last in the queue.
func (s *socket) released(id uint32, code int) {
	q := &s.errors
	if n := len(q.waiting); n > 0 {
		last := &q.waiting[n-1].control[0].Error
		if last.Origin == SO_EE_ORIGIN_ZEROCOPY && last.Data+1 == id {
			last.Data = id
			q.told++
			return
		}
	}
	q.add(queuedError{control: []Control{s.receivedError(ExtendedError{
		Origin: SO_EE_ORIGIN_ZEROCOPY, Code: code, Info: id, Data: id,
	})}})
}
