package lab

import (
	"io"
	"time"
)

// ReadReply reads a reply to its end, and tells when its first byte was there: the zero time if there was none.
func ReadReply(r io.Reader) (reply []byte, first time.Time, err error) {
	timed := firstByte{Reader: r}
	reply, err = io.ReadAll(&timed)
	return reply, timed.at, err
}

// A firstByte notes when a reader gives something for the first time.
type firstByte struct {
	io.Reader
	at time.Time
}

func (f *firstByte) Read(b []byte) (n int, err error) {
	n, err = f.Reader.Read(b)
	if n > 0 && f.at.IsZero() {
		f.at = time.Now()
	}
	return n, err
}
