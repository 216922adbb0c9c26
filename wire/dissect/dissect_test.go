package dissect_test

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/dissect"
	"tfocraft/wire/wiretest"
)

// TestCutFrames has every prefix of a frame end in a field that says so.
func TestCutFrames(t *testing.T) {
	data := wiretest.Frame(t, "192.0.2.1:40000", "192.0.2.2:80", "S 7:12(5) win 65535 <mss 1460,FO 0102030405060708,nop,nop>", "hello")
	for n := 1; n < len(data); n++ {
		f := dissect.Dissect(data[:n], wire.LinkEthernet)
		if last := f.Fields[len(f.Fields)-1]; !last.Bad || last.Meaning.Zh == "" {
			t.Errorf("of %d bytes: %s does not say that something is missing: %q", n, last.ID, last.Meaning.En)
		}
	}
	f := dissect.Dissect(data, wire.LinkEthernet)
	for _, field := range f.Fields {
		if field.Bad {
			t.Errorf("of all bytes: %s is bad: %s", field.ID, field.Meaning.En)
		}
	}
	if f := dissect.Dissect(nil, wire.LinkEthernet); len(f.Fields) != 0 || len(f.Groups) != 0 {
		t.Errorf("of nothing: %+v", f)
	}
}

func TestCutField(t *testing.T) {
	data := wiretest.Frame(t, "192.0.2.1:40000", "192.0.2.2:80", "P. 7:12(5) ack 1 win 65535", "hello")
	for _, test := range []struct {
		n        int
		id, want string
	}{
		{len(data) - 2, "tcp.payload", "The headers announce 2 bytes that are not in the frame."},
		{len(data) - 2, "ip.len", "only 43 of them are here"},
		{len(data) - 2, "tcp.checksum", "cannot be checked"},
		{39, "tcp.seq", "The frame ends here: only 1 of 4 bytes are there."},
		{34, "ip.dst", "The frame ends here, before: TCP header."},
	} {
		f := dissect.Dissect(data[:test.n], wire.LinkEthernet)
		if got := field(t, &f, test.id); !strings.Contains(got.Meaning.En, test.want) {
			t.Errorf("of %d bytes: %s is %q, want %q", test.n, test.id, got.Meaning.En, test.want)
		}
	}
}

// TestQuotesEndEarly has nothing wrong with a quote of eight bytes, which is what RFC 792 asks for.
func TestQuotesEndEarly(t *testing.T) {
	for _, frame := range craftedIPv4(t) {
		if frame.name != "time exceeded" {
			continue
		}
		f := dissect.Dissect(frame.data, frame.link)
		for _, field := range f.Fields {
			if field.Bad {
				t.Errorf("%s is bad: %s", field.ID, field.Meaning.En)
			}
		}
		if got := field(t, &f, "quote.tcp.seq").Value; got != "9" {
			t.Errorf("the quoted sequence number is %s, want 9", got)
		}
	}
}

// TestJudged has right and wrong values of fields told apart.
func TestJudged(t *testing.T) {
	for _, test := range []struct {
		frame, id string
		bad       bool
		want      string
	}{
		{"record route", "ip.checksum", false, "; right."},
		{"wrong sums", "ip.checksum", true, "0xbab4 would be right"},
		{"wrong sums", "tcp.checksum", true, "wrong: 0x"},
		{"loose route", "udp.checksum", true, "wrong: 0x"},
		{"UDP", "udp.checksum", false, "; right."},
		{"UDP without sum", "udp.checksum", false, "has made none"},
		{"UDP too long", "udp.length", true, "255 bytes"},
		{"first fragment", "tcp.checksum", false, "cannot be checked"},
		{"routing 4", "tcp.checksum", false, "; right."},
		{"authentication", "tcp.checksum", false, "; right."},
		{"echo", "icmp.checksum", false, "; right."},
		{"solicitation", "icmpv6.checksum", false, "; right."},
		{"S 7:7(0) win 65535 <FO 010203>", "tcp.options.fo.length", true, "so the cookie has 3"},
		{"S 7:7(0) win 65535 <FO 010203>", "tcp.options.fo.cookie", true, "Not a legal cookie"},
		{"S 7:7(0) win 65535 <FOEXP 010203>", "tcp.options.foexp.length", true, "so the cookie has 3"},
		{"S 7:7(0) win 65535 <FOEXP>", "tcp.options.foexp.length", false, "asks for one"},
		{"S 9:9(0) win 1 <nop,nop,raw 0232>", "tcp.options.mss.length", true, "impossible"},
		{"S. 9:9(0) ack 8 win 65535 <mss 1220,wscale 15,eol>", "tcp.options.wscale.shift", true, "take it for 14"},
		{"R.!5 9:9(0) ack 8 win 0", "tcp.flags.res", true, "Should be 0"},
		{"check sequence", "eth.fcs", false, "right"},
	} {
		for _, frame := range corpus(t) {
			if frame.name != test.frame {
				continue
			}
			f := dissect.Dissect(frame.data, frame.link)
			if got := field(t, &f, test.id); got.Bad != test.bad || !strings.Contains(got.Meaning.En, test.want) {
				t.Errorf("%s: %s is bad %t and means %q, want %t and %q", test.frame, test.id, got.Bad, got.Meaning.En, test.bad, test.want)
			}
			break
		}
	}
}

// TestUnfinishedChecksum does not blame a sender whose network card had still to finish the sum.
func TestUnfinishedChecksum(t *testing.T) {
	for _, ends := range [][2]string{{clientAddr, serverAddr}, {"[2001:db8::1]:40000", "[2001:db8::2]:80"}} {
		p := wire.NewPacket(netip.MustParseAddrPort(ends[0]), netip.MustParseAddrPort(ends[1]), wire.Segment{Seq: 1, Flags: wire.ACK, Payload: []byte("odd")})
		p.SetLengths()
		p.SetPartialChecksums()
		wantUnfinished(t, p.Append(nil), "tcp.checksum")
	}
	datagram := wiretest.Unhex(t, "1000 0035 000b 0000 616263")
	pseudo := wire.PseudoHeader(from4, to4, 17, len(datagram)).Fold()
	binary.BigEndian.PutUint16(datagram[6:], pseudo)
	wantUnfinished(t, ip4(t, 17, 0, "", datagram), "udp.checksum")
}

func wantUnfinished(t *testing.T, packet []byte, id string) {
	t.Helper()
	f := dissect.Dissect(packet, wire.LinkRaw)
	dissect.Explain(&f, packet, nil)
	if got := field(t, &f, id); got.Bad || !strings.Contains(got.Meaning.En, "unfinished") || !strings.Contains(got.Reason.En, "checksum offload") {
		t.Errorf("%s of % x: bad %t, %q, %q", id, packet, got.Bad, got.Meaning.En, got.Reason.En)
	}
}

// TestExcerpts shows what a payload is without bringing control characters to a terminal.
func TestExcerpts(t *testing.T) {
	for payload, want := range map[string]string{
		"GET / HTTP/1.0\r\n":          `"GET / HTTP/1.0\r\n"`,
		"<script>\x1b[31m</script>":   `"<script>\x1b[31m</script>"`,
		"\x00\x01\x02\x03":            "not text",
		"快速打开":                        `"快速打开"`,
		strings.Repeat("é", 40):       `"` + strings.Repeat("é", 24) + `"…`,
		"x" + strings.Repeat("é", 40): `"x` + strings.Repeat("é", 23) + `"…`,
	} {
		text := "P. 7:" + strconv.Itoa(7+len(payload)) + "(" + strconv.Itoa(len(payload)) + ") ack 1 win 65535"
		f := dissect.Dissect(wiretest.Frame(t, "192.0.2.1:40000", "192.0.2.2:80", text, payload), wire.LinkEthernet)
		if got := field(t, &f, "tcp.payload").Meaning.En; !strings.Contains(got, ", "+want+".") {
			t.Errorf("%q: got %q, want %s", payload, got, want)
		}
	}
}
