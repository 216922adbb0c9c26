package scenario

import (
	"tfocraft/handshake"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

var experimentalOption = &Scenario{
	Name:  "experimental-option",
	Title: bilingual.T("The option before it had a number", "获得正式编号之前的选项"),
	About: bilingual.T("Before kind 34 was assigned, Fast Open used kind 254 with the magic number 0xF989 (RFC 7413, Section 9; RFC 6994), "+
		"two bytes longer. Servers answer in the form that came. Our client begins with it here; Linux's tries it when "+
		"the standard form got no cookie, and so needs one connection more.",
		"在分配 kind 34 之前，Fast Open 使用 kind 254 和魔数 0xF989（RFC 7413 第 9 节；RFC 6994），长两个字节。服务器以收到的形式回答。"+
			"我们的客户端在这里一开始就使用它；Linux 的客户端在标准形式没有得到 cookie 时才尝试，因此多需要一次连接。"),
	Sides: []Sides{{Ours, Kernel}, {Ours, Ours}, {Kernel, Ours}},
	play: func(s *Scene) {
		server := s.Serve(ServerConfig{Gate: handshake.GateConfig{OnlyExperimental: true}})
		client := s.Dial(ClientConfig{Experimental: true})
		if s.Client == Kernel {
			zeroth := client.Ask(server)
			s.Expect(bilingual.T("this server does not know the standard form", "这个服务器不认识标准形式"),
				string(zeroth.FastOpen), zeroth.FastOpen == follow.Fallback && !zeroth.SynExperimental)
		}
		first, second := client.Ask(server), client.Ask(server)

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectFastOpen(second, follow.Accepted)
		s.Expect(bilingual.T("both SYNs have the experimental form", "两个 SYN 都使用实验形式"),
			optionSeen(first)+", "+optionSeen(second), first.SynExperimental && second.SynExperimental)
		s.ExpectTrips(second, 0.5, 1)
		s.ExpectReply(first, second)
	},
}
