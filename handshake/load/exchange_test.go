package load

import (
	"testing"
	"time"
)

// The whole exchange, the server's part in one batch: two frames are enough.
func TestExchange(t *testing.T) {
	h := begin(t, small(Exchange))
	h.now += time.Millisecond
	h.server("S. 0:0(0) ack 14 win 65535 <mss 1460>", "P. 1:14(13) ack 14 win 65535")
	h.want("F. 14:14(0) ack 14 win 65535")
	h.now += time.Millisecond
	h.server("F. 14:14(0) ack 15 win 65535")
	h.want(". 15:15(0) ack 15 win 65535")
	h.wantCounters(Counters{Sent: 1, SynAcks: 1, Accepted: 1, Responses: 1, ResponseBytes: 13, Completed: 1})
	first, whole := NewLatency(), NewLatency()
	h.TakeLatency(first, whole)
	if got := first.At(50).Round(10 * time.Microsecond); got != time.Millisecond {
		t.Errorf("first byte after %v", got)
	}
	if got := whole.Max().Round(10 * time.Microsecond); got != 2*time.Millisecond {
		t.Errorf("end of the response after %v", got)
	}
}

// A server that has everything in its SYN-ACK.
func TestExchangeInOneSegment(t *testing.T) {
	h := begin(t, small(Exchange))
	h.server("SF. 0:13(13) ack 14 win 65535 <mss 1460>")
	h.want("F. 14:14(0) ack 15 win 65535")
	h.server(". 15:15(0) ack 15 win 65535")
	h.want()
	h.wantCounters(Counters{Sent: 1, SynAcks: 1, Accepted: 1, Responses: 1, ResponseBytes: 13, Completed: 1})
}

// The server closes first.
func TestExchangeKeepOpen(t *testing.T) {
	c := small(Exchange)
	c.KeepOpen = true
	h := begin(t, c)
	h.server("S. 0:0(0) ack 14 win 65535 <mss 1460>")
	h.want(". 14:14(0) ack 1 win 65535")
	h.server("P. 1:14(13) ack 14 win 65535")
	h.want(". 14:14(0) ack 14 win 65535")
	h.server("F. 14:14(0) ack 14 win 65535")
	h.want("F. 14:14(0) ack 15 win 65535")
	h.server(". 15:15(0) ack 15 win 65535")
	h.want()
	h.wantCounters(Counters{Sent: 1, SynAcks: 1, Accepted: 1, Responses: 1, ResponseBytes: 13, Completed: 1})
}

// The SYN-ACK acknowledges only the SYN: the data goes out again with the ACK, and
// the new cookie is kept. RFC 7413, Section 4.2.2.
func TestExchangeRejected(t *testing.T) {
	c := small(Exchange)
	c.Learn = NewJar(c.Clients.Len())
	h := begin(t, c)
	h.server("S. 0:0(0) ack 1 win 65535 <mss 1460,FO 1112131415161718,nop,nop>")
	h.want("FP. 1:14(13) ack 1 win 65535")
	h.server("FP. 1:14(13) ack 15 win 65535")
	h.want(". 15:15(0) ack 15 win 65535")
	h.wantCounters(Counters{Sent: 1, SynAcks: 1, Rejected: 1, Cookies: 1, Responses: 1, ResponseBytes: 13, Completed: 1})
	if c.Learn.Len() != 1 {
		t.Error("the new cookie is not kept")
	}
}

// Data that comes early is answered and not kept; what comes again counts once.
func TestExchangeDisorder(t *testing.T) {
	h := accepted(t)
	h.server("FP. 101:151(50) ack 15 win 65535")
	h.want(". 15:15(0) ack 1 win 65535")
	h.server(". 1:101(100) ack 15 win 65535")
	h.want(". 15:15(0) ack 101 win 65535")
	h.server("FP. 51:151(100) ack 15 win 65535")
	h.want(". 15:15(0) ack 152 win 65535")
	h.wantCounters(Counters{Sent: 1, SynAcks: 1, Accepted: 1, Responses: 1, ResponseBytes: 150, Completed: 1})
}

// More than a SYN has room for follows when the server has answered, as much as its
// window and its largest segment permit.
func TestExchangeSplit(t *testing.T) {
	c := small(Exchange)
	c.Sizes = SizeOf(3000)
	h := start(t, c)
	h.want("S 0:1444(1444) win 65535 <mss 1460,FO 0102030405060708,nop,nop>")
	h.server("S. 0:0(0) ack 1445 win 1200 <mss 1000>")
	h.want("P. 1445:2445(1000) ack 1 win 65535", "P. 2445:2645(200) ack 1 win 65535")
	h.server(". 1:1(0) ack 2645 win 65535")
	h.want("FP. 2645:3001(356) ack 1 win 65535")
	h.server("F. 1:1(0) ack 3002 win 65535")
	h.want(". 3002:3002(0) ack 2 win 65535")
	h.wantCounters(Counters{Sent: 1, SynAcks: 1, Accepted: 1, Completed: 1})
}

// A SYN without an answer goes again without Fast Open, and the data follows.
func TestExchangeLostSyn(t *testing.T) {
	h := begin(t, small(Exchange))
	if got := h.Next(0); got != time.Second {
		t.Errorf("the timer runs out after %v", got)
	}
	h.advance(time.Second)
	h.want(plainSyn)
	h.advance(time.Second)
	h.want()
	h.advance(time.Second)
	h.want(plainSyn)
	h.server("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	h.want("FP. 1:14(13) ack 1 win 65535")
	h.server("FP. 1:14(13) ack 15 win 65535")
	h.want(". 15:15(0) ack 15 win 65535")
	h.wantCounters(Counters{Sent: 1, Retransmits: 2, SynAcks: 1, Responses: 1, ResponseBytes: 13, Completed: 1})
}

// The FIN is repeated, and the end of the time is a reset.
func TestExchangeTimeout(t *testing.T) {
	h := accepted(t)
	h.advance(time.Second)
	h.want("F. 14:14(0) ack 1 win 65535")
	h.server(". 1:1(0) ack 15 win 65535")
	h.want()
	if got := h.Next(h.now); got != 5*time.Second {
		t.Errorf("next is %v, want the end of the exchange", got)
	}
	h.advance(4 * time.Second)
	h.want("R. 15:15(0) ack 1 win 65535")
	h.wantCounters(Counters{Sent: 1, Retransmits: 1, SynAcks: 1, Accepted: 1, Timeouts: 1})
}

func TestSilence(t *testing.T) {
	h := start(t, small(Exchange))
	for range 100 {
		h.advance(100 * time.Millisecond)
	}
	h.want(testSyn, plainSyn, plainSyn)
	h.wantCounters(Counters{Sent: 1, Retransmits: 2, Timeouts: 1})
}

func TestReset(t *testing.T) {
	h := begin(t, small(Exchange))
	h.server("R. 0:0(0) ack 14 win 0")
	h.want()
	h.wantCounters(Counters{Sent: 1, Resets: 1})

	h = accepted(t)
	h.server("R. 9:9(0) ack 14 win 0") // not the next number
	h.server("R. 1:1(0) ack 14 win 0")
	h.want()
	h.wantCounters(Counters{Sent: 1, SynAcks: 1, Accepted: 1, Resets: 1})
}

// An answer to an earlier connection between the same ports is reset; the SYN goes
// again (RFC 9293, Section 3.5.1).
func TestOldConnection(t *testing.T) {
	h := begin(t, small(Exchange))
	h.server(". 77:77(0) ack 1000 win 65535")
	h.want("R 1000:1000(0) win 65535")
	h.advance(time.Second)
	h.want(plainSyn)
	h.server("R. 0:0(0) ack 1 win 0")
	h.wantCounters(Counters{Sent: 1, Retransmits: 1, Resets: 1, Strays: 1})
}

// What comes for an exchange that is over: a FIN is acknowledged as in TIME-WAIT,
// other things are reset.
func TestStrays(t *testing.T) {
	h := begin(t, small(Exchange))
	h.server("SF. 0:13(13) ack 14 win 65535 <mss 1460>")
	h.want("F. 14:14(0) ack 15 win 65535")
	h.server(". 15:15(0) ack 15 win 65535")
	h.server("F. 14:14(0) ack 15 win 65535")
	h.want(". 15:15(0) ack 15 win 65535")
	h.server("S. 0:0(0) ack 14 win 65535 <mss 1460>")
	h.want("R 14:14(0) win 65535")
	h.server(". 15:15(0) ack 15 win 65535", "R 15:15(0) win 0")
	h.want()
	if got := h.Counters().Strays; got != 4 {
		t.Errorf("%d strays, want 4", got)
	}
}

func TestRequest(t *testing.T) {
	c := small(Request)
	c.Cookies, c.Learn, c.Count = nil, NewJar(c.Clients.Len()), 2
	c.Concurrency = 1
	h := start(t, c)
	h.want(testRequest)
	h.server("S. 0:0(0) ack 1 win 65535 <mss 1460,FO 1112131415161718,nop,nop>")
	h.want("R 1:1(0) win 65535")
	h.advance(0)
	h.want(testRequest)
	h.advance(time.Second)
	h.want(testRequest) // again as it was
	h.server("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	h.want("R 1:1(0) win 65535")
	h.wantCounters(Counters{Sent: 2, Retransmits: 1, SynAcks: 2, Cookies: 1, NoCookie: 1, Completed: 1})
	if c.Learn.Len() != 1 {
		t.Errorf("%d cookies, want 1", c.Learn.Len())
	}
}

// Timestamps and scaled windows are used if both sides have them.
func TestExchangeOptions(t *testing.T) {
	c := small(Exchange)
	var err error
	if c.Form, err = ParseForm("mss 1460,sackOK,TS val 700 ecr 0,nop,wscale 7,FO"); err != nil {
		t.Fatal(err)
	}
	h := start(t, c)
	h.want("S 0:13(13) win 65535 <mss 1460,sackOK,TS val 700 ecr 0,nop,wscale 7,FO 0102030405060708,nop,nop>")
	h.server("S. 0:0(0) ack 14 win 65535 <mss 1460,sackOK,TS val 50 ecr 700,nop,wscale 2>")
	h.want("F. 14:14(0) ack 1 win 511 <nop,nop,TS val 700 ecr 50>")
	h.server("FP. 1:14(13) ack 15 win 16000 <nop,nop,TS val 51 ecr 700>")
	h.want(". 15:15(0) ack 15 win 511 <nop,nop,TS val 700 ecr 51>")
	h.wantCounters(Counters{Sent: 1, SynAcks: 1, Accepted: 1, Responses: 1, ResponseBytes: 13, Completed: 1})
}

// An interrupt tells the server.
func TestAbort(t *testing.T) {
	h := accepted(t)
	h.Abort(h.now, &h.out)
	h.want("R. 15:15(0) ack 1 win 65535")
	h.wantCounters(Counters{Sent: 1, SynAcks: 1, Accepted: 1, Aborted: 1})
}
