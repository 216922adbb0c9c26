package scenario

import (
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

var noSupport = &Scenario{
	Name:  "no-support",
	Title: bilingual.T("A server without Fast Open", "不支持 Fast Open 的服务器"),
	About: bilingual.T("The server ignores the option, as every TCP does with an option that it does not know, and the connection goes on "+
		"as if nothing had been asked. Our client remembers for a while that this port grants no cookie. Linux's asks the next time "+
		"with the experimental form of the option (kind 254), for servers that are older than RFC 7413.",
		"服务器忽略该选项，就像任何 TCP 对待未知选项一样，连接照常进行。我们的客户端会在一段时间内记住这个端口不授予 cookie。"+
			"Linux 的客户端下次会用选项的实验形式（kind 254）再次请求，以适应早于 RFC 7413 的服务器。"),
	Sides: anySides,
	play: func(s *Scene) {
		server, client := s.Serve(ServerConfig{NoFastOpen: true}), s.Dial(ClientConfig{})
		first, second := client.Ask(server), client.Ask(server)

		s.ExpectFastOpen(first, follow.Fallback)
		s.ExpectTrips(first, 1.5, 2)
		if s.Client == Kernel {
			s.Expect(bilingual.T("the second connection asks again, in the experimental form", "第二次连接以实验形式再次请求"),
				optionSeen(second), second.SynOption == follow.OptionRequest && second.SynExperimental)
		} else {
			s.Expect(bilingual.T("the second connection does not ask: the client remembers", "第二次连接不再请求：客户端记得"),
				optionSeen(second), second.SynOption == follow.OptionNone)
		}
		s.ExpectTrips(second, 1.5, 2)
		s.ExpectReply(first, second)
	},
}

// optionSeen says which Fast Open option was in a SYN.
func optionSeen(x Exchange) string {
	if x.SynExperimental {
		return string(x.SynOption) + " (experimental)"
	}
	return string(x.SynOption)
}
