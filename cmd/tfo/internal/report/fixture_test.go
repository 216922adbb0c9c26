package report_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/link"
)

// The two hosts of the fixture.
var (
	clientAddr = netip.MustParseAddr("192.0.2.1")
	serverAddr = netip.MustParseAddrPort("192.0.2.2:8080")
)

// A sent is a segment of the fixture.
type sent struct {
	connection        int
	from              string // "client" or "server"
	departed, arrived int    // µs
	text, payload     string
}

// attack is what a server may answer that has nothing good in mind.
const attack = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"

// exchange is a first and a second connection over a path with a round trip of 100 ms, on which the second SYN is lost the first time. A middlebox
// changes the last segment.
var exchange = []sent{
	{1, "client", 0, 50_000, "S 1000:1000(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8,FO,nop,nop>", ""},
	{1, "server", 50_020, 100_020, "S. 9000:9000(0) ack 1001 win 65535 <mss 1460,sackOK,TS val 200 ecr 100,nop,wscale 8,FO 0102030405060708,nop,nop>", ""},
	{1, "client", 100_100, 150_100, "P. 1001:1014(13) ack 9001 win 256 <nop,nop,TS val 200 ecr 200>", "Hello, Server"},
	{1, "server", 150_200, 200_200, "P. 9001:9014(13) ack 1014 win 256 <nop,nop,TS val 300 ecr 200>", "Hello, Client"},
	{1, "client", 200_300, 250_300, "F. 1014:1014(0) ack 9014 win 256 <nop,nop,TS val 300 ecr 300>", ""},
	{1, "server", 250_400, 300_400, "F. 9014:9014(0) ack 1015 win 256 <nop,nop,TS val 400 ecr 300>", ""},
	{1, "client", 300_500, 350_500, ". 1015:1015(0) ack 9015 win 256 <nop,nop,TS val 400 ecr 400>", ""},
	{2, "client", 400_000, 0, "S 2000:2013(13) win 65535 <mss 1460,sackOK,TS val 500 ecr 0,nop,wscale 8,FO 0102030405060708,nop,nop>", "Hello, Server"},
	{2, "client", 1_400_000, 1_450_000, "S 2000:2013(13) win 65535 <mss 1460,sackOK,TS val 1500 ecr 0,nop,wscale 8,FO 0102030405060708,nop,nop>", "Hello, Server"},
	{2, "server", 1_450_050, 1_500_050, "S. 8000:8000(0) ack 2014 win 65535 <mss 1460,sackOK,TS val 1600 ecr 1500,nop,wscale 8>", ""},
	{2, "server", 1_450_100, 1_500_100, "P. 8001:8063(62) ack 2014 win 256 <nop,nop,TS val 1600 ecr 1500>", attack},
	{2, "client", 1_500_200, 1_550_200, ". 2014:2014(0) ack 8063 win 256 <nop,nop,TS val 1600 ecr 1600>", ""},
}

// fixture is a story with all that a story may have.
func fixture(t testing.TB) *story.Story {
	t.Helper()
	b := story.Builder{Hosts: []story.Host{
		{Name: bilingual.T("client", "客户端"), Stack: "tfocraft", Addresses: []string{clientAddr.String()}},
		{Name: bilingual.T("server", "服务器"), Stack: "Linux", Addresses: []string{serverAddr.Addr().String()}},
	}}
	start := time.Unix(1_700_000_000, 0)
	at := func(µs int) time.Time { return start.Add(time.Duration(µs) * time.Microsecond) }
	for i, s := range exchange {
		sighting := story.Sighting{Link: wire.LinkEthernet, Departed: at(s.departed), Sent: s.frame(t), To: 1}
		if s.from == "server" {
			sighting.From, sighting.To = 1, 0
		}
		if s.arrived > 0 {
			sighting.Arrived = at(s.arrived)
		} else {
			sighting.Lost, sighting.Fate = true, bilingual.T("lost", "丢失")
		}
		if i == len(exchange)-1 {
			s.text = strings.Replace(s.text, "<nop,nop,TS val 1600 ecr 1600>", "<nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop>", 1)
			sighting.Got, sighting.Fate = s.frame(t), bilingual.T("options overwritten by rewrite-option-to-nop", "选项被 rewrite-option-to-nop 改写")
		}
		b.Add(sighting)
	}
	st := b.Story()
	st.Name = "first-and-second"
	st.Title = bilingual.T("A first and a second connection", "第一次与第二次连接")
	st.About = bilingual.T("The first connection asks for a cookie and has to wait for the handshake. The second sends its request in the SYN. "+
		"What does the server know when the SYN arrives?", "第一次连接请求 Cookie，必须等待握手完成。第二次连接把请求放进 SYN。当 SYN 到达时，服务器知道什么？")
	st.Command = "tfo lab first-and-second --rtt 100ms --html story.html"
	st.Checks = []story.Check{
		{What: bilingual.T("the second connection's data is taken from the SYN", "第二次连接的数据取自 SYN"), Seen: "13 of 13 bytes", OK: true},
		{What: bilingual.T("no data is sent twice", "没有数据发送两次"), Seen: "1 retransmission", OK: false},
	}
	for _, rtt := range []time.Duration{0, 10, 50, 100, 200} {
		rtt *= time.Millisecond
		st.Savings = append(st.Savings, story.Saving{
			Stack: "Linux", RTT: rtt, PlainRequest: rtt*3/2 + 300_000, FastOpenRequest: rtt/2 + 250_000,
			PlainResponse: 2*rtt + 400_000, FastOpenResponse: rtt + 350_000,
		})
	}
	return st
}

// frame is the segment with right lengths and sums.
func (s *sent) frame(t testing.TB) []byte {
	t.Helper()
	text, err := wire.ParseText(s.text)
	if err != nil {
		t.Fatalf("%s: %v", s.text, err)
	}
	text.Segment.Payload = []byte(s.payload)
	src, dst := netip.AddrPortFrom(clientAddr, uint16(40_000+s.connection)), serverAddr
	from, to := wire.MAC{2, 0, 0, 0, 0, 1}, wire.MAC{2, 0, 0, 0, 0, 2}
	if s.from == "server" {
		src, dst, from, to = dst, src, to, from
	}
	p := wire.NewPacket(src, dst, text.Segment)
	p.SetLengths()
	p.SetChecksums()
	return p.Append(link.AppendHeader(nil, to, from, 4))
}
