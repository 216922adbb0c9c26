package socket

// pipeRoom is how many bytes a pipe holds. Linux counts pages, in which a packet may
// take more room than it has bytes.
const pipeRoom = 64 << 10

// A pipe is a queue of bytes; which they are is not told.
type pipe struct{ held, readers, writers int }

// A pipeEnd is a descriptor of a pipe.
type pipeEnd struct {
	*pipe
	writes   bool
	nonblock bool
}

// Pipe is pipe2(2). It returns the ends to read from and to write to.
func (h *Host) Pipe(flags int) (r, w int) {
	p := &pipe{readers: 1, writers: 1}
	nonblock, own := flags&O_NONBLOCK != 0, descriptorFlags(flags)
	r = h.install(&file{pipeEnd: &pipeEnd{pipe: p, nonblock: nonblock}, descriptorFlags: own})
	w = h.install(&file{pipeEnd: &pipeEnd{pipe: p, writes: true, nonblock: nonblock}, descriptorFlags: own})
	return r, w
}

func (e *pipeEnd) close() {
	if e.writes {
		e.writers--
	} else {
		e.readers--
	}
}

// take takes up to n bytes out: EAGAIN if there will be some.
func (e *pipeEnd) take(n int) (int, Errno) {
	switch {
	case e.writes:
		return 0, EBADF
	case e.held > 0:
		n = min(n, e.held)
		e.held -= n
		return n, ""
	case e.writers == 0:
		return 0, ""
	}
	return 0, EAGAIN
}

// room is how many bytes can be put in: EAGAIN if none yet.
func (e *pipeEnd) room() (int, Errno) {
	switch {
	case !e.writes:
		return 0, EBADF
	case e.readers == 0:
		return 0, EPIPE
	case e.held == pipeRoom:
		return 0, EAGAIN
	}
	return pipeRoom - e.held, ""
}

// put puts bytes in as far as there is room.
func (e *pipeEnd) put(n int) (int, Errno) {
	room, err := e.room()
	n = min(n, room)
	e.held += n
	return n, err
}

// read is read(2).
func (e *pipeEnd) read(n int) Op {
	return func() (Result, bool) {
		took, err := e.take(n)
		if err == EAGAIN && !e.nonblock {
			return Result{}, false
		}
		return valueOr(took, err), true
	}
}

// write is write(2), which waits until all bytes are in.
func (e *pipeEnd) write(n int) Op {
	done := 0
	return func() (Result, bool) {
		for {
			put, err := e.put(n - done)
			switch done += put; {
			case done == n:
				return value(n), true
			case err == EAGAIN && !e.nonblock:
				return Result{}, false
			case err != "" && done > 0:
				return value(done), true
			case err != "":
				return fail(err), true
			}
		}
	}
}

// ready is pipe_poll.
func (e *pipeEnd) ready() (mask int) {
	switch {
	case e.writes && e.held < pipeRoom:
		mask = POLLOUT | POLLWRNORM
	case !e.writes && e.held > 0:
		mask = POLLIN | POLLRDNORM
	}
	switch {
	case e.writes && e.readers == 0:
		mask |= POLLERR
	case !e.writes && e.writers == 0:
		mask |= POLLHUP
	}
	return mask
}
