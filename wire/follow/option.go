package follow

import (
	"strconv"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
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
func illegal(fo wire.FastOpen) bilingual.Text {
	return bilingual.Format("Fast Open option with a cookie of %s: illegal length, ignored",
		"Fast Open 选项，其中的 cookie 为 %s：长度不合法，被忽略", bytesOf(len(fo.Cookie)))
}

// bytesOf is a number of bytes.
func bytesOf(n int) bilingual.Text {
	if n == 1 {
		return bilingual.T("1 byte", "1 字节")
	}
	digits := strconv.Itoa(n)
	return bilingual.T(digits+" bytes", digits+" 字节")
}
