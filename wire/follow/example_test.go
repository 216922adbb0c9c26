package follow_test

import (
	"fmt"
	"net/netip"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
)

func Example() {
	client, server := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:80")
	cookie := wire.FastOpen{Present: true, Cookie: []byte{1, 2, 3, 4, 5, 6, 7, 8}}
	frames := []wire.Packet{
		wire.NewPacket(client, server, wire.Segment{Seq: 700, Flags: wire.SYN, Options: wire.Pad(cookie.Append(nil), 0), Payload: []byte("GET /")}),
		wire.NewPacket(server, client, wire.Segment{Seq: 900, Ack: 706, Flags: wire.SYN | wire.ACK}),
		wire.NewPacket(server, client, wire.Segment{Seq: 901, Ack: 706, Flags: wire.PSH | wire.ACK, Payload: []byte("hello")}),
	}
	f := follow.New()
	for i := range frames {
		line := f.Frame(time.UnixMilli(int64(10*i)), &frames[i])
		fmt.Println(line.At, line.Text)
		fmt.Println("    " + line.Reason.En)
	}
	for _, c := range f.Connections() {
		fmt.Printf("%s: %s; %.1f round trips until the response\n", c.FastOpen, c.Why, c.ResponseRoundTrips())
	}
	// Output:
	// 0s S 0:5(5) win 0 <FO 0102030405060708,nop,nop>
	//     cookie and 5 bytes of data in the SYN: no waiting for the handshake
	// 10ms S. 0:0(0) ack 6 win 0
	//     accepts the 5 bytes before the handshake is over
	// 20ms P. 1:6(5) ack 6 win 0
	//     response, sent before the client's ACK
	// accepted: SYN data acknowledged; 1.0 round trips until the response
}
