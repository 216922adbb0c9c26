package handshake

import (
	"testing"
	"time"

	"tfocraft/wire"
)

// TIME-WAIT: a repeated FIN is acknowledged and starts the time anew, resets do
// not end it (RFC 1337), data and the old SYN are not taken (C-96, C-98, L-19).
func TestTimeWait(t *testing.T) {
	h := startServer(t, plainConfig(), admitted, synWithCookie, "hello")
	h.wantRead("hello")
	h.close()
	h.in(". 6:6(0) ack 1", "")
	h.in("F. 6:6(0) ack 2", "")
	h.wantState(TimeWait)
	h.sent = nil
	h.wait(50 * time.Second)
	h.in("F. 6:6(0) ack 2", "")
	h.want(". 2:2(0) ack 7")
	h.wait(50 * time.Second)
	h.wantState(TimeWait)
	h.in("R 7:7(0)", "")
	h.wantDropped(DropReset)
	h.in("P. 7:12(5) ack 2", "later")
	h.wantRead("")
	h.in(synWithCookie, "hello")
	h.want(". 2:2(0) ack 7")
	h.wantRead("")
	h.wantState(TimeWait)
	h.wait(10 * time.Second)
	h.wantEnd(nil)
}

// TIME-WAIT can be shortened and left out.
func TestTimeWaitConfig(t *testing.T) {
	for _, test := range []struct {
		config time.Duration
		want   State
	}{{time.Second, TimeWait}, {-1, Closed}} {
		c := plainConfig()
		c.TimeWait = test.config
		h := connect(t, c, "")
		h.close()
		h.want("F. 1:1(0) ack 1")
		h.in("F. 1:1(0) ack 2", "")
		h.want(". 2:2(0) ack 2")
		h.wantState(test.want)
		h.wait(time.Second)
		h.wantEnd(nil)
	}
}

// A SYN ends TIME-WAIT if its timestamp or its sequence number shows that it
// is younger than the connection (C-97, C-98, L-19). The connection has taken
// up to 7, and timestamps up to 900.
func TestSupersede(t *testing.T) {
	const tsOfPeer = "<mss 1460,TS val 900 ecr 100>"
	for _, test := range []struct {
		name   string
		synAck string // without timestamps if empty
		syn    string
		want   bool
	}{
		{"number behind all others", "", "S 8:8(0)", true},
		{"number of the FIN's ACK", "", "S 7:7(0)", false},
		{"number of the FIN", "", "S 6:6(0)", false},
		{"timestamp where there was none", "", "S 6:6(0) <mss 1460,TS val 901 ecr 0>", false},
		{"younger timestamp", tsOfPeer, "S 0:0(0) <mss 1460,TS val 901 ecr 0>", true},
		{"older timestamp", tsOfPeer, "S 8:8(0) <mss 1460,TS val 899 ecr 0>", false},
		{"same timestamp, number behind", tsOfPeer, "S 8:8(0) <mss 1460,TS val 900 ecr 0>", true},
		{"same timestamp, number of the FIN", tsOfPeer, "S 6:6(0) <mss 1460,TS val 900 ecr 0>", false},
		{"no timestamp any more, number behind", tsOfPeer, "S 8:8(0) <mss 1460>", true},
		{"with a FIN", "", "SF 8:8(0)", false},
		{"with a reset", "", "SR 8:8(0)", false},
		{"SYN-ACK", "", "S. 8:8(0) ack 2", false},
		{"no SYN", "", ". 8:8(0) ack 2", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := timeWait(t, test.synAck)
			least, ok, out := h.m.Supersede(h.now, h.parse(test.syn, ""), h.out[:0])
			h.take(out)
			h.wantIdle()
			switch {
			case ok != test.want:
				t.Errorf("got %v, want %v", ok, test.want)
			case !ok:
				h.wantState(TimeWait)
			default:
				h.wantEnd(nil)
				// Our FIN had the number 1.
				if want := ourISS.Add(2 + 65537); least != want {
					t.Errorf("next initial sequence number: got %d, want %d", least, want)
				}
			}
		})
	}
}

// timeWait returns a client in TIME-WAIT that has taken "hello" and a FIN.
func timeWait(t *testing.T, synAckOptions string) *harness {
	t.Helper()
	c, option := plainConfig(), ""
	if synAckOptions != "" {
		c, option = withTimestamps(), " <nop,nop,TS val 900 ecr 100>"
	}
	h := connect(t, c, "S. 0:0(0) ack 1 "+synAckOptions)
	h.in("P. 1:6(5) ack 1"+option, "hello")
	h.wantRead("hello")
	h.close()
	h.in("F. 6:6(0) ack 2"+option, "")
	h.wantState(TimeWait)
	h.sent = nil
	return h
}

// Only TIME-WAIT can be superseded.
func TestSupersedeOtherStates(t *testing.T) {
	for state, reach := range everyState(t) {
		h := reach()
		_, ok, _ := h.m.Supersede(h.now, wire.Segment{Flags: wire.SYN, Seq: theirISS.Add(1000)}, nil)
		if want := state == TimeWait; ok != want {
			t.Errorf("%v: got %v, want %v", state, ok, want)
		}
	}
}
