package story

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"

	"tfocraft/cookie"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

// notes are what a segment has changed: at its receiver, unless it was lost, and what follows for the connection.
func (t *telling) notes(f *Frame, facts *follow.Facts, c *follow.Connection) (notes []Note) {
	before, at := t.known[c.Number], t.ends[c.Number]
	note := func(host int, text bilingual.Text) { notes = append(notes, Note{At: host, Text: text}) }
	if text := verdict(facts); !text.IsZero() && !f.Lost {
		note(f.To, text)
	}
	if c.SynAcked > before.SynAcked {
		note(at.server, bilingual.Format("has taken %s of the SYN's data; it is in SYN-RECEIVED since then, and not only since this answer", "已接受 SYN 中的 %s数据；它当时就已进入 SYN-RECEIVED，而不是到此应答才进入", bytesOf(c.SynAcked)))
	}
	if c.RequestTrips > 0 && before.RequestTrips == 0 {
		note(at.server, bilingual.Format("has the request after %s", "经%s收到请求", trips(c.RequestRoundTrips())))
	}
	if c.ResponseTrips > 0 && before.ResponseTrips == 0 {
		note(at.client, bilingual.Format("has the response after %s", "经%s收到响应", trips(c.ResponseRoundTrips())))
	}
	switch {
	case facts.RTT > 0 && t.places == nil:
		note(f.To, bilingual.Format("measures a round trip of %s, from segment %d", "测得往返时间 %s（自报文段 %d 起）", spoken(facts.RTT), facts.Acknowledged))
	case facts.RTT > 0:
		note(f.To, bilingual.Format("has segment %[2]d acknowledged after %[1]s, as seen here", "报文段 %[2]d 在 %[1]s 后得到确认（从捕获处看）", spoken(facts.RTT), facts.Acknowledged))
	}
	// That nobody answers is known at the end only.
	if c.Why != before.Why && c.Why != follow.WhyNoAnswer {
		note(at.client, bilingual.Format("Fast Open: %s (%s)", "Fast Open：%s（%s）", c.FastOpen.Text(), c.Why.Text()))
	}
	return notes
}

// verdict says what the receiver of a cookie finds.
func verdict(f *follow.Facts) bilingual.Text {
	switch f.Cookie {
	case follow.CookieGranted:
		return bilingual.Format("finds the cookie that it granted in segment %d", "确认这是它在报文段 %d 中授予的 cookie", f.GrantedFrame)
	case follow.CookieRight:
		return bilingual.T("finds the cookie right for this client under its key", "按其密钥，该 cookie 对此客户端有效")
	case follow.CookieForeign:
		return bilingual.T("gets a cookie that it has given to another client", "收到的 cookie 是它给另一个客户端的")
	case follow.CookieOther:
		return bilingual.T("gets another cookie than the one that it has given to this client", "收到的 cookie 不是它给这个客户端的那个")
	case follow.CookieWrong:
		return bilingual.T("finds the cookie wrong for this client under its key", "按其密钥，该 cookie 对此客户端无效")
	case follow.CookieNone, follow.CookieUnknown, follow.CookieNew, follow.CookieAgain:
		// What a client does with a cookie is about its cache.
	}
	return bilingual.Text{}
}

// cacheNotes are what the frame has changed in the cache of a client.
func (t *telling) cacheNotes(f *Frame, cache []follow.CacheEntry) (notes []Note) {
	client := t.ends[f.Connection].client
	for _, e := range cache {
		if e.Frame != f.Number {
			continue
		}
		text := bilingual.Format("remembers the cookie %s for %v", "缓存 %[2]v 的 cookie %[1]s", hex.EncodeToString(e.Cookie), e.Server)
		if e.Cookie == nil {
			text = bilingual.Format("will not try Fast Open with %v: %s", "不再对 %v 尝试 Fast Open：%s", netip.AddrPortFrom(e.Server, e.Port), blocked(e.Blocked))
		}
		notes = append(notes, Note{At: client, Text: text})
	}
	return notes
}

// blocked says why a client does not try Fast Open (RFC 7413, Section 4.1.3.1).
func blocked(why cookie.Reason) bilingual.Text {
	switch why {
	case cookie.DataNotAcked:
		return bilingual.T("the data of the SYN was not taken", "SYN 的数据未被接受")
	case cookie.NoSynAck:
		return bilingual.T("nothing answered the SYN", "SYN 没有得到应答")
	case cookie.ICMPError:
		return bilingual.T("an ICMP error answered the SYN", "对 SYN 的应答是 ICMP 差错报文")
	case cookie.NoCookie:
		return bilingual.T("the server gives no cookies", "服务器不给 cookie")
	case cookie.Reset:
		return bilingual.T("a reset answered the SYN", "对 SYN 的应答是复位")
	}
	return bilingual.T(string(why), string(why))
}

// trips counts round trips: "1.5 round trips".
func trips(n float64) bilingual.Text {
	number, plural := strconv.FormatFloat(n, 'f', -1, 64), "s"
	if n == 1 {
		plural = ""
	}
	return bilingual.T(number+" round trip"+plural, " "+number+" 次往返")
}

// spoken is a time with as many digits as one can look at.
func spoken(d time.Duration) string {
	in := func(unit time.Duration, name string) string {
		return strconv.FormatFloat(float64(d)/float64(unit), 'g', 5, 64) + " " + name
	}
	switch {
	case d >= time.Second:
		return in(time.Second, "s")
	case d >= time.Millisecond:
		return in(time.Millisecond, "ms")
	}
	return in(time.Microsecond, "µs")
}
