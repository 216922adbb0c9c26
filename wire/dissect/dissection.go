package dissect

// Dissect takes apart a frame that begins as the link type says. It never fails: what is cut, bogus or unknown is a field that says so, so
// that the fields tile data for every input. The frame does not alias data.
func Dissect(data []byte, link LinkType) Frame {
	b := newBuilder(data)
	switch link {
	case LinkEthernet:
		b.ethernet()
	case LinkNull, LinkLoop:
		b.loopback(link)
	case LinkSLL:
		b.cooked()
	case LinkSLL2:
		b.cooked2()
	case LinkIPv4:
		b.ipv4()
	case LinkIPv6:
		b.ipv6()
	case LinkRaw, LinkRawBSD:
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
