package wire_test

import (
	"errors"
	"strings"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

// Texts in the form in which they are printed, both ways.
func TestText(t *testing.T) {
	data := func(n int) []byte { return make([]byte, n) }
	for _, test := range []struct {
		text string
		want wire.Segment
	}{
		{"S 0:0(0) win 0", wire.Segment{Flags: wire.SYN}},
		{"S 0:5(5) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8,FO 0102030405060708,nop,nop>",
			wire.Segment{Flags: wire.SYN, Window: 65535, Payload: data(5),
				Options: wiretest.Unhex(t, "020405b4 0402 080a 00000064 00000000 01 030308 220a 0102030405060708 0101")}},
		{"S. 4294967295:4(5) ack 4294967295 win 1 <FO,nop,nop>",
			wire.Segment{Flags: wire.SYN | wire.ACK, Seq: 0xffffffff, Ack: 0xffffffff, Window: 1, Payload: data(5), Options: []byte{34, 2, 1, 1}}},
		{"FSRP.UEWA!7 1:1(0) ack 2 win 3 urg 4", wire.Segment{Flags: 0xfff, Seq: 1, Ack: 2, Window: 3, Urgent: 4}},
		{"- 0:0(0) win 0", wire.Segment{}},
		{"-!5 0:0(0) win 0", wire.Segment{Flags: 5 << 9}},
		{"R 7:7(0) ack 9 win 0", wire.Segment{Flags: wire.RST, Seq: 7, Ack: 9}}, // an ack number without its flag
		{"PU 7:9(2) win 0 urg 1", wire.Segment{Flags: wire.PSH | wire.URG, Seq: 7, Urgent: 1, Payload: data(2)}},
		{"U 7:7(0) win 0", wire.Segment{Flags: wire.URG, Seq: 7}},
		{". 1:65536(65535) ack 1 win 0", wire.Segment{Flags: wire.ACK, Seq: 1, Ack: 1, Payload: data(65535)}},
	} {
		t.Run(test.text[:min(len(test.text), 20)], func(t *testing.T) {
			got, err := wire.ParseText(test.text)
			if err != nil {
				t.Fatal(err)
			}
			wantValue(t, "parsed", got, wire.SegmentText{Segment: test.want, HasWindow: true})
			wantValue(t, "printed", test.want.String(), test.text)
		})
	}
}

// Every option in the text form and its bytes, both ways.
func TestTextOptions(t *testing.T) {
	for _, test := range []struct{ text, bytes string }{
		{"nop", "01"},
		{"eol", "00"},
		{"nop,nop,eol,eol", "01010000"},
		{"mss 0", "02040000"},
		{"mss 65535", "0204ffff"},
		{"wscale 255", "0303ff"},
		{"sackOK", "0402"},
		{"sack 1:2", "050a 00000001 00000002"},
		{"sack 1:2 4294967295:0 5:6 7:8", "0522 00000001 00000002 ffffffff 00000000 00000005 00000006 00000007 00000008"},
		{"TS val 4294967295 ecr 1", "080a ffffffff 00000001"},
		{"md5 000102030405060708090a0b0c0d0e0f", "1312 000102030405060708090a0b0c0d0e0f"},
		{"md5", "1302"},
		{"FO", "2202"},
		{"FO c0", "2203 c0"},
		{"FO " + strings.Repeat("ab", 38), "2228" + strings.Repeat("ab", 38)},
		{"FOEXP", "fe04 f989"},
		{"FOEXP " + strings.Repeat("ab", 36), "fe28 f989" + strings.Repeat("ab", 36)},
		// kinds that have no name
		{"kind 172 010203", "ac05 010203"},
		{"kind 99", "6302"},
		{"kind 254 f98801", "fe05 f98801"},
		{"kind 254 f9", "fe03 f9"},
		{"kind 253 f989", "fd04 f989"},
		// lengths that their kind does not have
		{"kind 2 05", "0203 05"},
		{"kind 3", "0302"},
		{"kind 4 00", "0403 00"},
		{"kind 5", "0502"},
		{"kind 5 00000001000000", "0509 00000001000000"},
		{"kind 8 0000000000000001ff", "080b 0000000000000001ff"},
		// impossible lengths, and what follows them
		{"raw 22", "22"},
		{"raw 2200", "2200"},
		{"raw 2201", "2201"},
		{"mss 1460,raw 223c0102", "020405b4 223c0102"},
		// what follows the end of the list
		{"eol,raw 0102", "00 0102"},
		{"mss 1,eol,raw 0001", "02040001 00 0001"},
	} {
		t.Run(test.text, func(t *testing.T) {
			options := wire.Options(wiretest.Unhex(t, test.bytes))
			wantValue(t, "printed", options.String(), test.text)
			got, err := wire.ParseText("- 0:0(0) <" + test.text + ">")
			if err != nil {
				t.Fatal(err)
			}
			wiretest.WantBytes(t, got.Segment.Options, options)
		})
	}
}

// What packetdrill takes beyond what is printed.
func TestTextReadsMore(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"S 0:0(0)", "S 0:0(0) win 0"},
		{"  S\t0 : 5 ( 5 )  win  10  < mss 1460 , nop >\n", "S 0:5(5) win 10 <mss 1460,nop>"},
		{".SP 0:0(0) ack 1", "SP. 0:0(0) ack 1 win 0"},
		{". 1:1(0)", ". 1:1(0) ack 0 win 0"},
		{"P.5 1:1(0) ack 1", "P.EA 1:1(0) ack 1 win 0"},
		{".0 1:1(0) ack 1", ". 1:1(0) ack 1 win 0"},
		{".7!1 1:1(0) ack 1", ".EWA!1 1:1(0) ack 1 win 0"},
		{"SEW 0:0(0) win 5", "SEW 0:0(0) win 5"},
		{"S 0:0(0) <FO ABcd>", "S 0:0(0) win 0 <FO abcd>"},
		{"S 0:0(0) <raw 0204,raw 05b4>", "S 0:0(0) win 0 <mss 1460>"},
		{"S 0:0(0) <kind 34 0102>", "S 0:0(0) win 0 <FO 0102>"},
		{"S 0:0(0) <sack 1:2\t3:4,nop>", "S 0:0(0) win 0 <sack 1:2 3:4,nop>"},
	} {
		got, err := wire.ParseText(test.text)
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		wantValue(t, test.text, got.Segment.String(), test.want)
	}
}

func TestTextLeftOpen(t *testing.T) {
	for _, test := range []struct {
		text                  string
		hasWindow, anyOptions bool
	}{
		{"S 0:0(0)", false, false},
		{"S 0:0(0) win 0", true, false},
		{"S 0:0(0) <...>", false, true},
		{"S 0:0(0) win 0 < ... >", true, true},
	} {
		got, err := wire.ParseText(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if got.HasWindow != test.hasWindow || got.AnyOptions != test.anyOptions {
			t.Errorf("%s: got window %v, any options %v", test.text, got.HasWindow, got.AnyOptions)
		}
	}
}

// Relative numbers: sequence numbers against one side, acknowledgement and
// SACK numbers against the other.
func TestTextBases(t *testing.T) {
	for _, test := range []struct{ absolute, relative string }{
		{"S 1000:1000(0) win 1", "S 0:0(0) win 1"},
		{"S. 1000:1005(5) ack 2001 win 1", "S. 0:5(5) ack 1 win 1"},
		{". 1001:1001(0) ack 2001 win 1 <nop,nop,sack 3000:3100 1999:2000>", ". 1:1(0) ack 1 win 1 <nop,nop,sack 1000:1100 4294967295:0>"},
		{"R 1001:1001(0) ack 7 win 0", "R 1:1(0) ack 7 win 0"}, // without the flag there is nothing to be relative to
		{". 999:999(0) ack 1999 win 1", ". 4294967295:4294967295(0) ack 4294967295 win 1"},
		{". 1001:1001(0) ack 2001 win 1 <kind 5 0000000a>", ". 1:1(0) ack 1 win 1 <kind 5 0000000a>"},
	} {
		bases := wire.TextBase{SeqBase: 1000, AckBase: 2000}
		s := parseText(t, test.absolute)
		wantValue(t, "relative", string(wire.AppendText(nil, &s, bases)), test.relative)
		s = parseText(t, test.relative)
		s.AddBase(bases)
		wantValue(t, "absolute", s.String(), test.absolute)
	}
}

func parseText(t *testing.T, text string) wire.Segment {
	t.Helper()
	got, err := wire.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return got.Segment
}

// The caret stands under the first wrong character.
func TestTextErrors(t *testing.T) {
	for _, test := range []struct{ text, caret, msg string }{
		{"", "^", "expected flags"},
		{"   ", "   ^", "expected flags"},
		{"0:0(0)", "^", "expected flags"},
		{"SX 0:0(0)", " ^", "expected flags"},
		{"s 0:0(0)", "^", "expected flags"},
		{"SS 0:0(0)", " ^", "expected each flag once"},
		{".E5 0:0(0)", "  ^", "expected flags"},
		{".5E 0:0(0)", "  ^", "expected a space after the flags"},
		{"S!8 0:0(0)", "  ^", "expected the reserved bits, 1 to 7"},
		{"S! 0:0(0)", "  ^", "expected the reserved bits, 1 to 7"},
		{"!1 0:0(0)", "^", "expected flags"},
		{"-S 0:0(0)", " ^", "expected a space after the flags"},
		{"S", " ^", "expected a sequence number"},
		{"S x:0(0)", "  ^", "expected a sequence number"},
		{"S -1:0(1)", "  ^", "expected a sequence number"},
		{"S 4294967296:0(0)", "  ^", "expected a sequence number, 4294967295 at most"},
		{"S 99999999999999999999:0(0)", "  ^", "expected a sequence number, 4294967295 at most"},
		{"S 0 0(0)", "    ^", `expected ":"`},
		{"S 0:(0)", "    ^", "expected the sequence number after the payload"},
		{"S 0:6(5)", "    ^", "expected 5, the start plus the length 5"},
		{"S 0:5 5)", "      ^", `expected "("`},
		{"S 0:5()", "      ^", "expected a payload length"},
		{"S 0:65536(65536)", "          ^", "expected a payload length, 65535 at most"},
		{"S 0:5(5", "       ^", `expected ")"`},
		{"S 0:0(0) ack", "            ^", "expected an acknowledgement number"},
		{"S 0:0(0) win 65536", "             ^", "expected a window, 65535 at most"},
		{"S 0:0(0) win 1 urg x", "                   ^", "expected an urgent pointer"},
		{"S 0:0(0) win 1 ack 1", "               ^", `expected "ack", "win", "urg" (in this order)`},
		{"S 0:0(0) mss 1460", "         ^", `expected "ack", "win", "urg" (in this order)`},
		{"S 0:0(0) <>", "          ^", "expected an option"},
		{"S 0:0(0) <", "          ^", "expected an option"},
		{"S 0:0(0) <nop", "             ^", `expected "," or ">"`},
		{"S 0:0(0) <nop,>", "              ^", "expected an option"},
		{"S 0:0(0) <nop nop>", "              ^", `expected "," or ">"`},
		{"S 0:0(0) <NOP>", "          ^", "expected an option"},
		{"S 0:0(0) <mss>", "             ^", "expected an MSS"},
		{"S 0:0(0) <mss 65536>", "              ^", "expected an MSS, 65535 at most"},
		{"S 0:0(0) <wscale 256>", "                 ^", "expected a window scale, 255 at most"},
		{"S 0:0(0) <TS 1 2>", "             ^", `expected "val"`},
		{"S 0:0(0) <TS val x>", "                 ^", "expected a timestamp"},
		{"S 0:0(0) <TS val 1 x>", "                   ^", `expected "ecr"`},
		{"S 0:0(0) <TS val 1 ecr >", "                       ^", "expected an echoed timestamp"},
		{"S 0:0(0) <sack>", "              ^", "expected a SACK block"},
		{"S 0:0(0) <sack 1>", "                ^", `expected ":"`},
		{"S 0:0(0) <sack 1:>", "                 ^", "expected the right edge"},
		{"S 0:0(0) <FO 123>", "             ^", "expected bytes in hex"},
		{"S 0:0(0) <FO xy>", "             ^", "expected bytes in hex"},
		{"S 0:0(0) <raw>", "             ^", "expected bytes in hex"},
		{"S 0:0(0) <kind>", "              ^", "expected an option kind"},
		{"S 0:0(0) <kind 256>", "               ^", "expected an option kind, 255 at most"},
		{"S 0:0(0) <raw " + strings.Repeat("00", 41) + ">", "              ^", "expected 40 bytes at most"},
		{"S 0:0(0) <nop,FO " + strings.Repeat("00", 38) + ">", "              ^", "expected 40 bytes of options at most, and this one makes them 41"},
		{"S 0:0(0) <...,nop>", "             ^", `expected ">"`},
		{"S 0:0(0) <nop> win 5", "               ^", "expected the end after the options"},
		{"Sü 0:0(0)", " ^", "expected flags"},
		{"S 0:0(0) <mss 1460> ü", "                    ^", "expected the end"},
	} {
		_, err := wire.ParseText(test.text)
		var e *wire.TextError
		if !errors.As(err, &e) {
			t.Errorf("%q: got error %v, want a TextError", test.text, err)
			continue
		}
		if !strings.HasPrefix(e.Msg, test.msg) || strings.Contains(e.Error(), "\n") {
			t.Errorf("%q: got %q, want %q", test.text, e.Msg, test.msg)
		}
		want := test.text + "\n" + test.caret + " " + e.Msg
		if got := e.Caret(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// Control characters do not break the lines that point at a mistake.
func TestTextErrorCaretLines(t *testing.T) {
	_, err := wire.ParseText("S\n0:0(0)\t<\x1bx>")
	var e *wire.TextError
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	first, second, _ := strings.Cut(e.Caret(), "\n")
	wantValue(t, "text", first, "S 0:0(0) < x>")
	wantValue(t, "caret", strings.Index(second, "^"), 10)
	wantValue(t, "column", e.Column, 11)
}

func TestParseFlags(t *testing.T) {
	for text, want := range map[string]wire.Flags{"S.": wire.SYN | wire.ACK, "-": 0, "FSRP.UEWA!7": 0xfff, " S ": wire.SYN} {
		got, err := wire.ParseFlags(text)
		if err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "S S", "X"} {
		if f, err := wire.ParseFlags(text); err == nil || f != 0 {
			t.Errorf("%q: got %v, %v, want an error", text, f, err)
		}
	}
}

// All 4096 combinations of bits are printed apart and read back.
func TestAllFlags(t *testing.T) {
	for f := range wire.Flags(1 << 12) {
		got, err := wire.ParseFlags(f.String())
		if err != nil || got != f {
			t.Errorf("%#x printed as %q: got %#x, %v", uint16(f), f.String(), uint16(got), err)
		}
	}
}
