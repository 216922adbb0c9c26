package wiretest

import (
	"regexp"
	"testing"
	"unicode"
)

// otherTerms are what a text must not have, as another term is used for the same thing: 报文 for a message, 分片 for cutting, 窗口扩大 for scaling, 应答
// for an answer of a protocol, 首部 for a header, 分组 for a packet, 位 for a bit, 重传 for sending again, 观察到 for having seen.
var otherTerms = regexp.MustCompile(`消息[^认]|消息$|切分|缩放|回答|头部|数据包|比特|重发|再次发送|检验和|见到`)

// halfWidth is punctuation of English next to a Chinese character. After a number a colon or a dot is none.
var halfWidth = regexp.MustCompile(`\p{Han}[,;:!?()]|[,;!?()]\p{Han}|\p{Han}\.(\s|$)`)

// WantChinese reports an error if a text has no Chinese, terms that are not those used elsewhere, or English punctuation between the characters.
func WantChinese(t testing.TB, text string) {
	t.Helper()
	han := false
	for _, r := range text {
		han = han || unicode.Is(unicode.Han, r)
	}
	if !han {
		t.Errorf("%q is no Chinese", text)
	}
	if term := otherTerms.FindString(text); term != "" {
		t.Errorf("%q has %q, for which another term is used", text, term)
	}
	if mark := halfWidth.FindString(text); mark != "" {
		t.Errorf("%q has English punctuation: %q", text, mark)
	}
}
