package handshake

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/dchest/siphash"

	"tfocraft/wire"
)

// An ISNGenerator makes initial sequence numbers as in RFC 6528 and RFC 9293,
// Section 3.4.1: a clock of 4 microseconds plus a keyed hash of the
// connection's addresses and ports. The zero value works but is predictable.
type ISNGenerator struct {
	Secret [16]byte // random, the same for all connections of a process
}

// ISN returns the initial sequence number for a connection that begins now.
func (g *ISNGenerator) ISN(now time.Time, local, remote netip.AddrPort) wire.Seq {
	ticks := now.UnixMicro() / 4
	return wire.Seq(uint32(ticks) + uint32(g.hash(local, remote)))
}

// TimestampOffset returns a secret offset for the Timestamps option of the
// connection, so that the option does not tell the uptime or tie connections
// together (RFC 7323, Section 5.4).
func (g *ISNGenerator) TimestampOffset(local, remote netip.AddrPort) uint32 {
	return uint32(g.hash(local, remote) >> 32)
}

func (g *ISNGenerator) hash(local, remote netip.AddrPort) uint64 {
	var b [36]byte
	l, r := local.Addr().As16(), remote.Addr().As16()
	copy(b[0:], l[:])
	copy(b[16:], r[:])
	binary.BigEndian.PutUint16(b[32:], local.Port())
	binary.BigEndian.PutUint16(b[34:], remote.Port())
	k0, k1 := binary.LittleEndian.Uint64(g.Secret[:8]), binary.LittleEndian.Uint64(g.Secret[8:])
	return siphash.Hash(k0, k1, b[:])
}
