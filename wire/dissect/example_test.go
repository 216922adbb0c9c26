package dissect_test

import (
	"fmt"
	"net/netip"

	"tfocraft/wire"
	"tfocraft/wire/dissect"
	"tfocraft/wire/follow"
)

func Example() {
	client, server := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:80")
	p := wire.NewPacket(server, client, wire.Segment{Seq: 900, Ack: 714, Flags: wire.SYN | wire.ACK, Window: 65535})
	p.SetLengths()
	p.SetChecksums()
	data := p.Append(nil)
	frame := dissect.Dissect(data, wire.LinkRaw)
	dissect.Explain(&frame, data, &follow.Facts{
		Receiver: follow.Endpoint{Addr: client, HasISS: true, ISS: 700, Next: 14},
		SynData:  13,
	})
	for _, f := range frame.Fields {
		if f.ID == "tcp.ack" {
			fmt.Printf("%s, bits %d to %d: %s\n%s\n%s\n", f.Name, f.Offset, f.Offset+f.Width-1, f.Value, f.Reason.En, f.Reason.Zh)
		}
	}
	// Output:
	// Acknowledgment Number, bits 224 to 255: 714
	// Acknowledges ISN+1+13: the server took the 13 bytes of the SYN. Fast Open is accepted.
	// 确认到 ISN+1+13：服务器接受了 SYN 中的 13 字节。Fast Open 成功。
}
