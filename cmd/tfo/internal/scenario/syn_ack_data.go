package scenario

import (
	"fmt"
	"time"

	"tfocraft/handshake"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

var synAckData = &Scenario{
	Name:  "syn-ack-data",
	Title: bilingual.T("The response in the SYN-ACK", "SYN-ACK 中的响应"),
	About: bilingual.T("A server that has the request from the SYN may answer in the SYN-ACK itself (RFC 7413, Section 4.2.2). "+
		"It takes as many round trips as a response behind the SYN-ACK, and one segment less. Linux's server does not do it; its client takes it.",
		"服务器从 SYN 中得到请求后，可以直接在 SYN-ACK 中回答（RFC 7413 第 4.2.2 节）。往返次数与在 SYN-ACK 之后响应相同，但少一个报文段。"+
			"Linux 的服务器不这样做；它的客户端接受这样的响应。"),
	Sides: oursServer,
	play: func(s *Scene) {
		server := s.Serve(ServerConfig{Machine: handshake.Config{SynAckHold: 500 * time.Millisecond}})
		client := s.Dial(ClientConfig{})
		first, second := client.Ask(server), client.Ask(server)

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectFastOpen(second, follow.Accepted)
		s.Expect(bilingual.T("the SYN-ACK of the second connection carries the whole response", "第二次连接的 SYN-ACK 携带整个响应"),
			fmt.Sprintf("%d of %d bytes", second.SynAckData, len(Reply)), second.SynAckData == len(Reply))
		s.ExpectTrips(second, 0.5, 1)
		s.Expect(bilingual.T("two segments until the client has the response: SYN and SYN-ACK", "客户端得到响应只需两个报文段：SYN 和 SYN-ACK"),
			fmt.Sprint(second.ResponseSegments), second.ResponseSegments == 2)
		s.ExpectReply(first, second)
	},
}
