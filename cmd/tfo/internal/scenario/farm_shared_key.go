package scenario

import (
	"fmt"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/path"
)

var farmSharedKey = &Scenario{
	Name:  "farm-shared-key",
	Title: bilingual.T("Two servers behind one address", "同一地址后面的两台服务器"),
	About: bilingual.T("A balancer gives connections to two servers in turn. As long as each has a key of its own, each refuses what the other has granted, and "+
		"the client, which keeps one cookie for one address, is refused every time. With one key for both they take each other's "+
		"cookies (RFC 7413, Section 4.1.2).",
		"负载均衡器轮流把连接分给两台服务器。只要它们各有自己的密钥，就会拒绝对方授予的 cookie，而客户端对一个地址只保存一个 cookie，每次都被拒绝。两台使用同一个密钥时，它们接受彼此的 cookie（RFC 7413 第 4.1.2 节）。"),
	Sides:       anySides,
	Middleboxes: []path.Middlebox{{Name: "balance"}},
	servers:     2,
	play: func(s *Scene) {
		left, right, client := s.Serve(ServerConfig{}), s.Serve(ServerConfig{Host: 1}), s.Dial(ClientConfig{})
		first, second, third := client.Ask(left), client.Ask(left), client.Ask(left)
		s.Note("The second server gets the key of the first.", "第二台服务器得到第一台的密钥。")
		right.ShareKey(left)
		fourth, fifth, sixth := client.Ask(left), client.Ask(left), client.Ask(left)

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectFastOpen(second, follow.Rejected)
		s.ExpectFastOpen(third, follow.Rejected)
		for _, x := range []Exchange{fourth, fifth, sixth} {
			s.ExpectFastOpen(x, follow.Accepted)
		}
		s.ExpectReply(first, second, third, fourth, fifth, sixth)
		n, m := len(left.Requests()), len(right.Requests())
		s.Expect(bilingual.T("each server has had three of the requests", "每台服务器处理了三个请求"), fmt.Sprintf("%d and %d", n, m), n == 3 && m == 3)
	},
}
