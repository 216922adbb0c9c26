package path

import (
	"bytes"
	"time"

	"tfocraft/wire/bilingual"
)

// Fate is what became of a frame.
type Fate uint8

// The fates. TakenByBox is that of a frame that a middlebox answers in the place of the other end, or sends on later as a
// frame of its own.
const (
	Arrived Fate = iota
	Lost
	DroppedByBox
	TakenByBox
	TooBigForPath
	QueueFull
	UnderWay // still, when the path was given up
)

// A Passage is one frame's way over a path.
type Passage struct {
	// Number counts frames by departure, from 1. A duplicate has the number of its frame.
	Number uint64
	// From is where the frame came in, To where it went or would have gone; a frame that a middlebox took or dropped ends in
	// the Middle.
	From, To Place
	// Departed is when it came in, Ended when it went out or, for any other fate, when that befell it.
	Departed, Ended time.Time
	Fate            Fate
	// MadeBy names the middlebox that a frame from the Middle comes from, "router" for the path's own answers. By names the
	// last middlebox that changed, took or dropped the frame.
	MadeBy, By string
	Duplicate  bool // it is the second copy
	HeldBack   bool // others may have overtaken it
	Corrupted  bool // a bit was flipped
	// Sent are the bytes as they came in, Got as they went out; nil if the frame did not arrive.
	Sent, Got []byte
}

// Changed reports whether the frame arrived with other bytes than it left with.
func (p *Passage) Changed() bool { return p.Fate == Arrived && !bytes.Equal(p.Sent, p.Got) }

// Text says in a few words what became of a frame that did not arrive; it is zero for one that did.
func (p *Passage) Text() bilingual.Text {
	switch p.Fate {
	case Lost:
		return bilingual.T("lost", "丢失")
	case DroppedByBox:
		return bilingual.Format("dropped by %s", "被 %s 丢弃", p.By)
	case TakenByBox:
		return bilingual.Format("taken by %s", "被 %s 截下", p.By)
	case TooBigForPath:
		return bilingual.T("dropped: longer than the path's MTU", "丢弃：超过路径 MTU")
	case QueueFull:
		return bilingual.T("dropped: the bottleneck's queue is full", "丢弃：瓶颈队列已满")
	case UnderWay:
		return bilingual.T("still under way", "仍在途中")
	}
	return bilingual.Text{}
}
