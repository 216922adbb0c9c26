package cookie

import (
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
)

// Lengths of a cookie in bytes.
const (
	// MinLen and MaxLen bound the cookies that RFC 7413, Section 4.1.1, allows.
	MinLen = 4
	MaxLen = 16
	// Capacity is the most that a TCP header has room for: 40 bytes of options less kind and length.
	Capacity = 38
)

var (
	// ErrCookieLength says that a cookie is longer than an option can carry, or of a length that may not be cached.
	ErrCookieLength = errors.New("cookie has a wrong length")
	// ErrCookieSyntax says that text is not a cookie in hexadecimal.
	ErrCookieSyntax = errors.New("cookie is not hexadecimal")
)

// A Cookie is a Fast Open cookie of 0 to 38 bytes, legal or not, held in place: it can be compared with ==, copied and
// used as a map key. The zero Cookie is the absent one, which on the wire is a cookie request. A cookie of several zero
// bytes is a cookie like any other.
type Cookie struct {
	// Bytes past length are zero, so that == compares cookies.
	bytes  [Capacity]byte
	length uint8
}

// FromBytes copies b into a cookie. More than 38 bytes are an error that wraps [ErrCookieLength].
func FromBytes(b []byte) (Cookie, error) {
	var c Cookie
	if len(b) > Capacity {
		return c, fmt.Errorf("cookie: %d bytes, at most %d fit an option: %w", len(b), Capacity, ErrCookieLength)
	}
	c.length = uint8(copy(c.bytes[:], b))
	return c, nil
}

// Parse reads a cookie of 0 to 38 bytes in hexadecimal, as [Cookie.Hex] writes it. Errors wrap [ErrCookieSyntax] or
// [ErrCookieLength].
func Parse(text string) (Cookie, error) {
	if len(text) > 2*Capacity {
		return Cookie{}, fmt.Errorf("cookie: %d hex digits, at most %d fit an option: %w", len(text), 2*Capacity, ErrCookieLength)
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return Cookie{}, fmt.Errorf("cookie: %w: %w", ErrCookieSyntax, err)
	}
	return FromBytes(b)
}

// Len returns the length of c in bytes.
func (c Cookie) Len() int { return int(c.length) }

// IsZero reports whether c is the absent cookie, of length 0.
func (c Cookie) IsZero() bool { return c.length == 0 }

// Legal reports whether c has a length that RFC 7413, Section 4.1.1, allows for a cookie: 4 to 16 bytes, even. Only
// legal cookies are cached and presented. A cookie request, of length 0, is a legal option but not a cookie.
func (c Cookie) Legal() bool {
	return c.length >= MinLen && c.length <= MaxLen && c.length%2 == 0
}

// Append appends the bytes of c to dst and returns the extended slice.
func (c Cookie) Append(dst []byte) []byte { return append(dst, c.bytes[:c.length]...) }

// Equal reports whether b has the bytes of c. The lengths are compared first; how long the rest takes does not depend
// on the bytes, so that a cookie cannot be guessed byte by byte.
func (c Cookie) Equal(b Cookie) bool { return c.equalBytes(b.bytes[:b.length]) }

func (c *Cookie) equalBytes(b []byte) bool {
	return int(c.length) == len(b) && subtle.ConstantTimeCompare(c.bytes[:c.length], b) == 1
}

// Hex returns the bytes of c in lower-case hexadecimal. Unlike String it shows them.
func (c Cookie) Hex() string { return hex.EncodeToString(c.bytes[:c.length]) }

// String returns the length of c and hides its bytes.
func (c Cookie) String() string { return fmt.Sprintf("cookie(%d bytes)", c.length) }

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (c Cookie) Format(f fmt.State, _ rune) { writeRedacted(f, c.String()) }

// LogValue implements [slog.LogValuer] with what String returns.
func (c Cookie) LogValue() slog.Value { return slog.StringValue(c.String()) }
