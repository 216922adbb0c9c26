package dissect

import (
	"strings"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// optionReason is for the fields of a TCP option.
func (x *explainer) optionReason(index int, id string, f *Field) bilingual.Text {
	option, part, _ := strings.Cut(strings.TrimPrefix(id, "tcp.options."), ".")
	if part == "length" && option != "fo" && option != "foexp" { // whose length says more
		return lengthOfOption(x.value(f))
	}
	switch option {
	case "nop":
		return x.nopReason(index)
	case "eol", "padding":
		return say("The data must begin at a multiple of 4 bytes, as the data offset counts in those.", "数据必须从 4 字节的倍数处开始，因为数据偏移以 4 字节为单位。")
	case "mss":
		return x.mssReason(part, f)
	case "wscale":
		return x.scaleReason(part, f)
	case "sack_perm":
		return x.sackPermittedReason(part)
	case "timestamp":
		return x.timestampReason(part, f)
	case "sack":
		return x.sackReason(part, f)
	case "fo", "foexp":
		return x.fastOpenReason(option, part)
	}
	return bilingual.Text{}
}

// lengthOfOption is the sum that the length of an option is.
func lengthOfOption(length uint64) bilingual.Text {
	if length < 2 {
		return bilingual.Text{}
	}
	return say("$1 = 1 (kind) + 1 (length) + $2 (data): so receivers can skip an option that they do not know.", "$1 = 1（类型）+ 1（长度）+ $2（数据）：接收方因此可以跳过不认识的选项。", length, length-2)
}

// nopReason looks at what the padding comes before or behind.
func (x *explainer) nopReason(index int) bilingual.Text {
	next := index + 1
	for next < len(x.frame.Fields) && baseID(x.frame.Fields[next].ID) == "tcp.options.nop.kind" {
		next++
	}
	if next == len(x.frame.Fields) || !strings.HasPrefix(x.frame.Fields[next].ID, "tcp.options.") {
		return say("Fills the options up to a multiple of 4 bytes, in which the data offset counts.", "将选项填充到 4 字节的倍数，因为数据偏移以此为单位。")
	}
	name := x.groupName(next)
	if (x.frame.Fields[next].Offset/8+2-x.optionsAt)%4 == 0 {
		return say("Moves the numbers of $1 to a multiple of 4 bytes, where processors read them at once.", "使“$1”中的数值对齐到 4 字节的倍数，便于处理器一次读取。", name)
	}
	return say("Makes $1 end at a multiple of 4 bytes.", "使“$1”在 4 字节的倍数处结束。", name)
}

// knownMTUs are those that many links have.
var knownMTUs = map[int]bilingual.Text{
	1280:  say("the least of IPv6", "IPv6 的最小值"),
	1420:  say("usual in WireGuard tunnels", "WireGuard 隧道常用"),
	1450:  say("usual in VXLAN networks", "VXLAN 网络常用"),
	1492:  say("PPPoE", "PPPoE"),
	1500:  say("Ethernet", "以太网"),
	9000:  say("jumbo frames", "巨型帧"),
	65535: say("the greatest packet", "最大的分组"),
	65536: say("Linux's loopback interface", "Linux 的回环接口"),
}

func (x *explainer) mssReason(part string, f *Field) bilingual.Text {
	if part != "value" {
		return say("Every SYN should have it: without it the other side takes 536 bytes, or 1220 over IPv6 (RFC 9293, Section 3.7.1).",
			"每个 SYN 都应带有它：否则对方按 536 字节（IPv6 为 1220）处理（RFC 9293，第 3.7.1 节）。")
	}
	headers := wire.IPv4Len + wire.HeaderLen
	if x.ipv6 {
		headers = wire.IPv6Len + wire.HeaderLen
	}
	return after(mtuReason(int(x.value(f))+headers, headers), x.cachedReason())
}

// mtuReason is for an MSS that was made from an MTU, as it seems, by taking off so many bytes of headers.
func mtuReason(mtu, headers int) bilingual.Text {
	if name, ok := knownMTUs[mtu]; ok {
		return say("$1 = $2 − $3: an MTU ($4), usually that of its interface, less the fixed headers of IP and TCP; options are not counted (RFC 6691).",
			"$1 = $2 − $3：MTU（$4，通常是其接口的 MTU）减去 IP 和 TCP 的固定首部；选项不计（RFC 6691）。", mtu-headers, mtu, headers, name)
	}
	return say("$1 + $2 for the fixed headers of IP and TCP: packets of up to $3 bytes; its interface or somebody on the way has set this limit.",
		"$1 加上 IP 和 TCP 固定首部的 $2：分组最长 $3 字节；由其接口或途中的设备设定。", mtu-headers, headers, mtu)
}

// cachedReason says what else an MSS is for that comes with a cookie.
func (x *explainer) cachedReason() bilingual.Text {
	if !x.synAck() || !x.hasCookie("fo") && !x.hasCookie("foexp") {
		return bilingual.Text{}
	}
	return say("A client caches it with the cookie, to know how much data its next SYN may carry (RFC 7413, Section 4.1.3).", "客户端将其与 cookie 一同缓存，以便知道下一个 SYN 可携带多少数据（RFC 7413，第 4.1.3 节）。")
}

// groupName returns the name of the innermost group that begins with a field.
func (x *explainer) groupName(field int) (name bilingual.Text) {
	for i := range x.frame.Groups {
		if g := &x.frame.Groups[i]; g.First == field {
			name = g.Name
		}
	}
	return name
}

func (x *explainer) scaleReason(part string, f *Field) bilingual.Text {
	shift := min(int(x.value(f)), 14)
	switch {
	case part == "shift":
		return say("The window field ends at 65535; with this shift $1 can offer up to $2 bytes, which usually follows from how large its receive buffer may grow.",
			"窗口字段最大为 65535；使用此移位数，$1最多可通告 $2 字节，通常取决于其接收缓冲区可增长到的大小。", x.sender, 65535<<shift)
	case x.synAck():
		return say("Allowed in a SYN-ACK only because the SYN had it: now both directions are scaled, each by its own sender's shift.",
			"只有 SYN 带有此选项时 SYN-ACK 才可使用：此后两个方向都使用窗口扩大，各按其发送方的移位数。")
	case x.syn():
		return say("Only SYNs carry it; if the SYN-ACK has none, no window is scaled.", "只有 SYN 携带此选项；若 SYN-ACK 中没有，则两个方向都不使用窗口扩大。")
	}
	return say("Without meaning outside of a SYN: receivers ignore it.", "在 SYN 之外没有意义：接收方忽略它。")
}

func (x *explainer) sackPermittedReason(part string) bilingual.Text {
	switch {
	case part != "kind":
		return bilingual.Text{}
	case x.synAck():
		return say("Both sides have said it now: gaps can be reported, so that only what is missing is sent again.", "双方都已声明：可以报告缺口，从而只重传缺失的部分。")
	}
	return say("The sender of this understands reports of gaps (SACK), if the other side says the same.", "发送方能理解对缺口的报告（SACK），前提是对方也如此声明。")
}

func (x *explainer) timestampReason(part string, f *Field) bilingual.Text {
	switch part {
	case "tsval":
		return x.tsvalReason(f)
	case "tsecr":
		return x.tsecrReason(f)
	case "kind":
		return say("Measures round trips, and tells old segments whose numbers fit again from new ones (PAWS); in use if both SYNs have it.",
			"用于测量往返时间，并区分序列号回绕后的新旧报文段（PAWS）；双方的 SYN 都带有时才启用。")
	}
	return bilingual.Text{}
}

func (x *explainer) tsvalReason(f *Field) bilingual.Text {
	end := &x.facts.Sender
	if !x.known || !end.TS {
		return say("Where the clock of $1 stands, often in steps of 1 ms, and begun at a random value for this pair of hosts (RFC 7323).", "$1时间戳时钟的当前值；步长常为 1 毫秒，并常对这对主机从随机值开始（RFC 7323）。", x.sender)
	}
	switch step := int32(uint32(x.value(f)) - end.TSVal); {
	case step == 0:
		return say("The same as in its segment before: the clock has not moved on yet.", "与其上一个报文段相同：时钟尚未前进。")
	case step < 0:
		return say("$1 steps below the latest of $2 that was seen: a receiver that has that one drops this as old (PAWS).", "比观察到的$2最新值小 $1：已收到最新值的接收方会将此报文段作为旧报文段丢弃（PAWS）。", -int(step), x.sender)
	case step == 1:
		return say("One step after its segment before.", "比其上一个报文段的值大 1。")
	default:
		return say("$1 steps after its segment before.", "比其上一个报文段的值大 $1。", int(step))
	}
}

func (x *explainer) tsecrReason(f *Field) bilingual.Text {
	ecr, end := uint32(x.value(f)), &x.facts.Receiver
	switch {
	case x.syn():
		return say("0 in a first SYN: no timestamp has come yet.", "首个 SYN 中为 0：尚未收到任何时间戳。")
	case !x.known || !end.TS:
		return say("Sent back from a segment of $1, which measures a round trip by it.", "取自$1的报文段并回送，供其测量往返时间。", x.receiver)
	case ecr == end.TSVal:
		return say("Echoes the latest timestamp of $1, which measures a round trip by it.", "回显$1的最新时间戳，供其测量往返时间。", x.receiver)
	case int32(ecr-end.TSVal) < 0:
		return say("Echoes a timestamp of $1 that is $2 steps older than its latest: of the segment that was next in order when it came.",
			"回显$1的时间戳，比其最新值小 $2：取自当时按序到达的那个报文段。", x.receiver, int(end.TSVal-ecr))
	}
	return say("Not a timestamp of $1 that was seen.", "不是观察到的$1的时间戳。", x.receiver)
}

// sackReason reckons the edges of a block from the initial sequence number.
func (x *explainer) sackReason(part string, f *Field) bilingual.Text {
	if part == "kind" {
		return say("Something behind a gap has come, or something twice: the sender need not send that again.", "收到了缺口之后的数据，或重复的数据：发送方不必再发送它们。")
	}
	end := &x.facts.Receiver
	seq := wire.Seq(x.value(f))
	off, ok := offset(end.HasISS, end.ISS, end.Next, seq)
	switch {
	case part != "left" && part != "right":
		return bilingual.Text{}
	case !ok:
		return say("Counts like the acknowledgment number, from the initial sequence number of $1, which was not seen.", "与确认号一样从$1的初始序列号算起，而后者没有被观察到。", x.receiver)
	case part == "left" && seq.Less(x.ack):
		return say("= $1, below the acknowledgment number: these bytes have come twice (D-SACK, RFC 2883).", "= $1，小于确认号：这些字节收到了两次（D-SACK，RFC 2883）。", fromISN(off))
	case part == "left":
		return say("= $1: from here on it is there; $2 bytes before are missing.", "= $1：从此处起已收到；其前面缺 $2 字节。", fromISN(off), seq.Diff(x.ack))
	}
	return say("= $1: up to here.", "= $1：到此为止。", fromISN(off))
}
