package link_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"tfocraft/wire"
	"tfocraft/wire/link"
)

// Two ends in memory, with a network between them that loses every SYN.
func ExamplePair() {
	a, b := link.Pair(&link.PairConfig{Forward: func(frame []byte) [][]byte {
		if p, err := wire.ParseFrame(frame); err == nil && p.TCP.Flags.Has(wire.SYN) {
			return nil
		}
		return [][]byte{frame}
	}})
	defer a.Close()
	defer b.Close()

	src, dst := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:80")
	for _, flags := range []wire.Flags{wire.SYN, wire.ACK} {
		p := wire.NewPacket(src, dst, wire.Segment{Flags: flags})
		p.SetLengths()
		p.SetChecksums()
		frame := p.Append(link.AppendHeader(nil, wire.MAC{}, wire.MAC{}, 4))
		if _, err := a.WriteFrames([][]byte{frame}); err != nil {
			log.Fatal(err)
		}
	}
	batch := make([]link.Frame, 16)
	n, err := b.ReadFrames(batch)
	fmt.Println(n, len(batch[0].Data), err)
	// Output: 1 54 <nil>
}

// Send a segment to where the kernel would send it, and read what comes back.
func ExampleOpen() {
	resolver, err := link.NewResolver()
	if err != nil {
		log.Fatal(err)
	}
	defer resolver.Close()
	dst := netip.MustParseAddrPort("192.0.2.2:80")
	hop, err := resolver.Resolve(context.Background(), dst.Addr(), netip.Addr{}, "")
	if err != nil {
		log.Fatal(err)
	}
	src := netip.AddrPortFrom(hop.Source, 40000)
	l, err := link.Open(hop.Interface, &link.Config{Filter: &link.Filter{
		Addrs: []netip.Addr{src.Addr()},
		Ports: []link.PortRange{link.Port(src.Port())},
		ICMP:  true,
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()

	p := wire.NewPacket(src, dst, wire.Segment{Flags: wire.SYN, Window: 65535})
	p.SetLengths()
	p.SetChecksums()
	if _, err := l.WriteFrames([][]byte{p.Append(hop.Header)}); err != nil {
		log.Fatal(err)
	}
	batch := make([]link.Frame, 16)
	n, err := l.ReadFrames(batch)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range batch[:n] {
		fmt.Println(f.Time, f.NeedsVerify(), len(f.Data))
	}
}

// A run for a link that cannot cut is cut first.
func ExampleOutgoing_AppendFrames() {
	a, b := link.Pair(nil)
	defer a.Close()
	defer b.Close()
	src, dst := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:80")
	payload := make([]byte, 4000)
	p := wire.NewPacket(src, dst, wire.Segment{Flags: wire.ACK, Payload: payload})
	p.SetLengths()
	p.SetChecksums()
	p.TCP.Checksum = wire.PseudoHeader(src.Addr(), dst.Addr(), wire.ProtocolTCP, p.TCP.WireLen()).Fold()
	p.TCP.Payload = nil
	header := p.Append(link.AppendHeader(nil, wire.MAC{}, wire.MAC{}, 4))
	o := link.Outgoing{Header: header, Transport: 34, Payload: payload, SegmentSize: 1460}

	if a.MaxPayload() == 0 {
		frames, _ := o.AppendFrames(nil, nil)
		if _, err := a.WriteFrames(frames); err != nil {
			log.Fatal(err)
		}
	} else if _, err := a.WriteSegments([]link.Outgoing{o}); err != nil {
		log.Fatal(err)
	}
	batch := make([]link.Frame, 16)
	n, err := b.ReadFrames(batch)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range batch[:n] {
		p, err := wire.ParseFrame(f.Data)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.TCP.Seq, len(p.TCP.Payload), p.ChecksumsOK())
	}
	// Output:
	// 0 1460 true
	// 1460 1460 true
	// 2920 1080 true
}

// A generator writes frames where they are sent from, a batch at a time.
func ExampleBlaster() {
	near, far := link.Pair(nil)
	blaster := link.NewBlaster(near, nil) // link.OpenBlaster("eth0", nil) for a real one
	defer blaster.Close()
	src, dst := netip.MustParseAddrPort("198.18.0.1:40000"), netip.MustParseAddrPort("192.0.2.2:80")
	p := wire.NewPacket(src, dst, wire.Segment{Flags: wire.SYN})
	p.HasEthernet, p.Ethernet = true, wire.Ethernet{EtherType: wire.EtherTypeIPv4}
	p.SetLengths()
	p.SetChecksums()
	stamp, err := wire.NewStamp(&p)
	if err != nil {
		panic(err)
	}
	v := stamp.Variant()
	frames := blaster.Buffers(3)
	for i := range frames {
		frames[i] = stamp.Append(frames[i][:0], &v)
		v.Src = v.Src.Next()
	}
	if _, err := blaster.Send(frames); err != nil {
		panic(err)
	}
	batch := make([]link.Frame, 8)
	n, err := far.ReadFrames(batch)
	if err != nil {
		panic(err)
	}
	for _, f := range batch[:n] {
		p, err := wire.ParseFrame(f.Data)
		fmt.Println(p.Src(), err)
	}
	// Output:
	// 198.18.0.1:40000 <nil>
	// 198.18.0.2:40000 <nil>
	// 198.18.0.3:40000 <nil>
}
