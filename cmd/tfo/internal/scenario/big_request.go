package scenario

import (
	"fmt"
	"strings"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

// bigRequestSize needs four segments.
const bigRequestSize = 5000

var bigRequest = &Scenario{
	Name:  "big-request",
	Title: bilingual.T("A request larger than a segment", "大于一个报文段的请求"),
	About: bilingual.T("A SYN carries one segment's worth of data at most: the rest of the request has to wait for the SYN-ACK. "+
		"A server that needs all of it before it can answer gains nothing from Fast Open.",
		"一个 SYN 最多携带一个报文段的数据：请求的其余部分必须等待 SYN-ACK。如果服务器需要完整的请求才能回答，Fast Open 就没有任何收益。"),
	Sides: anySides,
	play: func(s *Scene) {
		server, client := s.Serve(ServerConfig{Await: bigRequestSize}), s.Dial(ClientConfig{})
		request := strings.Repeat("0123456789", bigRequestSize/10)
		first, second := client.Send(server, request), client.Send(server, request)

		s.ExpectFastOpen(second, follow.Accepted)
		s.Expect(bilingual.T("the SYN carries as much as one segment holds, and not the whole request", "SYN 携带一个报文段能容纳的数据，而不是整个请求"),
			fmt.Sprintf("%d of %d bytes", second.SynData, len(request)), second.SynData > 1000 && second.SynData < 1460)
		s.ExpectTrips(first, 1.5, 2)
		s.ExpectTrips(second, 1.5, 2)
		s.ExpectReply(first, second)
	},
}
