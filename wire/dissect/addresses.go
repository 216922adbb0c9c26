package dissect

import (
	"net/netip"

	"tfocraft/wire/bilingual"
)

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return "?"
	}
	return a.String()
}

var (
	documentation4 = [3]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24")}
	documentation6 = netip.MustParsePrefix("2001:db8::/32")
	benchmarking   = netip.MustParsePrefix("198.18.0.0/15")
	shared         = netip.MustParsePrefix("100.64.0.0/10")
	broadcast      = netip.AddrFrom4([4]byte{255, 255, 255, 255})
)

// meaningOfAddr says who an address stands for, and what kind of address it is.
func meaningOfAddr(a netip.Addr, who bilingual.Text) bilingual.Text {
	return say("$1; $2.", "$1；$2。", who, addrKind(a))
}

func addrKind(a netip.Addr) bilingual.Text {
	switch {
	case !a.IsValid():
		return say("not whole", "不完整")
	case a.IsUnspecified():
		return say("unspecified: the host has no address yet", "未指定地址：主机尚无地址")
	case a == broadcast:
		return say("everybody on this link", "本链路上的所有主机")
	case a.IsLoopback():
		return say("this host itself (loopback)", "本机（回环）")
	case a.IsMulticast():
		return say("a group of hosts (multicast)", "一组主机（组播）")
	case a.IsLinkLocalUnicast():
		return say("valid on this link only (link-local)", "仅在本链路有效（链路本地）")
	case a.IsPrivate():
		return say("private: valid in this network only", "私有地址：仅在本网络内有效")
	}
	return scopeOf(a)
}

func scopeOf(a netip.Addr) bilingual.Text {
	switch {
	case documentation6.Contains(a) || documentation4[0].Contains(a) || documentation4[1].Contains(a) || documentation4[2].Contains(a):
		return say("of a range kept for documentation", "文档保留地址段")
	case benchmarking.Contains(a):
		return say("of a range kept for measurements between networks", "网络测试保留地址段")
	case shared.Contains(a):
		return say("behind a provider's address translation", "运营商级地址转换之后的地址")
	}
	return say("a global address", "全局地址")
}
