package wire

import "encoding/binary"

// FastOpenExID marks the shared experimental option 254 as Fast Open
// (RFC 7413, Section 9; RFC 6994).
const FastOpenExID = 0xF989

// LegalCookieLen reports whether a cookie may have n bytes: 4 to 16 and even
// (RFC 7413, Section 4.1.1, with erratum 4238).
func LegalCookieLen(n int) bool { return n >= 4 && n <= 16 && n%2 == 0 }

// FastOpen is a Fast Open option (RFC 7413, Section 4.1.1). The zero value
// stands for none.
type FastOpen struct {
	Present      bool
	Experimental bool   // kind 254 with FastOpenExID instead of kind 34
	Cookie       []byte // empty in a cookie request
}

// Request reports whether the option asks for a cookie: it is there and empty.
func (f FastOpen) Request() bool { return f.Present && len(f.Cookie) == 0 }

// Legal reports whether the option is there with a length that the RFC allows:
// a request or a cookie of a legal length. Others are ignored by receivers.
func (f FastOpen) Legal() bool {
	return f.Present && (len(f.Cookie) == 0 || LegalCookieLen(len(f.Cookie)))
}

// WireLen returns the bytes that the option takes, padding not counted.
func (f FastOpen) WireLen() int {
	switch {
	case !f.Present:
		return 0
	case f.Experimental:
		return 4 + len(f.Cookie)
	}
	return 2 + len(f.Cookie)
}

// Append adds the option in its form; nothing if it is not present.
func (f FastOpen) Append(dst []byte) []byte {
	switch {
	case !f.Present:
		return dst
	case f.Experimental:
		dst = append(dst, byte(KindExperiment2), byte(4+len(f.Cookie)))
		dst = binary.BigEndian.AppendUint16(dst, FastOpenExID)
	default:
		dst = append(dst, byte(KindFastOpen), byte(2+len(f.Cookie)))
	}
	return append(dst, f.Cookie...)
}

// FastOpen finds the first Fast Open option, of a legal length or not. Tools
// that show what is on the wire want this one; an endpoint wants
// [Options.Decode], which knows only legal ones.
func (o Options) FastOpen() FastOpen {
	for opt, err := range o.All() {
		if err != nil {
			break
		}
		if fo := parseFastOpen(opt); fo.Present {
			return fo
		}
	}
	return FastOpen{}
}

func parseFastOpen(opt Option) FastOpen {
	switch {
	case opt.Kind == KindFastOpen:
		return FastOpen{Present: true, Cookie: opt.Data}
	case opt.Kind == KindExperiment2 && len(opt.Data) >= 2 && binary.BigEndian.Uint16(opt.Data) == FastOpenExID:
		return FastOpen{Present: true, Experimental: true, Cookie: opt.Data[2:]}
	}
	return FastOpen{}
}
