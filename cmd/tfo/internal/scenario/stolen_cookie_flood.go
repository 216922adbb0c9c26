package scenario

import (
	"fmt"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

const (
	floodSize  = 100
	floodLimit = 8
	floodPort  = 20001 // of the first SYN; the others follow
	floodShown = 3
)

var stolenCookieFlood = &Scenario{
	Name:  "stolen-cookie-flood",
	Title: bilingual.T("A flood of SYNs with a stolen cookie", "用窃取的 cookie 发起的 SYN 洪水"),
	About: bilingual.T("Somebody who has stolen a cookie sends SYNs with data in its owner's name. Each passes the check, opens a connection and gives the "+
		"application work, memory included, though nobody will ever confirm it. PendingFastOpenRequests (RFC 7413, Section 5.1) bounds how "+
		"many there may be: beyond it a SYN is an ordinary SYN. The resets of the cookie's owner, who knows nothing of this, do not make "+
		"room at once. Meanwhile honest clients have to do with ordinary handshakes, and are served.",
		"有人窃取了一个 cookie，以其主人的名义发送带数据的 SYN。每一个都通过检查，打开一个连接，让应用干活并占用内存，尽管永远不会有人确认它。"+
			"PendingFastOpenRequests（RFC 7413 第 5.1 节）限制这种连接的数量：超过之后，SYN 只是普通的 SYN。cookie 主人对此一无所知，它的 RST 并不会立刻腾出位置。在此期间，诚实的客户端只能使用普通握手，但仍然得到服务。"),
	Sides: anySides,
	RTT:   100 * time.Millisecond,
	play: func(s *Scene) {
		usual := s.Serve(ServerConfig{})
		bounded := s.Serve(ServerConfig{Port: defaultPort + 1, MaxPending: floodLimit, Think: time.Second})
		boundless := s.Serve(ServerConfig{Port: defaultPort + 2, MaxPending: 10 * floodSize, Think: time.Second})
		bounded.ShareKey(usual)
		boundless.ShareKey(usual)
		client := s.Dial(ClientConfig{})
		client.Ask(usual)
		second := client.Ask(usual)
		s.Note("%d SYNs with its cookie to each of two more servers: one with a limit of %d, one without.", "向另外两台服务器各发送 %d 个带有该 cookie 的 SYN：一台限制为 %d，一台没有限制。", floodSize, floodLimit)
		s.flood(second, bounded, boundless).note(s)
		s.expectFlood(boundless, floodSize)
		s.expectFlood(bounded, floodLimit)
		honest := client.Ask(bounded)

		s.ExpectFastOpen(second, follow.Accepted)
		s.Expect(bilingual.T("an honest client has its SYN's data refused meanwhile", "诚实的客户端在此期间 SYN 中的数据被拒绝"), string(honest.Why), honest.SynData > 0 && honest.SynAcked == 0)
		s.ExpectTrips(honest, 1.5, 2)
		s.ExpectReply(second, honest)
	},
}

// expectFlood expects that the application behind a server had so many requests of the flood to serve at once.
func (s *Scene) expectFlood(v *Server, want int) {
	got := v.Peak()
	s.Expect(bilingual.Format("with a limit of %d the application has %d requests to serve at once", "限制为 %d 时，应用同时要处理 %d 个请求", v.cfg.MaxPending, want),
		fmt.Sprintf("%d requests, in buffers of %s", got.requests, kibibytes(got.buffers)), got.requests == want)
}

// flood sends many copies of the SYN of an exchange, each from a port of its own, to each server. It returns what the
// server's host held at the height of it.
func (s *Scene) flood(x Exchange, servers ...*Server) (height memory) {
	syn := s.record.syn(x.Number)
	if s.over() || syn == nil {
		return height
	}
	s.record.hide(floodPort+floodShown, uint16(floodPort+floodSize*len(servers)))
	var frames [][]byte
	for i, v := range servers {
		for n := range floodSize {
			p, err := wire.ParseFrame(syn)
			if err != nil {
				s.fail(err)
				return height
			}
			p.TCP.SrcPort, p.TCP.DstPort = uint16(floodPort+i*floodSize+n), v.Addr.Port()
			p.TCP.Seq += wire.Seq(n * 64000)
			p.SetChecksums()
			frames = append(frames, p.Append(nil))
		}
	}
	s.inject(frames...)
	s.until(func() bool {
		height = height.most(s.memory(servers...))
		return s.record.synAcks(floodPort, floodPort+uint16(len(frames))-1) == len(frames)
	})
	return height
}

// synAcks counts the SYN-ACKs that have come for some ports of the client.
func (r *recorder) synAcks(first, last uint16) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.frames {
		data, _ := r.frames[i].AtClient()
		p, err := wire.ParseFrame(data)
		if err == nil && p.TCP.Flags.Has(wire.SYN|wire.ACK) && p.TCP.DstPort >= first && p.TCP.DstPort <= last {
			n++
		}
	}
	return n
}
