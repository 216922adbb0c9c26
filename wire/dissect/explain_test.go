package dissect_test

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/dissect"
	"tfocraft/wire/follow"
	"tfocraft/wire/wiretest"
)

const (
	clientAddr = "192.0.2.1:40000"
	serverAddr = "192.0.2.2:80"
)

// end is an end of a connection that has sent up to next and has up to acked acknowledged.
func end(addr string, iss wire.Seq, next, acked int64) follow.Endpoint {
	return follow.Endpoint{Addr: netip.MustParseAddrPort(addr), HasISS: true, ISS: iss, Next: next, Acked: acked, Scale: -1, State: follow.Established}
}

func closed(addr string) follow.Endpoint {
	return follow.Endpoint{Addr: netip.MustParseAddrPort(addr), Scale: -1, State: follow.Closed}
}

func TestReasons(t *testing.T) {
	client, server := end(clientAddr, 1000, 14, 0), end(serverAddr, 5000, 1, 0)
	client.TS, client.TSVal = true, 100
	fresh := follow.Facts{Sender: closed(clientAddr), Receiver: closed(serverAddr), SynAcked: -1}
	answer := follow.Facts{Sender: closed(serverAddr), Receiver: client, SynData: 13, SynAcked: -1, SynOption: follow.OptionCookie}
	later := follow.Facts{Sender: client, Receiver: server, SynData: 13, SynAcked: 13}
	with := func(f follow.Facts, change func(*follow.Facts)) follow.Facts {
		change(&f)
		return f
	}
	for _, test := range []struct {
		name, from, text string
		facts            follow.Facts
		id, want         string
	}{
		{"first SYN", "c", "S 1000:1000(0) win 65535 <mss 1460,FO,nop,nop>", fresh, "tcp.seq", "that the client has chosen"},
		{"first SYN", "c", "S 1000:1000(0) win 65535 <mss 1460,FO,nop,nop>", fresh, "tcp.ack", "has nothing to acknowledge"},
		{"request", "c", "S 1000:1000(0) win 65535 <mss 1460,FO,nop,nop>", fresh, "tcp.options.fo.length", "as one does that has none of this server"},
		{"request again", "c", "S 1000:1000(0) win 65535 <mss 1460,FO,nop,nop>",
			with(fresh, func(f *follow.Facts) { f.Granted, f.GrantedFrame = []byte{1}, 7 }), "tcp.options.fo.length", "although frame 7 has one for it"},
		{"MTU", "c", "S 1000:1000(0) win 65535 <mss 1460>", fresh, "tcp.options.mss.value", "1460 = 1500 − 40"},
		{"padding", "c", "S 1000:1000(0) win 65535 <mss 1460,FO,nop,nop>", fresh, "tcp.options.nop.kind", "Fills the options up"},
		{"alignment", "c", ". 1:1(0) ack 1 win 5 <nop,nop,TS val 1 ecr 2>", later, "tcp.options.nop.kind", "Moves the numbers of Timestamps"},
		{"alignment", "c", "S 1:1(0) win 5 <nop,wscale 7>", fresh, "tcp.options.nop.kind", "Makes Window Scale end at"},
		{"scale", "c", "S 1:1(0) win 5 <nop,wscale 7>", fresh, "tcp.options.wscale.shift", "up to 8388480 bytes"},
		{"SYN with data", "c", "S 1000:1013(13) win 65535 <FO 0102030405060708,nop,nop>", fresh, "tcp.seq", "its 13 bytes of data take the numbers from ISN+1 on"},
		{"SYN with data", "c", "S 1000:1013(13) win 65535 <FO 0102030405060708,nop,nop>", fresh, "tcp.payload", "Fast Open: 13 bytes"},
		{"SYN with data", "c", "S 1000:1013(13) win 65535 <FO 0102030405060708,nop,nop>", fresh, "tcp.payload", "RFC 7413, Section 4.2.2"},
		{"SYN with data, MSS not seen", "c", "S 1000:1013(13) win 65535 <FO 0102030405060708,nop,nop>", fresh, "tcp.payload", "which was not seen here; without one 536 bytes"},
		{"SYN with data that fits", "c", "S 1000:1013(13) win 65535 <FO 0102030405060708,nop,nop>",
			with(fresh, func(f *follow.Facts) { f.CachedMSS = 25 }), "tcp.payload", "With the options, 12 bytes, they are 25 bytes: that fits the MSS of 25"},
		{"SYN with data that does not fit", "c", "S 1000:1013(13) win 65535 <FO 0102030405060708,nop,nop>",
			with(fresh, func(f *follow.Facts) { f.CachedMSS = 24 }), "tcp.payload", "they are 25 bytes: more than the MSS of 24"},
		{"MSS with a cookie", "s", "S. 5000:5000(0) ack 1014 win 65535 <mss 1460,FO 0102030405060708,nop,nop>", answer, "tcp.options.mss.value", "caches it with the cookie"},
		{"SYN with data alone", "c", "S 1000:1013(13) win 65535 <mss 1460>", fresh, "tcp.payload", "Data in a SYN without a cookie"},
		{"reset of an unseen start", "c", "R 1005:1005(0) win 0", with(later, func(f *follow.Facts) { f.Sender.HasISS = false }), "tcp.flags.reset", "broken off in the name of the client"},
		{"client by its SYN, not by its port", "c", "R 1005:1005(0) win 0",
			with(later, func(f *follow.Facts) { f.Sender.HasISS, f.Client = false, f.Receiver.Addr }), "tcp.flags.reset", "broken off in the name of the server"},
		{"reset of a SYN", "s", "R. 0:0(0) ack 1001 win 0", with(answer, func(f *follow.Facts) { f.Receiver.Acked = 0 }), "tcp.flags.reset", "Answers a SYN for which there is no connection"},
		{"reset of a SYN", "s", "R. 0:0(0) ack 1001 win 0", answer, "tcp.seq", "had no acknowledgment number to take"},
		{"reset alone", "s", "R 77:77(0) win 0", follow.Facts{Sender: closed(serverAddr), Receiver: closed(clientAddr)}, "tcp.flags.reset", "Nothing else of the server was seen, so two things are possible"},
		{"reset alone", "s", "R 77:77(0) win 0", follow.Facts{Sender: closed(serverAddr), Receiver: closed(clientAddr)}, "tcp.seq", "The other side expects either"},
		{"reset alone, with ACK", "s", "R. 77:77(0) ack 5 win 0", follow.Facts{Sender: closed(serverAddr), Receiver: closed(clientAddr)}, "tcp.seq", "was not seen, so this number cannot be reckoned"},
		{"reset of one direction", "c", "R 1014:1014(0) win 0", with(later, func(f *follow.Facts) { f.Receiver = closed(serverAddr) }), "tcp.flags.reset", "a reset does not tell which"},
		{"push", "c", "P. 1014:1019(5) ack 5001 win 256", later, "tcp.flags.push", "often the end of what the application has written"},
		{"no push", "c", ". 1014:1019(5) ack 5001 win 256", later, "tcp.flags.push", "Usually there was more to send"},
		{"push of nothing", "c", "P. 1014:1014(0) ack 5001 win 256", later, "tcp.flags.push", "it asks for nothing"},
		{"response before the ACK", "s", "P. 5001:5006(5) ack 1014 win 256", with(later, func(f *follow.Facts) { f.Sender, f.Receiver = server, client }), "tcp.payload", "having taken the data of the SYN"},
		{"before the ACK, nothing taken", "s", "P. 5001:5006(5) ack 1001 win 256",
			with(later, func(f *follow.Facts) { f.Sender, f.Receiver, f.SynAcked = server, client, 0 }), "tcp.payload", "Bytes 1 to 5 of the stream"},
		{"sent twice", "c", "P. 1001:1006(5) ack 5001 win 256", with(later, func(f *follow.Facts) { f.Sender.Acked = 6 }), "tcp.payload", "although it is acknowledged"},
		{"sent twice", "c", "P. 1001:1006(5) ack 5001 win 256", later, "tcp.payload", "as a rule no acknowledgment for it has reached the client"},
		{"renewed", "s", "S. 5000:5000(0) ack 1014 win 65535 <FO 0102030405060708,nop,nop>",
			with(answer, func(f *follow.Facts) { f.Cookie, f.SynAcked = follow.CookieNew, 13 }), "tcp.options.fo.cookie", "the server renews it"},
		{"accurate ECN", "c", "SEW 1000:1000(0) win 65535", fresh, "tcp.flags.ece", "ask for ECN"},
		{"half of ECN", "c", "SW 1000:1000(0) win 65535", fresh, "tcp.flags.cwr", "ask for nothing that is defined"},
		{"ECN agreed upon", "s", "SE. 5000:5000(0) ack 1014 win 65535", answer, "tcp.flags.ece", "agrees to ECN"},
		{"accurate ECN agreed upon", "s", "SW. 5000:5000(0) ack 1014 win 65535", answer, "tcp.flags.cwr", "the SYN has arrived as Not-ECT"},
		{"ECN reflected", "s", "SEW. 5000:5000(0) ack 1014 win 65535", answer, "tcp.flags.cwr", "the SYN has arrived as ECT(1)"},
		{"a mark reported", "c", "E. 1014:1014(0) ack 5001 win 256", later, "tcp.flags.ece", "If both sides have agreed on ECN"},
		{"reset of an unseen start", "c", "R 1005:1005(0) win 0", with(later, func(f *follow.Facts) { f.Sender.HasISS = false }), "tcp.seq", "was not seen"},
		{"granted", "c", "S 1000:1013(13) win 65535 <FO 0102030405060708,nop,nop>",
			with(fresh, func(f *follow.Facts) {
				f.Cookie, f.GrantedFrame, f.GrantedConnection = follow.CookieGranted, 2, 1
			}), "tcp.options.fo.cookie", "has granted to this client in frame 2 (connection 1)"},
		{"foreign", "c", "S 1000:1013(13) win 65535 <FO 0102030405060708,nop,nop>",
			with(fresh, func(f *follow.Facts) { f.Cookie = follow.CookieForeign }), "tcp.options.fo.cookie", "granted to another client"},
		{"wrong", "c", "S 1000:1013(13) win 65535 <FO 0102030405060708,nop,nop>",
			with(fresh, func(f *follow.Facts) { f.Cookie = follow.CookieWrong }), "tcp.options.fo.cookie", "Wrong for this client's address"},
		{"sample", "s", "S. 5000:5000(0) ack 1001 win 65535", with(answer, func(f *follow.Facts) { f.RTT, f.Acknowledged = time.Millisecond, 3 }),
			"tcp.ack", "It comes 1ms after frame 3: a sample"},
		{"new", "s", "S. 5000:5000(0) ack 1001 win 65535 <FO 0102030405060708,nop,nop>",
			with(answer, func(f *follow.Facts) { f.Cookie, f.SynOption = follow.CookieNew, follow.OptionRequest }), "tcp.options.fo.cookie", "Granted: the server has made it"},
		{"replaced", "s", "S. 5000:5000(0) ack 1001 win 65535 <FO 0102030405060708,nop,nop>",
			with(answer, func(f *follow.Facts) { f.Cookie = follow.CookieNew }), "tcp.options.fo.cookie", "Instead of the cookie in the SYN"},
		{"accepted", "s", "S. 5000:5000(0) ack 1014 win 65535 <mss 1460>", answer, "tcp.ack", "Acknowledges ISN+1+13: the server took the 13 bytes of the SYN"},
		{"SYN only", "s", "S. 5000:5000(0) ack 1001 win 65535 <mss 1460>", answer, "tcp.ack", "Acknowledges the SYN only"},
		{"partly", "s", "S. 5000:5000(0) ack 1006 win 65535 <mss 1460>", answer, "tcp.ack", "took 5 of the 13 bytes"},
		{"wrong ack", "s", "S. 5000:5000(0) ack 2006 win 65535 <mss 1460>", answer, "tcp.ack", "not a number that the SYN has used"},
		{"echo", "s", "S. 5000:5000(0) ack 1014 win 65535 <TS val 1 ecr 100>", answer, "tcp.options.timestamp.tsecr", "Echoes the latest timestamp of the client"},
		{"third", "c", ". 1014:1014(0) ack 5001 win 256", later, "tcp.seq", "= ISN+1+13: the 13 bytes before were sent"},
		{"third", "c", ". 1014:1014(0) ack 5001 win 256", later, "tcp.ack", "The handshake is complete with this"},
		{"data again", "c", "P. 1001:1014(13) ack 5001 win 256", with(later, func(f *follow.Facts) { f.SynAcked = 0 }), "tcp.seq", "= ISN+1: data again from the first byte"},
		{"the rest", "c", "P. 1006:1014(8) ack 5001 win 256", with(later, func(f *follow.Facts) { f.SynAcked = 5 }), "tcp.seq", "= ISN+1+5: the server took 5 bytes"},
		{"window", "c", ". 1014:1014(0) ack 5001 win 256", with(later, func(f *follow.Facts) { f.Sender.Scale = 8 }), "tcp.window", "256 × 2^8 = 65536 bytes"},
		{"round trip", "c", ". 1014:1014(0) ack 5001 win 256",
			with(later, func(f *follow.Facts) { f.RTT, f.Acknowledged = 20*time.Millisecond, 2 }), "tcp.ack", "20ms after frame 2"},
		{"gap", "c", ". 1020:1025(5) ack 5001 win 256", later, "tcp.seq", "6 bytes before it have not been seen here"},
		{"changed address", "c", "S 1000:1000(0) win 65535", with(fresh, func(f *follow.Facts) { f.Sender = closed("192.0.2.9:40000") }), "ip.src", "Not the address"},
		{"sum", "c", "S 1000:1013(13) win 65535 <mss 1460>", fresh, "ip.len", "57 = 20 (IP header) + 24 (TCP header) + 13 (data)"},
		{"hops", "c", "S 1000:1000(0) win 65535", fresh, "ip.ttl", "If this sender did, no router has passed the packet on"},
		{"ephemeral", "c", "S 1000:1000(0) win 65535", fresh, "tcp.srcport", "From the range of ephemeral ports"},
		{"segments", "c", "S 1000:1000(0) win 64240 <mss 1460>", fresh, "tcp.window", "64240 = 44 × 1460"},
		{"block", "s", ". 5001:5001(0) ack 1014 win 9 <nop,nop,sack 1020:1030>",
			with(later, func(f *follow.Facts) { f.Sender, f.Receiver = server, client }), "tcp.options.sack.left", "= ISN+1+19: from here on it is there; 6 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			from, to := clientAddr, serverAddr
			if test.from == "s" {
				from, to = to, from
			}
			parsed, err := wire.ParseText(test.text)
			if err != nil {
				t.Fatal(err)
			}
			data := wiretest.Frame(t, from, to, test.text, strings.Repeat("x", len(parsed.Segment.Payload)))
			f := dissect.Dissect(data, wire.LinkEthernet)
			dissect.Explain(&f, data, &test.facts)
			got := field(t, &f, test.id).Reason
			if !strings.Contains(got.En, test.want) || got.Zh == "" {
				t.Errorf("%s of %s:\n got %q, %q\nwant %q", test.id, test.text, got.En, got.Zh, test.want)
			}
			checkFrame(t, &f, data)
		})
	}
}

// TestEveryReason asks every field of every frame for its reason; what an ICMP error quotes has none.
func TestEveryReason(t *testing.T) {
	for _, frame := range corpus(t) {
		f := dissect.Dissect(frame.data, frame.link)
		dissect.Explain(&f, frame.data, nil)
		for i := range f.Fields {
			if quoted := strings.HasPrefix(f.Fields[i].ID, "quote."); f.Fields[i].Reason.IsZero() != quoted {
				t.Errorf("%s: %s = %s has the reason %q", frame.name, f.Fields[i].ID, f.Fields[i].Value, f.Fields[i].Reason)
			} else if !quoted {
				wiretest.WantChinese(t, f.Fields[i].Reason.Zh)
			}
			wiretest.WantChinese(t, f.Fields[i].Meaning.Zh)
		}
	}
}

// arbitrary are facts made of whatever bytes say.
func arbitrary(seed []byte) *follow.Facts {
	var room [64]byte
	copy(room[:], seed)
	number := func(i int) int64 { return int64(binary.BigEndian.Uint64(room[i:])) }
	verdicts := []follow.CookieVerdict{follow.CookieNone, follow.CookieUnknown, follow.CookieGranted, follow.CookieForeign, follow.CookieOther,
		follow.CookieRight, follow.CookieWrong, follow.CookieNew, follow.CookieAgain, "?"}
	states := []follow.State{follow.Closed, follow.SynSent, follow.FinWait1, follow.LastAck, "?"}
	endpoint := func(i int) follow.Endpoint {
		return follow.Endpoint{HasISS: room[i]&1 != 0, ISS: wire.Seq(number(i)), Next: number(i + 1), Acked: number(i + 9), Window: int(number(i + 3)),
			Scale: int(int8(room[i+7])), TS: room[i]&2 != 0, TSVal: uint32(number(i + 5)), State: states[int(room[i+1])%len(states)]}
	}
	return &follow.Facts{Sender: endpoint(0), Receiver: endpoint(20), Copy: room[40]&1 != 0, Retransmission: room[40]&2 != 0, SynData: int(number(41)),
		SynAcked: int(number(49)), Granted: room[50 : 50+room[51]%2], GrantedFrame: int(number(52)), GrantedConnection: int(number(53)),
		Cookie: verdicts[int(room[54])%len(verdicts)], CachedMSS: int(number(51)), RTT: time.Duration(number(55)), Acknowledged: int(number(56))}
}

func FuzzExplain(f *testing.F) {
	for i, frame := range corpus(f) {
		f.Add(frame.data, uint16(frame.link), []byte{byte(i), 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5})
	}
	f.Fuzz(func(t *testing.T, data []byte, link uint16, seed []byte) {
		if len(data) > 1<<16 {
			return
		}
		frame := dissect.Dissect(data, wire.LinkType(link))
		dissect.Explain(&frame, data, arbitrary(seed))
		checkFrame(t, &frame, data)
		dissect.Explain(&frame, data[:len(data)/2], nil) // not the bytes that it is of
	})
}

// That IP has nothing to cut is not said of a packet that was cut.
func TestReasonOfFragment(t *testing.T) {
	frame := wiretest.Frame(t, "192.0.2.1:1234", "192.0.2.2:80", ". 1:1(0) ack 1 win 9", "")
	for i, want := range []string{"nothing to cut", "only if it is too big"} {
		cut := i == 1
		if cut {
			frame[wire.EthernetLen+6] |= 0x20 // more fragments
		}
		f := dissect.Dissect(frame, wire.LinkEthernet)
		dissect.Explain(&f, frame, nil)
		for j := range f.Fields {
			if f.Fields[j].ID == "ip.flags.mf" && !strings.Contains(f.Fields[j].Reason.En, want) {
				t.Errorf("cut %v: %s", cut, f.Fields[j].Reason.En)
			}
		}
	}
}

// Data of a SYN that a capture has cut off count: they were sent.
func TestReasonOfCutData(t *testing.T) {
	for _, ends := range [][2]string{{clientAddr, serverAddr}, {"[2001:db8::1]:40000", "[2001:db8::2]:80"}} {
		whole := wiretest.Frame(t, ends[0], ends[1], "S 1000:1500(500) win 65535 <FO 0102030405060708,nop,nop>", strings.Repeat("x", 500))
		frame := whole[:len(whole)-499]
		f := dissect.Dissect(frame, wire.LinkEthernet)
		dissect.Explain(&f, frame, &follow.Facts{SynAcked: -1, CachedMSS: 100})
		if got, want := field(t, &f, "tcp.payload").Reason.En, "they are 512 bytes: more than the MSS of 100"; !strings.Contains(got, want) {
			t.Errorf("of %s: %q, want %q", ends[0], got, want)
		}
	}
}

// What one byte of an IP header cannot prove is told as what it usually hints at.
func TestReasonsOfIP(t *testing.T) {
	const syn, synAck, data, ack = "S 1:1(0) win 9", "S. 1:1(0) ack 2 win 9", ". 1:6(5) ack 1 win 9", ". 1:1(0) ack 1 win 9"
	const ttl, flags, class = 8, 6, 1 // bytes of the header
	for _, test := range []struct {
		text     string
		at       int
		value    byte
		id, want string
	}{
		{syn, flags, 0x40, "ip.flags.df", "Most TCPs set the bit to find the path's MTU"},
		{syn, flags, 0, "ip.flags.df", "Usually the sender does not look for the path's MTU"},
		{syn, ttl, 1, "ip.ttl", "No router passes this packet on"},
		{syn, ttl, 57, "ip.ttl", "If the sender began with 64, 7 routers"},
		{syn, ttl, 128, "ip.ttl", "If this sender did, no router"},
		{syn, ttl, 200, "ip.ttl", "Not near a value"},
		{syn, class, 0, "ip.dsfield.ecn", "As RFC 3168, Section 6.1.1, wants it"},
		{syn, class, 2, "ip.dsfield.ecn", "ECN++, made possible by RFC 8311"},
		{synAck, class, 1, "ip.dsfield.ecn", "RFC 5562 for SYN-ACKs"},
		{synAck, class, 3, "ip.dsfield.ecn", "It left its sender as ECT"},
		{ack, class, 0, "ip.dsfield.ecn", "Segments without data go as Not-ECT"},
		{ack, class, 2, "ip.dsfield.ecn", "experiments mark all segments"},
		{data, class, 0, "ip.dsfield.ecn", "does not use ECN, or this is a retransmission"},
		{data, class, 1, "ip.dsfield.ecn", "both ends take notice of congestion marks"},
		{data, class, 0, "ip.dsfield.dscp", "or a router on the way has taken the mark off"},
	} {
		parsed, err := wire.ParseText(test.text)
		if err != nil {
			t.Fatal(err)
		}
		data := wiretest.Frame(t, clientAddr, serverAddr, test.text, strings.Repeat("x", len(parsed.Segment.Payload)))
		data[wire.EthernetLen+test.at] = test.value
		f := dissect.Dissect(data, wire.LinkEthernet)
		dissect.Explain(&f, data, nil)
		if got := field(t, &f, test.id).Reason; !strings.Contains(got.En, test.want) || got.Zh == "" {
			t.Errorf("%s of %s with %#x:\n got %q, %q\nwant %q", test.id, test.text, test.value, got.En, got.Zh, test.want)
		}
	}
}
