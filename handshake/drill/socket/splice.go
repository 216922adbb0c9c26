package socket

import "math"

// Flags of splice(2), with Linux's numbers.
const (
	SPLICE_F_MOVE     = 1
	SPLICE_F_NONBLOCK = 2
	SPLICE_F_MORE     = 4
	SPLICE_F_GIFT     = 8
)

// Splice is splice(2) of up to n bytes, one side of which is a pipe.
func (h *Host) Splice(in, out, n, flags int) Op {
	from, to := h.files[in], h.files[out]
	if n < 0 {
		n = math.MaxInt // it has no sign
	}
	switch {
	case flags&^(SPLICE_F_MOVE|SPLICE_F_NONBLOCK|SPLICE_F_MORE|SPLICE_F_GIFT) != 0:
		return failed(EINVAL)
	case n == 0:
		return status("")
	case from == nil || to == nil,
		from.pipeEnd != nil && from.writes, to.pipeEnd != nil && !to.writes:
		return failed(EBADF)
	case from.pipeEnd != nil && to.pipeEnd != nil && from.pipe == to.pipe, from.pipeEnd == nil && to.pipeEnd == nil:
		return failed(EINVAL)
	case from.pipeEnd != nil && to.socket != nil:
		return h.spliceOut(from.pipeEnd, out, n, flags)
	case from.socket != nil:
		return h.spliceIn(in, to.pipeEnd, n, flags)
	}
	return unsupported("without a socket it")
}

// spliceIn moves what a socket has received into a pipe.
func (h *Host) spliceIn(in int, to *pipeEnd, n, flags int) Op {
	wait := 0
	if flags&SPLICE_F_NONBLOCK != 0 || to.nonblock {
		wait = MSG_DONTWAIT
	}
	var reading Op
	return func() (Result, bool) {
		if reading == nil {
			room, e := to.room()
			switch {
			case e == EAGAIN && wait == 0:
				return Result{}, false
			case e != "":
				return fail(e), true
			}
			reading = h.Receive(in, min(n, room), wait)
		}
		r, over := reading()
		if over && r.Errno == "" {
			to.held += r.Value
		}
		return r, over
	}
}

// spliceOut sends what a pipe holds.
func (h *Host) spliceOut(from *pipeEnd, out, n, flags int) Op {
	wait := 0
	if flags&SPLICE_F_NONBLOCK != 0 {
		wait = MSG_DONTWAIT
	}
	if flags&SPLICE_F_MORE != 0 {
		wait |= MSG_MORE
	}
	var sending Op
	return func() (Result, bool) {
		if sending == nil {
			switch {
			case from.held == 0 && from.writers == 0:
				return value(0), true
			case from.held == 0 && (wait&MSG_DONTWAIT != 0 || from.nonblock):
				return fail(EAGAIN), true
			case from.held == 0:
				return Result{}, false
			}
			sending = h.Send(out, make([]byte, min(n, from.held)), wait, noAddress)
		}
		r, over := sending()
		if over && r.Errno == "" {
			from.held -= r.Value
		}
		return r, over
	}
}

// SendFile is sendfile(2) of up to n bytes to a socket, from where the file is if
// offset is nil. Result.Option has the offset behind what was sent.
func (h *Host) SendFile(out, in int, offset *int, n int) Op {
	from, to := h.files[in], h.files[out]
	switch {
	case from == nil || to == nil || from.disk != nil && !from.readable():
		return failed(EBADF)
	case from.disk == nil, offset != nil && *offset < 0:
		return failed(EINVAL)
	case to.socket == nil:
		return unsupported("what is no socket")
	}
	at := &from.at
	if offset != nil {
		at = offset
	}
	n = from.left(*at, n)
	if n == 0 {
		return done(Result{Option: []int{*at}})
	}
	sending := h.Send(out, make([]byte, n), 0, noAddress)
	return func() (Result, bool) {
		r, over := sending()
		if over && r.Errno == "" {
			*at += r.Value
			r.Option = []int{*at}
		}
		return r, over
	}
}
