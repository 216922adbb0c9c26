package scenario

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"tfocraft/wire/bilingual"
)

var simultaneousOpen = &Scenario{
	Name:  "simultaneous-open",
	Title: bilingual.T("Both sides open at once", "双方同时打开"),
	About: bilingual.T("Each host connects to a port that the other connects from. The SYNs cross, and both sides go by SYN-RECEIVED (RFC 9293, Section 3.5). "+
		"There is no server, so nobody grants a cookie: Fast Open has no part in it, and each side's data follows the handshake.",
		"双方各自连接到对方正在使用的端口。两个 SYN 交叉而过，双方都经过 SYN-RECEIVED（RFC 9293 第 3.5 节）。没有服务器，也就没有人授予 cookie：Fast Open 不起作用，双方的数据在握手之后发送。"),
	Sides: anySides,
	RTT:   200 * time.Millisecond,
	play: func(s *Scene) {
		here, there := s.Cross("Hello from the left", "Hello from the right")

		s.Expect(bilingual.T("the SYNs cross: both sides opened at once", "两个 SYN 交叉：双方同时打开"), string(here.Why), here.Simultaneous)
		s.Expect(bilingual.T("it is one connection and not two", "这是一个连接而不是两个"), fmt.Sprint(s.last()), s.last() == 1)
		s.Expect(bilingual.T("no data travels in a SYN", "SYN 中没有数据"), fmt.Sprintf("%d bytes", here.SynData), here.SynData == 0)
		s.Expect(bilingual.T("each side gets what the other has sent", "每一方都得到对方发送的数据"),
			fmt.Sprintf("%q, %q", here.Reply, there.Reply), here.got() && there.got())
	},
}

// Cross lets both hosts connect to each other from and to the same port at once, and returns what each side has of it.
func (s *Scene) Cross(fromClient, fromServer string) (here, there Exchange) {
	if s.over() {
		return here, there
	}
	left := s.dialFrom(s.lab.Client, s.Client, ClientConfig{Port: defaultPort, CloseFirst: true})
	right := s.dialFrom(s.lab.Server, s.Server, ClientConfig{Port: defaultPort, CloseFirst: true})
	if s.over() {
		return here, there
	}
	var both sync.WaitGroup
	both.Go(func() { _, here = left.exchange(s.remote(defaultPort), fromClient) })
	both.Go(func() {
		_, there = right.exchange(netip.AddrPortFrom(s.lab.Client.Addr(s.IPv6), defaultPort), fromServer)
	})
	both.Wait()
	here.Connection = s.settled(0, netip.AddrPort{}).Connection
	there.Connection = here.Connection
	here.want, there.want = fromServer, fromClient
	s.exchanges = append(s.exchanges, here)
	return here, there
}
