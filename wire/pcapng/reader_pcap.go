package pcapng

import (
	"encoding/binary"
	"fmt"
	"time"

	"tfocraft/wire"
)

const (
	pcapHeadLen   = 24
	pcapRecordLen = 16

	magicMicroseconds = 0xa1b2c3d4
	magicNanoseconds  = 0xa1b23c4d
)

// A pcapHeader is what the head of a pcap file tells about its frames.
type pcapHeader struct {
	linkType wire.LinkType
	unit     time.Duration // of the fraction of a second
}

func (r *Reader) pcapHead(magic []byte) error {
	switch uint32(magicMicroseconds) {
	case binary.LittleEndian.Uint32(magic):
		r.order, r.pcap.unit = binary.LittleEndian, time.Microsecond
	case binary.BigEndian.Uint32(magic):
		r.order, r.pcap.unit = binary.BigEndian, time.Microsecond
	}
	switch uint32(magicNanoseconds) {
	case binary.LittleEndian.Uint32(magic):
		r.order, r.pcap.unit = binary.LittleEndian, time.Nanosecond
	case binary.BigEndian.Uint32(magic):
		r.order, r.pcap.unit = binary.BigEndian, time.Nanosecond
	}
	if r.order == nil {
		if by := compressedBy(magic); by != "" {
			return wrap(ErrFormat, "file is compressed by "+by+", decompress it first")
		}
		return wrap(ErrFormat, fmt.Sprintf("file begins with % x", magic))
	}
	var head [pcapHeadLen]byte
	if err := r.readFull(head[:], false); err != nil {
		return err
	}
	if major := r.order.Uint16(head[4:]); major != 2 {
		return wrap(ErrFormat, fmt.Sprintf("pcap version %d, 2 is known", major))
	}
	// The upper half tells about frame check sequences.
	r.pcap.linkType = wire.LinkType(r.order.Uint32(head[20:]))
	return nil
}

func (r *Reader) nextPcap() (Frame, error) {
	var record [pcapRecordLen]byte
	if err := r.readFull(record[:], true); err != nil {
		return Frame{}, err
	}
	seconds, fraction := int64(r.order.Uint32(record[0:])), int64(r.order.Uint32(record[4:]))
	kept, length := r.order.Uint32(record[8:]), r.order.Uint32(record[12:])
	if kept > maxFrame {
		return Frame{}, r.broken(fmt.Sprintf("frame of %d bytes", kept))
	}
	f := Frame{
		Data:     make([]byte, kept),
		Length:   max(int(length), int(kept)),
		Time:     time.Unix(seconds, fraction*int64(r.pcap.unit)).UTC(),
		LinkType: r.pcap.linkType,
	}
	return f, r.readFull(f.Data, false)
}
