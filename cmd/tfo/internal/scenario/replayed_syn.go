package scenario

import (
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

var replayedSyn = &Scenario{
	Name:  "replayed-syn",
	Title: bilingual.T("The same SYN twice", "同一个 SYN 两次"),
	About: bilingual.T("The network delivers a copy of a SYN with data when the server has forgotten the connection. Nothing tells it from a new request: the "+
		"cookie is right, and the application gets the data a second time (RFC 7413, Section 2.1). That is why Fast Open "+
		"is for requests that may be acted on twice: a query, never an order.",
		"服务器已经忘记连接之后，网络又送达了带数据的 SYN 的副本。没有任何东西能把它与新请求区分开：cookie 是正确的，应用第二次得到这些数据（RFC 7413 第 2.1 节）。"+
			"因此 Fast Open 只适用于可以重复执行的请求：查询可以，下订单不行。"),
	Sides: anySides,
	play: func(s *Scene) {
		// The client is done first, so that it is the server that forgets the connection at once.
		server := s.Serve(ServerConfig{AwaitEnd: true})
		client := s.Dial(ClientConfig{CloseFirst: true})
		first := client.Ask(server)
		order := client.Send(server, "Order one pizza")
		s.Note("The network delivers a copy of the last SYN.", "网络送达了最后一个 SYN 的副本。")
		copied := s.Replay(order)

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectFastOpen(order, follow.Accepted)
		s.ExpectReply(first, order)
		s.Expect(bilingual.T("the server takes the data of the copy as well", "服务器也接受了副本中的数据"),
			string(copied.Why), copied.SynAcked > 0 && copied.SynAcked == order.SynData)
		s.ExpectRequests(server, 3)
		orders := 0
		for _, r := range server.Requests() {
			if r == "Order one pizza" {
				orders++
			}
		}
		s.Expect(bilingual.T("the application was told twice to make a pizza", "应用两次收到做披萨的要求"), plural(orders, "order"), orders == 2)
	},
}
