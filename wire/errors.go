package wire

import (
	"errors"
	"fmt"
)

// What can be wrong with bytes. A [ParseError] wraps one of them.
var (
	ErrTruncated    = errors.New("input ends too early")
	ErrHeaderLength = errors.New("header length field is impossible")
	ErrTotalLength  = errors.New("total length field is impossible")
	ErrVersion      = errors.New("IP version is neither 4 nor 6")
	ErrNotIP        = errors.New("not an IP packet")
	ErrNotTCP       = errors.New("not TCP")
	ErrNotICMP      = errors.New("not an ICMP error")
	ErrFragment     = errors.New("fragment")
	ErrExtension    = errors.New("extension headers run past the payload")
	ErrOption       = errors.New("option length is impossible")
	ErrChecksum     = errors.New("checksum is wrong")
	ErrTooLong      = errors.New("value does not fit")
)

// A ParseError says where in the input parsing stopped.
type ParseError struct {
	Layer  string // "ethernet", "ip" (of no known version), "ipv4", "ipv6", "icmp", "tcp", "tcp option"
	Offset int    // bytes from the start of that layer
	Err    error  // one of the errors above
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("wire: %s, byte %d: %v", e.Layer, e.Offset, e.Err)
}

// Unwrap returns the sentinel.
func (e *ParseError) Unwrap() error { return e.Err }

func parseErr(layer string, offset int, err error) error {
	return &ParseError{Layer: layer, Offset: offset, Err: err}
}
