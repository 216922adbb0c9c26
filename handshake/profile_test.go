package handshake

import (
	"strings"
	"testing"

	"tfocraft/cookie"
)

func TestParseProfile(t *testing.T) {
	for _, p := range []Profile{Linux, FreeBSD} {
		if got, err := ParseProfile(p.String()); got != p || err != nil {
			t.Errorf("%s: got %v, %v", p, got, err)
		}
	}
	if _, err := ParseProfile("plan9"); err != ErrProfile {
		t.Errorf("plan9: got %v, want %v", err, ErrProfile)
	}
}

// freeBSD is a config of that profile whose clock shows 100 at the epoch.
func freeBSD() Config {
	c := withTimestamps()
	c.NoSACK, c.NoWindowScale = false, false
	c.Profile = FreeBSD
	return c
}

// The options of a SYN in FreeBSD's order, with each combination that can be
// switched off; the end of the list fills what is left.
func TestFreeBSDSynOptions(t *testing.T) {
	for _, test := range []struct {
		ts, sack, ws bool
		want         string
	}{
		{true, true, true, "mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0,FO 0102030405060708,eol,eol"},
		{true, true, false, "mss 1460,sackOK,TS val 100 ecr 0,FO 0102030405060708,eol,eol"},
		{true, false, true, "mss 1460,nop,wscale 6,nop,nop,TS val 100 ecr 0,FO 0102030405060708,eol,eol"},
		{false, true, true, "mss 1460,nop,wscale 6,sackOK,FO 0102030405060708"},
		{false, true, false, "mss 1460,sackOK,FO 0102030405060708"},
		{false, false, true, "mss 1460,nop,wscale 6,FO 0102030405060708,eol,eol"},
		{false, false, false, "mss 1460,FO 0102030405060708,eol,eol"},
	} {
		c := freeBSD()
		c.NoTimestamps, c.NoSACK, c.NoWindowScale = !test.ts, !test.sack, !test.ws
		c.FastOpen = withCookie("0102030405060708").FastOpen
		h := startClient(t, c, "hello")
		h.want("S 0:5(5) win 65535 <" + test.want + ">")
	}
}

// A SYN-ACK has the same order.
func TestFreeBSDSynAckOptions(t *testing.T) {
	for _, test := range []struct{ offered, want string }{
		{"mss 1460,sackOK,TS val 700 ecr 0,nop,wscale 7", "mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 700"},
		{"mss 1460,TS val 700 ecr 0", "mss 1460,nop,nop,TS val 100 ecr 700"},
		{"mss 1460,sackOK", "mss 1460,sackOK,eol,eol"},
		{"mss 1460", "mss 1460"},
	} {
		h := startServer(t, freeBSD(), Admission{}, "S 0:0(0) win 1000 <"+test.offered+">", "")
		h.want("S. 0:0(0) ack 1 win 65535 <" + test.want + ">")
	}
	h := startServer(t, freeBSD(), Admission{Reply: mustCookie(aCookie)}, "S 0:0(0) win 1000 <mss 1460,sackOK,FO,nop,nop>", "")
	h.want("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,FO " + aCookie + ">")
}

// A client of that profile, with cookies of every length in the SYN-ACK: legal
// ones are learnt, for others the path is left alone for a while. After a SYN-ACK
// without window scale the window is as large as it can be, also behind the FIN.
func TestFreeBSDClient(t *testing.T) {
	for n := 0; n <= 38; n++ {
		c := freeBSD()
		c.FastOpen.Mode = ClientOn
		h := startClient(t, c, bytesOf(100))
		h.want("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0,FO,eol,eol>")
		if n == 0 {
			h.in("S. 0:0(0) ack 1 win 65535", "")
		} else {
			h.in("S. 0:0(0) ack 1 win 65535 <FO "+strings.Repeat("5a", n)+">", "")
		}
		h.want("P. 1:101(100) ack 1 win 65535")
		if legal := n >= 4 && n <= 16 && n%2 == 0; legal {
			h.wantLearnt(strings.Repeat("5a", n), 0)
			h.wantBlocked("")
		} else {
			h.wantBlocked(cookie.NoCookie)
		}
		h.in(". 1:1(0) ack 101", "")
		h.in("F. 1:1(0) ack 101", "")
		h.want(". 101:101(0) ack 2 win 65535")
		h.close()
		h.want("F. 101:101(0) ack 2 win 65535")
		h.in(". 2:2(0) ack 102", "")
		h.wantEnd(nil)
	}
}

// SYN data leaves room for the options that there are, not for all that a header
// may have; SynRoom tells before.
func TestFreeBSDSynData(t *testing.T) {
	for _, test := range []struct {
		hex  string
		want int
	}{{"01020304", 1460 - 28}, {"010203040506", 1460 - 28}, {aCookie, 1460 - 32}, {strings.Repeat("5a", 16), 1460 - 40}} {
		c := freeBSD()
		c.FastOpen = withCookie(test.hex).FastOpen
		if got := NewClient(c).SynRoom(); got != test.want {
			t.Errorf("%s: room for %d bytes, want %d", test.hex, got, test.want)
		}
		h := startClient(t, c, bytesOf(3000))
		if got := len(h.sent[0].Payload); got != test.want {
			t.Errorf("%s: got %d bytes, want %d", test.hex, got, test.want)
		}
	}
}

// The receive buffer is a whole number of segments, and what the application
// reads moves the window at once; a quarter of the buffer is worth an update.
func TestFreeBSDWindow(t *testing.T) {
	c := freeBSD()
	c.NoTimestamps = true
	h := startClient(t, c, "")
	h.want("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,eol,eol>")
	h.in("S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7>", "")
	h.want(". 1:1(0) ack 1 win 1026") // 45 segments
	h.in(". 1:2921(2920) ack 1", bytesOf(2920))
	h.want(". 1:1(0) ack 2921 win 980")
	h.consume(1460)
	h.wantIdle()
	h.in(". 2921:4381(1460) ack 1", bytesOf(1460))
	h.in(". 4381:5841(1460) ack 1", bytesOf(1460))
	h.want(". 1:1(0) ack 5841 win 958")
	h.in(". 5841:23361(17520) ack 1", bytesOf(17520))
	h.want(". 1:1(0) ack 23361 win 684")
	h.consume(17520)
	h.want(". 1:1(0) ack 23361 win 958")
}
