package scenario

import (
	"fmt"
	"time"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/path"
)

var blackhole = &Scenario{
	Name:  "blackhole-and-negative-cache",
	Title: bilingual.T("A client that learns from a black hole", "从黑洞中学到教训的客户端"),
	About: bilingual.T("The path swallows SYNs with data. It costs the second connection a second to find that out, and our client remembers it: the third "+
		"connection to that port is an ordinary one and loses nothing (RFC 7413, Section 4.1.3.1). Another port is tried afresh.",
		"路径吞掉带数据的 SYN。第二次连接花了一秒才发现，而我们的客户端会记住：到该端口的第三次连接是普通连接，没有损失（RFC 7413 第 4.1.3.1 节）。对另一个端口会重新尝试。"),
	Sides:       oursClient,
	Middleboxes: []path.Middlebox{{Name: "drop-syn-data"}},
	play: func(s *Scene) {
		server, other := s.Serve(ServerConfig{}), s.Serve(ServerConfig{Port: defaultPort + 1})
		client := s.Dial(ClientConfig{})
		first, second, third := client.Ask(server), client.Ask(server), client.Ask(server)
		s.Note("The same host, another port.", "同一主机的另一个端口。")
		fourth := client.Ask(other)

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectFastOpen(second, follow.Fallback)
		s.expectDelay(second, time.Second)
		s.Expect(bilingual.T("the third SYN has neither option nor data", "第三个 SYN 既没有选项也没有数据"),
			fmt.Sprintf("%s, %d bytes", third.SynOption, third.SynData), third.SynOption == follow.OptionNone && third.SynData == 0)
		s.ExpectTrips(third, 1.5, 2)
		s.Expect(bilingual.T("it is not sent again", "它没有重发"), fmt.Sprintf("%d times", third.SynRetransmits), third.SynRetransmits == 0)
		s.Expect(bilingual.T("to the other port the cookie is tried again", "对另一个端口再次尝试 cookie"),
			fmt.Sprintf("%s, %d bytes", fourth.SynOption, fourth.SynData), fourth.SynOption == follow.OptionCookie && fourth.SynData > 0)
		s.ExpectReply(first, second, third, fourth)
	},
}
