package dissect

import (
	"strings"

	"tfocraft/wire/bilingual"
)

// unfinishedReason is for the checksum of a segment or datagram that is about to leave its host.
func unfinishedReason() bilingual.Text {
	return say("The sender's system has left the rest to its network card (checksum offload), and the frame was captured before that. Between virtual interfaces nobody may ever do it.",
		"发送方的系统把其余部分留给网卡计算（校验和卸载），而该帧在此之前就被捕获。在虚拟接口之间，可能始终没有设备来完成计算。")
}

// commonReason is for fields that nothing but their kind decides on, by the last part of their ID. What no rule is for is what its sender had to say.
func commonReason(id string) bilingual.Text {
	part := id[strings.LastIndexByte(id, '.')+1:]
	switch {
	case strings.HasPrefix(part, "reserved"), strings.HasPrefix(part, "unused"), part == "rsv", part == "res":
		return reservedReason()
	}
	switch part {
	case "kind", "type", "number", "class", "copied":
		return say("The sender uses what this stands for; receivers that do not know it skip it, or answer that they do not.",
			"发送方使用其所代表的功能；不认识它的接收方跳过它，或告知不认识。")
	case "length", "len", "halen", "aux_len", "data_len":
		return say("Set by the sender to what follows; receivers find the next part by it.", "由发送方按后续内容设置；接收方据此找到下一部分。")
	case "nxt":
		return say("Each header names the one behind it, up to what the packet carries.", "每个首部指明其后的首部，直到分组所携带的内容。")
	case "checksum", "fcs":
		return say("Reckoned by the sender over what it guards; who finds another sum drops the message.", "由发送方对所保护的内容计算；接收方若算得不同的结果，则丢弃该报文。")
	case "data", "payload", "fragment", "trailer", "rest":
		return say("Its contents are the business of whoever has made it, and of no layer below.", "内容由生成者决定，与下面各层无关。")
	case "ident", "seq":
		return say("Chosen by who asks, so that it knows the answer by it.", "由询问者选取，以便识别应答。")
	case "padding":
		return say("Fills up to the length that is required.", "填充到所要求的长度。")
	}
	return say("The sender's system has set it to what it has to say here.", "由发送方的系统按其要表达的内容设置。")
}
