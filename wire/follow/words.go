package follow

import "tfocraft/wire/bilingual"

// words puts into words what an ordinary segment has done, most telling first.
func (c *conn) words(st *step, ef *effects) bilingual.Text {
	var completes, fin, ack, closed bilingual.Text
	if ef.completes {
		completes = bilingual.T("handshake complete", "握手完成")
	}
	if ef.fin || ef.finAgain {
		fin = c.finWords(st, ef)
	}
	if ef.arrival == arrivalNone && !ef.finAgain {
		ack = c.ackWords(st, ef)
	}
	if ef.closed {
		closed = bilingual.T("connection closed", "连接已关闭")
	}
	all := bilingual.Join(completes, c.dataWords(st, ef), fin, ack, closed)
	if all.IsZero() {
		return bilingual.T("acknowledges again", "再次确认")
	}
	return all
}

func (c *conn) dataWords(st *step, ef *effects) bilingual.Text {
	n := bytesOf(len(st.seg.Payload))
	switch {
	case ef.probe && c.sides[st.from.other()].windowShut():
		return bilingual.T("asks whether the window is still closed", "询问窗口是否仍然关闭")
	case ef.probe:
		return bilingual.T("keepalive: asks whether the other side is still there", "保活：询问对方是否还在")
	case ef.arrival == arrivalNone:
		return bilingual.Text{}
	case st.copy:
		return bilingual.T("duplicate", "重复的报文段")
	case ef.rest && c.info.SynAcked > 0:
		return bilingual.Format("the rest of the data: the server took %d of the %s in the SYN",
			"其余的数据：服务器只接受了 SYN 中 %[2]s里的 %[1]d 字节", c.info.SynAcked, bytesOf(c.info.SynData))
	case ef.rest:
		return bilingual.T("data again: the server took only the SYN", "重新发送数据：服务器只接受了 SYN")
	case ef.arrival == arrivalAgain && ef.useless:
		return bilingual.Format("%s again, though acknowledged", "重传 %s，尽管已被确认", n)
	case ef.arrival == arrivalAgain:
		return bilingual.Format("%s again: no acknowledgment yet", "重传 %s：尚未得到确认", n)
	case ef.arrival == arrivalAhead:
		return bilingual.Format("%s of data, ahead of a gap", "%s数据，前面还有缺口", n)
	case ef.arrival == arrivalGap:
		return bilingual.Format("%s of data that fill a gap", "%s数据，填补缺口", n)
	case ef.first:
		return c.firstWords(st, ef)
	}
	return ofData(n)
}

func ofData(n bilingual.Text) bilingual.Text { return bilingual.Format("%s of data", "%s数据", n) }

// firstWords is for the first data of a side behind its SYN.
func (c *conn) firstWords(st *step, ef *effects) bilingual.Text {
	n := bytesOf(len(st.seg.Payload))
	switch {
	case c.info.MidStream:
		return ofData(n)
	case st.from == server && ef.unacked:
		return bilingual.T("response, sent before the client's ACK", "响应，在客户端的 ACK 之前发出")
	case st.from == server && c.trips.response.trips == 2:
		return bilingual.T("response, which need not wait for the client's ACK", "响应，不必等待客户端的 ACK")
	case st.from == server && c.trips.delivered.trips > 0:
		return bilingual.T("response", "响应")
	case st.from == client && c.info.SynAcked == 0 && c.trips.response.trips == 0:
		return bilingual.T("request after one full round trip", "请求，在整整一个往返之后")
	}
	return ofData(n)
}

// answerWords is for the answer to a keepalive or a window probe.
func answerWords(st *step) bilingual.Text {
	if st.seg.Window == 0 {
		return bilingual.T("answers: the window is still closed", "应答：窗口仍然关闭")
	}
	return bilingual.T("answers: still there", "应答：还在")
}

func (c *conn) finWords(st *step, ef *effects) bilingual.Text {
	switch {
	case st.copy && ef.arrival == arrivalNone:
		return bilingual.T("duplicate", "重复的报文段")
	case ef.finAgain && c.sides[st.from].finAcked():
		return bilingual.T("closes its side again, though acknowledged", "重传 FIN，尽管已被确认")
	case ef.finAgain:
		return bilingual.T("closes its side again: no acknowledgment yet", "重传 FIN：尚未得到确认")
	case c.sides[st.from.other()].finSeen:
		return bilingual.T("closes its side too", "也关闭己方的发送方向")
	}
	return bilingual.T("closes its side", "关闭己方的发送方向")
}

// ackWords is for a segment without data.
func (c *conn) ackWords(st *step, ef *effects) bilingual.Text {
	switch {
	case ef.beyond:
		return bilingual.T("acknowledges more than was seen", "确认了没有观察到的数据")
	case ef.acked > 0 && ef.ackedFin:
		return bilingual.Format("acknowledges %s and the close", "确认 %s以及关闭", bytesOf(ef.acked))
	case ef.acked > 0:
		return bilingual.Format("acknowledges %s", "确认 %s", bytesOf(ef.acked))
	case ef.ackedFin:
		return bilingual.T("acknowledges the close", "确认关闭")
	case ef.completes || ef.probe || ef.fin:
		return bilingual.Text{}
	case ef.answers && ef.window != windowOpened:
		return answerWords(st)
	case ef.stale:
		return bilingual.T("acknowledges less than before: overtaken on the way", "确认的比之前少：在途中被超越")
	case ef.window == windowShut:
		return bilingual.T("closes its window: no room for more data", "关闭窗口：没有空间接收更多数据")
	case ef.window == windowOpened:
		return bilingual.T("opens its window again", "重新打开窗口")
	case ef.duplicate:
		return bilingual.T("acknowledges again: it has got something twice", "再次确认：有数据收到了两次")
	case ef.missing || len(c.sides[st.from.other()].holes) > 0:
		return bilingual.T("acknowledges again: an earlier segment is missing", "再次确认：缺少较早的报文段")
	case ef.window == windowMoved:
		return bilingual.T("window update", "更新窗口")
	}
	return bilingual.Text{}
}
