package dissect

import (
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// flagReason explains a control bit.
func (x *explainer) flagReason(id string) bilingual.Text {
	switch id {
	case "tcp.flags.syn":
		return x.synReason()
	case "tcp.flags.ack":
		return x.ackFlagReason()
	case "tcp.flags.fin":
		return x.finReason()
	case "tcp.flags.reset":
		return x.resetReason()
	case "tcp.flags.push":
		return x.pushReason()
	case "tcp.flags.res":
		return reservedReason()
	case "tcp.flags.urg":
		return say("Nobody should use urgent data for something new (RFC 6093).", "新的应用不应使用紧急数据（RFC 6093）。")
	case "tcp.flags.ece", "tcp.flags.cwr", "tcp.flags.ae":
		return x.ecnFlagReason()
	}
	return bilingual.Text{}
}

func (x *explainer) synReason() bilingual.Text {
	switch {
	case x.syn() && x.facts.Copy:
		return say("The path has made a second copy of the SYN.", "路径产生了此 SYN 的副本。")
	case x.syn() && x.facts.Retransmission:
		return say("The SYN goes again, as no SYN-ACK has come in time.", "重发 SYN，因为没有及时收到 SYN-ACK。")
	case x.syn():
		return say("The client opens the connection (active open).", "客户端打开连接（主动打开）。")
	case x.synAck() && x.facts.Retransmission:
		return say("The SYN-ACK goes again, as nothing has come that acknowledges it.", "重发 SYN-ACK，因为没有收到对它的确认。")
	case x.synAck():
		return say("The server opens its own direction, and answers the client's SYN.", "服务器打开自己的方向，并应答客户端的 SYN。")
	}
	return say("Only the first segment of each direction has it.", "只有每个方向的第一个报文段带有此标志。")
}

func (x *explainer) ackFlagReason() bilingual.Text {
	switch {
	case x.syn():
		return say("There is nothing to acknowledge yet; SYN without ACK is what tells a new connection.", "尚无可确认的内容；有 SYN 而无 ACK 正是新连接的标志。")
	case x.synAck():
		return say("SYN and ACK together answer a SYN.", "SYN 与 ACK 同时置位是对 SYN 的应答。")
	case x.flags.Has(wire.ACK):
		return say("Every segment behind the first SYN acknowledges what has come so far.", "第一个 SYN 之后的每个报文段都确认迄今收到的内容。")
	case x.flags.Has(wire.RST):
		return say("This reset answers a segment that has an acknowledgment number, and takes its own number from there.", "此复位应答一个带确认号的报文段，并从中取得自己的序列号。")
	}
	return say("A segment that is neither a first SYN nor a reset must have it: receivers drop this.", "既非首个 SYN 也非复位的报文段必须置位：接收方会丢弃它。")
}

func (x *explainer) finReason() bilingual.Text {
	switch {
	case !x.flags.Has(wire.FIN):
		return x.noFinReason()
	case x.flags.Has(wire.SYN):
		return say("Data, if any, and end come with the SYN: the sender has nothing more to say.", "数据（若有）和结束标志随 SYN 一起发出：发送方没有更多内容。")
	case x.facts.Retransmission:
		return say("The FIN goes again, as it was not acknowledged in time.", "重发 FIN，因为没有及时得到确认。")
	case finished(x.facts.Receiver.State):
		return say("The other side has closed already, and $1 closes now too.", "对方已经关闭，$1现在也关闭。", x.sender)
	}
	return say("The application of $1 has closed its side; it may still receive.", "$1的应用关闭了自己的一侧；仍可继续接收。", x.sender)
}

func (x *explainer) noFinReason() bilingual.Text {
	if finished(x.facts.Sender.State) {
		return say("The FIN of $1 was sent before; it is not repeated unless it was lost.", "$1的 FIN 此前已发送；除非丢失，否则不再重复。", x.sender)
	}
	return say("The application of $1 has not closed its side yet.", "$1的应用尚未关闭自己的一侧。", x.sender)
}

func (x *explainer) resetReason() bilingual.Text {
	switch {
	case !x.flags.Has(wire.RST):
		return say("Nothing is wrong with the connection as $1 sees it.", "在$1看来连接没有问题。", x.sender)
	case x.neverOpened():
		return say("There is no such connection at the host of $1: nobody listens at that port, or it is forgotten.", "$1的主机上没有这个连接：该端口无人监听，或连接已被遗忘。", x.sender)
	}
	return say("The connection is broken off by $1: its application has gone, or a segment came that cannot belong to the connection.",
		"$1中止连接：其应用已退出，或收到了不可能属于此连接的报文段。", x.sender)
}

func (x *explainer) pushReason() bilingual.Text {
	switch {
	case x.flags.Has(wire.PSH) && x.payload > 0:
		return say("This is the end of what the application has written at once.", "这是应用一次写入内容的末尾。")
	case x.payload > 0 && x.syn():
		return say("Linux leaves it out of a SYN; the server's application gets the data at once all the same.", "Linux 在 SYN 中不置此标志；服务器的应用仍会立即得到数据。")
	case x.payload > 0:
		return say("More of the same write follows.", "同一次写入还有后续内容。")
	}
	return say("There is no data to push.", "没有数据需要推送。")
}

func (x *explainer) ecnFlagReason() bilingual.Text {
	const all = wire.AE | wire.CWR | wire.ECE
	switch {
	case x.syn() && x.flags&all == all:
		return say("All three bits in a SYN ask for accurate ECN (RFC 9768, Section 3.1.1).", "SYN 中三位全置位表示请求精确 ECN（RFC 9768，第 3.1.1 节）。")
	case x.syn() && x.flags&all == wire.CWR|wire.ECE:
		return say("ECE and CWR in a SYN ask for ECN (RFC 3168, Section 6.1.1).", "SYN 中 ECE 与 CWR 同时置位表示请求 ECN（RFC 3168，第 6.1.1 节）。")
	case x.syn() && x.flags&all == 0:
		return say("The client does not ask for ECN.", "客户端没有请求 ECN。")
	case x.synAck() && x.flags&all == wire.ECE:
		return say("ECE alone in a SYN-ACK agrees to ECN (RFC 3168, Section 6.1.1).", "SYN-ACK 中仅 ECE 置位表示同意使用 ECN（RFC 3168，第 6.1.1 节）。")
	case x.synAck() && x.flags&all == 0:
		return say("The server does not agree to ECN, or was not asked.", "服务器不同意使用 ECN，或未被请求。")
	case x.flags&all == 0:
		return say("No congestion is reported, or the connection does not use ECN.", "没有报告拥塞，或此连接不使用 ECN。")
	}
	return say("Both sides have agreed on ECN in the handshake; these bits report marks and what was done about them.", "双方已在握手中协商使用 ECN；这些位报告标记以及采取的措施。")
}
