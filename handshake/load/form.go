package load

import (
	"errors"
	"fmt"
	"time"

	"tfocraft/handshake"
	"tfocraft/wire"
)

// ErrOptions is wrapped by what is wrong with the options of a SYN.
var ErrOptions = errors.New("load: bad options")

// A Form is what every SYN of a run has: its options, with a place for Fast Open,
// and its window.
type Form struct {
	// Before and After stand on both sides of the Fast Open option.
	Before, After wire.Options
	// NoFastOpen means that there is no place for the option.
	NoFastOpen bool
	// Cookie is the one that the text has, if it has one.
	Cookie       []byte
	Experimental bool
	// Pad fills up the last word of the header: NOP, or EOL and zeros as in FreeBSD.
	Pad    wire.OptionKind
	Window uint16

	// What the options promise about later segments.
	timestamps bool
	tsVal      uint32
	shift      uint8
	scale      bool
}

// ProfileForm returns the SYN of a stack, for a path with this largest segment.
// The value of its timestamps follows from the seed.
func ProfileForm(p handshake.Profile, mss int, ipv6, experimental bool, seed uint64) (Form, error) {
	m := handshake.NewClient(handshake.Config{
		IPv6: ipv6, Profile: p, MSS: mss, TimestampOffset: uint32(mix(seed, 0, saltTimestamp)),
		FastOpen: handshake.ClientFastOpen{Mode: handshake.ClientOn, Experimental: experimental},
	})
	for _, o := range m.Open(time.Time{}.Add(time.Hour), nil) {
		if o.Kind != handshake.Transmit {
			continue
		}
		f, err := formOf(o.Segment.Options)
		f.Window = o.Segment.Window
		f.After = nil // its padding
		if p == handshake.FreeBSD {
			f.Pad = wire.KindEOL
		}
		return f, err
	}
	return Form{}, fmt.Errorf("%w: profile %v sends no SYN", ErrOptions, p)
}

// ParseForm reads an option list in the text form, without its brackets. FO or
// FOEXP is where cookies go; one with a cookie is the cookie of every client.
func ParseForm(text string) (Form, error) {
	parsed, err := wire.ParseText("S 0:0(0) <" + text + ">")
	if err != nil {
		if e, ok := errors.AsType[*wire.TextError](err); ok {
			return Form{}, fmt.Errorf("%w: %q: column %d: %s", ErrOptions, text, e.Column-len("S 0:0(0) <"), e.Msg)
		}
		return Form{}, err
	}
	if parsed.AnyOptions {
		return Form{}, fmt.Errorf("%w: ... leaves them open", ErrOptions)
	}
	f, err := formOf(parsed.Segment.Options)
	if err != nil {
		return f, err
	}
	f.Window = 65535
	if n := len(f.Before) + len(f.After); n > wire.MaxOptionsLen {
		return f, fmt.Errorf("%w: they take %d bytes, %d at most", ErrOptions, n, wire.MaxOptionsLen)
	}
	return f, nil
}

// formOf takes the first Fast Open option out of a list.
func formOf(o wire.Options) (Form, error) {
	f := Form{Pad: wire.KindNOP, NoFastOpen: true}
	at := 0
	for opt, err := range o.All() {
		if err != nil {
			break // impossible options stay as they are
		}
		n := 2 + len(opt.Data)
		if opt.Kind == wire.KindEOL || opt.Kind == wire.KindNOP {
			n = 1
		}
		if fo := wire.Options(o[at : at+n]).FastOpen(); fo.Present {
			f.NoFastOpen, f.Experimental = false, fo.Experimental
			f.Cookie = append([]byte(nil), fo.Cookie...)
			f.Before, f.After = o[:at:at], o[at+n:]
			break
		}
		at += n
	}
	if f.NoFastOpen {
		f.Before = o
	}
	f.Before, f.After = append(wire.Options(nil), f.Before...), append(wire.Options(nil), f.After...)
	set, _ := o.Decode()
	f.timestamps, f.tsVal = set.HasTimestamps, set.Timestamps.Val
	f.scale, f.shift = set.HasWindowScale, set.WindowScale
	return f, nil
}

// fits reports whether there is room for a cookie of n bytes.
func (f *Form) fits(n int) bool {
	fo := wire.FastOpen{Present: true, Experimental: f.Experimental}
	return len(f.Before)+len(f.After)+fo.WireLen()+n <= wire.MaxOptionsLen
}

// option adds the Fast Open option with a cookie.
func (f *Form) option(dst, cookie []byte) []byte {
	return wire.FastOpen{Present: true, Experimental: f.Experimental, Cookie: cookie}.Append(dst)
}

// appendOptions adds the whole list with these bytes in the place of Fast Open.
func (f *Form) appendOptions(dst, fastOpen []byte) []byte {
	start := len(dst)
	dst = append(dst, f.Before...)
	dst = append(dst, fastOpen...)
	dst = append(dst, f.After...)
	for (len(dst)-start)%4 != 0 {
		dst = append(dst, byte(f.Pad))
	}
	return dst
}

// length returns the bytes of the list with so many in the place of Fast Open.
func (f *Form) length(fastOpen int) int { return (len(f.Before) + fastOpen + len(f.After) + 3) &^ 3 }

// laterWindow is the field for a window as large as that of the SYN, once both
// sides scale.
func (f *Form) laterWindow() uint16 { return f.Window >> min(f.shift, 14) }
