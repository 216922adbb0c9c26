package wire

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
)

// A Stamp writes copies of one packet that differ in a few fields, for senders
// of many packets that are almost alike. What stays the same is summed once; a
// copy costs the sums of what differs (RFC 1624), and no allocation.
//
// It is not changed by use: any number of goroutines may share one.
type Stamp struct {
	bytes []byte // the packet as it was given
	own   Variant
	// Where in bytes things begin; 0 stands for an option that is not there.
	ip, tcp, cookie, timestamp int
	// The sums of everything but the fields that differ. They are not zero, as
	// no sum of a whole header is: what is a multiple of 0xffff folds to 0xffff.
	ipSum, tcpSum uint64
	// By how many bits an option's content is rotated before it is added: what
	// begins at an odd byte has its bytes in the other halves of the words.
	cookieTurn, timestampTurn int
}

// A Variant is what a copy of a [Stamp]'s packet has for its own. Begin with
// [Stamp.Variant] and change what has to differ.
type Variant struct {
	Src     netip.Addr // of the version of the packet
	SrcPort uint16
	Seq     Seq
	ID      uint16 // of IPv4; IPv6 has none
	TSVal   uint32 // of the first Timestamps option; not used if there is none
	// Cookie is the content of the first Fast Open option, as long as the
	// packet's; not used if there is none.
	Cookie []byte
}

// NewStamp returns a stamp for copies of p, which it does not keep. All that a
// [Variant] does not name is as in p, impossible values included. Checksums
// that are right in p are right in every copy; one that is wrong is wrong in every
// copy, by as much. NewStamp fails if p has no source address of its version.
func NewStamp(p *Packet) (*Stamp, error) {
	src, _ := p.Addrs()
	if p.IPVersion != 4 && p.IPVersion != 6 || !src.IsValid() || src.Is4() != (p.IPVersion == 4) {
		return nil, fmt.Errorf("wire: stamp: source %v is not an address of IPv%d", src, p.IPVersion)
	}
	s := &Stamp{bytes: p.Append(nil)}
	s.own = Variant{Src: src, SrcPort: p.TCP.SrcPort, Seq: p.TCP.Seq}
	if p.HasEthernet {
		s.ip = p.Ethernet.WireLen()
	}
	if p.IPVersion == 4 {
		s.tcp = s.ip + p.IPv4.WireLen()
		s.own.ID = p.IPv4.ID
	} else {
		s.tcp = s.ip + p.IPv6.WireLen()
	}
	s.findOptions(p.TCP.Options)
	ip, tcp := s.sums(&s.own)
	s.ipSum = withoutSum(p.IPv4.Checksum, ip)
	s.tcpSum = withoutSum(p.TCP.Checksum, tcp)
	return s, nil
}

// findOptions notes where the fields are that may differ, and what they hold.
func (s *Stamp) findOptions(o Options) {
	const contents = 2 // after kind and length
	at := s.tcp + HeaderLen
	for i := 0; i < len(o); {
		opt, n, err := o.at(i)
		if err != nil || opt.Kind == KindEOL {
			return
		}
		if fo := parseFastOpen(opt); fo.Present && s.cookie == 0 {
			s.cookie = at + i + n - len(fo.Cookie)
			s.cookieTurn = turn(s.cookie - s.tcp)
			s.own.Cookie = s.bytes[s.cookie : at+i+n]
		}
		if opt.Kind == KindTimestamps && len(opt.Data) == 8 && s.timestamp == 0 {
			s.timestamp = at + i + contents
			s.timestampTurn = turn(s.timestamp - s.tcp)
			s.own.TSVal = binary.BigEndian.Uint32(opt.Data)
		}
		i += n
	}
}

// turn returns the rotation for what begins at byte n.
func turn(n int) int { return n % 2 * 8 }

// withoutSum returns the sum behind a checksum without a part of it. A part and
// its complement together are zero.
func withoutSum(checksum uint16, part uint64) uint64 {
	rest := Sum(uint64(^checksum) + uint64(^Sum(part).Fold())).Fold()
	if rest == 0 {
		rest = 0xffff
	}
	return uint64(rest)
}

// Variant returns what the packet itself has. The cookie is a copy with room for
// 16 bytes.
func (s *Stamp) Variant() Variant {
	v := s.own
	if s.cookie != 0 {
		v.Cookie = append(make([]byte, 0, max(16, len(v.Cookie))), v.Cookie...)
	}
	return v
}

// Len returns the length of every copy in bytes.
func (s *Stamp) Len() int { return len(s.bytes) }

// Append adds the copy that has v. It panics if the source address of v is not of
// the version of the packet, or the cookie not as long.
func (s *Stamp) Append(dst []byte, v *Variant) []byte {
	start := len(dst)
	dst = append(dst, s.bytes...)
	b := dst[start:]
	ip, tcp := s.sums(v)
	if v.Src.Is4() {
		src := v.Src.As4()
		h := b[s.ip : s.ip+IPv4Len]
		binary.BigEndian.PutUint16(h[4:], v.ID)
		binary.BigEndian.PutUint16(h[10:], Sum(s.ipSum+ip).Checksum())
		copy(h[12:], src[:])
	} else {
		src := v.Src.As16()
		copy(b[s.ip+8:], src[:])
	}
	h := b[s.tcp : s.tcp+HeaderLen]
	binary.BigEndian.PutUint16(h, v.SrcPort)
	binary.BigEndian.PutUint32(h[4:], uint32(v.Seq))
	binary.BigEndian.PutUint16(h[16:], Sum(s.tcpSum+tcp).Checksum())
	if s.timestamp != 0 {
		binary.BigEndian.PutUint32(b[s.timestamp:], v.TSVal)
	}
	if s.cookie != 0 {
		copy(b[s.cookie:], v.Cookie)
	}
	return dst
}

// sums returns the sums of what v has in the IPv4 header, and in the segment with
// its pseudo-header.
func (s *Stamp) sums(v *Variant) (ip, tcp uint64) {
	if v.Src.Is4() != s.own.Src.Is4() || s.cookie != 0 && len(v.Cookie) != len(s.own.Cookie) {
		panic("wire: stamp: the source address is of another version, or the cookie of another length")
	}
	if v.Src.Is4() {
		src := v.Src.As4()
		tcp = uint64(binary.BigEndian.Uint32(src[:]))
		ip = tcp + uint64(v.ID)
	} else {
		src := v.Src.As16()
		tcp = halves(binary.BigEndian.Uint64(src[:])) + halves(binary.BigEndian.Uint64(src[8:]))
	}
	tcp += uint64(v.SrcPort) + uint64(v.Seq)
	if s.timestamp != 0 {
		tcp += uint64(bits.RotateLeft32(v.TSVal, s.timestampTurn))
	}
	if s.cookie != 0 {
		tcp += s.cookieSum(v.Cookie)
	}
	return ip, tcp
}

// cookieSum adds up a cookie of any length at any place.
func (s *Stamp) cookieSum(b []byte) (sum uint64) {
	for len(b) >= 8 {
		sum += halves(bits.RotateLeft64(binary.BigEndian.Uint64(b), s.cookieTurn))
		b = b[8:]
	}
	if len(b) > 0 {
		var tail [8]byte
		copy(tail[:], b)
		sum += halves(bits.RotateLeft64(binary.BigEndian.Uint64(tail[:]), s.cookieTurn))
	}
	return sum
}

// halves adds up the halves of four words.
func halves(v uint64) uint64 { return v>>32 + v&0xffffffff }
