package cookie

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrScheme says that no scheme has the name that was given.
var ErrScheme = errors.New("unknown cookie scheme")

// A Scheme is a way to compute a cookie from a key and addresses. Servers that share an address must agree on it.
// Cookies of every scheme are 8 bytes.
type Scheme uint8

const (
	// RFC7413 is the example of RFC 7413, Section 4.1.2, and the default: the first 8 bytes of AES-128(key, client),
	// where an IPv4 address is followed by 12 zero bytes. Linux 3.7 to 3.12 did the same for IPv4.
	RFC7413 Scheme = iota
	// Linux is that of Linux since 5.3: SipHash-2-4(key, client ‖ server), least significant byte first.
	Linux
	// LinuxAES is that of Linux 3.13 to 5.2: the first 8 bytes of AES-128 over both addresses. IPv4 is one block,
	// client ‖ server ‖ 8 zero bytes; IPv6 is two blocks in CBC mode with a zero IV.
	LinuxAES
	// FreeBSD is that of FreeBSD: SipHash-2-4(key, client), least significant byte first.
	FreeBSD

	schemeCount
)

// Schemes returns all schemes, the default first.
func Schemes() []Scheme {
	all := make([]Scheme, 0, schemeCount)
	for s := range schemeCount {
		all = append(all, s)
	}
	return all
}

// ParseScheme returns the scheme with the given name. The error lists the names there are and wraps [ErrScheme].
func ParseScheme(name string) (Scheme, error) {
	all := Schemes()
	i := slices.IndexFunc(all, func(s Scheme) bool { return s.Name() == name })
	if i < 0 {
		names := make([]string, len(all))
		for i, s := range all {
			names[i] = s.Name()
		}
		return 0, fmt.Errorf("cookie: %w %q: known are %s", ErrScheme, name, strings.Join(names, ", "))
	}
	return all[i], nil
}

// Name returns the name that [ParseScheme] reads.
func (s Scheme) Name() string {
	switch s {
	case RFC7413:
		return "rfc7413"
	case Linux:
		return "linux"
	case LinuxAES:
		return "linux-aes"
	case FreeBSD:
		return "freebsd"
	}
	return fmt.Sprintf("scheme(%d)", uint8(s))
}

// String returns the name.
func (s Scheme) String() string { return s.Name() }
