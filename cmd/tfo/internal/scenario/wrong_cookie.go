package scenario

import (
	"fmt"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

var wrongCookie = &Scenario{
	Name:  "wrong-cookie",
	Title: bilingual.T("A cookie that the server does not take", "服务器不接受的 cookie"),
	About: bilingual.T("The server has another key, as after a restart, and the client's cookie is worthless. The SYN-ACK acknowledges the SYN alone, "+
		"without its data, and brings the right cookie; the client sends the data again behind the handshake. It costs what an "+
		"ordinary connection costs, and the next one is fast again.",
		"服务器换了密钥（例如重启之后），客户端的 cookie 失效了。SYN-ACK 只确认 SYN 而不确认其数据，并带来正确的 cookie；客户端在握手之后重新发送数据。"+
			"代价与普通连接相同，下一次连接又会很快。"),
	Sides: anySides,
	play: func(s *Scene) {
		server, client := s.Serve(ServerConfig{}), s.Dial(ClientConfig{})
		first := client.Ask(server)
		s.Note("The server gets another key and forgets the old one.", "服务器换了另一个密钥，并忘记了旧的。")
		server.Rotate(false)
		second, third := client.Ask(server), client.Ask(server)

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectFastOpen(second, follow.Rejected)
		s.Expect(bilingual.T("the SYN-ACK brings another cookie than the SYN showed", "SYN-ACK 带来的 cookie 与 SYN 出示的不同"),
			fmt.Sprintf("%x for %x", second.SynAckCookie, second.SynCookie),
			otherCookie(second.SynAckCookie, second.SynCookie))
		s.ExpectTrips(second, 1.5, 2)
		s.ExpectFastOpen(third, follow.Accepted)
		s.ExpectTrips(third, 0.5, 1)
		s.ExpectReply(first, second, third)
		s.ExpectRequests(server, 3)
	},
}
