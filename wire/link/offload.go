package link

import (
	"fmt"
	"syscall"

	"tfocraft/wire"
)

// An Offloader is a link that finishes TCP checksums and cuts what is longer
// than a segment, as devices with TCP segmentation offload do: one call moves
// up to 64 KiB of a stream. [Outgoing.AppendFrames] does the same for a link
// that cannot.
type Offloader interface {
	// WriteSegments sends in order and returns how many of batch were sent; if
	// it is not all of them, the error says why the next one was not. Errors
	// are those of [Link]'s WriteFrames; one that wraps [syscall.EMSGSIZE]
	// comes for a segment that is longer than the MTU permits, and for more
	// payload than MaxPayload. What batch refers to is not kept.
	WriteSegments(batch []Outgoing) (int, error)

	// MaxPayload returns how many bytes of payload one [Outgoing] may have; 0
	// means that this link cannot do it: then WriteSegments fails with an error
	// that wraps [errors.ErrUnsupported].
	MaxPayload() int
}

const (
	// maxHeaders is the longest header of an [Outgoing] with MaxPayload:
	// Ethernet with two VLAN tags, IPv4 and TCP with all the options they can
	// have. It is room for IPv6 with 20 bytes of extensions, too.
	maxHeaders = wire.EthernetLen + 4*wire.MaxVLANTags + 60 + 60
	// maxOutgoing keeps a frame as a whole, link-layer header included, below
	// the 65536 bytes from which on Linux cuts it before the device.
	maxOutgoing = 65535
	maxPayload  = maxOutgoing - maxHeaders
)

// An Outgoing is a TCP segment that the link finishes, or a run of them that
// the link cuts out of one: the segments get the header of the whole with
// lengths, checksums and sequence numbers of their own, each an IPv4 ID one
// higher than the one before (Linux, for which offloading with the same IDs is
// the exception). FIN and PSH go with the last one only, CWR with the first
// one only (RFC 3168, Section 6.1.2).
type Outgoing struct {
	// Header is the Ethernet header, the IP header and the TCP header with its
	// options, as of one segment with the whole payload: its lengths are those
	// of the whole and the IPv4 header checksum is right for it. The TCP
	// checksum is unfinished: the field holds the folded sum of the
	// pseudo-header alone (see [wire.PseudoHeader]).
	Header []byte
	// Transport is where in Header the TCP header begins.
	Transport int
	// Payload is what follows the header, in memory of its own, so that it can
	// stay where the program has it.
	Payload []byte
	// SegmentSize is how many bytes of payload a segment has; the last one may
	// have fewer. 0 means that all of it is one segment.
	SegmentSize int
}

// Segments returns how many segments o becomes on the wire.
func (o *Outgoing) Segments() int {
	if size := o.segmentSize(); size > 0 {
		return (len(o.Payload) + size - 1) / size
	}
	return 1
}

// segmentSize returns how many bytes of payload the first segment has.
func (o *Outgoing) segmentSize() int {
	if o.SegmentSize <= 0 {
		return len(o.Payload)
	}
	return min(o.SegmentSize, len(o.Payload))
}

// check says what a link of this name and MTU has against o.
func (o *Outgoing) check(link string, mtu int) error {
	ip, _, ok := headerLen(o.Header)
	switch segment := len(o.Header) + o.segmentSize(); {
	case !ok || o.Transport < ip+wire.IPv4Len || o.Transport > len(o.Header)-wire.HeaderLen:
		return fmt.Errorf("link: %s: header of %d bytes has no TCP header at byte %d: %w", link, len(o.Header), o.Transport, syscall.EINVAL)
	case segment-ip > mtu:
		return tooLong(link, segment, mtu)
	case len(o.Header)+len(o.Payload) > maxOutgoing:
		return fmt.Errorf("link: %s: frame of %d bytes is longer than the %d that can be cut: %w", link, len(o.Header)+len(o.Payload), maxOutgoing, syscall.EMSGSIZE)
	}
	return nil
}
