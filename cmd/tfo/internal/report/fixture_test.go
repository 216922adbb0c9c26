package report_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
)

type fixtureFrame struct {
	conn       int
	fromServer bool
	dep, arr   float64 // ms
	text       string
	payload    string
	label      bilingual.Text
	reason     bilingual.Text
	cs, ss     string
	lost       bool
	note       bilingual.Text
}

func fixture(t testing.TB) *story.Story {
	t.Helper()
	T := bilingual.T
	frames := []fixtureFrame{
		{1, false, 0, 50, "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8,FO,nop,nop>", "", T("SYN, cookie request", "SYN，请求 Cookie"), T("opens the connection and asks for a Fast Open cookie", "打开连接并请求 Fast Open Cookie"), "SYN-SENT", "SYN-RECEIVED", false, bilingual.Text{}},
		{1, true, 50.02, 100, "S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS val 200 ecr 100,nop,wscale 8,FO 0102030405060708,nop,nop>", "", T("SYN-ACK, cookie", "SYN-ACK，Cookie"), T("grants a cookie of 8 bytes; acknowledges the SYN", "授予 8 字节的 Cookie，并确认 SYN"), "ESTABLISHED", "SYN-RECEIVED", false, T("learns the cookie 0102030405060708 for 192.0.2.2", "记住 192.0.2.2 的 Cookie 0102030405060708")},
		{1, false, 100.1, 150, "P. 1:14(13) ack 1 win 256 <nop,nop,TS val 150 ecr 200>", "Hello, Server", T("ACK, 13 bytes", "ACK，13 字节"), T("handshake complete; request after one full round trip", "握手完成；一个完整往返后才发出请求"), "ESTABLISHED", "ESTABLISHED", false, T("has the request after 1.5 round trips", "1.5 个往返后收到请求")},
		{1, true, 150.1, 200, "P. 1:14(13) ack 14 win 256 <nop,nop,TS val 250 ecr 150>", "Hello, Client", T("ACK, 13 bytes", "ACK，13 字节"), T("response", "响应"), "ESTABLISHED", "ESTABLISHED", false, bilingual.Text{}},
		{1, false, 200.2, 250, "F. 14:14(0) ack 14 win 256 <nop,nop,TS val 250 ecr 250>", "", T("FIN", "FIN"), T("closes its side; acknowledges 13 bytes", "关闭己方；确认 13 字节"), "FIN-WAIT-1", "CLOSE-WAIT", false, bilingual.Text{}},
		{1, true, 250.3, 300, "F. 14:14(0) ack 15 win 256 <nop,nop,TS val 350 ecr 250>", "", T("FIN", "FIN"), T("closes its side too", "也关闭己方"), "TIME-WAIT", "LAST-ACK", false, bilingual.Text{}},
		{1, false, 300.1, 350, ". 15:15(0) ack 15 win 256 <nop,nop,TS val 351 ecr 350>", "", T("ACK", "ACK"), T("acknowledges the close; connection closed", "确认关闭；连接结束"), "TIME-WAIT", "CLOSED", false, bilingual.Text{}},
		{2, false, 400, 450, "S 0:13(13) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8,FO 0102030405060708,nop,nop>", "Hello, Server", T("SYN, cookie, 13 bytes", "SYN，Cookie，13 字节"), T("opens the connection with the cookie and the whole request", "携带 Cookie 和完整请求打开连接"), "SYN-SENT", "SYN-SENT", true, bilingual.Text{}},
		{2, false, 1400, 1450, "S 0:13(13) win 65535 <mss 1460,sackOK,TS val 1100 ecr 0,nop,wscale 8,FO 0102030405060708,nop,nop>", "Hello, Server", T("SYN, cookie, 13 bytes", "SYN，Cookie，13 字节"), T("the same again: no answer came within a second", "一秒内没有回应，重发"), "SYN-SENT", "SYN-RECEIVED", false, T("has the request after 0.5 round trips", "0.5 个往返后收到请求")},
		{2, true, 1450.1, 1500, "S. 0:0(0) ack 14 win 65535 <mss 1460,sackOK,TS val 200 ecr 100,nop,wscale 8>", "", T("SYN-ACK", "SYN-ACK"), T("acknowledges the SYN and all 13 bytes in it: the cookie was good", "确认 SYN 及其中全部 13 字节：Cookie 有效"), "ESTABLISHED", "SYN-RECEIVED", false, bilingual.Text{}},
		{2, true, 1450.2, 1500.1, "P. 1:40(39) ack 14 win 256 <nop,nop,TS val 250 ecr 150>", "</script><script>alert(1)</script><img>", T("ACK, 39 bytes", "ACK，39 字节"), T("response, sent before the client's ACK", "响应，在客户端 ACK 之前发出"), "ESTABLISHED", "SYN-RECEIVED", false, T("has the response after 1 round trip", "1 个往返后收到响应")},
		{2, false, 1500.2, 1550, ". 14:14(0) ack 40 win 256 <nop,nop,TS val 351 ecr 350>", "", T("ACK", "ACK"), T("handshake complete; acknowledges 39 bytes", "握手完成；确认 39 字节"), "ESTABLISHED", "ESTABLISHED", false, bilingual.Text{}},
	}
	s := &story.Story{
		Name:    "first-and-second",
		Title:   T("A first and a second connection", "第一次与第二次连接"),
		About:   T("The first connection asks for a cookie and has to wait for the handshake. The second sends its request in the SYN. What does the server know when the SYN arrives?", "第一次连接请求 Cookie，必须等待握手完成。第二次连接把请求放进 SYN。当 SYN 到达时，服务器知道什么？"),
		Command: "tfo lab first-and-second --rtt 100ms --html story.html",
		Hosts: []story.Host{
			{Name: T("client", "客户端"), Stack: "tfocraft", Addresses: []string{"192.0.2.1"}},
			{Name: T("server", "服务器"), Stack: "Linux", Addresses: []string{"192.0.2.2"}},
		},
		Connections: []story.Connection{
			{Number: 1, Client: "192.0.2.1:40001", Server: "192.0.2.2:8080", FastOpen: "cookie-received", Reason: T("server granted a cookie", "服务器授予了 Cookie"), RequestRoundTrips: 1.5, ResponseRoundTrips: 2, RequestTime: 150e6, ResponseTime: 200e6},
			{Number: 2, Client: "192.0.2.1:40002", Server: "192.0.2.2:8080", FastOpen: "accepted", Reason: T("SYN data acknowledged", "SYN 数据被确认"), RequestRoundTrips: .5, ResponseRoundTrips: 1, RequestTime: 50e6, ResponseTime: 100e6, SynData: 13, SynAcked: 13, Retransmits: 1},
		},
		Checks: []story.Check{
			{What: T("the second connection's data is taken from the SYN", "第二次连接的数据取自 SYN"), Seen: "13 of 13 bytes", OK: true},
			{What: T("no data is sent twice", "没有数据发送两次"), Seen: "1 retransmission", OK: false},
		},
	}
	for _, rtt := range []time.Duration{0, 10, 50, 100, 200} {
		rtt *= time.Millisecond
		s.Savings = append(s.Savings, story.Saving{Stack: "Linux", RTT: rtt, PlainRequest: rtt*3/2 + 300e3, FastOpenRequest: rtt/2 + 250e3, PlainResponse: 2*rtt + 400e3, FastOpenResponse: rtt + 350e3})
	}
	var cache []story.CacheEntry
	for i, f := range frames {
		seg, err := wire.ParseText(f.text)
		if err != nil {
			t.Fatal(err)
		}
		seg.Segment.Payload = []byte(f.payload)
		client := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(40000+f.conn))
		server := netip.MustParseAddrPort("192.0.2.2:8080")
		src, dst, from, to := client, server, 0, 1
		if f.fromServer {
			src, dst, from, to = server, client, 1, 0
		}
		p := wire.NewPacket(src, dst, seg.Segment)
		p.SetLengths()
		p.SetChecksums()
		b := append([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0}, p.Append(nil)...)
		if i == 1 {
			cache = []story.CacheEntry{{Server: "192.0.2.2", Cookie: "0102030405060708", MSS: 1460, Frame: 2}}
		}
		fr := story.Frame{
			Number: i + 1, Departed: time.Duration(f.dep * 1e6), Arrived: time.Duration(f.arr * 1e6), From: from, To: to, Lost: f.lost,
			Bytes: b, Dissection: fixtureFields(b), Connection: f.conn, Label: f.label, Text: f.text, Reason: f.reason, Cache: cache,
			Client: story.Side{State: f.cs, Next: 1, Acked: 1, Window: 65535}, Server: story.Side{State: f.ss, Next: 14, Acked: 14, Window: 65535},
			Data: len(f.payload),
		}
		if strings.Contains(f.text, "FO 01") {
			fr.Cookie = 8
		}
		if f.lost {
			fr.Fate = T("lost", "丢失")
		}
		if !f.note.IsZero() {
			fr.Notes = []story.Note{{At: to, Text: f.note}}
		}
		s.Frames = append(s.Frames, fr)
	}
	return s
}

func fixtureFields(b []byte) dissect.Frame {
	var d dissect.Frame
	at := 0
	add := func(id, name, zh string, width int) {
		from, to := at/8, (at+width+7)/8
		v := hex.EncodeToString(b[from:to])
		if width < 32 {
			n := 0
			for i := range width {
				n = n<<1 | int(b[(at+i)/8]>>(7-(at+i)%8)&1)
			}
			v = fmt.Sprint(n)
		}
		d.Fields = append(d.Fields, dissect.Field{ID: id, Filter: id, Name: bilingual.T(name, zh), Offset: at, Width: width, Value: v, Section: "RFC 9293, Section 3.1",
			Meaning: bilingual.Format("What "+name+" is for and what this value of it says, in one sentence of usual length.", zh+"的用途，以及此值的含义。")})
		at += width
	}
	group := func(id, name, zh, summary string, depth int, f func()) {
		g := len(d.Groups)
		d.Groups = append(d.Groups, dissect.Group{ID: id, Name: bilingual.T(name, zh), Summary: summary, Depth: depth, First: len(d.Fields)})
		f()
		d.Groups[g].End = len(d.Fields)
	}
	group("eth", "Ethernet", "以太网", "02:00:00:00:00:01 > 02:00:00:00:00:02, IPv4", 0, func() {
		add("eth.dst", "Destination", "目的地址", 48)
		add("eth.src", "Source", "源地址", 48)
		add("eth.type", "EtherType", "类型", 16)
	})
	group("ip", "IPv4", "IPv4", "192.0.2.1 > 192.0.2.2, TCP", 0, func() {
		add("ip.version", "Version", "版本", 4)
		add("ip.hdr_len", "IHL", "首部长度", 4)
		add("ip.dscp", "DSCP", "区分服务", 6)
		add("ip.ecn", "ECN", "显式拥塞通知", 2)
		add("ip.len", "Total Length", "总长度", 16)
		add("ip.id", "Identification", "标识", 16)
		add("ip.flags", "Flags", "标志", 3)
		add("ip.frag_offset", "Fragment Offset", "片偏移", 13)
		add("ip.ttl", "Time to Live", "生存时间", 8)
		add("ip.proto", "Protocol", "协议", 8)
		add("ip.checksum", "Header Checksum", "首部校验和", 16)
		add("ip.src", "Source Address", "源地址", 32)
		add("ip.dst", "Destination Address", "目的地址", 32)
	})
	group("tcp", "TCP", "TCP", "40001 > 8080, SYN", 0, func() {
		add("tcp.srcport", "Source Port", "源端口", 16)
		add("tcp.dstport", "Destination Port", "目的端口", 16)
		add("tcp.seq", "Sequence Number", "序号", 32)
		add("tcp.ack", "Acknowledgment Number", "确认号", 32)
		d.Fields[len(d.Fields)-1].Reason = bilingual.T("acknowledges ISN+1+13: the server took the 13 bytes of the SYN", "确认 ISN+1+13：服务器接受了 SYN 中的 13 字节")
		add("tcp.hdr_len", "Data Offset", "数据偏移", 4)
		add("tcp.reserved", "Reserved", "保留", 4)
		group("tcp.flags", "Control Bits", "控制位", "SYN", 1, func() {
			for _, n := range []string{"CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN"} {
				add("tcp.flags."+strings.ToLower(n), n, n, 1)
			}
		})
		add("tcp.window", "Window", "窗口", 16)
		add("tcp.checksum", "Checksum", "校验和", 16)
		d.Fields[len(d.Fields)-1].Bad = true
		add("tcp.urgent", "Urgent Pointer", "紧急指针", 16)
		end := (34 + int(b[46]>>4)*4) * 8
		group("tcp.options", "Options", "选项", "mss, sackOK, TS, wscale, FO", 1, func() {
			fo := strings.Index(string(b[:end/8]), "\x22\x0a\x01\x02")
			if fo < 0 {
				add("tcp.options.all", "Options", "选项", end-at)
				return
			}
			add("tcp.options.before", "Others", "其他", fo*8-at)
			group("tcp.options.fo", "Fast Open Cookie", "快速打开 Cookie", "0102030405060708", 2, func() {
				add("tcp.options.fo.kind", "Kind", "类型", 8)
				add("tcp.options.fo.length", "Length", "长度", 8)
				add("tcp.options.fo.cookie", "Cookie", "Cookie", 64)
				d.Fields[len(d.Fields)-1].Reason = bilingual.T("the cookie that the server gave in segment 2 of connection 1", "服务器在连接 1 的报文段 2 中给出的 Cookie")
			})
			if at < end {
				add("tcp.options.nop", "No-Operation", "空操作", end-at)
			}
		})
	})
	if at < len(b)*8 {
		group("data", "Payload", "数据", fmt.Sprintf("%d bytes", len(b)-at/8), 0, func() { add("data.bytes", "Data", "数据", len(b)*8-at) })
	}
	return d
}
