package load

import "testing"

// An answer in mode Syn is judged without memory.
func TestSynAnswers(t *testing.T) {
	h := begin(t, small(Syn))
	h.server("S. 0:0(0) ack 14 win 65535 <mss 1460>", "S. 0:0(0) ack 1 win 65535 <mss 1460>", "R. 0:0(0) ack 14 win 0")
	h.want()
	h.wantCounters(Counters{Sent: 1, SynAcks: 2, Accepted: 1, Rejected: 1, Resets: 1})
}

// Answers to SYNs that this run has not sent are strays: those of an earlier run have
// numbers that are anywhere, also a step or more from those that are right.
func TestSynStrays(t *testing.T) {
	h := begin(t, small(Syn))
	h.server("S. 0:0(0) ack 15 win 65535", "S. 0:0(0) ack 0 win 65535", "S. 0:0(0) ack 1000 win 65535",
		"S. 0:0(0) ack 2097166 win 65535", "S. 0:0(0) ack 4294967290 win 65535", "R. 0:0(0) ack 15 win 0", "R 0:0(0) win 0")
	h.wantCounters(Counters{Sent: 1, Strays: 7})

	c := small(Syn)
	c.Clients, _ = ParseClients("198.18.1.1")
	c.Ports, c.Count = Ports{1000, 1000}, 2
	h = start(t, c)
	h.pop()
	h.want(testSyn)
	h.server("S. 0:0(0) ack 14 win 65535", "S. 0:0(0) ack 4292870158 win 65535", "S. 0:0(0) ack 2097166 win 65535")
	h.wantCounters(Counters{Sent: 2, SynAcks: 2, Accepted: 2, Strays: 1})
}
