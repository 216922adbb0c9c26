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
		return say("The SYN goes again: as a rule no SYN-ACK has reached the client in time.", "重传的 SYN：通常是因为 SYN-ACK 没有及时到达客户端。")
	case x.syn():
		return say("The client opens the connection (active open).", "客户端发起连接（主动打开）。")
	case x.synAck() && x.facts.Retransmission:
		return say("The SYN-ACK goes again: its acknowledgment has not reached the server in time, or the SYN came again.", "重传的 SYN-ACK：对它的确认没有及时到达服务器，或再次收到了 SYN。")
	case x.synAck():
		return say("The server opens its own direction, and answers the client's SYN.", "服务器建立自己方向的连接，并应答客户端的 SYN。")
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
		return say("A reset without it is believed for its sequence number alone, which has to be what the other side expects (RFC 9293, Section 3.5.3).", "不带此标志的复位仅凭序列号判断是否有效，该序列号必须符合对方的预期（RFC 9293，第 3.5.3 节）。")
	}
	return say("A segment that is neither a first SYN nor a reset must have it: receivers drop this.", "既非首个 SYN 也非复位的报文段必须置此位：接收方会丢弃它。")
}

func (x *explainer) finReason() bilingual.Text {
	switch {
	case !x.flags.Has(wire.FIN):
		return x.noFinReason()
	case x.flags.Has(wire.SYN):
		return say("Data, if any, and end come with the SYN: the sender has nothing more to say.", "数据（若有）和结束标志随 SYN 一起发出：发送方没有更多内容。")
	case x.facts.Retransmission:
		return say("The FIN goes again: as a rule its acknowledgment has not reached $1 in time.", "重传的 FIN：通常是因为对它的确认没有及时到达$1。", x.sender)
	case finished(x.facts.Receiver.State):
		return say("The other side has closed already, and $1 closes now too.", "对方已经关闭，$1现在也关闭自己的发送方向。", x.sender)
	}
	return say("The side of $1 is closed: its application has closed it, or has ended. The other direction stays open.", "$1的发送方向已关闭：其应用关闭了它，或已退出。另一方向仍可传送数据。", x.sender)
}

func (x *explainer) noFinReason() bilingual.Text {
	if finished(x.facts.Sender.State) {
		return say("The FIN of $1 was sent before; it is not repeated unless it was lost.", "$1的 FIN 此前已发送；除非丢失，否则不再重复。", x.sender)
	}
	return say("What $1 sends does not end with this segment.", "$1发送的数据并未到此结束。", x.sender)
}

// resetReason says what a reset can mean. Why it was sent cannot be read off it, nor whether it is of the host whose address it has; and where
// nothing else of its sender was seen, as in a capture of one direction, not even whether there was a connection.
func (x *explainer) resetReason() bilingual.Text {
	switch {
	case !x.flags.Has(wire.RST):
		return say("$1 does not break the connection off with this segment.", "$1没有用此报文段中止连接。", capital(x.sender))
	case x.refuses():
		return say("Answers a SYN for which there is no connection at the host of $1. Usually nobody listens at that port; a full queue or a firewall may answer the same.",
			"应答一个 SYN，而$1的主机上没有与之对应的连接。通常是该端口无人监听；队列已满或防火墙也可能如此应答。", x.sender)
	case x.neverOpened():
		return say("Nothing else of $1 was seen, so two things are possible: it breaks a connection off, or it answers a segment that belongs to none (RFC 9293, Section 3.5.2).",
			"没有观察到$1的其他报文段，因此有两种可能：中止一个连接，或应答一个不属于任何连接的报文段（RFC 9293，第 3.5.2 节）。", x.sender)
	}
	return say("The connection is broken off in the name of $1. Usually its application has gone or left data unread, or a segment came that cannot belong to the connection; a reset does not tell which, and somebody on the way may have sent it.",
		"以$1的名义中止连接。通常是其应用已退出或未读完数据，或收到了不可能属于此连接的报文段；复位本身不说明原因，也可能是途中的设备发出的。", x.sender)
}

// refuses reports whether a reset is all that was seen of its sender while the other side has sent its SYN.
func (x *explainer) refuses() bool {
	return x.neverOpened() && x.facts.Receiver.HasISS && x.facts.Receiver.Acked < 1
}

// pushReason says when the bit is set. Which of its sender's reasons it was is not to be seen.
func (x *explainer) pushReason() bilingual.Text {
	switch {
	case x.payload > 0 && x.flags.Has(wire.PSH):
		return say("Set on the last segment for which there is data at the moment (RFC 9293, Section 3.9.1.2): often the end of what the application has written at once, and in a long stream from time to time.",
			"在当前可发送数据的最后一个报文段上置位（RFC 9293，第 3.9.1.2 节）：往往是应用一次写入的末尾；在持续发送时也会不时置位。")
	case x.payload > 0 && x.syn():
		return say("Linux, for one, leaves it out of a SYN; a server that takes the data hands them over at once all the same.", "例如 Linux 在 SYN 中不置此标志；接受数据的服务器仍会立即上交。")
	case x.payload > 0:
		return say("Usually there was more to send behind this segment.", "通常表示此报文段之后还有待发送的数据。")
	case x.flags.Has(wire.PSH):
		return say("Without data in the segment it asks for nothing.", "报文段不带数据时，此标志不起作用。")
	}
	return say("There is no data to push.", "没有数据需要推送。")
}

// ecnFlagReason explains the three bits of ECN together.
func (x *explainer) ecnFlagReason() bilingual.Text {
	const all = wire.AE | wire.CWR | wire.ECE
	switch bits := x.flags & all; {
	case x.syn() && bits == all:
		return say("All three bits in a SYN ask for accurate ECN (RFC 9768, Section 3.1.1).", "SYN 中三位全置位表示请求精确 ECN（RFC 9768，第 3.1.1 节）。")
	case x.syn() && bits == wire.CWR|wire.ECE:
		return say("ECE and CWR in a SYN ask for ECN (RFC 3168, Section 6.1.1).", "SYN 中 ECE 与 CWR 同时置位表示请求 ECN（RFC 3168，第 6.1.1 节）。")
	case x.syn() && bits == 0:
		return say("The client does not ask for ECN.", "客户端没有请求 ECN。")
	case x.syn():
		return say("These bits of the three ask for nothing that is defined.", "三位的这种组合在 SYN 中没有定义。")
	case x.synAck():
		return ecnAnswerReason(bits)
	case bits == 0:
		return say("No congestion is reported, or the connection does not use ECN.", "没有报告拥塞，或此连接不使用 ECN。")
	}
	return say("If both sides have agreed on ECN in the handshake, these bits report congestion marks, and what was done about them; with accurate ECN they are a counter of marks (RFC 9768, Section 3.2).",
		"若双方已在握手中协商使用 ECN，这些位报告拥塞标记以及采取的措施；使用精确 ECN 时，它们是标记的计数器（RFC 9768，第 3.2 节）。")
}

// ecnAnswerReason is for a SYN-ACK (RFC 9768, Table 2).
func ecnAnswerReason(bits wire.Flags) bilingual.Text {
	arrived := ""
	switch bits {
	case 0:
		return say("The server does not agree to ECN, or was not asked.", "服务器不同意使用 ECN，或未被请求。")
	case wire.ECE:
		return say("ECE alone in a SYN-ACK agrees to ECN (RFC 3168, Section 6.1.1).", "SYN-ACK 中仅 ECE 置位表示同意使用 ECN（RFC 3168，第 6.1.1 节）。")
	case wire.AE | wire.CWR | wire.ECE:
		return say("All three bits in a SYN-ACK agree to nothing: as a rule they only repeat those of the SYN (RFC 9768, Section 3.1.1).", "SYN-ACK 中三位全置位不表示同意：通常只是照抄 SYN 中的位（RFC 9768，第 3.1.1 节）。")
	case wire.AE | wire.ECE:
		return say("AE and ECE in a SYN-ACK agreed to the ECN nonce, which is no longer in use (RFC 8311, Section 3).", "SYN-ACK 中 AE 与 ECE 同时置位曾表示同意使用 ECN nonce，现已不再使用（RFC 8311，第 3 节）。")
	case wire.CWR:
		arrived = "Not-ECT"
	case wire.CWR | wire.ECE:
		arrived = "ECT(1)"
	case wire.AE:
		arrived = "ECT(0)"
	case wire.AE | wire.CWR:
		arrived = "CE"
	}
	return say("If the SYN asked for accurate ECN, this agrees to it, and tells that the SYN has arrived as $1 (RFC 9768, Section 3.1.1).", "若 SYN 请求了精确 ECN，则这表示同意，并说明 SYN 到达时为 $1（RFC 9768，第 3.1.1 节）。", arrived)
}
