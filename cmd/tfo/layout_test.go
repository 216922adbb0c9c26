package main

import (
	"testing"
	"time"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

func TestBrief(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 3,FO,nop,nop>", "S 0:0(0) win 65535 <mss 1460,sackOK,wscale 3,FO>"},
		{". 1:1(0) ack 1 win 9 <nop,nop,TS val 1 ecr 0>", ". 1:1(0) ack 1 win 9"},
		{". 1:1(0) ack 1 win 9", ". 1:1(0) ack 1 win 9"},
		{". 1:1(0) ack 1 win 9 <nop,nop,sack 3:5 7:9>", ". 1:1(0) ack 1 win 9 <sack 3:5 7:9>"},
		{"S 0:0(0) win 9 <FOEXP 0102,eol,eol>", "S 0:0(0) win 9 <FOEXP 0102>"},
	} {
		if got := brief(test.text); got != test.want {
			t.Errorf("brief(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

func TestLines(t *testing.T) {
	line := follow.Line{At: 1234567 * time.Nanosecond, Text: ". 1:1(0) ack 1 win 9 <nop,nop,TS val 1 ecr 0>", Reason: bilingual.T("handshake complete", "握手完成")}
	if got, want := segmentLine(&line, ">"), "   1.234 ms  >  . 1:1(0) ack 1 win 9 <nop,nop,TS val 1 ecr 0>  // handshake complete\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := briefLine(&line, ">"), "   1.234 ms  >  . 1:1(0) ack 1 win 9          // handshake complete\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFold(t *testing.T) {
	if got, want := fold([]string{"aaa", "bbb", "cccc", "d"}, 10), "  aaa bbb\n  cccc d"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := fold(nil, 10); got != "" {
		t.Errorf("got %q of nothing", got)
	}
}
