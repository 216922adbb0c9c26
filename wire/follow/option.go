package follow

import (
	"fmt"

	"tfocraft/wire"
)

// fastOpen returns the Fast Open option that counts for a receiver: the last
// legal one, as in Linux. If there is none it is one that will be ignored.
func fastOpen(o wire.Options) wire.FastOpen {
	// What stands behind a broken option is not there for a receiver either.
	set, _ := o.Decode()
	if set.FastOpen.Present {
		return set.FastOpen
	}
	return o.FastOpen()
}

func optionOf(fo wire.FastOpen) Option {
	switch {
	case !fo.Present:
		return OptionNone
	case fo.Request():
		return OptionRequest
	}
	return OptionCookie
}

func legalCookie(cookie []byte) bool { return wire.LegalCookieLen(len(cookie)) }

// illegal says that an option will be ignored; it is for an option that has no
// legal length (RFC 7413, Section 4.1.1).
func illegal(fo wire.FastOpen) string {
	return fmt.Sprintf("Fast Open option with a cookie of %s: illegal length, ignored", bytesOf(len(fo.Cookie)))
}

func bytesOf(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
