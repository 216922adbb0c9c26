package handshake

import (
	"strings"
	"testing"

	"tfocraft/cookie"
)

// Cookies of every length that an option can have go out as they are, and where
// there is no room for one the SYN is plain: no option, no data (T-14, T-20).
func TestCookieLengths(t *testing.T) {
	full := plainConfig()
	full.NoTimestamps, full.NoSACK, full.NoWindowScale = false, false, false
	for _, test := range []struct {
		name   string
		config Config
		room   int // for the option with its kind and length
	}{
		{"MSS only", plainConfig(), 36},
		{"all options", full, 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			for n := 1; n <= cookie.Capacity; n++ {
				for _, experimental := range []bool{false, true} {
					c := test.config
					c.FastOpen = withCookie(strings.Repeat("5a", n)).FastOpen
					c.FastOpen.Experimental = experimental
					h := startClient(t, c, "hello")
					syn := h.sent[0]
					fo := syn.Options.FastOpen()
					need := 2 + n
					if experimental {
						need = 4 + n
					}
					if want := need <= test.room; fo.Present != want || (len(syn.Payload) > 0) != want || len(syn.Options) > 40 {
						t.Errorf("%d bytes, experimental %v: got %v", n, experimental, syn)
					}
					if fo.Present && len(fo.Cookie) != n {
						t.Errorf("%d bytes: got %d", n, len(fo.Cookie))
					}
					if !fo.Present {
						h.wantOutcome(Disabled, WhyNoRoom)
					}
				}
			}
		})
	}
}

// The options of a SYN in Linux's order, with each combination that can be
// switched off (T-19, C-110).
func TestSynOptions(t *testing.T) {
	for _, test := range []struct {
		ts, sack, ws bool
		want         string
	}{
		{true, true, true, "mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7,FO 0102030405060708,nop,nop"},
		{true, true, false, "mss 1460,sackOK,TS val 100 ecr 0,FO 0102030405060708,nop,nop"},
		{true, false, true, "mss 1460,nop,nop,TS val 100 ecr 0,nop,wscale 7,FO 0102030405060708,nop,nop"},
		{false, true, true, "mss 1460,nop,nop,sackOK,nop,wscale 7,FO 0102030405060708,nop,nop"},
		{false, true, false, "mss 1460,nop,nop,sackOK,FO 0102030405060708,nop,nop"},
		{false, false, true, "mss 1460,nop,wscale 7,FO 0102030405060708,nop,nop"},
		{false, false, false, "mss 1460,FO 0102030405060708,nop,nop"},
	} {
		c := withTimestamps()
		c.NoTimestamps, c.NoSACK, c.NoWindowScale = !test.ts, !test.sack, !test.ws
		c.FastOpen = withCookie("0102030405060708").FastOpen
		h := startClient(t, c, "hello")
		h.want("S 0:5(5) win 65535 <" + test.want + ">")
	}
}

// A SYN-ACK has only what the SYN has offered (C-23, C-30).
func TestSynAckOptions(t *testing.T) {
	for _, test := range []struct{ offered, want string }{
		{"mss 1460,sackOK,TS val 700 ecr 0,nop,wscale 7", "mss 1460,sackOK,TS val 100 ecr 700,nop,wscale 7"},
		{"mss 1460,TS val 700 ecr 0", "mss 1460,nop,nop,TS val 100 ecr 700"},
		{"mss 1460,sackOK", "mss 1460,nop,nop,sackOK"},
		{"mss 1460,wscale 7", "mss 1460,nop,wscale 7"},
		{"wscale 7,mss 1460,eol", "mss 1460,nop,wscale 7"},
		{"kind 99 0102,nop,mss 1460", "mss 1460"}, // what is unknown is skipped (C-04)
		{"raw 630000,mss 1460", "mss 1460"},       // a length of zero ends the list (C-04)
		{"", "mss 1460"},
	} {
		t.Run(test.offered, func(t *testing.T) {
			c := withTimestamps()
			c.NoSACK, c.NoWindowScale = false, false
			syn := "S 0:0(0) win 1000"
			if test.offered != "" {
				syn += " <" + test.offered + ">"
			}
			h := startServer(t, c, Admission{}, syn, "")
			h.want("S. 0:0(0) ack 1 win 65535 <" + test.want + ">")
		})
	}
}

// Options that are read in SYN segments only change nothing later (C-05).
func TestSynOptionsLater(t *testing.T) {
	h := connect(t, plainConfig(), "S. 0:0(0) ack 1 win 1000 <mss 1000>")
	h.in(". 1:1(0) ack 1 win 1000 <mss 100,wscale 7,sackOK>", "")
	h.write(bytesOf(1000))
	h.want("P. 1:1001(1000) ack 1")
	if got := h.m.Info().SendWindow; got != 1000 {
		t.Errorf("window: got %d, want 1000", got)
	}
	h.in("P. 101:201(100) ack 1001", bytesOf(100))
	h.want(". 1001:1001(0) ack 1") // no SACK block
}

// The segment size: the default where the peer is silent, a floor where it is
// absurd, and the options deducted (C-110, C-111).
func TestSegmentSize(t *testing.T) {
	for _, test := range []struct {
		name   string
		synAck string
		ts     bool
		ipv6   bool
		want   int
	}{
		{"announced", "S. 0:0(0) ack 1 <mss 1000>", false, false, 1000},
		{"larger than the path", "S. 0:0(0) ack 1 <mss 9000>", false, false, 1460},
		{"silent", "S. 0:0(0) ack 1", false, false, 536},
		{"silent, IPv6", "S. 0:0(0) ack 1", false, true, 1220},
		{"silent, timestamps", "S. 0:0(0) ack 1 <TS val 7 ecr 100>", true, false, 524},
		{"timestamps", "S. 0:0(0) ack 1 <mss 1460,TS val 7 ecr 100>", true, false, 1448},
		{"one", "S. 0:0(0) ack 1 <mss 1>", false, false, 48},
		{"zero", "S. 0:0(0) ack 1 <mss 0>", false, false, 48},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := withTimestamps()
			c.NoTimestamps, c.IPv6 = !test.ts, test.ipv6
			h := connect(t, c, test.synAck)
			h.write(bytesOf(3000))
			if got := len(h.sent[0].Payload); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

// SACK blocks take room from the data, so that the segment still fits (C-110).
func TestSegmentSizeWithSACK(t *testing.T) {
	c := withTimestamps()
	c.NoSACK = false
	gaps := []string{"101:201", "301:401", "501:601", "701:801"}
	for n := range len(gaps) + 1 {
		h := connect(t, c, "S. 0:0(0) ack 1 <mss 536,sackOK,TS val 7 ecr 100>")
		for _, at := range gaps[:n] {
			h.in("P. "+at+"(100) ack 1 <nop,nop,TS val 7 ecr 100>", bytesOf(100))
		}
		h.sent = nil
		h.write(bytesOf(2000))
		s := h.sent[0]
		if got := len(s.Payload) + len(s.Options); got != 536 {
			t.Errorf("%d gaps: payload and options: got %d, want 536", n, got)
		}
		set, err := s.Options.Decode()
		if err != nil || set.NumSACK != min(n, 3) {
			t.Errorf("%d gaps: got %d blocks (%v), want %d", n, set.NumSACK, err, min(n, 3))
		}
	}
}
