package path

import (
	"encoding/binary"
	"net/netip"

	"tfocraft/wire"
)

// throughMiddleboxes takes a frame through them, changing it in place; what it
// returns is never longer. It is not kept if one of them drops it.
func throughMiddleboxes(boxes []Middlebox, frame []byte) (changed []byte, kept bool) {
	if len(boxes) == 0 {
		return frame, true
	}
	s, ok := newSegment(frame)
	if !ok {
		return frame, true
	}
	for _, m := range boxes {
		if !m.pass(&s) {
			return frame, false
		}
	}
	return s.frame, true
}

// pass reports whether the segment goes on, changed or not.
func (m Middlebox) pass(s *segment) bool {
	syn := s.TCP.Flags.Has(wire.SYN)
	open := syn && !s.TCP.Flags.Has(wire.ACK)
	switch m.Kind {
	case StripFastOpen:
		if syn {
			s.strip(isFastOpen)
		}
	case DropFastOpen:
		return !open || !s.TCP.Options.FastOpen().Present
	case StripSynData:
		if syn && len(s.TCP.Payload) > 0 {
			s.cutPayload()
		}
	case DropSynData:
		return !open || len(s.TCP.Payload) == 0
	case StripSACK:
		s.strip(isSACK)
	case StripTimestamps:
		s.strip(isTimestamps)
	case StripScale:
		s.strip(isWindowScale)
	case ClampMSS:
		if syn {
			s.clampMSS(m.MSS)
		}
	case RewriteISN:
		s.moveSequence()
	}
	return true
}

// A segment is a frame with TCP that is changed in place.
type segment struct {
	wire.Packet        // aliases frame
	frame       []byte // whole
	header      []byte // of TCP, options included
}

func newSegment(frame []byte) (segment, bool) {
	p, err := wire.ParseFrame(frame)
	if err != nil {
		return segment{}, false
	}
	end := len(frame) - len(p.Trailer) - len(p.TCP.Payload)
	start := end - wire.HeaderLen - len(p.TCP.Options)
	return segment{Packet: p, frame: frame, header: frame[start:end]}, true
}

// changed updates the checksum after a change of the header, of which the sum was
// taken before, incrementally (RFC 1624): a checksum that was wrong stays wrong.
func (s *segment) changed(before uint16) {
	s.TCP.Checksum = wire.Sum(0).AddUint16(^s.TCP.Checksum).AddUint16(^before).AddUint16(s.sum()).Checksum()
	binary.BigEndian.PutUint16(s.header[16:], s.TCP.Checksum)
}

func (s *segment) sum() uint16 { return wire.Sum(0).Add(s.header).Fold() }

// strip overwrites options with NOPs.
func (s *segment) strip(which func(wire.Option) bool) {
	before, at := s.sum(), 0
	for opt, err := range s.TCP.Options.All() {
		if err != nil {
			break
		}
		next := at + optionLen(opt)
		if which(opt) {
			wire.AppendNOP(s.TCP.Options[at:at], next-at)
		}
		at = next
	}
	s.changed(before)
}

func optionLen(opt wire.Option) int {
	if opt.Kind == wire.KindEOL || opt.Kind == wire.KindNOP {
		return 1
	}
	return 2 + len(opt.Data)
}

func isFastOpen(opt wire.Option) bool {
	return opt.Kind == wire.KindFastOpen || opt.Kind == wire.KindExperiment2 &&
		len(opt.Data) >= 2 && binary.BigEndian.Uint16(opt.Data) == wire.FastOpenExID
}

func isSACK(opt wire.Option) bool {
	return opt.Kind == wire.KindSACKPermitted || opt.Kind == wire.KindSACK
}

func isTimestamps(opt wire.Option) bool { return opt.Kind == wire.KindTimestamps }

func isWindowScale(opt wire.Option) bool { return opt.Kind == wire.KindWindowScale }

// cutPayload makes the frame end behind the TCP header.
func (s *segment) cutPayload() {
	s.TCP.Payload, s.Trailer = nil, nil
	s.SetLengths()
	s.SetChecksums()
	// Each field is written where it was read, so that it may alias the frame.
	s.frame = s.Append(s.frame[:0])
}

func (s *segment) clampMSS(limit uint16) {
	before := s.sum()
	for opt, err := range s.TCP.Options.All() {
		if err != nil {
			break
		}
		if opt.Kind == wire.KindMSS && len(opt.Data) == 2 && binary.BigEndian.Uint16(opt.Data) > limit {
			binary.BigEndian.PutUint16(opt.Data, limit)
		}
	}
	s.changed(before)
}

// moveSequence adds the sender's offset to the sequence number and takes the
// receiver's, which a box in the other direction has added, off what acknowledges.
func (s *segment) moveSequence() {
	before := s.sum()
	theirs := -sequenceOffset(s.Dst(), s.Src())
	s.TCP.Seq += wire.Seq(sequenceOffset(s.Src(), s.Dst()))
	binary.BigEndian.PutUint32(s.header[4:], uint32(s.TCP.Seq))
	if s.TCP.Flags.Has(wire.ACK) {
		s.TCP.Ack += wire.Seq(theirs)
		binary.BigEndian.PutUint32(s.header[8:], uint32(s.TCP.Ack))
	}
	for opt, err := range s.TCP.Options.All() {
		if err != nil {
			break
		}
		if opt.Kind == wire.KindSACK && len(opt.Data)%4 == 0 {
			for edge := opt.Data; len(edge) > 0; edge = edge[4:] {
				binary.BigEndian.PutUint32(edge, binary.BigEndian.Uint32(edge)+theirs)
			}
		}
	}
	s.changed(before)
}

// sequenceOffset is by how much the sequence numbers from src to dst are moved.
// Both directions find it without talking to each other. It is FNV-1a.
func sequenceOffset(src, dst netip.AddrPort) uint32 {
	h := uint32(2166136261)
	for _, end := range [...]netip.AddrPort{src, dst} {
		for _, b := range end.Addr().As16() {
			h = (h ^ uint32(b)) * 16777619
		}
		h = (h ^ uint32(end.Port())) * 16777619
	}
	return h
}
