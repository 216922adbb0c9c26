package wire

import "encoding/binary"

// HeaderLen is the length of a TCP header without options, in bytes.
const HeaderLen = 20

// MaxOptionsLen is the room for options that the data offset can express
// (RFC 9293, Section 3.1), in bytes.
const MaxOptionsLen = 40

// A Segment is a TCP segment with its fields as they are on the wire
// (RFC 9293, Section 3.1): the window is not scaled, the checksum not checked,
// and DataOffset may contradict len(Options).
type Segment struct {
	SrcPort, DstPort uint16
	Seq, Ack         Seq
	DataOffset       uint8 // header length in 32-bit words, 0..15
	Flags            Flags
	Window           uint16
	Checksum         uint16
	Urgent           uint16
	Options          Options // as on the wire, padding included
	Payload          []byte
}

// ParseSegment reads a TCP segment; the options and the payload alias b. On an
// error the fields that could be read are set.
func ParseSegment(b []byte) (Segment, error) {
	var s Segment
	if len(b) < HeaderLen {
		return s, parseErr("tcp", len(b), ErrTruncated)
	}
	s.SrcPort = binary.BigEndian.Uint16(b[0:])
	s.DstPort = binary.BigEndian.Uint16(b[2:])
	s.Seq = Seq(binary.BigEndian.Uint32(b[4:]))
	s.Ack = Seq(binary.BigEndian.Uint32(b[8:]))
	offsetAndFlags := binary.BigEndian.Uint16(b[12:])
	s.DataOffset = uint8(offsetAndFlags >> 12)
	s.Flags = Flags(offsetAndFlags) & allFlags
	s.Window = binary.BigEndian.Uint16(b[14:])
	s.Checksum = binary.BigEndian.Uint16(b[16:])
	s.Urgent = binary.BigEndian.Uint16(b[18:])
	end := int(s.DataOffset) * 4
	if end < HeaderLen {
		return s, parseErr("tcp", 12, ErrHeaderLength)
	}
	if end > len(b) {
		return s, parseErr("tcp", 12, ErrTruncated)
	}
	s.Options = Options(b[HeaderLen:end:end])
	s.Payload = b[end:len(b):len(b)]
	return s, nil
}

// Append adds the segment to dst exactly as its fields say.
func (s *Segment) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, s.SrcPort)
	dst = binary.BigEndian.AppendUint16(dst, s.DstPort)
	dst = binary.BigEndian.AppendUint32(dst, uint32(s.Seq))
	dst = binary.BigEndian.AppendUint32(dst, uint32(s.Ack))
	dst = binary.BigEndian.AppendUint16(dst, uint16(s.DataOffset)<<12|uint16(s.Flags&allFlags))
	dst = binary.BigEndian.AppendUint16(dst, s.Window)
	dst = binary.BigEndian.AppendUint16(dst, s.Checksum)
	dst = binary.BigEndian.AppendUint16(dst, s.Urgent)
	dst = append(dst, s.Options...)
	return append(dst, s.Payload...)
}

// WireLen returns the number of bytes that Append adds.
func (s *Segment) WireLen() int { return HeaderLen + len(s.Options) + len(s.Payload) }

// Len returns the sequence space that the segment takes: its payload, and one
// each for SYN and FIN (SEG.LEN of RFC 9293, Section 3.3.1).
func (s *Segment) Len() int {
	n := len(s.Payload)
	if s.Flags.Has(SYN) {
		n++
	}
	if s.Flags.Has(FIN) {
		n++
	}
	return n
}

// DataSeq returns the sequence number of the first payload byte: a SYN comes
// before the data that it carries.
func (s *Segment) DataSeq() Seq {
	if s.Flags.Has(SYN) {
		return s.Seq.Add(1)
	}
	return s.Seq
}

// End returns the sequence number after the segment.
func (s *Segment) End() Seq { return s.Seq.Add(s.Len()) }

// SetDataOffset sets the data offset to what the options take. They must be
// padded to a multiple of four bytes; see [Pad].
func (s *Segment) SetDataOffset() {
	s.DataOffset = uint8((HeaderLen + len(s.Options)) / 4)
}
