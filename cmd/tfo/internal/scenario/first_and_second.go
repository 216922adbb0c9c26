package scenario

import (
	"bytes"
	"fmt"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

var firstAndSecond = &Scenario{
	Name:  "first-and-second",
	Title: bilingual.T("A first and a second connection", "第一次和第二次连接"),
	About: bilingual.T("The first connection asks for a cookie; the second shows it and sends its request in the SYN. "+
		"Compare when the server has the request and when the client has the response: one round trip is saved.",
		"第一次连接请求一个 cookie；第二次连接出示它，并把请求放在 SYN 中发送。比较服务器何时得到请求、客户端何时得到响应：节省了一个往返。"),
	Sides: anySides,
	play: func(s *Scene) {
		server, client := s.Serve(ServerConfig{}), s.Dial(ClientConfig{})
		first, second := client.Ask(server), client.Ask(server)

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectTrips(first, 1.5, 2)
		s.ExpectFastOpen(second, follow.Accepted)
		s.Expect(bilingual.T("the second SYN shows the cookie that the first SYN-ACK granted", "第二个 SYN 出示第一个 SYN-ACK 授予的 cookie"),
			fmt.Sprintf("%x, granted %x", second.SynCookie, first.SynAckCookie),
			len(second.SynCookie) > 0 && bytes.Equal(second.SynCookie, first.SynAckCookie))
		s.ExpectTrips(second, 0.5, 1)
		s.ExpectReply(first, second)
	},
}
