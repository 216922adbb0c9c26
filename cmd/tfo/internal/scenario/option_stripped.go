package scenario

import (
	"fmt"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/path"
)

var optionStripped = &Scenario{
	Name:  "option-stripped",
	Title: bilingual.T("A middlebox that strips the option", "剥离选项的中间设备"),
	About: bilingual.T("Some firewalls take options out that they do not know. A request for a cookie gets none; a SYN with a cookie and data reaches "+
		"the server as a SYN with data and no cookie, and the server takes only the SYN. Nothing is lost but the round trip.",
		"有些防火墙会去掉它们不认识的选项。请求 cookie 的 SYN 得不到 cookie；带 cookie 和数据的 SYN 到达服务器时没有 cookie，服务器只接受 SYN。损失的只是那一个往返。"),
	Sides:       anySides,
	Middleboxes: []path.Middlebox{{Name: "strip-option"}},
	play: func(s *Scene) {
		server := s.Serve(ServerConfig{})
		first := s.Dial(ClientConfig{}).Ask(server)
		s.ExpectFastOpen(first, follow.Fallback)
		s.expectStripped(first)
		s.ExpectTrips(first, 1.5, 2)
		s.ExpectReply(first)
		if s.Client == Kernel {
			return // it shows no cookie but one that it was given
		}
		s.Note("A client that has a cookie from a time when the path was clean.", "一个客户端还持有路径正常时得到的 cookie。")
		second := s.Dial(ClientConfig{Cookie: server.Cookie()}).Ask(server)
		s.ExpectFastOpen(second, follow.Rejected)
		s.expectStripped(second)
		s.ExpectTrips(second, 1.5, 2)
		s.ExpectReply(second)
		s.ExpectRequests(server, 2)
	},
}

// expectStripped expects that a SYN with the option has come to the server without it.
func (s *Scene) expectStripped(x Exchange) {
	left, came := s.synOptions(x)
	s.Expect(bilingual.Format("connection %d: the SYN leaves with the option and arrives without", "连接 %d：SYN 带着选项出发，到达时没有了选项", x.Number),
		fmt.Sprintf("left with it: %t, arrived with it: %t", left, came), left && !came)
}
