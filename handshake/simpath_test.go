package handshake

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"time"

	"tfocraft/wire"
)

// simPath is what can happen to a segment on the way.
type simPath struct {
	delay, jitter                time.Duration
	fifo                         bool // jitter does not reorder
	arrival                      [2]time.Time
	loss, dup, corrupt, overtake float64
	mark                         float64       // of what may be marked
	late                         time.Duration // how long a duplicate may stay away

	mtu      int  // of an IP packet
	silent   bool // a packet that is too big is dropped without a word
	narrowed bool // mtu is or was smaller than what the hosts take it for
	dead     bool // nothing gets through
	wasDead  bool
	softICMP bool // a lost segment is sometimes answered with an ICMP error that may pass

	middlebox simMiddlebox
	attacks   int // segments and ICMP errors forged by somebody who does not see the traffic
}

// simMiddlebox is what looks into a SYN or SYN-ACK, and changes or drops it.
type simMiddlebox struct {
	strip       [4]bool // the options of simOptions
	stripReply  bool    // Fast Open only from the SYN-ACK
	dropData    bool    // a SYN with data
	dropOption  bool    // a SYN with a Fast Open option
	cutsSynData bool
}

// simOptions are what a middlebox may remove, besides kind 254.
var simOptions = [...]wire.OptionKind{wire.KindFastOpen, wire.KindSACKPermitted, wire.KindTimestamps, wire.KindWindowScale}

// simFault is what has happened to a segment, for the tally and the log.
type simFault int

const (
	faultNone simFault = iota
	faultLost
	faultTwice
	faultCorrupt
	faultOvertaken
	faultTooBig
	faultTooBigSilent
	faultStripped
	faultCut
	faultMarked
	faultDataDropped
	faultOptionDropped
	faultSoftICMP
	faultForgedSegment
	faultForgedICMP
	faultLateICMP
	faultCount
)

var faultNames = [faultCount]string{
	"", "lost", "twice", "corrupt", "overtaken", "too big", "too big, no ICMP", "option stripped", "SYN data cut", "marked",
	"SYN data dropped", "SYN option dropped", "ICMP: host unreachable", "forged", "forged ICMP", "late ICMP",
}

func (s *sim) newPath() {
	p, rng := &s.path, s.rng
	p.delay = s.upTo(100 * time.Millisecond)
	p.mtu = 1 << 16
	if s.oneIn(5) {
		return // nothing at all happens
	}
	for _, h := range s.hosts {
		h.config.DeferAccept = pick[uint8](s.marks, 0, 0, 0, 2)
	}
	if s.marks.IntN(2) == 0 {
		p.mark = s.marks.Float64() * 0.3
	}
	if s.oneIn(2) {
		p.loss = rng.Float64() * 0.3
		p.softICMP = s.oneIn(8)
	}
	if s.oneIn(3) {
		p.dup = rng.Float64() * 0.1
		p.late = pick(rng, 0, 0, 5*time.Second)
	}
	if s.oneIn(4) {
		p.corrupt = rng.Float64() * 0.05
	}
	if s.oneIn(2) {
		p.jitter, p.fifo = s.upTo(100*time.Millisecond), s.oneIn(2)
	}
	if s.oneIn(4) {
		p.overtake = rng.Float64() * 0.1
	}
	if s.oneIn(4) {
		p.silent = s.oneIn(3)
		s.after(s.upTo(2*time.Second), nil, (*sim).narrow)
	}
	if s.oneIn(4) {
		p.attacks = 1 + rng.IntN(30)
		for range p.attacks {
			s.after(s.upTo(3*time.Second), s.hosts[rng.IntN(2)], (*sim).attack)
		}
	}
	if s.oneIn(20) {
		p.softICMP = s.oneIn(2)
		s.after(s.upTo(pick(rng, 0, 2*time.Second)), nil, (*sim).die)
	}
	if s.oneIn(3) {
		box := &p.middlebox
		for i := range box.strip {
			box.strip[i] = s.oneIn(3)
		}
		box.stripReply, box.dropData, box.dropOption, box.cutsSynData = s.oneIn(8), s.oneIn(6), s.oneIn(6), s.oneIn(6)
	}
}

// clean reports whether nothing happens on this path but delay.
func (p *simPath) clean() bool {
	c := simPath{delay: p.delay, mtu: p.mtu, arrival: p.arrival}
	return *p == c
}

// lossless reports whether everything comes through in the end.
func (p *simPath) lossless() bool {
	return p.loss == 0 && p.corrupt == 0 && !p.wasDead && !(p.silent && p.narrowed)
}

// reorders reports whether a segment may come behind one that was sent later.

// narrow changes the MTU while the connection stands, and at times once more.
// It stays above what every path has to take.
func (s *sim) narrow(*simHost) {
	least := minPathMSS4 + 40
	if s.ipv6 {
		least = minPathMSS6 + 60
	}
	s.path.mtu = least + s.rng.IntN(1500-least+1)
	s.path.narrowed = true
	s.logf("MTU is %d", s.path.mtu)
	if s.oneIn(3) {
		s.after(s.upTo(2*time.Second), nil, (*sim).narrow)
	}
}

// die loses everything from now on, for a while or for good.
func (s *sim) die(*simHost) {
	s.path.dead, s.path.wasDead = true, true
	s.logf("the path is dead")
	if s.oneIn(2) {
		s.after(s.upTo(20*time.Second), nil, func(s *sim, _ *simHost) {
			s.path.dead = false
			s.logf("the path is alive again")
		})
	}
}

func (s *sim) headers() int {
	if s.ipv6 {
		return wire.IPv6Len + wire.HeaderLen
	}
	return wire.IPv4Len + wire.HeaderLen
}

// transmit puts a segment on the path.
func (s *sim) transmit(h *simHost, out *wire.Segment, ect bool) {
	s.segments++
	to := s.peer(h)
	seg := s.segment(out, wire.NotECT)
	if ect {
		seg.ecn = wire.ECT0
	}
	fault := s.fate(h, seg)
	if fault == faultNone && ect && s.marks.Float64() < s.path.mark {
		fault, seg.ecn = faultMarked, wire.CE
	}
	base := wire.TextBase{SeqBase: h.config.ISS, AckBase: to.config.ISS}
	s.seen.faults[fault]++
	s.logSegment(h.name, out, base, faultNames[fault])
	switch fault {
	case faultNone, faultStripped, faultCut, faultMarked:
		s.carry(to, seg, 0)
	case faultOvertaken:
		s.carry(to, seg, s.upTo(100*time.Millisecond))
	case faultTwice:
		s.carry(to, s.segment(&seg.Segment, seg.ecn), s.upTo(s.path.late))
		s.carry(to, seg, 0)
	default:
		s.release(seg)
	}
}

// carry has a segment arrive, after what it takes anyway and extra.
func (s *sim) carry(to *simHost, seg *simSegment, extra time.Duration) {
	p := &s.path
	at := s.now.Add(p.delay + s.upTo(p.jitter) + extra)
	if last := &p.arrival[to.index]; p.fifo && extra == 0 {
		if at.Before(*last) {
			at = *last
		}
		*last = at
	}
	s.events.push(simEvent{at: at, host: to, seg: seg})
}

// fate decides what happens to a segment, which it may change.
func (s *sim) fate(h *simHost, seg *simSegment) simFault {
	p := &s.path
	fault := faultNone
	if seg.Flags.Has(wire.SYN) {
		fault = p.middlebox.look(seg)
		if fault == faultDataDropped || fault == faultOptionDropped {
			return fault
		}
	}
	if size := s.headers() + len(seg.Options) + len(seg.Payload); size > p.mtu {
		return s.tooBig(h, seg)
	}
	switch x := s.rng.Float64(); {
	case x < p.loss || p.dead:
		if p.softICMP && s.oneIn(2) {
			s.icmp(h, s.icmpError(seg.Seq, false, 0), p.delay)
			return faultSoftICMP
		}
		return faultLost
	case x < p.loss+p.corrupt:
		if !s.corrupted(h, seg) {
			s.fail("a corrupt segment passed the checksum")
		}
		return faultCorrupt
	case x < p.loss+p.corrupt+p.dup:
		return faultTwice
	case x < p.loss+p.corrupt+p.dup+p.overtake:
		return faultOvertaken
	}
	return fault
}

// look is what a middlebox does with a SYN or SYN-ACK.
func (b *simMiddlebox) look(seg *simSegment) simFault {
	fault := faultNone
	answer := seg.Flags.Has(wire.ACK)
	fastOpen := seg.Options.FastOpen().Present
	switch {
	case b.dropData && !answer && len(seg.Payload) > 0:
		return faultDataDropped
	case b.dropOption && !answer && fastOpen:
		return faultOptionDropped
	case b.cutsSynData && !answer && len(seg.Payload) > 0:
		seg.Payload = nil
		fault = faultCut
	}
	if b.strip != [4]bool{} || b.stripReply && answer {
		before := len(seg.Options)
		seg.Options = b.stripped(seg, answer)
		if len(seg.Options) != before {
			fault = faultStripped
		}
	}
	return fault
}

func (b *simMiddlebox) stripped(seg *simSegment, answer bool) wire.Options {
	var kept [wire.MaxOptionsLen]byte
	dst := kept[:0]
	for opt, err := range seg.Options.All() {
		switch {
		case err != nil, opt.Kind <= wire.KindNOP, b.strips(opt.Kind, answer):
		default:
			dst = wire.AppendOption(dst, opt.Kind, opt.Data)
		}
	}
	return append(seg.options[:0], wire.Pad(dst, 0)...)
}

func (b *simMiddlebox) strips(kind wire.OptionKind, answer bool) bool {
	if kind == wire.KindExperiment2 {
		kind = wire.KindFastOpen
	}
	for i, k := range simOptions {
		if k == kind {
			return b.strip[i] || i == 0 && b.stripReply && answer
		}
	}
	return false
}

// tooBig drops a packet, and says so unless the path is a black hole.
func (s *sim) tooBig(h *simHost, seg *simSegment) simFault {
	p := &s.path
	if p.silent {
		return faultTooBigSilent
	}
	e := s.icmpError(seg.Seq, true, p.mtu)
	s.icmp(h, e, s.upTo(2*p.delay))
	if s.oneIn(4) {
		s.seen.faults[faultLateICMP]++
		s.icmp(h, e, s.upTo(5*time.Second))
	}
	return faultTooBig
}

// icmpError is an error about a segment that began at seq.
func (s *sim) icmpError(seq wire.Seq, tooBig bool, mtu int) wire.ICMPError {
	e := wire.ICMPError{IPVersion: 4, Type: wire.ICMPv4Unreachable, Code: 1, MTU: uint32(mtu), Seq: seq}
	switch {
	case s.ipv6 && tooBig:
		e.IPVersion, e.Type, e.Code = 6, wire.ICMPv6TooBig, 0
	case s.ipv6:
		e.IPVersion, e.Type, e.Code = 6, wire.ICMPv6Unreachable, 3
	case tooBig:
		e.Code = 4
	}
	return e
}

// icmp has an error arrive, unless it is lost like anything else.
func (s *sim) icmp(to *simHost, e wire.ICMPError, d time.Duration) {
	if s.rng.Float64() < s.path.loss {
		return
	}
	s.after(d, to, func(s *sim, h *simHost) {
		if h.m == nil || h.ended {
			return
		}
		s.logf("router > %s: ICMP type %d code %d MTU %d seq %d", h.name, e.Type, e.Code, e.MTU, e.Seq.Diff(h.config.ISS))
		clear(h.repeated)
		s.take(h, h.m.ICMP(s.now, e, h.out[:0]))
		s.app(h)
	})
}

// simMACs are two addresses and the type: an Ethernet header without a tag.
var simMACs = [wire.EthernetLen - 2]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}

// corrupted turns a bit over, or a burst of fewer than 16, behind the Ethernet
// header, and reports whether the receiver notices or what it reads is right
// all the same: IPv6 has fields that no checksum covers.
func (s *sim) corrupted(h *simHost, seg *simSegment) bool {
	frame := s.frame(h, seg)
	bits := 8 * (len(frame) - wire.EthernetLen)
	burst := pick(s.rng, 1, 1+s.rng.IntN(15))
	at := s.rng.IntN(bits - burst + 1)
	for i := range burst {
		if i == 0 || i == burst-1 || s.oneIn(2) {
			frame[wire.EthernetLen+(at+i)/8] ^= 0x80 >> ((at + i) % 8)
		}
	}
	p, err := wire.ParseFrame(frame)
	return err != nil || !p.ChecksumsOK() || sameSegment(&p.TCP, &seg.Segment)
}

func sameSegment(a, b *wire.Segment) bool {
	return a.Seq == b.Seq && a.Ack == b.Ack && a.Flags == b.Flags && a.Window == b.Window &&
		a.SrcPort == b.SrcPort && a.DstPort == b.DstPort && a.Urgent == b.Urgent &&
		bytes.Equal(a.Options, b.Options) && bytes.Equal(a.Payload, b.Payload)
}

func (s *sim) frame(h *simHost, seg *simSegment) []byte {
	src, dst := s.addrs()
	if h.index == 1 {
		src, dst = dst, src
	}
	p := wire.NewPacket(netip.AddrPortFrom(src, seg.SrcPort), netip.AddrPortFrom(dst, seg.DstPort), seg.Segment)
	p.SetLengths()
	p.SetChecksums()
	etherType := uint16(wire.EtherTypeIPv4)
	if s.ipv6 {
		etherType = wire.EtherTypeIPv6
	}
	return p.Append(binary.BigEndian.AppendUint16(bytes.Clone(simMACs[:]), etherType))
}
