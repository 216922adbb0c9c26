package handshake

import (
	"slices"

	"tfocraft/wire"
)

// twistMoves change the segment that the peer sends next: what an orderly peer
// would never do, done to a segment that is otherwise to the point.
var twistMoves = []move{
	twist("old timestamp", 3, func(c *conversation, s *wire.Segment) {
		c.setTimestamps(s, wire.Timestamps{Val: c.m.ts.recent - 1 - uint32(c.below(5000)), Ecr: c.promises.tsVal})
	}),
	twist("timestamp of the future", 1, func(c *conversation, s *wire.Segment) {
		c.setTimestamps(s, wire.Timestamps{Val: c.m.ts.recent + uint32(c.below(1<<16)), Ecr: c.promises.tsVal})
	}),
	twist("echo of what was never sent", 2, func(c *conversation, s *wire.Segment) {
		ecr := choose(c, 0, c.promises.tsVal+1000, c.promises.tsVal-uint32(c.below(1<<16)))
		c.setTimestamps(s, wire.Timestamps{Val: c.timestamps().Val, Ecr: ecr})
	}),
	twist("no options", 2, func(c *conversation, s *wire.Segment) { s.Options = nil }),
	twist("options cut", 2, func(c *conversation, s *wire.Segment) { s.Options = s.Options[:c.below(len(s.Options)+1)] }),
	twist("options with a wrong length", 2, func(c *conversation, s *wire.Segment) {
		if s.Options = slices.Clone(s.Options); len(s.Options) > 0 {
			s.Options[c.below(len(s.Options))] = byte(c.byte())
		}
	}),
	twist("options twice", 1, func(c *conversation, s *wire.Segment) {
		s.Options = append(slices.Clone(s.Options), s.Options...)
	}),
	twist("options padded", 1, func(c *conversation, s *wire.Segment) {
		s.Options = append(wire.AppendNOP(nil, 1+c.below(8)), s.Options...)
	}),
	twist("options behind their end", 1, func(c *conversation, s *wire.Segment) {
		s.Options = append(wire.Options{0}, s.Options...)
	}),
	twist("unknown options", 1, func(c *conversation, s *wire.Segment) {
		s.Options = append(wire.AppendOption(nil, wire.OptionKind(60+c.below(190)), make([]byte, c.below(8))), s.Options...)
	}),
	twist("options of a SYN", 1, func(c *conversation, s *wire.Segment) {
		s.Options = append(slices.Clone(s.Options), c.synOptions()...)
	}),
	twist("SACK blocks", 2, func(c *conversation, s *wire.Segment) {
		at := c.near(c.m.send.una, c.m.send.nxt)
		s.Options = wire.AppendSACK(slices.Clone(s.Options), wire.SACKBlock{Left: at, Right: at.Add(c.below(2000))})
	}),
	twist("a flag", 2, func(c *conversation, s *wire.Segment) { s.Flags ^= 1 << c.below(12) }),
	twist("any flags", 1, func(c *conversation, s *wire.Segment) { s.Flags = wire.Flags(c.below(1 << 12)) }),
	twist("another sequence number", 2, func(c *conversation, s *wire.Segment) {
		s.Seq = c.near(s.Seq, c.nxt(), c.edge())
	}),
	twist("another acknowledgement", 2, func(c *conversation, s *wire.Segment) {
		s.Ack = c.near(s.Ack, c.m.send.una, c.m.send.nxt)
	}),
	twist("another window", 2, func(c *conversation, s *wire.Segment) { s.Window = uint16(c.below(1 << 16)) }),
}

// twist has a change wait for the next segment. Its choices are those of its own
// frame.
func twist(name string, weight int, change func(*conversation, *wire.Segment)) move {
	return move{"next with: " + name, weight, func(c *conversation) {
		own := c.choices
		c.twists = append(c.twists, func(c *conversation, s *wire.Segment) {
			others := c.choices
			c.choices = own
			change(c, s)
			s.Options = s.Options[:min(len(s.Options), wire.MaxOptionsLen)]
			c.choices = others
		})
	}}
}

// setTimestamps puts other timestamps in, which the machine takes for those of the
// segment: the last ones count.
func (c *conversation) setTimestamps(s *wire.Segment, ts wire.Timestamps) {
	if !s.Flags.Has(wire.SYN) {
		s.Options = nil
	}
	s.Options = wire.AppendTimestamps(wire.AppendNOP(slices.Clone(s.Options), 2), ts)
}
