package handshake_test

import (
	"fmt"
	"net/netip"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/wire"
)

// A side is a machine and how its segments are shown.
type side struct {
	*handshake.Machine
	iss   wire.Seq
	arrow string
}

func show(from, to side, s *wire.Segment) {
	fmt.Printf("%s %s\n", from.arrow, wire.AppendText(nil, s, wire.TextBase{SeqBase: from.iss, AckBase: to.iss}))
}

// carry hands each segment among the outputs of one side to the other, and so on
// with what that has to say, until both are quiet.
func carry(now time.Time, from, to side, out []handshake.Output) {
	for _, o := range out {
		switch o.Kind {
		case handshake.Transmit:
			show(from, to, &o.Segment)
			carry(now, to, from, to.Input(now, o.Segment, nil))
		case handshake.Deliver:
			fmt.Printf("   delivered: %q\n", o.Data)
		}
	}
}

// connect opens a connection with a request to send, and returns the cookie that
// the client learnt.
func connect(now time.Time, gate *handshake.Gate, hint cookie.Cookie) cookie.Cookie {
	c := handshake.Config{MSS: 1460, NoTimestamps: true, NoSACK: true, NoWindowScale: true, DelayedAck: -1}
	c.ISS = 5000
	server := side{handshake.NewServer(c), c.ISS, "<-"}
	c.ISS = 1000
	c.FastOpen = handshake.ClientFastOpen{Mode: handshake.ClientOn, Cookie: hint, MSS: 1460}
	client := side{handshake.NewClient(c), c.ISS, "->"}

	_, out := client.Write(now, []byte("GET /\n"), nil)
	for _, o := range client.Open(now, out) {
		if o.Kind == handshake.Transmit { // the SYN: it goes to the listener
			show(client, server, &o.Segment)
			set, _ := o.Segment.Options.Decode()
			a := gate.Admit(now, &set, len(o.Segment.Payload), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"))
			carry(now, server, client, server.Accept(now, o.Segment, a, nil))
		}
	}
	info := client.Info().FastOpen
	fmt.Printf("   %s: %s\n", info.Outcome, info.Why)
	return info.SynAckCookie
}

// A first connection asks for a cookie and sends its request after the
// handshake; a second one has the request in its SYN.
func Example() {
	now := time.Unix(1_000_000, 0)
	gate := handshake.NewGate(handshake.GateConfig{
		Enabled: true,
		Keyring: cookie.NewKeyring(cookie.RFC7413, cookie.Key{0: 1}),
	})
	learnt := connect(now, gate, cookie.Cookie{})
	fmt.Println()
	connect(now, gate, learnt)

	// Output:
	// -> S 0:0(0) win 65535 <mss 1460,FO,nop,nop>
	// <- S. 0:0(0) ack 1 win 65535 <mss 1460,FO 213257ae0b802a00,nop,nop>
	// -> P. 1:7(6) ack 1 win 65535
	//    delivered: "GET /\n"
	// <- . 1:1(0) ack 7 win 65529
	//    cookie-received: server granted a cookie
	//
	// -> S 0:6(6) win 65535 <mss 1460,FO 213257ae0b802a00,nop,nop>
	// <- S. 0:0(0) ack 7 win 65535 <mss 1460>
	// -> . 7:7(0) ack 1 win 65535
	//    delivered: "GET /\n"
	//    accepted: SYN data acknowledged
}
