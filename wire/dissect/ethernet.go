package dissect

import (
	"encoding/binary"
	"hash/crc32"
	"strings"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

const (
	sectionEthernet = "IEEE 802.3, Section 3.2"
	sectionVLAN     = "IEEE 802.1Q, Section 9.6"
	sectionLLC      = "IEEE 802.2, Section 3.2"
)

// minEtherType is the lowest value that is a type; what is below counts bytes.
const minEtherType = 0x600

// minFrame is the length, without check sequence, that Ethernet pads short frames to.
const minFrame = 60

// ethernet is for Ethernet II, 802.3 and the tags of 802.1Q.
func (b *builder) ethernet() {
	b.begin("eth", say("Ethernet II", "以太网 II"))
	dst, f := b.mac(leaf{"eth.dst", "eth.dst", say("Destination Address", "目的地址"), sectionEthernet})
	f.Meaning = meaningOfMAC(dst, say("Who on this link the frame is for", "本链路上帧的接收者"))
	src, f := b.mac(leaf{"eth.src", "eth.src", say("Source Address", "源地址"), sectionEthernet})
	f.Meaning = meaningOfMAC(src, say("Who on this link has sent the frame", "本链路上帧的发送者"))
	kind := b.etherType("eth.type", "eth.type", "eth.len")
	b.close(src.String() + " > " + dst.String())
	for kind == wire.EtherTypeVLAN || kind == wire.EtherTypeSVLAN {
		kind = b.vlan(kind)
	}
	b.byEtherType(kind)
	b.trailer()
}

func meaningOfMAC(m wire.MAC, who bilingual.Text) bilingual.Text {
	switch {
	case m == wire.MAC{}:
		return say("$1; all zeros, as on the loopback interface.", "$1；全为零，回环接口上就是如此。", who)
	case m == wire.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}:
		return say("$1: everybody (broadcast).", "$1：所有主机（广播）。", who)
	case m[0]&1 != 0:
		return say("$1: a group (the lowest bit of the first byte is set).", "$1：一个组（首字节最低位为 1，组播）。", who)
	case m[0]&2 != 0:
		return say("$1; an address that was assigned locally and not by the maker.", "$1；此地址为本地分配，而非厂商分配。", who)
	}
	return say("$1; an address that the maker of the interface assigned.", "$1；此地址由网卡厂商分配。", who)
}

// etherType reads the two bytes behind the addresses or behind a tag: a type, or a length by 802.3 if they are below minEtherType.
func (b *builder) etherType(id, filter, lengthFilter string) uint64 {
	if b.left() >= 2 && bitsAt(b.data, b.at, 16) < minEtherType {
		return b.etherLength(strings.TrimSuffix(id, "type")+"len", lengthFilter)
	}
	kind, f := b.code(16, leaf{id, filter, say("EtherType", "以太网类型"), sectionEthernet})
	f.Meaning = say("Which protocol follows: $1.", "后面是哪种协议：$1。", etherTypeName(kind))
	return kind
}

func (b *builder) etherLength(id, filter string) uint64 {
	n, f := b.number(16, leaf{id, filter, say("Length", "长度"), sectionEthernet})
	f.Unit, f.Bad = unitBytes, int(n) > b.left()
	f.Meaning = say("Below 0x0600, so this is no type but the length of what follows (IEEE 802.3): $1 bytes.",
		"小于 0x0600，因此这不是类型，而是后面内容的长度（IEEE 802.3）：$1 字节。", n)
	return n
}

func etherTypeName(kind uint64) bilingual.Text {
	switch kind {
	case wire.EtherTypeIPv4:
		return say("IPv4", "IPv4")
	case wire.EtherTypeIPv6:
		return say("IPv6", "IPv6")
	case wire.EtherTypeARP:
		return say("ARP", "ARP")
	case wire.EtherTypeVLAN:
		return say("a tag of IEEE 802.1Q", "IEEE 802.1Q 标签")
	case wire.EtherTypeSVLAN:
		return say("a service tag of IEEE 802.1ad (QinQ)", "IEEE 802.1ad 服务标签（QinQ）")
	case 0x88cc:
		return say("LLDP", "LLDP")
	case 0x8847:
		return say("MPLS", "MPLS")
	case 0x8863, 0x8864:
		return say("PPPoE", "PPPoE")
	case 0x888e:
		return say("EAPOL (IEEE 802.1X)", "EAPOL（IEEE 802.1X）")
	}
	return say("one that is not dissected here", "此处不解析的协议")
}

// vlan reads one tag, whose first two bytes were the type before it, and returns the type that follows.
func (b *builder) vlan(kind uint64) uint64 {
	id, filter, name := "vlan", "vlan.", say("802.1Q Virtual LAN tag", "802.1Q 虚拟局域网标签")
	if kind == wire.EtherTypeSVLAN {
		id, filter, name = "svlan", "ieee8021ad.", say("802.1ad service tag", "802.1ad 服务标签")
	}
	b.begin(id, name)
	priority, f := b.number(3, leaf{id + ".priority", filter + "priority", say("Priority Code Point", "优先级码点"), sectionVLAN})
	f.Meaning = say("How urgent the frame is to switches, 0 (ordinary) to 7: $1.", "交换机处理此帧的优先级，0（普通）到 7：$1。", priority)
	b.flag(leaf{id + ".dei", filter + "dei", say("Drop Eligible Indicator", "可丢弃指示"), sectionVLAN},
		say("Switches drop this frame first if there is too much traffic.", "拥塞时交换机优先丢弃此帧。"),
		say("The frame is no more likely to be dropped than others.", "此帧不会比其他帧更容易被丢弃。"))
	number, f := b.number(12, leaf{id + ".id", filter + "id", say("VLAN Identifier", "VLAN 标识符"), sectionVLAN})
	f.Meaning = say("Which virtual network the frame belongs to: $1.", "此帧所属的虚拟网络：$1。", number)
	if number == 0 {
		f.Meaning = say("0: the frame belongs to no virtual network, only its priority counts.", "0：此帧不属于任何虚拟网络，只有优先级有效。")
	}
	typeFilter := "vlan.etype"
	if kind == wire.EtherTypeSVLAN {
		typeFilter = "ieee8021ah.etype" // so Wireshark calls the type behind this tag too
	}
	next := b.etherType(id+".type", typeFilter, "vlan.len")
	b.close("VLAN " + itoa(number))
	return next
}

// byEtherType reads what a frame carries.
func (b *builder) byEtherType(kind uint64) {
	switch {
	case b.left() == 0 && kind == 0:
	case kind == wire.EtherTypeIPv4:
		b.ipv4()
	case kind == wire.EtherTypeIPv6:
		b.ipv6()
	case kind == wire.EtherTypeARP:
		b.arp()
	case kind < minEtherType:
		outer := b.window(int(kind))
		b.llc()
		b.end = outer
	default:
		b.payload(b.left(), say("what this protocol carries", "该协议的内容"))
	}
}

// llc is for frames of IEEE 802.3: their payload begins with service access points.
func (b *builder) llc() {
	if b.left() == 0 {
		return
	}
	b.begin("llc", say("Logical Link Control", "逻辑链路控制"))
	dsap, f := b.code(8, leaf{"llc.dsap", "llc.dsap", say("Destination Service Access Point", "目的服务访问点"), sectionLLC})
	f.Meaning = say("Which protocol of the receiver the frame is for.", "接收方的哪种协议接收此帧。")
	ssap, f := b.code(8, leaf{"llc.ssap", "llc.ssap", say("Source Service Access Point", "源服务访问点"), sectionLLC})
	f.Meaning = say("Which protocol of the sender the frame comes from.", "此帧来自发送方的哪种协议。")
	control, f := b.code(8, leaf{"llc.control", "llc.control", say("Control", "控制"), sectionLLC})
	f.Meaning = say("What kind of frame it is; 0x03 is unnumbered information.", "帧的种类；0x03 为无编号信息帧。")
	snap := dsap == 0xaa && ssap == 0xaa && control == 3
	var oui, kind uint64
	if snap {
		oui, f = b.code(24, leaf{"llc.oui", "llc.oui", say("Organization Code", "组织代码"), "RFC 1042"})
		f.Meaning = say("Who defines the type that follows; 0 means that it is an EtherType.", "后面的类型由谁定义；0 表示它是以太网类型。")
		kind, f = b.code(16, leaf{"llc.type", "llc.type", say("EtherType", "以太网类型"), "RFC 1042"})
		f.Meaning = say("Which protocol follows: $1.", "后面是哪种协议：$1。", etherTypeName(kind))
	}
	b.close("LLC")
	if snap && oui == 0 && kind >= minEtherType {
		b.byEtherType(kind)
	}
	b.payload(b.left(), say("what this protocol carries", "该协议的内容"))
}

// trailer takes what stands behind the packet in an Ethernet frame: padding up to the least length, and what is behind that.
func (b *builder) trailer() {
	if pad := min(b.left(), minFrame-b.at/8); pad > 0 {
		bytes, f := b.bytes(pad, leaf{"eth.padding", "eth.padding", say("Padding", "填充"), sectionEthernet})
		f.Meaning = say("Fills the frame up to the least length of Ethernet, 60 bytes without the check sequence; it belongs to no packet.",
			"将帧填充到以太网的最小长度（不含校验序列为 60 字节）；不属于任何分组。")
		for _, c := range bytes {
			if c != 0 {
				f.Meaning = after(f.Meaning, say("It is not zeros, which may be old contents of memory.", "它不全为零，可能是内存中的旧数据。"))
				break
			}
		}
	}
	b.checkSequence()
	if b.left() > 0 {
		_, f := b.bytes(b.left(), leaf{"eth.trailer", "eth.trailer", say("Trailer", "尾部"), sectionEthernet})
		f.Meaning = say("Bytes behind the packet that its length does not cover, added by somebody on the way.", "分组长度之外的字节，由途中的设备附加。")
	}
}

// checkSequence takes the last four bytes if they are the frame's check sequence, which most captures do not have.
func (b *builder) checkSequence() {
	const n = 4
	at := b.at / 8
	if b.left() != n || binary.LittleEndian.Uint32(b.data[at:]) != crc32.ChecksumIEEE(b.data[:at]) {
		return
	}
	_, f := b.code(8*n, leaf{"eth.fcs", "eth.fcs", say("Frame Check Sequence", "帧校验序列"), "IEEE 802.3, Section 3.2.9"})
	f.Meaning = say("Guards the frame on this link; right. Interfaces make and check it, and seldom show it.", "在本链路上保护此帧；正确。由网卡生成和检查，通常不显示。")
}
