package handshake

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/dchest/siphash"

	"tfocraft/wire"
)

// SynCookies answer SYNs of which nothing is kept (RFC 4987, Section 3.6): what
// the connection needs to know of the SYN is hidden in the sequence number of
// the SYN-ACK, and the ACK brings it back. A flood of SYNs from forged addresses
// then costs no memory, as no ACK follows.
//
// The cookie is made as in Linux: 8 bits of a counter of minutes and 24 bits of
// a keyed hash of addresses, ports and that counter, to which the index of an
// MSS in a small table is added. The client's sequence number goes into that
// hash as well; Linux only adds it, and takes an ACK that is off by one. Where the client has sent timestamps, the low 6
// bits of ours carry its window scale and whether it offered SACK and ECN; that
// comes back too. Without timestamps there is room for none of these, and ECN is
// not agreed on in either case. The data
// of the SYN and its Fast Open option are never looked at: while cookies are
// sent there is no Fast Open, as in Linux, since a cookie has no room to say
// that data was taken (RFC 7413, Section 5.1, leaves such a SYN to the ordinary
// handshake).
//
// SynCookies have one owner and no locks.
type SynCookies struct {
	Secret [16]byte // random, the same as long as cookies are to be known again

	machine Machine // writes the answers, each as if it were for itself
	out     []Output
}

// SynCookieValid is how old a cookie may be at most: it is good for the minute
// that it was made in and for the next one.
const SynCookieValid = synCookieMinutes * time.Minute

const (
	synCookieMinutes = 2
	synCookieBits    = 24 // of hash and MSS index; the counter is above
	synCookieMask    = 1<<synCookieBits - 1
)

// The segment sizes that a cookie can stand for, the smallest first; a client
// gets the largest that is not above its own. Those of Linux.
var (
	synCookieMSS4 = [...]uint16{536, 1300, 1440, 1460}
	synCookieMSS6 = [...]uint16{1280 - 60, 1480 - 60, 1500 - 60, 9000 - 60}
)

// What the low bits of a timestamp carry.
const (
	cookieScale   = 0xf // of the window; all bits mean that none was offered
	cookieSACK    = 1 << 4
	cookieECN     = 1 << 5
	cookieOptions = 1<<6 - 1
)

// Answer returns the SYN-ACK for a SYN from remote to local. The config is that
// of the connection as for [NewServer], but for the initial sequence number,
// and the one that [SynCookies.Recall] and [RestoreServer] are given. The
// options belong to k until its next call.
func (k *SynCookies) Answer(now time.Time, c Config, local, remote netip.AddrPort, syn wire.Segment) wire.Segment {
	c.ECN = ECNOff // without timestamps it would be forgotten
	set, _ := syn.Options.Decode()
	seen := newRemembered(&c, &set, syn.Flags)
	c.ISS = k.sequence(now, local, remote, syn.Seq, seen.index)
	if seen.timestamps {
		// The clock of the answer stands a little behind, at a time that ends in
		// the right bits.
		ms := uint32(now.UnixMilli())
		c.TimestampOffset -= (ms - seen.bits()) & cookieOptions
	}
	k.machine.Reset(&c)
	k.out = k.machine.Accept(now, seen.syn(syn.Seq, syn.Window, set.Timestamps.Val), Admission{Outcome: OutcomeNotAsked}, k.out[:0])
	for i := range k.out {
		if k.out[i].Kind == Transmit {
			return k.out[i].Segment
		}
	}
	panic("handshake: a SYN without Fast Open was not answered")
}

// Recall returns the SYN that a cookie was made for, as far as it is
// remembered, if ack, from remote to local, acknowledges a cookie that is still
// good.
func (k *SynCookies) Recall(now time.Time, c Config, local, remote netip.AddrPort, ack wire.Segment) (syn wire.Segment, ok bool) {
	if !Completes(&ack) {
		return wire.Segment{}, false
	}
	irs := ack.Seq.Add(-1)
	seen := remembered{ipv6: c.IPv6}
	if seen.index, ok = k.index(now, local, remote, irs, ack.Ack.Add(-1)); !ok {
		return wire.Segment{}, false
	}
	set, _ := ack.Options.Decode()
	if set.HasTimestamps && !c.NoTimestamps {
		seen.recall(set.Timestamps.Ecr - c.TimestampOffset)
	}
	return seen.syn(irs, ack.Window, set.Timestamps.Val), true
}

// sequence returns the sequence number that stands for the index of an MSS.
func (k *SynCookies) sequence(now time.Time, local, remote netip.AddrPort, irs wire.Seq, index int) wire.Seq {
	minute := synCookieMinute(now)
	low := (k.hash(local, remote, minute, irs) + uint32(index)) & synCookieMask
	return wire.Seq(k.hash(local, remote, noMinute, irs) + uint32(minute)<<synCookieBits + low)
}

// index returns what sequence was given, if iss is a cookie that is still good.
func (k *SynCookies) index(now time.Time, local, remote netip.AddrPort, irs, iss wire.Seq) (int, bool) {
	rest := uint32(iss) - k.hash(local, remote, noMinute, irs)
	minute := synCookieMinute(now)
	age := uint8(minute) - uint8(rest>>synCookieBits)
	if age >= synCookieMinutes {
		return 0, false
	}
	index := (rest - k.hash(local, remote, minute-uint64(age), irs)) & synCookieMask
	return int(index), index < uint32(len(synCookieMSS4))
}

func synCookieMinute(now time.Time) uint64 { return uint64(now.Unix() / 60) }

// noMinute is in place of the counter in the hash that hides it.
const noMinute = 1<<64 - 1

// hash is longer in its input than that of [ISNGenerator], so that the two may
// have the same secret.
func (k *SynCookies) hash(local, remote netip.AddrPort, minute uint64, irs wire.Seq) uint32 {
	var b [48]byte
	l, r := local.Addr().As16(), remote.Addr().As16()
	copy(b[0:], l[:])
	copy(b[16:], r[:])
	binary.BigEndian.PutUint16(b[32:], local.Port())
	binary.BigEndian.PutUint16(b[34:], remote.Port())
	binary.BigEndian.PutUint64(b[36:], minute)
	binary.BigEndian.PutUint32(b[44:], uint32(irs))
	k0, k1 := binary.LittleEndian.Uint64(k.Secret[:8]), binary.LittleEndian.Uint64(k.Secret[8:])
	return uint32(siphash.Hash(k0, k1, b[:]))
}

// remembered is what a cookie and a timestamp can hold of a SYN.
type remembered struct {
	ipv6       bool
	index      int // in the table of segment sizes
	timestamps bool
	scale      uint8 // cookieScale: none
	sack, ecn  bool
}

func newRemembered(c *Config, set *wire.OptionSet, flags wire.Flags) remembered {
	mss := uint16(defaultMSS(c.IPv6))
	if set.HasMSS {
		mss = set.MSS
	}
	seen := remembered{ipv6: c.IPv6}
	for i, size := range seen.sizes() {
		if size <= mss {
			seen.index = i
		}
	}
	if set.HasTimestamps && !c.NoTimestamps {
		seen.timestamps, seen.scale = true, cookieScale
		if set.HasWindowScale {
			seen.scale = min(set.WindowScale, maxShift)
		}
		seen.sack = set.SACKPermitted
		seen.ecn = flags.Has(wire.ECE | wire.CWR)
	}
	return seen
}

func (r *remembered) sizes() *[4]uint16 {
	if r.ipv6 {
		return &synCookieMSS6
	}
	return &synCookieMSS4
}

// bits returns what a timestamp says.
func (r *remembered) bits() uint32 {
	bits := uint32(r.scale)
	if r.sack {
		bits |= cookieSACK
	}
	if r.ecn {
		bits |= cookieECN
	}
	return bits
}

// recall is the opposite of bits.
func (r *remembered) recall(bits uint32) {
	r.timestamps = true
	r.scale = uint8(bits & cookieScale)
	r.sack, r.ecn = bits&cookieSACK != 0, bits&cookieECN != 0
}

// syn returns a SYN that says what is remembered.
func (r *remembered) syn(seq wire.Seq, window uint16, tsval uint32) wire.Segment {
	s := wire.Segment{Seq: seq, Flags: wire.SYN, Window: window}
	b := wire.AppendMSS(make([]byte, 0, 20), r.sizes()[r.index])
	if r.timestamps {
		b = wire.AppendTimestamps(b, wire.Timestamps{Val: tsval})
		if r.sack {
			b = wire.AppendSACKPermitted(b)
		}
		if r.scale != cookieScale {
			b = wire.AppendWindowScale(b, r.scale)
		}
		if r.ecn {
			s.Flags |= wire.ECE | wire.CWR
		}
	}
	s.Options = wire.Pad(b, 0)
	return s
}
