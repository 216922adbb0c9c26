package follow

import "tfocraft/wire/bilingual"

// Text returns the outcome in words.
func (o Outcome) Text() bilingual.Text {
	switch o {
	case Disabled:
		return bilingual.T("disabled", "未启用")
	case CookieReceived:
		return bilingual.T("cookie received", "收到 cookie")
	case Accepted:
		return bilingual.T("accepted", "接受")
	case Rejected:
		return bilingual.T("rejected", "拒绝")
	case Fallback:
		return bilingual.T("fallback", "回退")
	}
	return bilingual.T("unknown", "未知")
}

// Text returns the explanation in both languages. The English is the phrase itself.
func (w Why) Text() bilingual.Text { return bilingual.T(string(w), w.chinese()) }

func (w Why) chinese() string {
	switch w {
	case WhyNotSeen:
		return "没有观察到握手"
	case WhyNotAsked:
		return "没有请求"
	case WhyCookieGranted:
		return "服务器授予了 cookie"
	case WhyAllAcked:
		return "SYN 数据已被确认"
	case WhyPartlyAcked:
		return "SYN 数据只被确认了一部分"
	case WhyNoData:
		return "SYN 中没有可确认的数据"
	case WhyCookieReplaced:
		return "服务器拒绝该 cookie 并发来新的"
	case WhyDataNotAcked:
		return "服务器只确认了 SYN"
	case WhyNoCookie:
		return "服务器没有发来 cookie"
	case WhyRetransmitted:
		return "SYN 丢失，重传时不带 Fast Open"
	case WhySimultaneous:
		return "双方同时打开"
	case WhyRefused:
		return "连接被拒绝"
	case WhyNoAnswer:
		return "所有 SYN 都没有得到应答"
	}
	return ""
}
