package dissect

import "tfocraft/wire/bilingual"

const sectionARP = "RFC 826"

var arpOperations = map[uint64]bilingual.Text{
	1: say("request: who has the target's protocol address?", "请求：谁拥有目标协议地址？"),
	2: say("reply: the sender has the address that was asked for", "应答：发送方拥有所询问的地址"),
	3: say("reverse request (RFC 903)", "反向请求（RFC 903）"),
	4: say("reverse reply (RFC 903)", "反向应答（RFC 903）"),
	8: say("inverse request (RFC 2390)", "逆向请求（RFC 2390）"),
	9: say("inverse reply (RFC 2390)", "逆向应答（RFC 2390）"),
}

// arp is the Address Resolution Protocol.
func (b *builder) arp() {
	b.begin("arp", say("Address Resolution Protocol", "地址解析协议"))
	hardware, f := b.number(16, leaf{"arp.hw.type", "arp.hw.type", say("Hardware Address Space", "硬件地址空间"), sectionARP})
	f.Meaning = say("What kind of link the hardware addresses are of: $1.", "硬件地址属于哪类链路：$1。", linkName(hardware))
	protocol, f := b.code(16, leaf{"arp.proto.type", "arp.proto.type", say("Protocol Address Space", "协议地址空间"), sectionARP})
	f.Meaning = say("Which protocol's addresses are looked for: $1.", "要查找哪种协议的地址：$1。", etherTypeName(protocol))
	hardwareLen, f := b.number(8, leaf{"arp.hw.size", "arp.hw.size", say("Hardware Address Length", "硬件地址长度"), sectionARP})
	f.Unit, f.Meaning = unitBytes, say("Hardware addresses have $1 bytes.", "硬件地址有 $1 字节。", hardwareLen)
	protocolLen, f := b.number(8, leaf{"arp.proto.size", "arp.proto.size", say("Protocol Address Length", "协议地址长度"), sectionARP})
	f.Unit, f.Meaning = unitBytes, say("Protocol addresses have $1 bytes.", "协议地址有 $1 字节。", protocolLen)
	operation, f := b.number(16, leaf{"arp.opcode", "arp.opcode", say("Operation", "操作"), sectionARP})
	name, known := arpOperations[operation]
	if !known {
		name = say("not a known operation", "未知操作")
	}
	f.Meaning = say("What the message is: $1.", "报文的种类：$1。", name)
	ethernet, ip := hardware == 1 && hardwareLen == 6, protocol == 0x800 && protocolLen == 4
	b.arpHardware(ethernet, int(hardwareLen), "src", say("Source Hardware Address", "源硬件地址"), say("The sender's own address on the link.", "发送方自己的链路层地址。"))
	from := b.arpProtocol(ip, int(protocolLen), "src", say("Source Protocol Address", "源协议地址"), say("The sender's own address; receivers may remember the pair.", "发送方自己的地址；接收方可以记住这对地址。"))
	meaning := say("The address on the link that is looked for; not known yet in a request, so its value does not matter.", "要查找的链路层地址；在请求中尚未知晓，因此其值无关紧要。")
	if operation == 2 {
		meaning = say("The address on the link of who has asked.", "提问者的链路层地址。")
	}
	b.arpHardware(ethernet, int(hardwareLen), "dst", say("Target Hardware Address", "目标硬件地址"), meaning)
	meaning = say("The address whose owner is looked for.", "要查找其拥有者的地址。")
	if operation == 2 {
		meaning = say("The protocol address of who has asked.", "提问者的协议地址。")
	}
	to := b.arpProtocol(ip, int(protocolLen), "dst", say("Target Protocol Address", "目标协议地址"), meaning)
	b.close(arpSummary(operation, from, to))
}

func linkName(kind uint64) bilingual.Text {
	if kind == 1 {
		return say("Ethernet", "以太网")
	}
	return say("not Ethernet", "非以太网")
}

func (b *builder) arpHardware(ethernet bool, n int, side string, name, meaning bilingual.Text) {
	id := "arp." + side + ".hw"
	if !ethernet {
		_, f := b.bytes(n, leaf{id, id, name, sectionARP})
		f.Meaning = meaning
		return
	}
	_, f := b.mac(leaf{id, id + "_mac", name, sectionARP})
	f.Meaning = meaning
}

func (b *builder) arpProtocol(ip bool, n int, side string, name, meaning bilingual.Text) (value string) {
	id := "arp." + side + ".proto"
	var f *Field
	if ip {
		_, f = b.addr4(leaf{id, id + "_ipv4", name, sectionARP})
	} else {
		_, f = b.bytes(n, leaf{id, id, name, sectionARP})
	}
	f.Meaning = meaning
	return f.Value
}

func arpSummary(operation uint64, from, to string) string {
	switch operation {
	case 1:
		return "who has " + to + "? tell " + from
	case 2:
		return from + " answers " + to
	}
	return from + " > " + to
}
