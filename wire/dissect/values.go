package dissect

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// maxHex is how many bytes of a field its Value shows.
const maxHex = 64

// bitsAt returns up to 64 bits of data, from bit at; they must be there.
func bitsAt(data []byte, at, width int) uint64 {
	if at%8 == 0 {
		switch b := data[at/8:]; width {
		case 8:
			return uint64(b[0])
		case 16:
			return uint64(binary.BigEndian.Uint16(b))
		case 32:
			return uint64(binary.BigEndian.Uint32(b))
		}
	}
	var v uint64
	for bit := at; bit < at+width; {
		inByte := 8 - bit%8
		n := min(inByte, at+width-bit)
		part := uint64(data[bit/8]) >> (inByte - n) & (1<<n - 1)
		v = v<<n | part
		bit += n
	}
	return v
}

// number makes a field of up to 64 bits whose value is a decimal number; 0 if it is cut.
func (b *builder) number(width int, l leaf) (uint64, *Field) {
	f, whole := b.take(width, l)
	if !whole {
		b.valueOfCut(f)
		return 0, f
	}
	v := bitsAt(b.data, f.Offset, width)
	f.Value = strconv.FormatUint(v, 10)
	return v, f
}

// code is number with a value in hexadecimal, all its digits shown.
func (b *builder) code(width int, l leaf) (uint64, *Field) {
	f, whole := b.take(width, l)
	if !whole {
		b.valueOfCut(f)
		return 0, f
	}
	v := bitsAt(b.data, f.Offset, width)
	f.Value = hexCode(v, width)
	return v, f
}

// hexCode returns 0x and as many digits as width bits need.
func hexCode(v uint64, width int) string {
	const digits = "0123456789abcdef"
	out := [18]byte{'0', 'x'}
	n := (width + 3) / 4
	for i := range n {
		out[2+i] = digits[v>>(4*(n-1-i))&15]
	}
	return string(out[:2+n])
}

// flag makes a field of one bit, which means one thing or the other.
func (b *builder) flag(l leaf, set, clear bilingual.Text) bool {
	v, f := b.number(1, l)
	f.Meaning = clear
	if v != 0 {
		f.Meaning = set
	}
	return v != 0
}

// bytes makes a field of n bytes whose value is hex. Its bytes are returned as far as they are there.
func (b *builder) bytes(n int, l leaf) ([]byte, *Field) {
	f, _ := b.take(8*n, l)
	got := b.data[f.Offset/8 : (f.Offset+f.Width)/8]
	f.Value = hexBytes(got)
	return got, f
}

func hexBytes(bytes []byte) string {
	if len(bytes) > maxHex {
		return hex.EncodeToString(bytes[:maxHex]) + "…"
	}
	return hex.EncodeToString(bytes)
}

// mac makes a field of an Ethernet address.
func (b *builder) mac(l leaf) (wire.MAC, *Field) {
	got, f := b.bytes(6, l)
	if len(got) < 6 {
		return wire.MAC{}, f
	}
	m := wire.MAC(got)
	f.Value = macText(got)
	return m, f
}

// macText is [wire.MAC.String] for an address of any length.
func macText(bytes []byte) string {
	const digits = "0123456789abcdef"
	var room [64]byte
	out := room[:0]
	for i, c := range bytes {
		if i > 0 {
			out = append(out, ':')
		}
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

// addr4 makes a field of an IPv4 address, the zero Addr if it is cut.
func (b *builder) addr4(l leaf) (netip.Addr, *Field) {
	got, f := b.bytes(4, l)
	if len(got) < 4 {
		return netip.Addr{}, f
	}
	a := netip.AddrFrom4([4]byte(got))
	f.Value = a.String()
	return a, f
}

// addr16 makes a field of an IPv6 address, the zero Addr if it is cut.
func (b *builder) addr16(l leaf) (netip.Addr, *Field) {
	got, f := b.bytes(16, l)
	if len(got) < 16 {
		return netip.Addr{}, f
	}
	a := netip.AddrFrom16([16]byte(got))
	f.Value = a.String()
	return a, f
}

// valueOfCut gives a cut field the bits that are there.
func (b *builder) valueOfCut(f *Field) {
	if f.Width > 0 {
		f.Value = hexCode(bitsAt(b.data, f.Offset, f.Width), f.Width)
	}
}
