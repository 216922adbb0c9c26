package dissect

// icmpQuery is a question to a host, or the answer to one, with what sets it apart in front: of its clock, its network (obsolete) or its mask
// (obsolete).
func (b *builder) icmpQuery(kind uint64) {
	section := sectionICMP
	if kind >= 17 {
		section = sectionMask
	}
	ident, f := b.number(16, leaf{"icmp.ident", "icmp.ident", say("Identifier", "标识符"), section})
	f.Meaning = say("Tells one question from others: $1.", "区分不同的询问：$1。", ident)
	seq, f := b.number(16, leaf{"icmp.seq", "icmp.seq", say("Sequence Number", "序列号"), section})
	f.Meaning = say("Counts the questions: $1.", "对询问计数：$1。", seq)
	switch kind {
	case 13, 14:
		b.icmpTimes()
	case 17, 18:
		_, f := b.addr4(leaf{"icmp.mask", "icmp.address_mask", say("Address Mask", "地址掩码"), section})
		f.Meaning = say("Which bits of an address are those of the network: $1.", "地址中哪些位属于网络：$1。", f.Value)
	}
	b.icmpBody("icmp", "")
}

const (
	sectionMask    = "RFC 950, Appendix I"
	sectionRouters = "RFC 1256, Section 3"
)

// icmpTimes are the times of both hosts.
func (b *builder) icmpTimes() {
	for _, l := range []leaf{
		{"icmp.originate", "icmp.originate_timestamp", say("Originate Timestamp", "发起时间戳"), sectionICMP},
		{"icmp.receive", "icmp.receive_timestamp", say("Receive Timestamp", "接收时间戳"), sectionICMP},
		{"icmp.transmit", "icmp.transmit_timestamp", say("Transmit Timestamp", "传送时间戳"), sectionICMP},
	} {
		v, f := b.number(32, l)
		f.Unit, f.Meaning = unitMillis, say("$1 ms after midnight UTC.", "UTC 零点后 $1 毫秒。", v)
		if v>>31 != 0 {
			f.Meaning = say("The highest bit is set: this is no time of the standard form.", "最高位置位：不是标准形式的时间。")
		}
	}
}

// routers is a Router Advertisement of IPv4.
func (b *builder) routers() {
	routers, f := b.number(8, leaf{"icmp.num_addrs", "icmp.num_addrs", say("Num Addrs", "地址数"), sectionRouters})
	f.Meaning = say("How many addresses of routers follow: $1.", "其后有多少个路由器地址：$1。", routers)
	words, f := b.number(8, leaf{"icmp.addr_entry_size", "icmp.addr_entry_size", say("Addr Entry Size", "地址项长度"), sectionRouters})
	f.Unit, f.Meaning = unitWords, say("How long each entry is: $1 words of 4 bytes.", "每项的长度：$1 个 4 字节的字。", words)
	life, f := b.number(16, leaf{"icmp.lifetime", "icmp.lifetime", say("Lifetime", "生存期"), sectionRouters})
	f.Unit, f.Meaning = unitSeconds, say("How long the addresses are good: $1 s.", "地址的有效时间：$1 秒。", life)
	for i := uint64(0); i < routers && words == 2 && b.left() > 0; i++ {
		router, f := b.addr4(leaf{"icmp.router", "icmp.router_address", say("Router Address", "路由器地址"), sectionRouters})
		f.Meaning = meaningOfAddr(router, say("An address of the router on this link", "路由器在本链路上的地址"))
		preference, f := b.number(32, leaf{"icmp.preference", "icmp.pref_level", say("Preference Level", "优先级"), sectionRouters})
		f.Value = itoaSigned(int32(preference))
		f.Meaning = say("The highest is preferred as a default router: $1.", "作为默认路由器，数值最大者优先：$1。", f.Value)
	}
	b.icmpBody("icmp", "")
}
