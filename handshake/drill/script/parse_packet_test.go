package script_test

import (
	"testing"

	"tfocraft/handshake/drill/script"
	"tfocraft/wire"
)

// Each packet is written in a strange way and in wire's way.
func TestPacketText(t *testing.T) {
	for text, want := range map[string]string{
		"> S 0:0(0)":                           "S 0:0(0)",
		"< S 0:0(0) win 100":                   "S 0:0(0) win 100",
		"> - 0:0(0)":                           "- 0:0(0)",
		"> . 1:1(0) ack 1":                     ". 1:1(0) ack 1",
		">.  1:1(0)    ack 1":                  ". 1:1(0) ack 1",
		"> F  . 1:1(0) ack 1":                  "F. 1:1(0) ack 1",
		"> FPU. 1:11(10) ack 1 win 5 urg 3":    "FPU. 1:11(10) ack 1 win 5 urg 3",
		"> SEWA 0:0(0)":                        "SEWA 0:0(0)",
		"> P.5 1:2(1) ack 1":                   "P.5 1:2(1) ack 1",
		"> P .5 1:2(1) ack 1":                  "P.5 1:2(1) ack 1",
		"> .0 1:1(0) ack 1":                    ".0 1:1(0) ack 1",
		"> S.!5 0:0(0) ack 1":                  "S.!5 0:0(0) ack 1",
		"> S 0:0(0) <...>":                     "S 0:0(0) <...>",
		"> S 0:0(0) < mss 1460 , FO >":         "S 0:0(0) < mss 1460 , FO >",
		"> S 0 : 0 ( 0 ) <nop>":                "S 0 : 0 ( 0 ) <nop>",
		"> S 0:0(0)<mss 1460, FO 00112233>":    "S 0:0(0)<mss 1460, FO 00112233>",
		"> S 0:0(0) <FO 0a1b,FOEXP 3021b9d8>":  "S 0:0(0) <FO 0a1b,FOEXP 3021b9d8>",
		"> . 1:1(0) ack 1 <sack 1:2 4:6,eol>":  ". 1:1(0) ack 1 <sack 1:2 4:6,eol>",
		"> . 1:1(0) ack 1\n<TS val 1\n ecr 2>": ". 1:1(0) ack 1 <TS val 1 ecr 2>",
		"> S /* syn */ 0:0(0) // none\n win 5": "S 0:0(0) win 5",
		"> S 0:0(0) <md5 00112233445566778899aabbccddeeff,wscale 8,sackOK>": "S 0:0(0) <md5 00112233445566778899aabbccddeeff,wscale 8,sackOK>",
		"> S 0:0(0) <kind 200 0a,raw fe02>":                                 "S 0:0(0) <kind 200 0a,raw fe02>",
	} {
		e := parseEvent(t, "+0 "+text)
		if e.Packet == nil || e.Packet.Text != want {
			t.Errorf("%s:\n got %+v\nwant %s", text, e.Packet, want)
			continue
		}
		segment, err := wire.ParseText(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := e.Packet.Segment.String(), segment.Segment.String(); got != want {
			t.Errorf("%s: segment\n got %s\nwant %s", text, got, want)
		}
		if got := e.Packet.AnyOptions; got != segment.AnyOptions {
			t.Errorf("%s: any options: got %t", text, got)
		}
	}
}

func TestIPInfo(t *testing.T) {
	for text, want := range map[string]script.IPInfo{
		"":                    {},
		"[noecn]":             {ECN: script.NoECN},
		"(ect0)":              {ECN: script.ECT0},
		"[ect1]":              {ECN: script.ECT1},
		"[ect01]":             {ECN: script.ECT01},
		"[ce]":                {ECN: script.CE},
		"[ecn ce]":            {ECN: script.CE},
		"[tos 0x2]":           {TOS: 2, HasTOS: true},
		"[ttl 64]":            {TTL: 64, HasTTL: true},
		"[hlim 255]":          {TTL: 255, HasTTL: true},
		"[flowlabel 0x1]":     {FlowLabel: 1, HasFlowLabel: true},
		"[ce,flowlabel 0x12]": {ECN: script.CE, FlowLabel: 0x12, HasFlowLabel: true},
		"(tos 0 , ttl 0)":     {HasTOS: true, HasTTL: true},
	} {
		if got := parseEvent(t, "+0 > "+text+" . 1:1(0) ack 1").Packet.IP; got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", text, got, want)
		}
		if got := parseEvent(t, "+0 > "+text+" icmp unreachable").ICMP.IP; got != want {
			t.Errorf("%s of ICMP:\n got %+v\nwant %+v", text, got, want)
		}
	}
}

func TestPorts(t *testing.T) {
	p := parseEvent(t, "+0 < [ect0] 8080 > 443 S. 1:1(0) ack 2").Packet
	if p.SrcPort != 8080 || p.DstPort != 443 || p.Direction != script.In || p.IP.ECN != script.ECT0 || p.Text != "S. 1:1(0) ack 2" {
		t.Errorf("got %+v", p)
	}
}

func TestPacketErrors(t *testing.T) {
	const noFlags = "expected a packet: flags such as S. or - for none, or icmp"
	const info = "expected what is said of IP: noecn, ect0, ect1, ect01, ce, tos, ttl or flowlabel"
	for text, want := range map[string]string{
		">":                                   "1:5: " + noFlags,
		"> (":                                 "1:7: " + info,
		"> 1:1(0)":                            `1:7: expected ">" between two ports`,
		"> 70000 > 1 S 0:0(0)":                "1:6: expected a port, 65535 at most",
		"> 1 > S 0:0(0)":                      "1:10: expected a port",
		"> X 0:0(0)":                          "1:6: expected flags, the letters FSRP.UEWA, or - for none",
		"> SS 0:0(0)":                         "1:7: expected each flag once",
		"> F  .. 1:1(0)":                      "1:10: expected sequence numbers after the flags, start:end(length)",
		"> P.8 1:1(0)":                        "1:8: expected flags, the letters FSRP.UEWA, or - for none",
		"> S":                                 "1:7: expected sequence numbers after the flags, start:end(length)",
		"> S 0":                               `1:9: expected ":" between sequence numbers, start:end(length)`,
		"> S 0:a":                             "1:10: expected the sequence number after the payload, start:end(length)",
		"> S 0:0":                             `1:11: expected "(" and the payload's length, start:end(length)`,
		"> S 0:0()":                           "1:12: expected the payload's length, start:end(length)",
		"> S 0:0(0":                           `1:13: expected ")" after the payload's length, start:end(length)`,
		"> S 0:  5(6)":                        "1:12: expected 6, the start plus the length 6",
		"> S -1:0(1)":                         "1:8: expected a sequence number",
		"> S 0:0(0) win 1 ack 1":              `1:21: expected "ack", "win", "urg" (in this order), options in "<>" or the end`,
		"> S 0:0(0) win":                      "1:18: expected a window",
		"> S 0:0(0) /* w */   win x ":         "1:29: expected a window",
		"> S 0:0(0) <>":                       "1:16: expected an option: nop, eol, mss, wscale, sackOK, sack, TS, md5, FO, FOEXP, kind or raw",
		"> S 0:0(0) <mss 1460,\n  sackok>":    "2:3: expected an option: nop, eol, mss, wscale, sackOK, sack, TS, md5, FO, FOEXP, kind or raw",
		"> S 0:0(0) <mss 1460\n+0 `a`":        `1:15: expected a closing ">" for the options that begin here`,
		"> S 0:0(0) <mss 1460":                `1:15: expected a closing ">" for the options that begin here`,
		"> S 0:0(0) <mss 1460\n+0 > . 1:1(0)": `2:1: expected "," or ">" after an option`,
		"< S 0:0(0) <...>":                    "1:16: expected options: <...> is for packets that are expected",
		"< [ect01] . 1:1(0)":                  "1:7: expected ect0 or ect1: ect01 is for packets that are expected",
		"> [ecn] . 1:1(0)":                    "1:10: " + info,
		"> [ecn x] . 1:1(0)":                  "1:11: " + info,
		"> [ect0 . 1:1(0)":                    `1:12: expected "]" after what is said of IP`,
		"> (ect0] . 1:1(0)":                   `1:11: expected ")" after what is said of IP`,
		"> [tos 256] . 1:1(0)":                "1:11: expected tos to be 255 at most",
		"> [ttl] . 1:1(0)":                    "1:10: expected a number after ttl",
		"> [flowlabel 0x100000] . 1:1(0)":     "1:17: expected flowlabel to be 1048575 at most",
	} {
		wantError(t, "+0 "+text, nil, want)
	}
}
