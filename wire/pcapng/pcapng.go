// Package pcapng keeps frames in capture files and reads them back, with the
// direction that each frame went.
//
// A [Writer] makes pcapng files, which Wireshark and tshark read. A [Reader]
// takes pcap and pcapng files of other programs too, compressed by gzip or not, with whatever link layers
// carry IP on usual systems; [Strip] takes that layer off. Reading never panics
// and never takes more memory than the longest frame needs, whatever the file
// says.
//
// Files are the caller's: the package reads from an io.Reader and writes to an
// io.Writer.
package pcapng

import (
	"errors"
	"time"

	"tfocraft/wire"
)

// What can be wrong with a capture. Errors of a [Reader] wrap one of them or
// come from the reader below it.
var (
	ErrFormat    = errors.New("not a valid pcap or pcapng capture")
	ErrTruncated = errors.New("capture is cut short")
	ErrLinkType  = errors.New("link type is not supported")
)

// A Direction tells which way a frame went at the interface that saw it.
type Direction uint8

// Directions; the numbers are those of the epb_flags option of pcapng.
const (
	Unknown Direction = 0
	In      Direction = 1
	Out     Direction = 2
)

func (d Direction) String() string {
	switch d {
	case In:
		return "in"
	case Out:
		return "out"
	}
	return "unknown"
}

// A Frame is one frame of a capture.
type Frame struct {
	Data      []byte    // what was kept of it
	Length    int       // of the frame on the wire, in bytes; more than len(Data) if it was cut
	Time      time.Time // zero if the capture has none (simple packet blocks)
	Interface int       // number of the interface in its section of the file
	LinkType  wire.LinkType
	Direction Direction
}

// The blocks of a pcapng file that are read or written here (IETF draft
// "PCAP Next Generation Capture File Format", Section 4).
const (
	blockSection        = 0x0A0D0D0A
	blockInterface      = 1
	blockPacket         = 2 // obsolete
	blockSimplePacket   = 3
	blockEnhancedPacket = 6

	blockOverhead     = 12 // type and both lengths
	enhancedPacketLen = 32 // without data and options
)

// What a section block begins with.
const (
	byteOrderMagic = 0x1A2B3C4D
	versionMajor   = 1
)

// The options within blocks.
const (
	optionEnd            = 0
	optionPacketFlags    = 2  // in both packet blocks
	optionTimeResolution = 9  // in an interface block
	optionTimeOffset     = 14 // in an interface block

	packetFlagsLen        = 4
	packetOptionsLen      = 12 // packet flags and the end of options
	directionMask         = 3  // of the packet flags
	defaultTimeResolution = 6  // microseconds
)
