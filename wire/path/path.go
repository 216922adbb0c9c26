package path

import (
	"math/rand/v2"
	"time"
)

// A Path is both ways between two ends, and the middleboxes between. It has one owner and no locks.
type Path struct {
	forward, backward direction
	boxes             []standing
	made              []made // by the middleboxes, not yet sent on
	segment           segment
	observer          func(Passage)
	departures        uint64
	buffers           buffers
	out               [][][]byte // by Place
}

// New returns a path. A nil cfg means all defaults. It fails if [Config.Check] does. Middleboxes begin without memory.
func New(cfg *Config) (*Path, error) {
	if cfg == nil {
		cfg = &Config{}
	}
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	hosts := max(cfg.FarHosts, 1)
	p := &Path{observer: cfg.Observer, out: make([][][]byte, int(Far)+hosts)}
	for _, m := range cfg.Middleboxes {
		p.boxes = append(p.boxes, standing{m.Name, m.kind().build(m.N, hosts)})
	}
	p.forward = newDirection(cfg.Forward, Near, rand.New(rand.NewPCG(cfg.Seed, 0)), len(p.boxes) > 0)
	p.backward = newDirection(cfg.Backward, Far, rand.New(rand.NewPCG(cfg.Seed, 1)), len(p.boxes) > 0)
	return p, nil
}

// Counters returns the counters of both ways as they are now.
func (p *Path) Counters() (forward, backward Counters) {
	return p.forward.counters, p.backward.counters
}

// direction returns the way that begins at a place.
func (p *Path) direction(from Place) *direction {
	if from == Near {
		return &p.forward
	}
	return &p.backward
}

// Send gives an Ethernet frame to the path, whole and with a finished checksum. It is copied. It comes from the Near end or
// a host of the Far end. Times must not go back from call to call.
func (p *Path) Send(now time.Time, from Place, frame []byte) {
	d := p.direction(from)
	d.counters.Sent++
	t := p.depart(now, from, d.to(), frame)
	if t.oneWire = ofOneWire(frame); !t.oneWire {
		t.luck = d.lottery.draw()
		if payloadLen(frame) > d.way.MTU {
			d.counters.TooBig++
			p.answerTooBig(now, d, frame)
			p.end(&t, now, TooBigForPath)
			return
		}
	}
	if len(p.boxes) == 0 {
		p.leave(now, d, t)
		return
	}
	if d.underWay() >= maxUnderWay {
		d.counters.QueueDrops++
		p.end(&t, now, QueueFull)
		return
	}
	t.at = now.Add(d.half)
	d.toBoxes.push(t)
	p.visitBoxes(now)
}

// depart makes a traveller of a copy of a frame.
func (p *Path) depart(now time.Time, from, to Place, frame []byte) traveller {
	t := traveller{buf: append(p.buffers.get(), frame...), to: to}
	if p.observer != nil {
		p.departures++
		t.log = &Passage{Number: p.departures, From: from, To: to, Departed: now, Sent: append(p.buffers.get(), frame...)}
	}
	return t
}

// leave puts a frame that is past the middleboxes on the rest of its way.
func (p *Path) leave(now time.Time, d *direction, t traveller) {
	if t.oneWire {
		t.at = now.Add(d.rest)
		d.inOrder.push(t)
		return
	}
	departs, fits := d.bottleneck(now, len(t.buf))
	switch {
	case !fits:
		d.counters.QueueDrops++
		p.end(&t, now, QueueFull)
	case t.luck.lost:
		d.counters.Lost++
		p.end(&t, now, Lost)
	default:
		p.travel(departs, d, t)
	}
}

// travel puts a frame, and its duplicate behind it, under way.
func (p *Path) travel(departs time.Time, d *direction, t traveller) {
	at, held := d.arrival(departs, t.luck)
	t.at = at
	queue := &d.inOrder
	if held {
		queue = &d.heldUp
	}
	twin, twins := p.twin(d, &t)
	if t.luck.corrupted {
		d.counters.Corrupted++
		corrupt(t.buf, t.luck.bit)
	}
	if t.log != nil {
		t.log.HeldBack, t.log.Corrupted = held, t.luck.corrupted
	}
	queue.push(t)
	if twins {
		queue.push(twin)
	}
}

// twin returns a frame's duplicate, if it has one.
func (p *Path) twin(d *direction, t *traveller) (twin traveller, ok bool) {
	if !t.luck.duplicated {
		return traveller{}, false
	}
	d.counters.Duplicated++
	twin = *t
	twin.buf = append(p.buffers.get(), t.buf...)
	if t.log != nil {
		log := *t.log
		log.Duplicate = true
		log.Sent = append(p.buffers.get(), t.log.Sent...)
		twin.log = &log
	}
	return twin, true
}

// end says what became of a frame and takes its buffers back, but that of one that has arrived.
func (p *Path) end(t *traveller, now time.Time, fate Fate) {
	if log := t.log; log != nil {
		log.Ended, log.Fate = now, fate
		if fate == Arrived {
			log.Got = t.buf
		}
		p.observer(*log)
		p.buffers.put(log.Sent)
	}
	if fate != Arrived {
		p.buffers.put(t.buf)
	}
}

// Deadline returns when the next frame arrives, at its end or at the middleboxes; the zero time means that none is
// under way.
func (p *Path) Deadline() (first time.Time) {
	for _, d := range [...]*direction{&p.forward, &p.backward} {
		first = earlier(earlier(first, d.toBoxes.first()), d.next().first())
	}
	return first
}

// Deliver returns the frames that have arrived by now, in order, for each [Place] from Near on. They belong to the caller
// until the next call.
func (p *Path) Deliver(now time.Time) [][][]byte {
	for place, frames := range p.out {
		p.buffers.put(frames...)
		p.out[place] = frames[:0]
	}
	p.visitBoxes(now)
	for _, d := range [...]*direction{&p.forward, &p.backward} {
		for {
			t, ok := d.next().pop(now)
			if !ok {
				break
			}
			d.counters.Delivered++
			p.end(&t, now, Arrived)
			p.out[t.to] = append(p.out[t.to], t.buf)
		}
	}
	return p.out
}

// GiveUp tells the observer of all frames that are still under way and forgets them.
func (p *Path) GiveUp(now time.Time) {
	for _, d := range [...]*direction{&p.forward, &p.backward} {
		for _, q := range [...]*queue{&d.toBoxes, &d.inOrder, &d.heldUp} {
			for i := range q.frames[q.head:] {
				p.end(&q.frames[q.head+i], now, UnderWay)
			}
			*q = queue{}
		}
	}
}
