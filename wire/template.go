package wire

import (
	"fmt"
	"net/netip"
)

// A Template makes whole packets of segments: as a Linux sender would, except
// in the fields that were [Template.Set] to something else on purpose. Values
// that are set stay as they are, and what is computed from others is computed
// over them: a TTL that is set is covered by the header checksum, while a
// checksum that is set is simply wrong.
type Template struct {
	src, dst  netip.AddrPort
	overrides []override // at most one for a field
}

// NewTemplate returns a template for packets from src to dst, both of one
// family. IPv4-mapped addresses count as IPv4.
func NewTemplate(src, dst netip.AddrPort) (*Template, error) {
	src = netip.AddrPortFrom(src.Addr().Unmap(), src.Port())
	dst = netip.AddrPortFrom(dst.Addr().Unmap(), dst.Port())
	if !src.Addr().IsValid() || !dst.Addr().IsValid() || src.Addr().Is4() != dst.Addr().Is4() {
		return nil, fmt.Errorf("wire: template: source %v and destination %v are not two addresses of one family", src.Addr(), dst.Addr())
	}
	return &Template{src: src, dst: dst}, nil
}

// Set fixes a field to a value; setting it again replaces the value. The names
// are those of [FieldNames]. Values are
//
//   - numbers, decimal or with 0x, of no more bits than the field has;
//   - for checksums also "bad", a wrong one whatever the right one is;
//   - for tcp.flags also letters as in the text form, such as "S.";
//   - addresses of the template's family for ip.src and ip.dst;
//   - bytes in hex for tcp.options, ip.options and ip.extensions, which are put
//     in as they are, without padding: a header whose length is not a multiple
//     of four bytes ends, by its length field, too early.
//
// The ports and everything else of the segment can be set too, over what the
// segment says.
func (t *Template) Set(name, value string) error {
	f, err := findField(name)
	if err != nil {
		return err
	}
	if version := t.version(); f.version != 0 && f.version != version {
		return fmt.Errorf("wire: field %s is in an IPv%d header and these are packets of IPv%d", name, f.version, version)
	}
	v, err := f.parse(value)
	if err != nil {
		return err
	}
	if v.addr.IsValid() && v.addr.Is4() != (t.version() == 4) {
		return fmt.Errorf("wire: field %s: %v is not an address of IPv%d", name, v.addr, t.version())
	}
	for i := range t.overrides {
		if t.overrides[i].field == f {
			t.overrides[i].value = v
			return nil
		}
	}
	t.overrides = append(t.overrides, override{f, v})
	return nil
}

// Packet returns the packet that carries s. Options are padded with NOPs to a
// multiple of four bytes, unless tcp.options is set; ports, data offset and
// checksum of s do not matter. It fails with [ErrTooLong] if the packet has more
// bytes than its length fields can tell and those are not set. The packet
// shares the payload of s, and the options if they need no padding.
func (t *Template) Packet(s Segment) (Packet, error) {
	s.Options = Pad(s.Options[:len(s.Options):len(s.Options)], 0)
	p := NewPacket(t.src, t.dst, s)
	t.apply(&p, stageContents)
	if err := t.checkLengths(&p); err != nil {
		return Packet{}, err
	}
	p.SetLengths()
	t.apply(&p, stageFields)
	p.SetChecksums()
	t.apply(&p, stageChecksums)
	return p, nil
}

// Build adds the bytes of [Template.Packet] to dst: a bare IP packet.
func (t *Template) Build(dst []byte, s Segment) ([]byte, error) {
	p, err := t.Packet(s)
	if err != nil {
		return dst, err
	}
	return p.Append(dst), nil
}

func (t *Template) version() uint8 {
	if t.src.Addr().Is4() {
		return 4
	}
	return 6
}

func (t *Template) apply(p *Packet, stage stage) {
	for _, o := range t.overrides {
		if o.field.stage == stage {
			o.field.put(p, o.value)
		}
	}
}

func (t *Template) isSet(name string) bool {
	for _, o := range t.overrides {
		if o.field.name == name {
			return true
		}
	}
	return false
}

// checkLengths wants each length field either set or large enough.
func (t *Template) checkLengths(p *Packet) error {
	const maxIPv4Options = 60 - IPv4Len
	total := p.WireLen() // of IPv6 the fixed header does not count
	if p.IPVersion == 6 {
		total -= IPv6Len
	}
	for _, l := range []struct {
		field       string
		what        string
		length, max int
	}{
		{"tcp.offset", "TCP options", len(p.TCP.Options), MaxOptionsLen},
		{"ip.ihl", "IP options", len(p.IPv4.Options), maxIPv4Options},
		{"ip.length", "the packet", total, 0xffff},
	} {
		if l.length > l.max && !t.isSet(l.field) {
			return fmt.Errorf("wire: template: %s with %d bytes, %d at most unless %s is set: %w", l.what, l.length, l.max, l.field, ErrTooLong)
		}
	}
	return nil
}
