package story_test

import (
	"net/netip"
	"testing"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

// BenchmarkCrowd tells of 2000 connections, each of another client that gets a cookie.
func BenchmarkCrowd(b *testing.B) {
	const clients = 2000
	var all []story.Sighting
	say := func(src, dst netip.AddrPort, segment string) {
		p := wire.NewPacket(src, dst, wiretest.Segment(b, segment))
		p.SetLengths()
		p.SetChecksums()
		all = append(all, story.Sighting{Link: wire.LinkRaw, Departed: ms(len(all)), Sent: p.Append(nil)})
	}
	for i := range clients {
		src := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 40000)
		say(src, server, "S 100:100(0) win 1000 <mss 1460,FO,nop,nop>")
		say(server, src, "S. 500:500(0) ack 101 win 1000 <mss 1460,FO 0102030405060708,nop,nop>")
		say(src, server, ". 101:101(0) ack 501 win 1000")
		say(server, src, "R. 501:501(0) ack 101 win 0")
	}
	b.ReportAllocs()
	for b.Loop() {
		builder := story.Builder{Limit: len(all)}
		for _, s := range all {
			builder.Add(s)
		}
		builder.Story()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(all)), "µs/frame")
}
