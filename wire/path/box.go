package path

import (
	"time"

	"tfocraft/wire"
)

// A box is a middlebox at work on one path: it sees the TCP of both ways, in the order in which it comes by.
type box interface {
	pass(s *segment) verdict
}

// A proxy is a box that speaks for addresses of its own, and so sees what neighbours ask each other: ARP and IPv6 neighbour
// discovery. It reports whether it has taken the frame.
type proxy interface {
	neighbour(frame []byte, forward bool, m *maker) (taken bool)
}

type verdict uint8

const (
	passOn  verdict = iota // as it is by now
	discard                // it is gone
	take                   // gone, too, but dealt with
)

// standing is a box and its name.
type standing struct {
	name string
	box  box
}

// A maker takes the frames that a box makes.
type maker struct {
	path *Path
	at   int // the box
}

// made is a frame of a box's own making.
type made struct {
	buf     []byte
	forward bool
	by      int // the box
}

// frame sends one on its way, and copies it.
func (m *maker) frame(forward bool, frame []byte) {
	m.path.made = append(m.path.made, made{append(m.path.buffers.get(), frame...), forward, m.at})
}

// packet sends a packet whose lengths and checksums are still to be set.
func (m *maker) packet(forward bool, p wire.Packet) {
	p.SetLengths()
	p.SetChecksums()
	m.path.made = append(m.path.made, made{p.Append(m.path.buffers.get()), forward, m.at})
}

// visitBoxes takes all frames that have come to the middleboxes by now through them, in the order of both ways.
func (p *Path) visitBoxes(now time.Time) {
	for {
		d := &p.forward
		if f, b := p.forward.toBoxes.first(), p.backward.toBoxes.first(); earlier(f, b) != f {
			d = &p.backward
		}
		t, ok := d.toBoxes.pop(now)
		if !ok {
			return
		}
		p.through(t.at, d, t, p.firstBox(d))
		p.sendMade(t.at)
	}
}

func (p *Path) firstBox(d *direction) int {
	if d == &p.forward {
		return 0
	}
	return len(p.boxes) - 1
}

// sendMade sends what the boxes have made through those that stand behind them, which may make more.
func (p *Path) sendMade(now time.Time) {
	for i := 0; i < len(p.made); i++ {
		m := p.made[i]
		d, next := &p.backward, m.by-1
		if m.forward {
			d, next = &p.forward, m.by+1
		}
		d.counters.Made++
		t := p.depart(now, Middle, d.to(), m.buf)
		p.buffers.put(m.buf)
		t.oneWire = ofOneWire(t.buf)
		if t.log != nil {
			t.log.MadeBy = p.boxes[m.by].name
		}
		p.through(now, d, t, next)
	}
	p.made = p.made[:0]
}

// through takes a frame through the boxes from number i on, and on to the end if they let it.
func (p *Path) through(now time.Time, d *direction, t traveller, i int) {
	step := 1
	if d == &p.backward {
		step = -1
	}
	s := &p.segment
	s.forward, s.to, s.maker = d == &p.forward, t.to, maker{path: p}
	hasTCP := !t.oneWire && s.read(t.buf)
	for ; i >= 0 && i < len(p.boxes); i += step {
		b := &p.boxes[i]
		s.maker.at, s.touched = i, false
		v := passOn
		switch {
		case hasTCP:
			v = b.box.pass(s)
			t.buf, t.to = s.frame, s.to
		case t.oneWire:
			v = b.neighbour(t.buf, s.forward, &s.maker)
		}
		if t.log != nil {
			t.log.To = t.to
			if s.touched || v != passOn {
				t.log.By = b.name
			}
		}
		if v != passOn {
			p.keep(now, d, t, v)
			return
		}
	}
	p.leave(now, d, t)
}

// keep ends a frame at a box.
func (p *Path) keep(now time.Time, d *direction, t traveller, v verdict) {
	d.counters.Filtered++
	fate := DroppedByBox
	if v == take {
		fate = TakenByBox
	}
	if t.log != nil {
		t.log.To = Middle
	}
	p.end(&t, now, fate)
}

// neighbour shows a box what neighbours ask, if it wants to know.
func (b *standing) neighbour(frame []byte, forward bool, m *maker) verdict {
	if x, ok := b.box.(proxy); ok && x.neighbour(frame, forward, m) {
		return take
	}
	return passOn
}
