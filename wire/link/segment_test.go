package link

import (
	"net/netip"

	"tfocraft/wire"
)

// segment returns a frame with a segment behind the header.
func segment(header []byte, src, dst netip.AddrPort, s wire.Segment) []byte {
	p := wire.NewPacket(src, dst, s)
	p.SetLengths()
	p.SetChecksums()
	return p.Append(append([]byte(nil), header...))
}

// syn is the first segment of a connection.
func syn() wire.Segment {
	return wire.Segment{Seq: 1000, Flags: wire.SYN, Window: 65535, Options: wire.AppendMSS(nil, 1460)}
}
