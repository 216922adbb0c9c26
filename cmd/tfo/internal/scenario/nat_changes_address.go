package scenario

import (
	"bytes"
	"fmt"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/path"
)

var natChangesAddress = &Scenario{
	Name:  "nat-changes-address",
	Title: bilingual.T("An address translator with a pool of addresses", "使用地址池的地址转换器"),
	About: bilingual.T("A cookie is good for one client address. A translator that gives each connection another address out of its pool makes the server see "+
		"another client every time: the cookie never fits, the data of each SYN is sent twice, and nothing is saved.",
		"一个 cookie 只对一个客户端地址有效。地址转换器给每个连接从地址池中分配不同的地址，服务器每次看到的都是另一个客户端：cookie 永远不匹配，每个 SYN 的数据都要发送两次，什么也没节省。"),
	Sides:       anySides,
	Middleboxes: []path.Middlebox{{Name: "nat-pool"}},
	play: func(s *Scene) {
		server, client := s.Serve(ServerConfig{}), s.Dial(ClientConfig{})
		first, second, third := client.Ask(server), client.Ask(server), client.Ask(server)

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectFastOpen(second, follow.Rejected)
		s.ExpectFastOpen(third, follow.Rejected)
		seen := []string{s.sourceAtServer(first), s.sourceAtServer(second), s.sourceAtServer(third)}
		s.Expect(bilingual.T("the server sees another address each time", "服务器每次看到不同的地址"),
			fmt.Sprint(seen), seen[0] != seen[1] && seen[1] != seen[2])
		s.Expect(bilingual.T("each address has a cookie of its own", "每个地址有自己的 cookie"),
			fmt.Sprintf("%x, %x", first.SynAckCookie, second.SynAckCookie), !bytes.Equal(first.SynAckCookie, second.SynAckCookie))
		s.ExpectTrips(second, 1.5, 2)
		s.ExpectReply(first, second, third)
		s.ExpectRequests(server, 3)
	},
}
