package pcapng

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// gzipMagic is what a file of gzip begins with (RFC 1952, Section 2.3.1).
var gzipMagic = [2]byte{0x1f, 0x8b}

// compressors are other programs that captures are compressed with, and what their files
// begin with.
var compressors = []struct{ name, magic string }{
	{"zstd", "\x28\xb5\x2f\xfd"}, {"lz4", "\x04\x22\x4d\x18"}, {"xz", "\xfd7zX"}, {"bzip2", "BZh"},
}

// compressedBy names the program that has compressed a file; it is empty if the file
// begins with none of their magics.
func compressedBy(magic []byte) string {
	for _, c := range compressors {
		if bytes.HasPrefix(magic, []byte(c.magic)) {
			return c.name
		}
	}
	return ""
}

// gunzip goes on with what a file of gzip holds, and looks ahead at its first bytes.
func (r *Reader) gunzip() ([]byte, error) {
	z, err := gzip.NewReader(r.r)
	switch {
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, r.truncated()
	case err != nil:
		return nil, r.failed(err)
	}
	r.r = bufio.NewReaderSize(z, readAhead)
	magic, err := r.magic()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, r.truncated()
	}
	return magic, err
}

// failed says what became of an error of the reader below. What gzip cannot read is the
// file's fault.
func (r *Reader) failed(err error) error {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	if corrupt || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		return wrap(ErrFormat, fmt.Sprintf("whole frames: %d, then %v", r.frames, err))
	}
	return fmt.Errorf("pcapng: %w", err)
}
