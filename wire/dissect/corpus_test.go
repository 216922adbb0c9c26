package dissect_test

import (
	"strconv"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

// corpus returns frames of kernels, and crafted ones with everything that is dissected.
func corpus(t testing.TB) []linkFrame {
	t.Helper()
	all := linuxFrames(t)
	all = append(all, craftedTCP(t)...)
	all = append(all, craftedLinks(t)...)
	all = append(all, craftedIPv4(t)...)
	return append(all, craftedIPv6(t)...)
}

// craftedTCP are segments with each option.
func craftedTCP(t testing.TB) (all []linkFrame) {
	t.Helper()
	for i, text := range []string{
		"S 7:7(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8,FO,nop,nop>",
		"S 7:12(5) win 65535 <mss 1460,FO 0102030405060708,nop,nop>",
		"S 7:12(5) win 65535 <mss 1460,FOEXP 0102030405060708>",
		"S 7:7(0) win 65535 <mss 1460,FOEXP>",
		"S 7:7(0) win 65535 <FO 010203>",
		"S 7:7(0) win 65535 <FOEXP 010203>",
		"S. 9:9(0) ack 8 win 65535 <mss 1220,wscale 15,eol>",
		". 9:9(0) ack 8 win 0 <nop,nop,sack 20:30 40:50,eol>",
		"P.U 9:14(5) ack 8 win 500 urg 5",
		"SEWA 9:9(0) win 500 <mss 1460>",
		"R.!5 9:9(0) ack 8 win 0",
		"F. 9:9(0) ack 8 win 1 <md5 000102030405060708090a0b0c0d0e0f>",
		". 9:9(0) ack 8 win 1 <kind 6 01020304,kind 7 01020304,kind 11 01020304,kind 12 01020304,kind 13 01020304>",
		". 9:9(0) ack 8 win 1 <kind 27 05060102030c,kind 28 8005,kind 29 010201020304,kind 14 01>",
		"S 9:9(0) win 1 <kind 30 018101020304050607080102030405060708>",
		"S 9:9(0) win 1 <kind 30 10020000000100000002>",
		"S. 9:9(0) ack 8 win 1 <kind 172 000001000002000003,kind 174 000001,kind 172 000001000002>",
		"S 9:9(0) win 1 <kind 253 acce0102,kind 254 e2d4c3d9,kind 253 01>",
		"S 9:9(0) win 1 <kind 99 0102,kind 69 01,kind 78 01020304,kind 20 0102>",
		"S 9:9(0) win 1 <kind 2 010203,kind 3 0102,kind 4 01,kind 5 010203,kind 8 0102>",
		"S 9:9(0) win 1 <kind 9,kind 10 80,kind 15 0102,kind 16 01,kind 17 01,kind 18 010203,kind 24 01,kind 26 01>",
		"S. 9:9(0) ack 8 win 1 <kind 30 1002000000010000000200000003>",
		"S 9:9(0) win 1 <nop,nop,raw 0232>",
		"S 9:9(0) win 1 <mss 1460,raw 22>",
		"S 9:9(0) win 1 <eol,raw 010203>",
	} {
		parsed, err := wire.ParseText(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		payload := "\x00hé\n"[:len(parsed.Segment.Payload)]
		port := strconv.Itoa(40001 + i) // each a connection of its own, as tshark remembers what it has seen on one
		all = append(all,
			linkFrame{text, wire.LinkEthernet, wiretest.Frame(t, "192.0.2.1:"+port, "192.0.2.2:80", text, payload)},
			linkFrame{text, wire.LinkEthernet, wiretest.Frame(t, "[2001:db8::1]:"+port, "[2001:db8::2]:80", text, payload)})
	}
	return all
}
