package follow_test

import (
	"net/netip"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
)

var (
	clientEnd = netip.MustParseAddrPort(clientAddr)
	serverEnd = netip.MustParseAddrPort(serverAddr)
)

// BenchmarkFrame follows a stream of full segments, each acknowledged.
func BenchmarkFrame(b *testing.B) {
	data := wire.NewPacket(clientEnd, serverEnd, wire.Segment{Seq: 1, Ack: 1, Flags: wire.ACK, Payload: make([]byte, 1448)})
	ack := wire.NewPacket(serverEnd, clientEnd, wire.Segment{Seq: 1, Ack: 1, Flags: wire.ACK})
	f := follow.New()
	at := time.Unix(0, 0)
	b.ReportAllocs()
	for b.Loop() {
		f.Frame(at, &data)
		data.TCP.Seq = data.TCP.End()
		ack.TCP.Ack = data.TCP.Seq
		f.Frame(at, &ack)
	}
}
