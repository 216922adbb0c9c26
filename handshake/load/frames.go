package load

import (
	"net/netip"

	"tfocraft/wire"
)

// frames builds what an engine sends.
type frames struct {
	config   *Config
	ethernet wire.Ethernet
	payload  []byte // as long as the longest data
	// stamps are those of right SYNs, by length of cookie and data. SYNs without data
	// are the first ones.
	stamps  [wire.MaxOptionsLen][]*wire.Stamp
	kept    int         // bytes in all stamps
	again   *wire.Stamp // the SYN without Fast Open
	variant wire.Variant
	cookie  []byte
	packet  wire.Packet // of all other segments
	options []byte
}

const (
	// maxKept bounds the stamps of all lengths that are kept. More are made anew each time.
	maxKept = 16 << 20
	// stampLen is about what a stamp takes beside its data.
	stampLen = 512
)

// A syn is what one SYN has for its own.
type syn struct {
	n      uint64 // number of the exchange
	client int
	addr   netip.Addr
	port   uint16
	isn    wire.Seq
	size   int // of all data
}

func (f *frames) init(c *Config) {
	f.config = c
	f.ethernet, _, _ = wire.ParseEthernet(c.Header)
	f.payload = make([]byte, c.Sizes.Max())
	for n := 0; n < len(f.payload) && len(c.Payload) > 0; {
		n += copy(f.payload[n:], c.Payload)
	}
	f.cookie = make([]byte, 0, wire.MaxOptionsLen)
	f.options = make([]byte, 0, 4*wire.MaxOptionsLen)
	f.again = f.stamp(wire.Segment{Flags: wire.SYN, Window: c.Form.Window, Options: c.Form.appendOptions(nil, nil)})
}

// stamp returns the stamp of a segment.
func (f *frames) stamp(s wire.Segment) *wire.Stamp {
	p := f.newPacket(netip.AddrPortFrom(f.config.Clients.At(0), 1), s)
	p.SetLengths()
	p.SetChecksums()
	stamp, err := wire.NewStamp(&p)
	if err != nil {
		panic(err) // the addresses were checked
	}
	return stamp
}

func (f *frames) newPacket(src netip.AddrPort, s wire.Segment) wire.Packet {
	p := wire.NewPacket(src, f.config.Server, s)
	p.HasEthernet, p.Ethernet = true, f.ethernet
	return p
}

// sendSyn sends a first SYN and returns how much data it has.
func (f *frames) sendSyn(s *syn, out Output) int {
	f.cookie = f.cookie[:0]
	if f.config.Cookies != nil && f.config.Mode != Request {
		f.cookie = f.config.Cookies.AppendCookie(f.cookie, s.n, s.client, s.addr)
	}
	if n := uint64(len(f.config.Mutations)); n > 0 {
		return f.sendBent(s, int(s.n%n), out)
	}
	data := min(s.size, f.room(len(f.cookie)))
	stamps := f.stamps[len(f.cookie)]
	for len(stamps) <= data {
		stamps = append(stamps, make([]*wire.Stamp, data+1-len(stamps))...)
		f.stamps[len(f.cookie)] = stamps
	}
	stamp := stamps[data]
	if stamp == nil {
		stamp = f.newSyn(data)
		if n := stampLen + data; f.kept+n <= maxKept {
			stamps[data] = stamp
			f.kept += n
		}
	}
	f.variant = wire.Variant{Src: s.addr, SrcPort: s.port, Seq: s.isn, TSVal: f.config.Form.tsVal, Cookie: f.cookie}
	out.Send(stamp.Append(out.Buffer()[:0], &f.variant))
	return data
}

// wantsOption reports whether SYNs have the option.
func (f *frames) wantsOption() bool { return f.config.Mode == Request || f.config.Cookies != nil }

// room is how much data a SYN has room for beside a cookie of n bytes.
func (f *frames) room(n int) int {
	form := &f.config.Form
	return f.config.MSS - form.length(form.optionLen(n, f.wantsOption()))
}

// newSyn returns the stamp of SYNs with a cookie as long as the present one.
func (f *frames) newSyn(data int) *wire.Stamp {
	var option []byte
	if f.wantsOption() {
		option = f.config.Form.option(nil, f.cookie)
	}
	form := &f.config.Form
	return f.stamp(wire.Segment{
		Flags: wire.SYN, Window: form.Window, Options: form.appendOptions(nil, option), Payload: f.payload[:data],
	})
}

// sendBent sends a SYN that is wrong on purpose.
func (f *frames) sendBent(s *syn, mutation int, out Output) int {
	c := f.config
	var other []byte
	if c.Cookies != nil && c.Mode != Request {
		next := (s.client + 1) % c.Clients.Len()
		other = c.Cookies.AppendCookie(nil, s.n+1, next, c.Clients.At(next))
	}
	m := c.bend(mutation, f.cookie, other)
	options := m.appendOptions(f.options[:0])
	data := min(s.size, c.MSS-len(options))
	p := f.newPacket(netip.AddrPortFrom(s.addr, s.port), wire.Segment{
		Seq: s.isn, Ack: m.ack, Flags: m.flags, Window: c.Form.Window, Options: options, Payload: f.payload[:max(data, 0)],
	})
	p.SetLengths()
	p.TCP.DataOffset = uint8((wire.HeaderLen + len(options)) / 4) // without what is not padded
	p.SetChecksums()
	if m.badChecksum {
		p.TCP.Checksum ^= 0xffff
	}
	out.Send(p.Append(out.Buffer()[:0]))
	return max(data, 0)
}

// sendAgain sends a SYN once more, without Fast Open, or with the same request.
func (f *frames) sendAgain(s *syn, out Output) {
	stamp := f.again
	f.variant = wire.Variant{Src: s.addr, SrcPort: s.port, Seq: s.isn, TSVal: f.config.Form.tsVal}
	if f.config.Mode == Request {
		f.cookie = f.cookie[:0]
		if f.stamps[0] == nil {
			f.stamps[0] = []*wire.Stamp{f.newSyn(0)}
		}
		stamp = f.stamps[0][0]
		f.variant.Cookie = f.cookie
	}
	out.Send(stamp.Append(out.Buffer()[:0], &f.variant))
}

// send sends a segment that is no SYN.
func (f *frames) send(src netip.AddrPort, s wire.Segment, out Output) {
	f.packet = f.newPacket(src, s)
	f.packet.SetLengths()
	f.packet.SetChecksums()
	out.Send(f.packet.Append(out.Buffer()[:0]))
}
