package scenario

import (
	"bytes"
	"fmt"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

var keyRotation = &Scenario{
	Name:  "key-rotation",
	Title: bilingual.T("A server that changes its key", "更换密钥的服务器"),
	About: bilingual.T("A server changes its key from time to time, so that a stolen cookie is of use for a while only. Cookies of the key before are still "+
		"taken, and the SYN-ACK brings a new one: nobody notices, and nobody who comes often is ever refused.",
		"服务器不时更换密钥，使被窃取的 cookie 只在一段时间内有用。上一个密钥的 cookie 仍被接受，SYN-ACK 会带来新的 cookie：没有人察觉，经常来的客户端也不会被拒绝。"),
	Sides: anySides,
	play: func(s *Scene) {
		server, client := s.Serve(ServerConfig{}), s.Dial(ClientConfig{})
		first := client.Ask(server)
		s.Note("The server changes its key, and keeps the old one beside it.", "服务器更换密钥，并保留旧的。")
		server.Rotate(true)
		second, third := client.Ask(server), client.Ask(server)

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectFastOpen(second, follow.Accepted)
		s.Expect(bilingual.T("the cookie of the old key is taken, and the SYN-ACK brings one of the new key", "旧密钥的 cookie 被接受，SYN-ACK 带来新密钥的 cookie"),
			fmt.Sprintf("%x for %x", second.SynAckCookie, second.SynCookie),
			len(second.SynAckCookie) > 0 && !bytes.Equal(second.SynAckCookie, second.SynCookie))
		s.ExpectFastOpen(third, follow.Accepted)
		s.Expect(bilingual.T("the third SYN shows the new cookie", "第三个 SYN 出示新的 cookie"),
			fmt.Sprintf("%x", third.SynCookie), bytes.Equal(third.SynCookie, second.SynAckCookie))
		s.ExpectTrips(second, 0.5, 1)
		s.ExpectTrips(third, 0.5, 1)
		s.ExpectReply(first, second, third)
	},
}
