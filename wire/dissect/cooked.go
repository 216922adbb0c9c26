package dissect

import (
	"math/bits"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

const (
	sectionSLL  = "tcpdump.org, LINKTYPE_LINUX_SLL"
	sectionSLL2 = "tcpdump.org, LINKTYPE_LINUX_SLL2"
	sectionNull = "tcpdump.org, LINKTYPE_NULL and LINKTYPE_LOOP"
)

var cookedTypes = [5]bilingual.Text{
	say("it came for this host", "发给本机"),
	say("it came for everybody (broadcast)", "发给所有主机（广播）"),
	say("it came for a group (multicast)", "发给一组主机（组播）"),
	say("it came for another host", "发给其他主机"),
	say("this host has sent it", "由本机发出"),
}

func cookedType(kind uint64) bilingual.Text {
	if kind < uint64(len(cookedTypes)) {
		return cookedTypes[kind]
	}
	return say("not a known direction", "未知方向")
}

// cooked is the header that Linux gives to frames of devices of every kind.
func (b *builder) cooked() {
	b.begin("sll", say("Linux cooked capture v1", "Linux cooked 捕获首部，第 1 版"))
	kind, f := b.number(16, leaf{"sll.pkttype", "sll.pkttype", say("Packet type", "分组类型"), sectionSLL})
	f.Meaning = say("How the capturing host came to the frame: $1.", "捕获主机如何收到此帧：$1。", cookedType(kind))
	b.cookedDevice(sectionSLL)
	n, f := b.number(16, leaf{"sll.halen", "sll.halen", say("Link-layer address length", "链路层地址长度"), sectionSLL})
	f.Unit, f.Meaning = unitBytes, say("$1 bytes of the next field are the address.", "下一字段中有 $1 字节是地址。", n)
	b.cookedAddress(n, sectionSLL)
	protocol := b.cookedProtocol(sectionSLL)
	b.close(cookedType(kind).En)
	b.cookedInside(protocol)
}

// cooked2 is the second version, which also tells the interface.
func (b *builder) cooked2() {
	b.begin("sll", say("Linux cooked capture v2", "Linux cooked 捕获首部，第 2 版"))
	protocol := b.cookedProtocol(sectionSLL2)
	_, f := b.bytes(2, leaf{"sll.reserved", "", say("Reserved", "保留"), sectionSLL2})
	f.Meaning = reservedMeaning
	index, f := b.number(32, leaf{"sll.ifindex", "sll.ifindex", say("Interface index", "接口索引"), sectionSLL2})
	f.Meaning = say("At which interface the frame was seen: number $1.", "在哪个接口看到此帧：编号 $1。", index)
	b.cookedDevice(sectionSLL2)
	kind, f := b.number(8, leaf{"sll.pkttype", "sll.pkttype", say("Packet type", "分组类型"), sectionSLL2})
	f.Meaning = say("How the capturing host came to the frame: $1.", "捕获主机如何收到此帧：$1。", cookedType(kind))
	n, f := b.number(8, leaf{"sll.halen", "sll.halen", say("Link-layer address length", "链路层地址长度"), sectionSLL2})
	f.Unit, f.Meaning = unitBytes, say("$1 bytes of the next field are the address.", "下一字段中有 $1 字节是地址。", n)
	b.cookedAddress(n, sectionSLL2)
	b.close(cookedType(kind).En)
	b.cookedInside(protocol)
}

func (b *builder) cookedDevice(section string) {
	kind, f := b.number(16, leaf{"sll.hatype", "sll.hatype", say("ARPHRD_ type", "ARPHRD_ 类型"), section})
	name := say("see Linux's if_arp.h", "见 Linux 的 if_arp.h")
	switch kind {
	case 1:
		name = say("Ethernet", "以太网")
	case 772:
		name = say("loopback", "回环")
	case 65534:
		name = say("no link-layer header, as a tunnel", "没有链路层首部，如隧道")
	}
	f.Meaning = say("What kind of device it is: $1 ($2).", "设备的种类：$1（$2）。", kind, name)
}

// cookedAddress reads the eight bytes of which the first n are an address.
func (b *builder) cookedAddress(n uint64, section string) {
	name := say("Link-layer address", "链路层地址")
	meaning := say("The sender's address on the link.", "发送方的链路层地址。")
	used := int(min(n, 8))
	if used == 6 {
		_, f := b.mac(leaf{"sll.src", "sll.src.eth", name, section})
		f.Meaning = meaning
	} else {
		_, f := b.bytes(used, leaf{"sll.src", "sll.src.other", name, section})
		f.Meaning = meaning
	}
	if used < 8 {
		_, f := b.bytes(8-used, leaf{"sll.unused", "sll.unused", say("Unused", "未使用"), section})
		f.Meaning = say("Room for longer addresses.", "留给更长地址的空间。")
	}
}

func (b *builder) cookedProtocol(section string) uint64 {
	kind, f := b.code(16, leaf{"sll.etype", "sll.etype", say("Protocol type", "协议类型"), section})
	f.Meaning = say("Which protocol follows: $1.", "后面是哪种协议：$1。", etherTypeName(kind))
	return kind
}

func (b *builder) cookedInside(protocol uint64) {
	if protocol >= minEtherType {
		b.byEtherType(protocol)
	}
	b.payload(b.left(), say("not dissected here", "此处不解析"))
}

// loopback is the four bytes of BSD's loopback: an address family, in the order of the capturing host or, for wire.LinkLoop, of the network.
func (b *builder) loopback(link wire.LinkType) {
	b.begin("null", say("BSD loopback header", "BSD 回环首部"))
	family, f := b.number(32, leaf{"null.family", "null.family", say("Protocol family", "协议族"), sectionNull})
	if link == wire.LinkNull && family > 0xffff {
		family = uint64(bits.ReverseBytes32(uint32(family)))
		f.Value = itoa(family)
	}
	f.Meaning = say("Which protocol follows, as the capturing system numbers them: $1.", "后面是哪种协议，按捕获系统的编号：$1。", family)
	b.close("family " + itoa(family))
	switch family {
	case 2:
		b.ipv4()
	case 10, 24, 28, 30: // Linux; NetBSD and OpenBSD; FreeBSD; macOS
		b.ipv6()
	}
	b.payload(b.left(), say("not dissected here", "此处不解析"))
}
