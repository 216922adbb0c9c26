package wire

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A stage is when in the making of a packet a field is put in.
type stage uint8

const (
	stageContents  stage = iota // before lengths are computed
	stageFields                 // after that, before checksums are
	stageChecksums              // last
)

// A field is one that a template can set.
type field struct {
	name    string
	version uint8 // the IP version whose header has it, 0 for both
	stage   stage
	bits    int // of a number, 0 if it is none
	put     func(p *Packet, v value)
}

// A value is what a field is set to; which part counts goes by the field.
type value struct {
	number uint64
	wrong  bool // a checksum that is not the right one
	bytes  []byte
	addr   netip.Addr
}

type override struct {
	field *field
	value value
}

// fields has every field of both headers, in the order of FieldNames.
var fields = [...]field{
	{"ip.version", 0, stageFields, 4, func(p *Packet, v value) {
		p.IPv4.Version, p.IPv6.Version = uint8(v.number), uint8(v.number)
	}},
	{"ip.ihl", 4, stageFields, 4, func(p *Packet, v value) { p.IPv4.IHL = uint8(v.number) }},
	{"ip.tos", 0, stageFields, 8, func(p *Packet, v value) {
		p.IPv4.TOS, p.IPv6.TrafficClass = uint8(v.number), uint8(v.number)
	}},
	{"ip.flowlabel", 6, stageFields, 20, func(p *Packet, v value) { p.IPv6.FlowLabel = uint32(v.number) }},
	{"ip.length", 0, stageFields, 16, func(p *Packet, v value) {
		p.IPv4.TotalLength, p.IPv6.PayloadLength = uint16(v.number), uint16(v.number)
	}},
	{"ip.id", 4, stageFields, 16, func(p *Packet, v value) { p.IPv4.ID = uint16(v.number) }},
	{"ip.flags", 4, stageFields, 3, func(p *Packet, v value) { p.IPv4.Flags = uint8(v.number) }},
	{"ip.fragment", 4, stageFields, 13, func(p *Packet, v value) { p.IPv4.FragmentOffset = uint16(v.number) }},
	{"ip.ttl", 0, stageFields, 8, func(p *Packet, v value) {
		p.IPv4.TTL, p.IPv6.HopLimit = uint8(v.number), uint8(v.number)
	}},
	{"ip.protocol", 0, stageFields, 8, func(p *Packet, v value) {
		p.IPv4.Protocol, p.IPv6.NextHeader = uint8(v.number), uint8(v.number)
	}},
	{"ip.checksum", 4, stageChecksums, 16, func(p *Packet, v value) { p.IPv4.Checksum = v.checksum(p.IPv4.Checksum) }},
	{"ip.src", 0, stageFields, 0, func(p *Packet, v value) { p.IPv4.Src, p.IPv6.Src = v.addr, v.addr }},
	{"ip.dst", 0, stageFields, 0, func(p *Packet, v value) { p.IPv4.Dst, p.IPv6.Dst = v.addr, v.addr }},
	{"ip.options", 4, stageContents, 0, func(p *Packet, v value) { p.IPv4.Options = v.bytes }},
	{"ip.extensions", 6, stageContents, 0, func(p *Packet, v value) { p.IPv6.Extensions = v.bytes }},
	{"tcp.sport", 0, stageFields, 16, func(p *Packet, v value) { p.TCP.SrcPort = uint16(v.number) }},
	{"tcp.dport", 0, stageFields, 16, func(p *Packet, v value) { p.TCP.DstPort = uint16(v.number) }},
	{"tcp.seq", 0, stageFields, 32, func(p *Packet, v value) { p.TCP.Seq = Seq(v.number) }},
	{"tcp.ack", 0, stageFields, 32, func(p *Packet, v value) { p.TCP.Ack = Seq(v.number) }},
	{"tcp.offset", 0, stageFields, 4, func(p *Packet, v value) { p.TCP.DataOffset = uint8(v.number) }},
	{"tcp.reserved", 0, stageFields, 3, func(p *Packet, v value) {
		p.TCP.Flags = p.TCP.Flags&^ReservedFlags | Flags(v.number)<<9
	}},
	{"tcp.flags", 0, stageFields, 12, func(p *Packet, v value) { p.TCP.Flags = Flags(v.number) }},
	{"tcp.window", 0, stageFields, 16, func(p *Packet, v value) { p.TCP.Window = uint16(v.number) }},
	{"tcp.checksum", 0, stageChecksums, 16, func(p *Packet, v value) { p.TCP.Checksum = v.checksum(p.TCP.Checksum) }},
	{"tcp.urgent", 0, stageFields, 16, func(p *Packet, v value) { p.TCP.Urgent = uint16(v.number) }},
	{"tcp.options", 0, stageContents, 0, func(p *Packet, v value) { p.TCP.Options = v.bytes }},
}

// FieldNames returns the names that [Template.Set] knows, in the order in which
// the headers have them. The names of IPv4 hold for the fields of IPv6 that
// mean the same: tos, length, ttl and protocol are its traffic class, payload
// length, hop limit and next header. The unit of ip.fragment is 8 bytes, of
// ip.ihl and tcp.offset 4 bytes. ip.extensions goes between the headers without
// a change to ip.protocol; tcp.flags includes the reserved bits.
func FieldNames() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

func findField(name string) (*field, error) {
	for i := range fields {
		if fields[i].name == name {
			return &fields[i], nil
		}
	}
	return nil, fmt.Errorf("wire: no field %q, there are %s", name, strings.Join(FieldNames(), ", "))
}

// checksum returns what to write where right would be right. A single bit is
// enough: both zeros (see sameChecksum) differ from each other in all of them.
func (v value) checksum(right uint16) uint16 {
	if v.wrong {
		return right ^ 1
	}
	return uint16(v.number)
}

func (f *field) parse(text string) (value, error) {
	switch {
	case f.stage == stageChecksums && text == "bad":
		return value{wrong: true}, nil
	case f.stage == stageContents:
		b, err := hex.DecodeString(text)
		if err != nil {
			return value{}, fmt.Errorf("wire: field %s: %q is not bytes in hex", f.name, text)
		}
		return value{bytes: b}, nil
	case f.bits == 0:
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return value{}, fmt.Errorf("wire: field %s: %q is not an address", f.name, text)
		}
		return value{addr: addr.Unmap()}, nil
	}
	n, err := strconv.ParseUint(text, 0, f.bits)
	if err == nil {
		return value{number: n}, nil
	}
	if flags, flagsErr := ParseFlags(text); f.name == "tcp.flags" && flagsErr == nil {
		return value{number: uint64(flags)}, nil
	}
	return value{}, fmt.Errorf("wire: field %s: %q is not a number from 0 to %d", f.name, text, uint64(1)<<f.bits-1)
}
