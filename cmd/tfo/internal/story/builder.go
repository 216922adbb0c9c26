package story

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"tfocraft/cookie"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
	"tfocraft/wire/follow"
	"tfocraft/wire/pcapng"
)

// DefaultLimit is how many frames a story has: as many as somebody may look through, and a browser draws at once.
const DefaultLimit = 500

// A Builder makes a story of frames. Its fields are set before the first frame. It has one owner.
type Builder struct {
	// Hosts are the columns of the diagram, if it is known whose frames there are. Without them they are found from the
	// addresses: those who open connections to the left, those who accept them to the right.
	Hosts []Host
	// View is the index of the host that the story is told from, where the frames come from a path: it sees what it sends as
	// it leaves and what it gets as it arrives. Frames that never are at this host belong to no connection.
	View int
	// Keyring, if there is one, has the servers' keys, by which cookies are judged.
	Keyring *cookie.Keyring
	// Limit bounds the frames that are kept; 0 means DefaultLimit.
	Limit int

	sightings []Sighting
	left      int
}

// A Sighting is a frame of which a story is to be made.
type Sighting struct {
	// Number is that of the frame in its capture; 0 means that frames are counted in the order of departure.
	Number int
	// Connection is the number of its connection where others are told of it by that; 0 means that they are counted here.
	Connection int
	Link       wire.LinkType
	// Departed and Arrived are when the frame left and when its receiver had it. A zero Arrived means that it was seen once, at Departed.
	Departed, Arrived time.Time
	// From and To are indexes of Hosts. Without Hosts they are not looked at.
	From, To int
	// Sent are the bytes that it left with, Got those that it arrived with; nil if they are the same, or if it did not arrive.
	Sent, Got []byte
	// Cut is how many bytes at its end a capture has not kept.
	Cut int
	// Lost tells that it did not arrive, Fate what befell it on the way.
	Lost bool
	Fate bilingual.Text
}

// Add takes a frame. Frames that somebody has captured come in the order of the capture. It keeps copies of the bytes.
func (b *Builder) Add(s Sighting) {
	if len(b.sightings) >= cmp.Or(b.Limit, DefaultLimit) {
		b.left++
		return
	}
	s.Sent, s.Got = bytes.Clone(s.Sent), bytes.Clone(s.Got)
	if s.Arrived.IsZero() {
		s.Arrived = s.Departed
	}
	b.sightings = append(b.sightings, s)
}

// Story makes the story of the frames so far. Title, checks and the like are the caller's to add.
func (b *Builder) Story() *Story {
	slices.SortStableFunc(b.sightings, func(x, y Sighting) int { return x.Departed.Compare(y.Departed) })
	t := newTelling(b)
	for seen, i := range b.order() {
		t.frame(i, seen+1)
	}
	return t.finish()
}

// order returns indexes of sightings as the view has them, in which they are followed.
func (b *Builder) order() []int {
	order := make([]int, len(b.sightings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return b.seenAt(i).Compare(b.seenAt(j)) })
	return order
}

// seenAt is when the view has a frame.
func (b *Builder) seenAt(i int) time.Time {
	s := &b.sightings[i]
	if len(b.Hosts) > 0 && s.From != b.View && !s.Lost {
		return s.Arrived
	}
	return s.Departed
}

// seenBytes are those that the view has.
func (b *Builder) seenBytes(s *Sighting) []byte {
	if len(b.Hosts) > 0 && s.From != b.View && s.Got != nil {
		return s.Got
	}
	return s.Sent
}

// inView reports whether a frame is ever at the view, or on its way there.
func (b *Builder) inView(s *Sighting) bool {
	return len(b.Hosts) == 0 || s.From == b.View || s.To == b.View
}

// parse reads what can be followed of a frame: the TCP segment, or the ICMP error about one.
func (s *Sighting) parse(data []byte) (p wire.Packet, problem *wire.ICMPError, ok bool) {
	// What a capture has cut off counts as zeros, as long as the headers are there.
	whole := data
	if s.Cut > 0 {
		whole = append(slices.Clip(data), make([]byte, min(s.Cut, maxPacket))...)
	}
	ip, ok := pcapng.Strip(s.Link, whole)
	if !ok {
		return p, nil, false
	}
	p, err := wire.ParsePacket(ip)
	if err == nil {
		return p, nil, len(whole)-len(p.Trailer)-len(p.TCP.Payload) <= len(data)
	}
	if e, err := wire.ParseICMPError(ip); err == nil {
		return p, &e, false
	}
	return p, nil, false
}

// maxPacket is the longest IP packet, in bytes.
const maxPacket = 1<<16 - 1

// dissected takes bytes apart, with reasons if facts are known.
func dissected(data []byte, link wire.LinkType, facts *follow.Facts) dissect.Frame {
	d := dissect.Dissect(data, link)
	dissect.Explain(&d, data, facts)
	return d
}
