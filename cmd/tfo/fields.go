package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"tfocraft/wire"
)

// A field is some bytes of a packet with their meaning.
type field struct {
	length int
	name   string
	value  string
}

// rowLen is how many bytes stand on one line.
const rowLen = 8

// writeFields shows the bytes of an IP packet, field by field.
func writeFields(w io.Writer, ip []byte, p *wire.Packet) {
	at := 0
	for _, f := range slices.Concat(ipFields(p), tcpFields(p), trailerField(p)) {
		end := min(at+f.length, len(ip))
		for row, b := range slices.Collect(slices.Chunk(ip[at:end], rowLen)) {
			if row == 0 {
				fmt.Fprintf(w, "      %4d  %-23s  %-24s  %s\n", at, spaced(b), f.name, f.value)
			} else {
				fmt.Fprintf(w, "            %s\n", spaced(b))
			}
		}
		at = end
	}
}

func spaced(b []byte) string { return fmt.Sprintf("% x", b) }

func ipFields(p *wire.Packet) []field {
	if p.IPVersion == 6 {
		h := &p.IPv6
		fields := []field{
			{4, "version, class, flow", fmt.Sprintf("6, 0x%02x, 0x%05x", h.TrafficClass, h.FlowLabel)},
			{2, "payload length", strconv.Itoa(int(h.PayloadLength))},
			{1, "next header", strconv.Itoa(int(h.NextHeader))},
			{1, "hop limit", strconv.Itoa(int(h.HopLimit))},
			{16, "source address", h.Src.String()},
			{16, "destination address", h.Dst.String()},
		}
		if len(h.Extensions) > 0 {
			fields = append(fields, field{len(h.Extensions), "extension headers", ""})
		}
		return fields
	}
	h := &p.IPv4
	fields := []field{
		{1, "version, header length", fmt.Sprintf("4, %d words", h.IHL)},
		{1, "type of service", fmt.Sprintf("0x%02x", h.TOS)},
		{2, "total length", strconv.Itoa(int(h.TotalLength))},
		{2, "identification", strconv.Itoa(int(h.ID))},
		{2, "flags, fragment offset", fmt.Sprintf("%s, %d", fragmentFlags(h.Flags), h.FragmentOffset)},
		{1, "time to live", strconv.Itoa(int(h.TTL))},
		{1, "protocol", strconv.Itoa(int(h.Protocol))},
		{2, "header checksum", verdict(h.Checksum, h.ComputeChecksum())},
		{4, "source address", h.Src.String()},
		{4, "destination address", h.Dst.String()},
	}
	if len(h.Options) > 0 {
		fields = append(fields, field{len(h.Options), "IP options", ""})
	}
	return fields
}

// fragmentFlags are the three bits, with a name for the two that have one.
func fragmentFlags(bits uint8) string {
	text := fmt.Sprintf("%03b", bits)
	if bits&wire.IPv4DontFragment != 0 {
		text += " (don't fragment)"
	}
	if bits&wire.IPv4MoreFragments != 0 {
		text += " (more fragments)"
	}
	return text
}

func verdict(got, want uint16) string {
	if got == want {
		return fmt.Sprintf("0x%04x, right", got)
	}
	return fmt.Sprintf("0x%04x, wrong: should be 0x%04x", got, want)
}

func tcpFields(p *wire.Packet) []field {
	s := &p.TCP
	fields := []field{
		{2, "source port", strconv.Itoa(int(s.SrcPort))},
		{2, "destination port", strconv.Itoa(int(s.DstPort))},
		{4, "sequence number", strconv.FormatUint(uint64(s.Seq), 10)},
		{4, "acknowledgment number", strconv.FormatUint(uint64(s.Ack), 10)},
		{2, "data offset, flags", fmt.Sprintf("%d words, %v", s.DataOffset, s.Flags)},
		{2, "window", strconv.Itoa(int(s.Window))},
		{2, "checksum", verdict(s.Checksum, s.ComputeChecksum(p.Addrs()))},
		{2, "urgent pointer", strconv.Itoa(int(s.Urgent))},
	}
	fields = append(fields, optionFields(s.Options)...)
	if len(s.Payload) > 0 {
		fields = append(fields, field{len(s.Payload), "data", dataText(s.Payload)})
	}
	return fields
}

// dataShown is how much of the data stands beside its bytes.
const dataShown = 24

func dataText(data []byte) string {
	if len(data) <= dataShown {
		return fmt.Sprintf("%d bytes, %q", len(data), data)
	}
	return fmt.Sprintf("%d bytes, %q...", len(data), data[:dataShown])
}

// trailerField is what follows the IP packet: Ethernet's padding.
func trailerField(p *wire.Packet) []field {
	return []field{{len(p.Trailer), "after the packet", ""}}
}

// optionFields has one field for each option, and one for what cannot be read
// as options.
func optionFields(o wire.Options) []field {
	var fields []field
	rest := len(o)
	for opt, err := range o.All() {
		if err != nil {
			break
		}
		n := 2 + len(opt.Data)
		if opt.Kind == wire.KindEOL || opt.Kind == wire.KindNOP {
			n = 1
		}
		at := len(o) - rest
		fields = append(fields, field{n, "option " + strconv.Itoa(int(opt.Kind)), o[at:][:n].String()})
		rest -= n
	}
	if rest > 0 {
		fields = append(fields, field{rest, "after the options", ""})
	}
	return fields
}
