package pcapng

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"

	"tfocraft/wire"

	"github.com/google/gopacket/layers"
)

// maxFrame bounds the memory for one frame. libpcap's own bound is a quarter of
// it; the kernel's largest (BIG TCP) is half.
const maxFrame = 1 << 20

// readAhead is how much is asked of a file at a time, in bytes.
const readAhead = 64 << 10

// A Reader reads frames from a pcap or pcapng file of either byte order, also from one
// that gzip has compressed.
type Reader struct {
	r      *bufio.Reader
	order  binary.ByteOrder
	next   func(*Reader) (Frame, error) // of the file's format
	frames int                          // read so far
	err    error                        // what ended the capture
	pcap   pcapHeader
	ng     []ngInterfaceInfo // of the current section
}

// NewReader reads the head of a file. It fails with [ErrFormat] if it is
// neither pcap nor pcapng, and with [ErrTruncated] if it ends in the head.
func NewReader(r io.Reader) (*Reader, error) {
	reader := &Reader{r: bufio.NewReaderSize(r, readAhead)}
	magic, err := reader.magic()
	if err == nil && magic[0] == gzipMagic[0] && magic[1] == gzipMagic[1] {
		magic, err = reader.gunzip()
	}
	if err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(magic) == blockSection {
		reader.next, err = (*Reader).nextNg, reader.firstSection()
	} else {
		reader.next, err = (*Reader).nextPcap, reader.pcapHead(magic)
	}
	if err != nil {
		return nil, err
	}
	return reader, nil
}

// magic looks ahead at the first four bytes of a file.
func (r *Reader) magic() ([]byte, error) {
	magic, err := r.r.Peek(4)
	switch {
	case err == io.EOF && len(magic) == 0:
		return nil, wrap(ErrFormat, "file is empty")
	case err == io.EOF:
		return nil, wrap(ErrFormat, fmt.Sprintf("file begins with % x", magic))
	case err != nil:
		return nil, r.failed(err)
	}
	return magic, nil
}

// Next returns the next frame; its data is the caller's. At the end it fails
// with io.EOF. An error that wraps [ErrLinkType] is about this frame alone: the
// next call goes on behind it. [ErrTruncated] and [ErrFormat] end the capture,
// their text tells how many frames were whole.
func (r *Reader) Next() (Frame, error) {
	if r.err != nil {
		return Frame{}, r.err
	}
	f, err := r.next(r)
	if err != nil {
		r.err = err
		return Frame{}, err
	}
	r.frames++
	if !f.LinkType.Supported() {
		return Frame{}, wrap(ErrLinkType, fmt.Sprintf("frame %d has link type %s", r.frames, foreign(f.LinkType)))
	}
	if f.Direction == Unknown {
		f.Direction = cookedDirection(f.LinkType, f.Data)
	}
	return f, nil
}

// foreign names a link type that is not supported, as far as somebody has a name for it.
func foreign(l wire.LinkType) string {
	if l > math.MaxUint8 { // as many as gopacket knows
		return l.String()
	}
	return fmt.Sprintf("%v (%v)", l, layers.LinkType(l))
}

// All walks the frames up to the end or the first error, which it yields.
func (r *Reader) All() iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		for {
			f, err := r.Next()
			if err == io.EOF || !yield(f, err) || err != nil {
				return
			}
		}
	}
}

func wrap(sentinel error, detail string) error {
	return fmt.Errorf("pcapng: %s: %w", detail, sentinel)
}

// readFull fills b. At the very beginning of a record the end of the file is
// io.EOF, anywhere else the capture is cut.
func (r *Reader) readFull(b []byte, begins bool) error {
	_, err := io.ReadFull(r.r, b)
	switch {
	case err == nil:
		return nil
	case err == io.EOF && begins:
		return io.EOF
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return r.truncated()
	}
	return r.failed(err)
}

func (r *Reader) skip(n int64) error {
	_, err := io.CopyN(io.Discard, r.r, n)
	switch {
	case err == nil:
		return nil
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return r.truncated()
	}
	return r.failed(err)
}

func (r *Reader) truncated() error {
	return wrap(ErrTruncated, fmt.Sprintf("whole frames: %d, then the file ends", r.frames))
}

// broken is for what is inside a file that began as a capture.
func (r *Reader) broken(what string) error {
	return wrap(ErrFormat, fmt.Sprintf("whole frames: %d, then a %s", r.frames, what))
}
