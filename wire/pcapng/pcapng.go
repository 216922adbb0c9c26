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
	"fmt"
	"slices"
	"time"

	"github.com/google/gopacket/layers"
)

// What can be wrong with a capture. Errors of a [Reader] wrap one of them or
// come from the reader below it.
var (
	ErrFormat    = errors.New("not a valid pcap or pcapng capture")
	ErrTruncated = errors.New("capture is cut short")
	ErrLinkType  = errors.New("link type is not supported")
)

// A LinkType tells what a frame begins with (the numbers are tcpdump.org's
// LINKTYPE values).
type LinkType uint16

// The link types that [Strip] knows.
const (
	LinkNull     LinkType = 0   // loopback of BSD and macOS, family in the byte order of the host
	LinkEthernet LinkType = 1   // Ethernet, and the loopback of Linux
	LinkRawBSD   LinkType = 12  // bare IP packets, in files of some systems
	LinkRaw      LinkType = 101 // bare IP packets
	LinkLoop     LinkType = 108 // loopback of OpenBSD, family in network byte order
	LinkSLL      LinkType = 113 // Linux cooked capture
	LinkIPv4     LinkType = 228 // bare IPv4 packets
	LinkIPv6     LinkType = 229 // bare IPv6 packets
	LinkSLL2     LinkType = 276 // Linux cooked capture, version 2
)

// String returns the number and the name, if it has one.
func (l LinkType) String() string {
	switch l {
	case LinkRawBSD, LinkRaw:
		return fmt.Sprintf("%d (raw IP)", uint16(l))
	case LinkIPv4:
		return fmt.Sprintf("%d (IPv4)", uint16(l))
	case LinkIPv6:
		return fmt.Sprintf("%d (IPv6)", uint16(l))
	case LinkSLL2:
		return fmt.Sprintf("%d (Linux SLL2)", uint16(l))
	}
	if l > 0xff {
		return fmt.Sprint(uint16(l))
	}
	return fmt.Sprintf("%d (%v)", uint16(l), layers.LinkType(l))
}

// LinkTypes are those that are supported.
func LinkTypes() []LinkType {
	return []LinkType{LinkNull, LinkEthernet, LinkRawBSD, LinkRaw, LinkLoop, LinkSLL, LinkIPv4, LinkIPv6, LinkSLL2}
}

func (l LinkType) supported() bool { return slices.Contains(LinkTypes(), l) }

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
	LinkType  LinkType
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
