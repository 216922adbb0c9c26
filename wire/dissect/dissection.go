package dissect

import "tfocraft/wire"

// Dissect takes apart a frame that begins as the link type says. It never fails: what is cut, bogus or unknown is a field that says so, so
// that the fields tile data for every input. The frame does not alias data.
func Dissect(data []byte, link wire.LinkType) Frame {
	b := newBuilder(data)
	switch link {
	case wire.LinkEthernet:
		b.ethernet()
	case wire.LinkNull, wire.LinkLoop:
		b.loopback(link)
	case wire.LinkSLL:
		b.cooked()
	case wire.LinkSLL2:
		b.cooked2()
	case wire.LinkIPv4:
		b.ipv4()
	case wire.LinkIPv6:
		b.ipv6()
	case wire.LinkRaw, wire.LinkRawBSD:
		b.raw()
	}
	return b.finish()
}

// raw is a packet without a link header: its first four bits are the version.
func (b *builder) raw() {
	switch {
	case b.left() == 0:
	case b.data[b.at/8]>>4 == 6:
		b.ipv6()
	default:
		b.ipv4()
	}
}

// quoting tells that what is dissected is quoted by an ICMP error, which may end early.
func (b *builder) quoting() bool { return b.prefix != "" }
