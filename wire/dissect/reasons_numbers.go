package dissect

import (
	"strconv"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

// offset returns where a sequence number lies in a stream whose initial number is iss and of which next was sent: the SYN is 0, the first byte of data 1. ok
// tells that this can be said.
func offset(known bool, iss wire.Seq, next int64, seq wire.Seq) (off int64, ok bool) {
	if !known {
		return 0, false
	}
	return next + int64(seq.Diff(iss.Add(int(next)))), true
}

// fromISN writes an offset as it is reckoned from the initial sequence number.
func fromISN(off int64) string {
	switch {
	case off == 0:
		return "ISN"
	case off == 1:
		return "ISN+1"
	case off > 1:
		return "ISN+1+" + strconv.FormatInt(off-1, 10)
	}
	return "ISN" + strconv.FormatInt(off, 10)
}

// synDataAgain reports whether data from that offset on was in the SYN and was not taken from there.
func (x *explainer) synDataAgain(off int64) bool {
	f := &x.facts
	return f.SynData > 0 && f.SynAcked >= 0 && f.SynAcked < f.SynData && off == 1+int64(f.SynAcked) && x.payload > 0 && x.sender.En == "the client"
}

// seqReason explains the sequence number.
func (x *explainer) seqReason() bilingual.Text {
	end := &x.facts.Sender
	off, ok := offset(end.HasISS, end.ISS, end.Next, x.seq)
	switch {
	case x.flags.Has(wire.SYN):
		return x.isnReason(ok && x.seq == end.ISS)
	case x.neverOpened() && x.flags.Has(wire.RST) && !x.flags.Has(wire.ACK):
		return say("Nothing else of $1 was seen. A reset that answers a segment takes this number from its acknowledgment number (RFC 9293, Section 3.10.7.1); one that breaks a connection off has the next one of its sender. The other side expects either.",
			"没有观察到$1的其他报文段。应答某个报文段的复位取其确认号作为序列号（RFC 9293，第 3.10.7.1 节）；中止连接的复位则使用发送方的下一个序列号。二者都符合对方的预期。", x.sender)
	case x.neverOpened() && x.flags.Has(wire.RST) && x.seq == 0:
		return say("The segment that is answered had no acknowledgment number to take, so it is 0 (RFC 9293, Section 3.10.7.1).", "所应答的报文段没有确认号可用，因此为 0（RFC 9293，第 3.10.7.1 节）。")
	case !ok:
		return unseenReason(end, x.seq, x.sender)
	}
	return x.streamReason(off)
}

// neverOpened reports whether nothing of the sender was seen so far. In a capture that begins in the middle of a connection
// the SYN is missing too, but what came after it tells that the connection is there.
func (x *explainer) neverOpened() bool { return !x.facts.Sender.HasISS && x.facts.Sender.Next <= 0 }

// isnReason is for the number of a SYN.
func (x *explainer) isnReason(again bool) bilingual.Text {
	why := say("The initial sequence number (ISN) that $1 has chosen: new and hard to guess, so that neither old segments nor forged ones fit (RFC 9293, Section 3.4.1). The SYN takes this number",
		"$1选取的初始序列号（ISN）：每次不同且难以猜测，使旧的或伪造的报文段都不匹配（RFC 9293，第 3.4.1 节）。SYN 占用此序列号", x.sender)
	if again {
		why = say("The same initial sequence number (ISN) as before, as this is the same SYN again. The SYN takes this number", "与之前相同的初始序列号（ISN），因为这是重传的同一个 SYN。SYN 占用此序列号")
	}
	if x.payload > 0 {
		return say("$1, its $2 of data take the numbers from ISN+1 on.", "$1，其 $2数据占用从 ISN+1 开始的序列号。", why, bytesOf(x.payload))
	}
	return say("$1, data will begin at ISN+1.", "$1，数据将从 ISN+1 开始。", why)
}

// streamReason is for a number that is known to be so far in the sender's stream.
func (x *explainer) streamReason(off int64) bilingual.Text {
	end, at := &x.facts.Sender, fromISN(off)
	switch {
	case x.synDataAgain(off) && x.facts.SynAcked == 0:
		return say("= $1: data again from the first byte, since the server acknowledged only the SYN.", "= $1：从第一个字节起重新发送，因为服务器只确认了 SYN。", at)
	case x.synDataAgain(off):
		return say("= $1: the server took $2 bytes of the data in the SYN, so it goes on with the next.", "= $1：服务器接受了 SYN 数据中的 $2 字节，因此从下一字节继续。", at, x.facts.SynAcked)
	case x.facts.Copy:
		return say("= $1: the number of the segment that this is a copy of.", "= $1：这是其原报文段的序列号。", at)
	case off == end.Next && off == 1:
		return say("= $1: the SYN took one number, and no data was sent so far.", "= $1：SYN 占用一个序列号，此前尚未发送数据。", at)
	case off == end.Next && finished(end.State):
		return say("= $1: $2 numbers before were sent, the SYN and the FIN count as one each.", "= $1：此前的 $2 个序列号已用过，SYN 和 FIN 各占一个。", at, int(off))
	case off == end.Next:
		return say("= $1: the $2 before were sent.", "= $1：此前的 $2已发送。", at, bytesOf(int(off-1)))
	case off > end.Next:
		return say("= $1: $2 before it have not been seen here; they are late, lost, or missing from the capture.", "= $1：其前面的 $2尚未在此处观察到：迟到、丢失，或未被捕获。", at, bytesOf(int(off-end.Next)))
	case off == end.Next-1 && x.payload <= 1 && off == end.Acked-1:
		return say("= $1: one below what is next, so that the other side has to answer (keepalive, RFC 9293, Section 3.8.4).", "= $1：比下一个序列号小 1，使对方必须应答（保活，RFC 9293，第 3.8.4 节）。", at)
	case x.payload > 0:
		return say("= $1: data that was sent before, again from here.", "= $1：从此处起重传此前已发送的数据。", at)
	}
	return say("= $1: below what was sent already.", "= $1：小于已发送的序列号。", at)
}

// unseenReason is for a number of a stream whose SYN was not seen. A follower counts from the first that it has seen then.
func unseenReason(end *follow.Endpoint, seq wire.Seq, who bilingual.Text) bilingual.Text {
	off, _ := offset(true, end.ISS, end.Next, seq)
	if end.Next <= 0 || off < 1 {
		return say("The initial sequence number of $1 was not seen, so this number cannot be reckoned from it.", "没有观察到$1的初始序列号，因此无法据此推算。", who)
	}
	return say("The initial sequence number of $1 was not seen; this is the first number that was seen of it, and $2 more.", "没有观察到$1的初始序列号；此序列号等于首次观察到的序列号加 $2。", who, int(off-1))
}

// finished reports whether an end has sent its FIN.
func finished(s follow.State) bool {
	switch s {
	case follow.FinWait1, follow.FinWait2, follow.Closing, follow.LastAck, follow.TimeWait:
		return true
	}
	return false
}

// ackReason explains the acknowledgment number.
func (x *explainer) ackReason() bilingual.Text {
	end := &x.facts.Receiver
	off, ok := offset(end.HasISS, end.ISS, end.Next, x.ack)
	switch {
	case !x.flags.Has(wire.ACK) && x.syn():
		return say("The first segment of a connection has nothing to acknowledge.", "连接的第一个报文段没有什么可确认的。")
	case !x.flags.Has(wire.ACK):
		return say("Without the ACK flag it does not count.", "没有 ACK 标志，此字段无效。")
	case !ok:
		return unseenReason(end, x.ack, x.receiver)
	case x.synAck():
		return after(x.synAckedReason(off), x.sampleReason())
	}
	return after(x.ackedReason(off), x.sampleReason())
}

// synAckedReason is for a SYN-ACK, which shows whether Fast Open was accepted.
func (x *explainer) synAckedReason(off int64) bilingual.Text {
	data := int64(max(x.facts.SynData, 0))
	switch {
	case off == 1 && data == 0:
		return say("Acknowledges ISN+1: the SYN, which takes one number.", "确认到 ISN+1：即占用一个序列号的 SYN。")
	case off == 1:
		return say("Acknowledges the SYN only: the server did not take the $1 of data in it: it did not accept the cookie, does not want them, or they did not arrive. They must be sent again.",
			"只确认了 SYN：服务器没有接受其中的 $1数据：不接受该 cookie、不愿接受，或数据没有到达。必须重新发送。", bytesOf(int(data)))
	case off == 1+data:
		return say("Acknowledges $1: the server took the $2 of the SYN. Fast Open is accepted.", "确认到 $1：服务器接受了 SYN 中的 $2。Fast Open 成功。", fromISN(off), bytesOf(int(data)))
	case off > 1 && off < 1+data:
		return say("Acknowledges $1: the server took $2 of the $3 in the SYN; the rest must be sent again.", "确认到 $1：服务器接受了 SYN 中 $3里的 $2 字节；其余必须重新发送。", fromISN(off), int(off-1), bytesOf(int(data)))
	}
	return say("$1 is not a number that the SYN has used: the client answers with a reset (RFC 9293, Section 3.10.7.3).", "$1 不是该 SYN 用过的序列号：客户端以复位应答（RFC 9293，第 3.10.7.3 节）。", fromISN(off))
}

// ackedReason is for all other segments.
func (x *explainer) ackedReason(off int64) bilingual.Text {
	end, at := &x.facts.Receiver, fromISN(off)
	more := off - max(end.Acked, 1)
	fin := off == end.Next && finished(end.State)
	switch {
	case off > end.Next:
		return say("Acknowledges $1, which was not seen yet.", "确认到 $1，而该数据尚未被观察到。", at)
	case off < end.Acked:
		return say("Acknowledges $1, less than before: as a rule a later segment has overtaken this one on the way.", "确认到 $1，少于之前：通常是此报文段在途中被后发的报文段超越。", at)
	case fin && off > end.Acked && more <= 1:
		return say("Acknowledges $1: the FIN of $2, which takes one number.", "确认到 $1：即$2的 FIN，它占用一个序列号。", at, x.receiver)
	case fin && off > end.Acked:
		return say("Acknowledges $1: $2 more of data, and the FIN of $3, which takes one number.", "确认到 $1：新收到 $2数据，以及$3的 FIN（占用一个序列号）。", at, bytesOf(int(more-1)), x.receiver)
	case off == 1 && end.Acked < 1:
		return say("Acknowledges ISN+1: the SYN of $1, which takes one number. The handshake is complete with this.", "确认到 ISN+1：即$1的 SYN，它占用一个序列号。握手至此完成。", x.receiver)
	case end.Acked < 1:
		return say("Acknowledges $1: the SYN of $2 and the $3 behind it.", "确认到 $1：$2的 SYN 及其后的 $3。", at, x.receiver, bytesOf(int(off-1)))
	case off == end.Acked && off == 1:
		return say("Acknowledges ISN+1: no data of $1 has come since its SYN.", "确认到 ISN+1：自 SYN 之后尚未收到$1的数据。", x.receiver)
	case off == end.Acked:
		return say("Acknowledges $1, as before: nothing new has come in order.", "确认到 $1，与之前相同：没有按序到达的新数据。", at)
	}
	return say("Acknowledges $1: $2 more of $3 have come.", "确认到 $1：又收到$3的 $2。", at, bytesOf(int(more)), x.receiver)
}

// sampleReason tells the round trip that the acknowledgment measures.
func (x *explainer) sampleReason() bilingual.Text {
	if x.facts.RTT <= 0 {
		return bilingual.Text{}
	}
	return say("It comes $1 after frame $2: a sample of the round-trip time.", "它在第 $2 帧之后 $1 到达：一次往返时间采样。", x.facts.RTT.String(), x.facts.Acknowledged)
}
