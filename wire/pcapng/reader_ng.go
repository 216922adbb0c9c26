package pcapng

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
	"time"

	"tfocraft/wire"
)

// maxBlock bounds the memory for a block that is looked into: a frame and room
// for options.
const maxBlock = maxFrame + 1<<16

// maxInterfaces bounds how many interfaces a section may have.
const maxInterfaces = 1 << 16

// An ngInterfaceInfo is what an interface block tells about its frames.
type ngInterfaceInfo struct {
	linkType   wire.LinkType
	snapLength uint32 // 0: none
	resolution uint8
	offset     int64 // seconds
}

func (r *Reader) firstSection() error {
	blockType, body, err := r.block()
	if err != nil {
		return err
	}
	return r.control(blockType, body)
}

func (r *Reader) nextNg() (Frame, error) {
	for {
		blockType, body, err := r.block()
		if err != nil {
			return Frame{}, err
		}
		switch blockType {
		case blockEnhancedPacket:
			return r.enhancedPacket(body)
		case blockSimplePacket:
			return r.simplePacket(body)
		case blockPacket:
			return r.obsoletePacket(body)
		}
		if err := r.control(blockType, body); err != nil {
			return Frame{}, err
		}
	}
}

// block reads the next block of a kind that is known and returns what stands
// between its two lengths; others are skipped.
func (r *Reader) block() (blockType uint32, body []byte, err error) {
	for {
		var head [8]byte
		if err := r.readFull(head[:], r.order != nil); err != nil {
			return 0, nil, err
		}
		if binary.LittleEndian.Uint32(head[:]) == blockSection {
			if err := r.sectionOrder(); err != nil {
				return 0, nil, err
			}
		}
		blockType = r.order.Uint32(head[0:])
		length := r.order.Uint32(head[4:])
		if length < blockOverhead || length%4 != 0 {
			return 0, nil, r.broken(fmt.Sprintf("block of %d bytes", length))
		}
		known := isKnown(blockType)
		if known && length > maxBlock {
			return 0, nil, r.broken(fmt.Sprintf("block of %d bytes, %d are taken", length, maxBlock))
		}
		if !known {
			if err := r.skip(int64(length) - 8); err != nil {
				return 0, nil, err
			}
			continue
		}
		body = make([]byte, length-8)
		if err := r.readFull(body, false); err != nil {
			return 0, nil, err
		}
		body, again := body[:len(body)-4], r.order.Uint32(body[len(body)-4:])
		if again != length {
			return 0, nil, r.broken(fmt.Sprintf("block that begins with length %d and ends with %d", length, again))
		}
		return blockType, body, nil
	}
}

func isKnown(blockType uint32) bool {
	switch blockType {
	case blockSection, blockInterface, blockPacket, blockSimplePacket, blockEnhancedPacket:
		return true
	}
	return false
}

// sectionOrder looks ahead for the byte order of the section that begins; its
// block type reads the same in both.
func (r *Reader) sectionOrder() error {
	magic, err := r.r.Peek(4)
	if err != nil {
		return r.readFull(make([]byte, 4), false)
	}
	switch uint32(byteOrderMagic) {
	case binary.LittleEndian.Uint32(magic):
		r.order = binary.LittleEndian
	case binary.BigEndian.Uint32(magic):
		r.order = binary.BigEndian
	default:
		return r.broken(fmt.Sprintf("section with byte order % x", magic))
	}
	return nil
}

// control reads a block that is not a frame.
func (r *Reader) control(blockType uint32, body []byte) error {
	if blockType == blockSection {
		if len(body) < 16 {
			return r.broken("section block that is too short")
		}
		if major := r.order.Uint16(body[4:]); major != versionMajor {
			return r.broken(fmt.Sprintf("section of pcapng version %d, %d is known", major, versionMajor))
		}
		r.ng = nil
		return nil
	}
	if len(body) < 8 {
		return r.broken("interface block that is too short")
	}
	if len(r.ng) == maxInterfaces {
		return r.broken("interface too many")
	}
	i := ngInterfaceInfo{
		linkType:   wire.LinkType(r.order.Uint16(body)),
		snapLength: r.order.Uint32(body[4:]),
		resolution: defaultTimeResolution,
	}
	for code, value := range r.options(body[8:]) {
		switch {
		case code == optionTimeResolution && len(value) >= 1:
			i.resolution = value[0]
		case code == optionTimeOffset && len(value) >= 8:
			i.offset = int64(r.order.Uint64(value))
		}
	}
	r.ng = append(r.ng, i)
	return nil
}

// options walks an option list and stops where it ends or does not make sense.
func (r *Reader) options(b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			code, length := r.order.Uint16(b), int(r.order.Uint16(b[2:]))
			if code == optionEnd || len(b) < 4+length || !yield(code, b[4:4+length]) {
				return
			}
			b = b[min(len(b), 4+(length+3)&^3):]
		}
	}
}

func (r *Reader) enhancedPacket(body []byte) (Frame, error) {
	if len(body) < 20 {
		return Frame{}, r.broken("packet block that is too short")
	}
	return r.packet(int64(r.order.Uint32(body)), body[4:])
}

// obsoletePacket has a count of drops in the place of half the interface number.
func (r *Reader) obsoletePacket(body []byte) (Frame, error) {
	if len(body) < 20 {
		return Frame{}, r.broken("packet block that is too short")
	}
	return r.packet(int64(r.order.Uint16(body)), body[4:])
}

// packet reads what both packet blocks have behind the interface number.
func (r *Reader) packet(number int64, body []byte) (Frame, error) {
	if number >= int64(len(r.ng)) {
		return Frame{}, r.broken(fmt.Sprintf("frame of interface %d, there are %d", number, len(r.ng)))
	}
	i := r.ng[number]
	ticks := uint64(r.order.Uint32(body))<<32 | uint64(r.order.Uint32(body[4:]))
	kept, length := r.order.Uint32(body[8:]), r.order.Uint32(body[12:])
	body = body[16:]
	if int64(kept) > int64(len(body)) || kept > maxFrame {
		return Frame{}, r.broken(fmt.Sprintf("frame of %d bytes in a block of %d", kept, len(body)))
	}
	f := Frame{
		Data:      body[:kept:kept],
		Length:    max(int(length), int(kept)),
		Time:      i.time(ticks),
		Interface: int(number),
		LinkType:  i.linkType,
	}
	for code, value := range r.options(body[min(len(body), (int(kept)+3)&^3):]) {
		if code == optionPacketFlags && len(value) >= packetFlagsLen {
			if d := Direction(r.order.Uint32(value) & directionMask); d == In || d == Out {
				f.Direction = d
			}
		}
	}
	return f, nil
}

// simplePacket is of interface 0, without a time.
func (r *Reader) simplePacket(body []byte) (Frame, error) {
	if len(body) < 4 || len(r.ng) == 0 {
		return Frame{}, r.broken("simple packet block without a length or an interface")
	}
	length, data := r.order.Uint32(body), body[4:]
	kept := min(int64(length), int64(len(data)))
	if snap := r.ng[0].snapLength; snap != 0 {
		kept = min(kept, int64(snap))
	}
	return Frame{Data: data[:kept:kept], Length: max(int(length), int(kept)), LinkType: r.ng[0].linkType}, nil
}

// time turns ticks of the interface's resolution into a time: units of 10^-n
// seconds, or of 2^-n if the highest bit is set.
func (i ngInterfaceInfo) time(ticks uint64) time.Time {
	n := i.resolution & 0x7f
	var seconds, nanoseconds uint64
	switch {
	case i.resolution&0x80 != 0 && n < 64:
		seconds = ticks >> n
		high, low := bits.Mul64(ticks&(1<<n-1), 1e9)
		nanoseconds = high<<(64-n) | low>>n
	case i.resolution&0x80 == 0 && n <= 19: // 10^19 is the last that fits
		perSecond := pow10(n)
		seconds = ticks / perSecond
		high, low := bits.Mul64(ticks%perSecond, 1e9)
		nanoseconds, _ = bits.Div64(high, low, perSecond)
	}
	return time.Unix(int64(seconds)+i.offset, int64(nanoseconds)).UTC()
}

func pow10(n uint8) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
