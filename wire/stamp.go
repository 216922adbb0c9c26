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
	// packet's: empty if that has none.
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
	// While the sums are zero, a copy has checksums of nothing but what may differ.
	alone := s.Append(nil, &s.own)
	s.tcpSum = sumOfRest(p.TCP.Checksum, alone[s.tcp+16:])
	if p.IPVersion == 4 {
		s.ipSum = sumOfRest(p.IPv4.Checksum, alone[s.ip+10:])
	}
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

// sumOfRest returns the sum behind a checksum without the part that has, alone, the
// checksum that field begins with.
func sumOfRest(checksum uint16, field []byte) uint64 {
	// A sum and its complement together are zero.
	rest := Sum(uint64(^checksum) + uint64(binary.BigEndian.Uint16(field))).Fold()
	if rest == 0 {
		return 0xffff
	}
	return uint64(rest)
}

// Variant returns what the packet itself has. The cookie is a copy.
func (s *Stamp) Variant() Variant {
	v := s.own
	v.Cookie = append([]byte(nil), v.Cookie...)
	return v
}

// Len returns the length of every copy in bytes.
func (s *Stamp) Len() int { return len(s.bytes) }

// Append adds the copy that has v. It panics if the source address of v is not of
// the version of the packet, or the cookie not as long.
func (s *Stamp) Append(dst []byte, v *Variant) []byte {
	if v.Src.Is4() != s.own.Src.Is4() || len(v.Cookie) != len(s.own.Cookie) {
		panic("wire: stamp: the source address is of another version, or the cookie of another length")
	}
	at := len(dst)
	dst = append(dst, s.bytes...)
	b := dst[at:]
	sum := s.tcpSum + uint64(v.SrcPort) + uint64(v.Seq)
	if v.Src.Is4() {
		sum += s.put4(b[s.ip:], v)
	} else {
		sum += put6(b[s.ip:], v)
	}
	if s.timestamp != 0 {
		binary.BigEndian.PutUint32(b[s.timestamp:], v.TSVal)
		sum += uint64(bits.RotateLeft32(v.TSVal, s.timestampTurn))
	}
	if len(v.Cookie) == 8 { // as those of every scheme that is in use
		cookie := binary.BigEndian.Uint64(v.Cookie)
		binary.BigEndian.PutUint64(b[s.cookie:], cookie)
		sum += halves(bits.RotateLeft64(cookie, s.cookieTurn))
	} else {
		copy(b[s.cookie:], v.Cookie)
		sum += s.cookieSum(v.Cookie)
	}
	h := b[s.tcp : s.tcp+HeaderLen]
	binary.BigEndian.PutUint16(h, v.SrcPort)
	binary.BigEndian.PutUint32(h[4:], uint32(v.Seq))
	binary.BigEndian.PutUint16(h[16:], Sum(sum).Checksum())
	return dst
}

// put4 writes what differs in an IPv4 header, and returns what it adds to the sum
// of the pseudo-header.
func (s *Stamp) put4(h []byte, v *Variant) uint64 {
	h = h[:IPv4Len]
	addr := v.Src.As4()
	src := binary.BigEndian.Uint32(addr[:])
	binary.BigEndian.PutUint16(h[4:], v.ID)
	binary.BigEndian.PutUint16(h[10:], Sum(s.ipSum+uint64(v.ID)+uint64(src)).Checksum())
	binary.BigEndian.PutUint32(h[12:], src)
	return uint64(src)
}

// put6 does the same in an IPv6 header, which has no checksum.
func put6(h []byte, v *Variant) uint64 {
	addr := v.Src.As16()
	copy(h[8:24], addr[:])
	return halves(binary.BigEndian.Uint64(addr[:])) + halves(binary.BigEndian.Uint64(addr[8:]))
}

// cookieSum adds up a cookie of any length.
func (s *Stamp) cookieSum(b []byte) (sum uint64) {
	for len(b) > 0 {
		var word [8]byte
		b = b[copy(word[:], b):]
		sum += halves(bits.RotateLeft64(binary.BigEndian.Uint64(word[:]), s.cookieTurn))
	}
	return sum
}

// halves adds up the halves of four words.
func halves(v uint64) uint64 { return v>>32 + v&0xffffffff }
