package path

import (
	"encoding/binary"

	"tfocraft/wire"
)

// stripOption takes Fast Open options out. What is left keeps its order; what only filled the header goes, too.
func stripOption(s *segment) verdict {
	if !s.TCP.Flags.Has(wire.SYN) || !s.has(isFastOpen) {
		return passOn
	}
	left, solid, at := s.room[:0], 0, 0
	for opt, err := range s.TCP.Options.All() {
		next := at + optionLen(opt)
		if err != nil {
			next = len(s.TCP.Options) // the broken one and all behind it
		}
		if !isFastOpen(opt) {
			left = append(left, s.TCP.Options[at:next]...)
		}
		if opt.Kind > wire.KindNOP && !isFastOpen(opt) {
			solid = len(left)
		}
		at = next
	}
	s.setOptions(left[:solid])
	return passOn
}

// normalise keeps the options of an ordinary stack, each once and of a legal length. It writes those of a SYN in its own
// order, and others only if there are some that it does not know.
func normalise(s *segment) verdict {
	syn := s.TCP.Flags.Has(wire.SYN)
	if !syn && !s.has(isUnusual) {
		return passOn
	}
	set, _ := s.TCP.Options.Decode() // what stands before a broken one counts
	options := s.room[:0]
	if syn {
		options = appendOpening(options, &set)
	}
	if set.HasTimestamps {
		options = wire.AppendTimestamps(options, set.Timestamps)
	}
	if set.NumSACK > 0 {
		options = wire.AppendSACK(options, set.SACK[:set.NumSACK]...)
	}
	s.setOptions(options)
	return passOn
}

// appendOpening adds the options that only a SYN may have.
func appendOpening(options []byte, set *wire.OptionSet) []byte {
	if set.HasMSS {
		options = wire.AppendMSS(options, set.MSS)
	}
	if set.SACKPermitted {
		options = wire.AppendSACKPermitted(options)
	}
	if set.HasWindowScale {
		options = wire.AppendWindowScale(options, set.WindowScale)
	}
	return options
}

func isUnusual(opt wire.Option) bool {
	return opt.Kind > wire.KindSACK && opt.Kind != wire.KindTimestamps
}

// setOptions gives the segment other options, which are padded, if they are others.
func (s *segment) setOptions(options []byte) {
	options = wire.Pad(options, 0)
	if string(options) == string(s.TCP.Options) {
		return
	}
	s.rebuild(func(p *wire.Packet) { p.TCP.Options = options })
}

// shift adds a number to the sequence number, and another to what acknowledges.
func (s *segment) shift(seq, ack wire.Seq) {
	before := s.sum()
	s.TCP.Seq += seq
	binary.BigEndian.PutUint32(s.header[4:], uint32(s.TCP.Seq))
	if s.TCP.Flags.Has(wire.ACK) {
		s.TCP.Ack += ack
		binary.BigEndian.PutUint32(s.header[8:], uint32(s.TCP.Ack))
	}
	for opt, err := range s.TCP.Options.All() {
		if err != nil {
			break
		}
		if opt.Kind == wire.KindSACK && len(opt.Data)%4 == 0 {
			for edge := opt.Data; len(edge) > 0; edge = edge[4:] {
				binary.BigEndian.PutUint32(edge, binary.BigEndian.Uint32(edge)+uint32(ack))
			}
		}
	}
	s.changed(before)
}
