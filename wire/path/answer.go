package path

import (
	"bytes"

	"tfocraft/wire"
	"tfocraft/wire/internal/lru"
)

// maxHeld is how many segments of a client wait for the server's SYN-ACK.
const maxHeld = 16

// answering is a proxy that answers each SYN in the server's name, of which it knows nothing yet, and so without Fast Open and
// with no option but MSS; at the same time it asks the server with a plain SYN. What the server says afterwards has other
// sequence numbers than what the client was told, so it moves them in all that follows.
type answering struct {
	splices lru.Map[flow, *splice]
}

// A splice is a connection of a client and one of the server that look like one to both.
type splice struct {
	forward bool // the client is at the near end
	isn     wire.Seq
	ours    wire.Seq // the number of our SYN to the client
	theirs  wire.Seq // that of the server's, once it is joined
	joined  bool
	window  uint16
	held    [][]byte // from the client, until then
}

func newAnswering(_, _ int) box { return new(answering) }

func (a *answering) pass(s *segment) verdict {
	c, known := a.splices.Get(s.flow())
	switch {
	case s.opens():
		if !known || c.isn != s.TCP.Seq || c.forward != s.forward {
			c = &splice{forward: s.forward, isn: s.TCP.Seq, window: s.TCP.Window}
			c.ours = wire.Seq(sequenceOffset(s.Dst(), s.Src())) + c.isn
			remember(&a.splices, s.flow(), c)
		}
		return c.answer(s)
	case !known:
		return passOn
	case s.forward == c.forward:
		return c.fromClient(s)
	}
	return c.fromServer(s)
}

// answer tells the client that it is connected, and asks the server.
func (c *splice) answer(s *segment) verdict {
	options := s.room[:0]
	if set, _ := s.TCP.Options.Decode(); set.HasMSS {
		options = wire.AppendMSS(options, set.MSS)
	}
	s.answer(wire.Segment{Flags: wire.SYN | wire.ACK, Seq: c.ours, Ack: c.isn.Add(1), Window: 65535, Options: options})
	s.onward(wire.Segment{Flags: wire.SYN, Seq: c.isn, Window: c.window, Options: options})
	return take
}

func (c *splice) fromClient(s *segment) verdict {
	switch {
	case c.joined:
		s.shift(0, c.theirs-c.ours)
		return passOn
	case s.TCP.Len() == 0 && !s.TCP.Flags.Has(wire.RST):
		return take // the acknowledgement of our SYN
	case len(c.held) == maxHeld:
		return discard
	}
	c.held = append(c.held, bytes.Clone(s.frame))
	return take
}

func (c *splice) fromServer(s *segment) verdict {
	switch {
	case s.accepts():
		c.join(s)
		return take
	case c.joined:
		s.shift(c.ours-c.theirs, 0)
	case s.TCP.Flags.Has(wire.RST): // refused: to the client it is a connection that ends
		s.shift(c.ours.Add(1)-s.TCP.Seq, 0)
	default:
		return discard
	}
	return passOn
}

// join ends the handshake with the server, and gives it what the client has said meanwhile.
func (c *splice) join(s *segment) {
	c.theirs, c.joined = s.TCP.Seq, true
	s.answer(wire.Segment{Flags: wire.ACK, Seq: c.isn.Add(1), Ack: c.theirs.Add(1), Window: c.window})
	for _, frame := range c.held {
		var waiting segment
		waiting.read(frame) // which it was before
		waiting.shift(0, c.theirs-c.ours)
		s.maker.frame(c.forward, frame)
	}
	c.held = nil
}
