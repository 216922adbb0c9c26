// Package bulk is one bulk transfer over any connection: the same few lines for every stack that is measured, so that
// a difference between two of them is theirs.
//
// The sender writes a fixed number of bytes whose values follow from their position and closes its side. The receiver
// compares every byte, closes, and only after the last byte was right does it answer with the count. The time runs
// from the sender's first write until it has that answer, so that what is still in buffers does not count as sent.
package bulk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// period is after how many bytes the pattern begins again. It is a prime, so that neither a lost nor a doubled segment
// or buffer of any usual size leaves the rest of the pattern in place. It is small enough for the pattern to stay in
// the cache, so that the check costs next to nothing.
const period = 65521

// Chunk is how many bytes one write has at most, and how many one read asks for.
const Chunk = 256 << 10

// A Pattern is what is sent.
type Pattern struct {
	bytes []byte // a period and one chunk more, so that a chunk can begin anywhere in a period
}

// NewPattern returns the pattern, which is always the same.
func NewPattern() *Pattern {
	p := &Pattern{make([]byte, period+Chunk)}
	var seed [32]byte
	rand.NewChaCha8(seed).Read(p.bytes[:period])
	for n := period; n < len(p.bytes); {
		n += copy(p.bytes[n:], p.bytes[:n])
	}
	return p
}

// at returns n bytes of the pattern, one chunk at most, from a position on.
func (p *Pattern) at(position int64, n int) []byte {
	start := int(position % period)
	return p.bytes[start : start+n]
}

// Send sends total bytes, and returns how long it took until the receiver had all of them.
func (p *Pattern) Send(c net.Conn, total int64) (time.Duration, error) {
	began := time.Now()
	for sent := int64(0); sent < total; {
		n, err := c.Write(p.at(sent, int(min(total-sent, Chunk))))
		sent += int64(n)
		if err != nil {
			return 0, fmt.Errorf("bulk: send at byte %d: %w", sent, err)
		}
	}
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		return 0, fmt.Errorf("bulk: close the sending side: %w", err)
	}
	var answer [8]byte
	if _, err := io.ReadFull(c, answer[:]); err != nil {
		return 0, fmt.Errorf("bulk: wait for the receiver: %w", err)
	}
	took := time.Since(began)
	if got := int64(binary.BigEndian.Uint64(answer[:])); got != total {
		return 0, fmt.Errorf("bulk: the receiver got %d bytes, want %d", got, total)
	}
	return took, nil
}

// Receive reads until the sender has closed, checks each byte and answers with the count.
func (p *Pattern) Receive(c net.Conn) (total int64, err error) {
	b := make([]byte, Chunk)
	for {
		n, err := c.Read(b)
		if !bytes.Equal(b[:n], p.at(total, n)) {
			return total, fmt.Errorf("bulk: a byte in %d..%d is not what was sent", total, total+int64(n)-1)
		}
		total += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return total, fmt.Errorf("bulk: receive at byte %d: %w", total, err)
		}
	}
	var answer [8]byte
	binary.BigEndian.PutUint64(answer[:], uint64(total))
	if _, err := c.Write(answer[:]); err != nil {
		return total, fmt.Errorf("bulk: answer: %w", err)
	}
	return total, nil
}
