package endpoint

import (
	"io"
	"io/fs"
	"syscall"
)

// ReadFrom implements [io.ReaderFrom]. A regular file, or a part of one in an
// [io.LimitedReader], is read right into the send buffer. Other sources are copied by
// way of a buffer, for they might block, and would keep the room and other writers
// waiting.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	size := fileSize(r)
	if size == 0 {
		return io.Copy(struct{ io.Writer }{c}, r)
	}
	total, err := c.sendFile(r, size)
	if part, ok := r.(*io.LimitedReader); err != nil || ok && part.N <= 0 {
		return total, err
	}
	// What the file has grown by, which is seldom anything.
	n, err := io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{r}, make([]byte, 4<<10))
	return total + n, err
}

// A file is an [os.File], or what package os makes of one before it copies.
type file interface {
	fs.File
	io.Seeker
	syscall.Conn
}

// fileSize returns how many bytes r will read from a regular file; 0 if it does not, or
// if the file does not know, as those that the kernel makes up.
func fileSize(r io.Reader) int64 {
	part, limited := r.(*io.LimitedReader)
	if limited {
		r = part.R
	}
	f, ok := r.(file)
	if !ok {
		return 0
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	size := info.Size() - at
	if limited {
		size = min(size, part.N)
	}
	return max(size, 0)
}

// sendFile sends size bytes of a file, or fewer if that ends before.
func (c *Conn) sendFile(r io.Reader, size int64) (total int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.beginWrite(); err != nil {
		return 0, c.opError("write", err)
	}
	defer c.endWrite()
	for total < size {
		if err := c.writeError(); err != nil {
			return total, c.opError("write", err)
		}
		if c.machine.SendSpace() == 0 {
			c.writable.wait(&c.mu)
			continue
		}
		n, err := c.readIn(r, size-total)
		switch total += int64(n); {
		case n > 0:
			c.post()
		case err == nil && c.writeError() == nil:
			return total, nil // it has nothing to say
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// readIn reads up to most bytes into the send buffer, as far as there is room, and
// returns how many.
func (c *Conn) readIn(r io.Reader, most int64) (int, error) {
	room, _ := c.machine.Reserve(int(min(most, maxPiece)))
	if len(room) == 0 {
		return 0, nil
	}
	return c.fill(func() (int, error) { return r.Read(room) })
}
