package dissect

import (
	"encoding/binary"
	"net/netip"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// network is what a transport header has to know of the packet that it came in.
type network struct {
	src, dst netip.Addr
	protocol uint8
	length   int  // of the transport header with its data, as the IP header says
	fragment bool // this is a piece of it
}

// pseudo returns the sum of the pseudo-header; valid only if both addresses are there.
func (n *network) pseudo() wire.Sum { return wire.PseudoHeader(n.src, n.dst, n.protocol, n.length) }

// checksum makes the field of a checksum and says whether it is right. It stands at the given byte of what covers it, which
// covered is as far as it is there; whole tells that all of it is.
func (b *builder) checksum(l leaf, what bilingual.Text, covered []byte, at int, whole bool, pseudo wire.Sum) *Field {
	got, f := b.code(16, l)
	switch {
	case f.Width < 16:
	case !whole:
		f.Meaning = say("$1; it cannot be checked, since not all of that is here.", "$1；由于数据不全，无法验证。", what)
	default:
		right := pseudo.Add(covered[:at]).Add(covered[at+2:]).Checksum()
		f.Bad = !sameChecksum(uint16(got), right)
		f.Meaning = say("$1; right.", "$1；正确。", what)
		if f.Bad {
			f.Meaning = say("$1; wrong: $2 would be right.", "$1；错误：应为 $2。", what, hexCode(uint64(right), 16))
		}
	}
	return f
}

// sameChecksum compares checksums: in ones' complement 0x0000 and 0xffff are both zero (RFC 1624).
func sameChecksum(a, b uint16) bool { return a == b || a^b == 0xffff && (a == 0 || b == 0) }

// transportChecksum is checksum for what stands behind an IP header: at is where the field stands in the transport header, which begins at byte start.
func (b *builder) transportChecksum(l leaf, what bilingual.Text, n network, start, at int) *Field {
	there := min(b.end/8-start, n.length)
	whole := !n.fragment && there == n.length && there >= at+2 && n.src.IsValid() && n.dst.IsValid()
	if !whole {
		return b.checksum(l, what, nil, at, false, 0)
	}
	f := b.checksum(l, what, b.data[start:start+there], at, true, n.pseudo())
	if f.Bad && binary.BigEndian.Uint16(b.data[start+at:]) == n.pseudo().Fold() {
		f.Bad, f.unfinished = false, true
		f.Meaning = say("$1; unfinished: only the pseudo-header is summed up.", "$1；尚未完成：只含伪首部之和。", what)
	}
	return f
}
