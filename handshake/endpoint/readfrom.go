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
	if !isFile(r) {
		return io.Copy(struct{ io.Writer }{c}, r)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.beginWrite(); err != nil {
		return 0, c.opError("write", err)
	}
	defer c.endWrite()
	var total int64
	for {
		if err := c.writeError(); err != nil {
			return total, c.opError("write", err)
		}
		n, err := c.readIn(r)
		if n > 0 {
			total += int64(n)
			c.stack.mail.post(c)
		}
		switch {
		case err == io.EOF:
			return total, nil
		case err != nil:
			return total, err
		case n == 0 && c.writeError() == nil && c.machine.SendSpace() == 0:
			c.writable.wait(&c.mu)
		}
	}
}

// A file is an [os.File], or what package os makes of one before it copies.
type file interface {
	fs.File
	syscall.Conn
}

// isFile reports whether r reads from a regular file.
func isFile(r io.Reader) bool {
	if part, ok := r.(*io.LimitedReader); ok {
		r = part.R
	}
	f, ok := r.(file)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// readIn reads what there is room for into the send buffer, and returns how much that
// is, as copyIn does.
func (c *Conn) readIn(r io.Reader) (int, error) {
	room, _ := c.machine.Reserve(maxPiece)
	if len(room) == 0 {
		return 0, nil
	}
	c.mu.Unlock()
	n, err := r.Read(room)
	c.mu.Lock()
	if !c.machine.Commit(n) {
		return 0, nil
	}
	return n, err
}
