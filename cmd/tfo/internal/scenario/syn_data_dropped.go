package scenario

import (
	"fmt"
	"time"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/path"
)

var synDataDropped = &Scenario{
	Name:  "syn-data-dropped",
	Title: bilingual.T("A middlebox that drops SYNs with data", "丢弃带数据的 SYN 的中间设备"),
	About: bilingual.T("To some firewalls a SYN with data is an attack. The first connection gets its cookie; the SYN of the second vanishes. After a second the "+
		"client sends it again without data and without the option (RFC 7413, Section 4.2.2), and the connection goes on as an "+
		"ordinary one: late, but with nothing lost.",
		"在有些防火墙看来，带数据的 SYN 是攻击。第一次连接得到 cookie；第二次连接的 SYN 消失了。一秒之后，客户端不带数据和选项重新发送 SYN（RFC 7413 第 4.2.2 节），"+
			"连接像普通连接一样继续：晚了，但没有丢失任何东西。"),
	Sides:       anySides,
	Middleboxes: []path.Middlebox{{Name: "drop-syn-data"}},
	play: func(s *Scene) {
		server, client := s.Serve(ServerConfig{}), s.Dial(ClientConfig{})
		first, second := client.Ask(server), client.Ask(server)

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectFastOpen(second, follow.Fallback)
		s.Expect(bilingual.T("the SYN goes again once, without what the first had", "SYN 重发一次，不再带第一次的内容"),
			fmt.Sprintf("%s, %d again", second.Why, second.SynRetransmits), second.Why == follow.WhyRetransmitted && second.SynRetransmits == 1)
		s.expectDelay(second, time.Second)
		s.ExpectReply(first, second)
		s.ExpectRequests(server, 2)
	},
}

// expectDelay expects that the response has waited for a timer at least.
func (s *Scene) expectDelay(x Exchange, least time.Duration) {
	took, seen := time.Duration(0), "never"
	if !x.ClientHasResponse.IsZero() {
		took = x.ClientHasResponse.Sub(x.Syn)
		seen = took.Round(time.Millisecond).String()
	}
	s.Expect(bilingual.Format("connection %d: the response comes after %v at the earliest", "连接 %d：响应最早在 %v 之后到来", x.Number, least),
		seen, took >= least)
}
