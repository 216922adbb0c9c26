package link

import (
	"bytes"
	"encoding/binary"
	"testing"

	"tfocraft/wire"
)

// finished reports whether the TCP checksum of an IP packet is right, with the
// sum of RFC 1071 taken word by word.
func finished(ip []byte) bool {
	header, addrs, length := 40, ip[8:40], int(binary.BigEndian.Uint16(ip[4:]))
	if ip[0]>>4 == 4 {
		header, addrs = 4*int(ip[0]&15), ip[12:20]
		length = int(binary.BigEndian.Uint16(ip[2:])) - header
	}
	sum := uint64(wire.ProtocolTCP + length)
	for _, part := range [][]byte{addrs, ip[header : header+length]} {
		for i := 0; i < len(part); i += 2 {
			word := uint64(part[i]) << 8
			if i+1 < len(part) {
				word |= uint64(part[i+1])
			}
			sum += word
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return sum == 0xffff
}

func TestComplete(t *testing.T) {
	tag := wire.VLANTag{Protocol: wire.EtherTypeVLAN, Control: 5}
	trailer := func(p *wire.Packet) { p.Trailer = []byte{0, 0, 0} }
	for name, whole := range map[string][]byte{
		"IPv4":    segmentFrame(client4, server4),
		"IPv6":    segmentFrame(client6, server6),
		"tagged":  segmentFrame(client4, server4, tag),
		"padding": packetFrame(client4, server4, trailer),
		"odd":     packetFrame(client6, server6, func(p *wire.Packet) { p.TCP.Payload = []byte("odd") }),
	} {
		p, err := wire.ParseFrame(whole)
		if err != nil {
			t.Fatal(err)
		}
		src, dst := p.Addrs()
		p.TCP.Checksum = wire.PseudoHeader(src, dst, wire.ProtocolTCP, p.TCP.WireLen()).Fold()
		partial := p.Append(nil)
		got := Complete([]byte("kept"), partial)
		if want := append([]byte("kept"), whole...); !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, want %x", name, got, want)
		}
		n, _, _ := headerLen(whole)
		if !finished(got[4+n:]) {
			t.Errorf("%s: checksum is not right", name)
		}
	}
	for _, frame := range [][]byte{nil, {1, 2, 3}, icmpFrame(server4.Addr(), 3)} {
		if got := Complete(nil, frame); !bytes.Equal(got, frame) {
			t.Errorf("not TCP: got %x, want %x", got, frame)
		}
	}
}

func TestNeedsVerify(t *testing.T) {
	for _, test := range []struct {
		frame Frame
		want  bool
	}{
		{Frame{}, true},
		{Frame{Partial: true}, false},
		{Frame{Valid: true}, false},
	} {
		if got := test.frame.NeedsVerify(); got != test.want {
			t.Errorf("%+v: got %v, want %v", test.frame, got, test.want)
		}
	}
}
