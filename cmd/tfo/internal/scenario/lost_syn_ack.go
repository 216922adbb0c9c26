package scenario

import (
	"fmt"
	"time"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/path"
)

var lostSynAck = &Scenario{
	Name:  "lost-syn-ack",
	Title: bilingual.T("A SYN-ACK that is lost", "丢失的 SYN-ACK"),
	About: bilingual.T("The server has taken the request out of the SYN, and its SYN-ACK is lost. The client cannot know: it repeats the SYN, the server "+
		"its SYN-ACK, a second later. The response that came behind the lost SYN-ACK is of no use to a client that does not know "+
		"the server's sequence numbers yet. The application still sees one request, and the client one reply.",
		"服务器已经从 SYN 中取走请求，但它的 SYN-ACK 丢失了。客户端无从得知：一秒之后客户端重发 SYN，服务器重发 SYN-ACK。跟在丢失的 SYN-ACK 之后的响应对还不知道服务器序列号的客户端没有用处。"+
			"应用仍然只看到一个请求，客户端只看到一个响应。"),
	Sides:       anySides,
	Middleboxes: []path.Middlebox{{Name: "drop-syn-ack", N: 2}},
	play: func(s *Scene) {
		server, client := s.Serve(ServerConfig{}), s.Dial(ClientConfig{})
		first, second := client.Ask(server), client.Ask(server)

		s.ExpectFastOpen(first, follow.CookieReceived)
		lost := s.lost(second)
		s.Expect(bilingual.T("one segment of the second connection is lost: the SYN-ACK", "第二次连接丢失了一个报文段：SYN-ACK"),
			fmt.Sprint(lost), len(lost) == 1 && lost[0] == "SYN-ACK")
		s.Expect(bilingual.T("the SYN, the SYN-ACK or both are sent again", "SYN、SYN-ACK 或两者被重发"),
			fmt.Sprintf("%d and %d times", second.SynRetransmits, second.SynAckRetransmits), second.SynRetransmits+second.SynAckRetransmits > 0)
		s.expectDelay(second, time.Second)
		s.ExpectReply(first, second)
		s.ExpectRequests(server, 2)
	},
}
