package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

// FuzzFrame holds the line that the package doc draws: what is parsed is
// appended as the same bytes. Where gopacket reads the frame without
// complaint it must see the same segment.
func FuzzFrame(f *testing.F) {
	for _, frame := range wiretest.LinuxFrames(f) {
		f.Add(frame)
		f.Add(append(bytes.Clone(frame), 0, 0, 0))
		tagged := append(bytes.Clone(frame[:12]), 0x81, 0, 0, 10)
		f.Add(append(tagged, frame[12:]...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := wire.ParseFrame(b)
		if err != nil {
			wantSentinel(t, err)
			return
		}
		wiretest.WantBytes(t, p.Append(nil), b)
		if p.WireLen() != len(b) {
			t.Errorf("WireLen: got %d, want %d", p.WireLen(), len(b))
		}
		_ = p.ChecksumsOK()
		_ = p.String()
		compareWithGopacket(t, b, &p)
	})
}

func compareWithGopacket(t *testing.T, b []byte, p *wire.Packet) {
	t.Helper()
	other := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Default)
	if other.ErrorLayer() != nil || other.Metadata().Truncated {
		return
	}
	for _, l := range other.Layers() {
		if l.LayerType() == layers.LayerTypeIPv4 || l.LayerType() == layers.LayerTypeIPv6 {
			if l.LayerContents()[0]>>4 != p.IPVersion {
				return // it goes by the EtherType where that and the version differ
			}
		}
	}
	tcp, ok := other.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !ok {
		return // for instance an extension header that it does not follow
	}
	s := &p.TCP
	if uint16(tcp.SrcPort) != s.SrcPort || uint16(tcp.DstPort) != s.DstPort || tcp.Seq != uint32(s.Seq) || tcp.Ack != uint32(s.Ack) ||
		tcp.Window != s.Window || tcp.Urgent != s.Urgent || tcp.Checksum != s.Checksum || tcp.SYN != s.Flags.Has(wire.SYN) || tcp.NS != s.Flags.Has(wire.AE) {
		t.Errorf("gopacket reads\n%+v\nhere it is\n%v", tcp, p)
	}
	if !bytes.Equal(tcp.LayerPayload(), s.Payload) {
		t.Errorf("gopacket reads payload %x, here it is %x", tcp.LayerPayload(), s.Payload)
	}
}

// FuzzPacket is FuzzFrame without a link layer, and checks that lengths and
// checksums, once set, are right by gopacket's judgement too.
func FuzzPacket(f *testing.F) {
	for _, frame := range wiretest.LinuxFrames(f) {
		f.Add(frame[wire.EthernetLen:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := wire.ParsePacket(b)
		if err != nil {
			wantSentinel(t, err)
			return
		}
		wiretest.WantBytes(t, p.Append(nil), b)
		p.SetLengths()
		p.SetChecksums()
		if !p.ChecksumsOK() {
			t.Errorf("checksums that were set are wrong: %v", &p)
		}
		compareChecksum(t, &p)
	})
}

// compareChecksum lets gopacket serialize the segment under the same header.
func compareChecksum(t *testing.T, p *wire.Packet) {
	t.Helper()
	src, dst := p.Addrs()
	var network gopacket.NetworkLayer = &layers.IPv4{SrcIP: src.AsSlice(), DstIP: dst.AsSlice(), Protocol: layers.IPProtocolTCP}
	if p.IPVersion == 6 {
		network = &layers.IPv6{SrcIP: src.AsSlice(), DstIP: dst.AsSlice(), NextHeader: layers.IPProtocolTCP}
	}
	// Its TCP layer cannot hold every header, so ours goes in as the payload of
	// an empty one, whose own words the sum is corrected for.
	segment := p.TCP
	segment.Checksum = 0
	var tcp layers.TCP
	if err := tcp.SetNetworkLayerForChecksum(network); err != nil {
		t.Fatal(err)
	}
	buf := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{ComputeChecksums: true, FixLengths: true}, &tcp, gopacket.Payload(segment.Append(nil)))
	if err != nil {
		t.Fatal(err)
	}
	const emptyHeader = 0x5000 + wire.HeaderLen // data offset, and the 20 bytes in the length
	got := wire.Sum(0).AddUint16(p.TCP.Checksum).AddUint16(^uint16(emptyHeader)).Fold()
	if want := tcp.Checksum; got%0xffff != want%0xffff {
		t.Errorf("checksum: got %#04x, gopacket computes %#04x", got, want)
	}
}

func FuzzSegment(f *testing.F) {
	for _, frame := range wiretest.LinuxFrames(f) {
		if p, err := wire.ParseFrame(frame); err == nil {
			f.Add(p.TCP.Append(nil))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := wire.ParseSegment(b)
		if err != nil {
			wantSentinel(t, err)
			return
		}
		wiretest.WantBytes(t, s.Append(nil), b)
		before := s.DataOffset
		if s.SetDataOffset(); s.DataOffset != before {
			t.Errorf("data offset: got %d, want %d", s.DataOffset, before)
		}
		wantTextRoundTrip(t, s, wire.TextBase{SeqBase: s.Seq, AckBase: s.Ack})
		wantTextRoundTrip(t, s, wire.TextBase{})
	})
}

// wantTextRoundTrip prints and parses: all that the text holds comes back.
func wantTextRoundTrip(t *testing.T, s wire.Segment, bases wire.TextBase) {
	t.Helper()
	if len(s.Payload) > 0xffff {
		return
	}
	text := string(wire.AppendText(nil, &s, bases))
	parsed, err := wire.ParseText(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	got := parsed.Segment
	got.AddBase(bases)
	got.SrcPort, got.DstPort, got.Checksum, got.DataOffset = s.SrcPort, s.DstPort, s.Checksum, s.DataOffset
	if len(got.Payload) != len(s.Payload) {
		t.Errorf("%q: payload of %d bytes, want %d", text, len(got.Payload), len(s.Payload))
	}
	got.Payload = s.Payload
	wiretest.WantBytes(t, got.Append(nil), s.Append(nil))
}

// FuzzOptions walks, decodes and prints any option list.
func FuzzOptions(f *testing.F) {
	for _, frame := range wiretest.LinuxFrames(f) {
		if p, err := wire.ParseFrame(frame); err == nil {
			f.Add([]byte(p.TCP.Options))
		}
	}
	for _, seed := range []string{"22", "2200", "223c01", "000102", "fe04f989", "05060000000100", "0303071300"} {
		f.Add(wiretest.Unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		options := wire.Options(b)
		walked, ended := 0, false
		for opt, err := range options.All() {
			switch {
			case err != nil:
				ended = true
			case opt.Kind == wire.KindEOL:
				walked, ended = walked+1, true
			case opt.Kind == wire.KindNOP:
				walked++
			default:
				walked += 2 + len(opt.Data)
			}
		}
		if walked > len(b) || !ended && walked != len(b) {
			t.Errorf("walked %d of %d bytes", walked, len(b))
		}
		if _, err := options.Decode(); err != nil {
			wantSentinel(t, err)
		}
		if len(b) <= wire.MaxOptionsLen {
			wantTextRoundTrip(t, wire.Segment{Options: options}, wire.TextBase{AckBase: 12345})
		}
	})
}

// FuzzICMPError parses any bytes, and the same bytes as the quote of an error
// whose checksums are right: by chance alone none would be.
func FuzzICMPError(f *testing.F) {
	for _, frame := range wiretest.LinuxFrames(f) {
		f.Add(frame[wire.EthernetLen:], frame[wire.EthernetLen]>>4 == 6, uint8(3), uint8(4), uint32(1000))
	}
	f.Add(quote(f, 4), false, uint8(wire.ICMPv4Unreachable), uint8(4), uint32(1000))
	f.Add(quote(f, 6), true, uint8(wire.ICMPv6TooBig), uint8(0), uint32(1280))
	f.Fuzz(func(t *testing.T, b []byte, six bool, typ, code uint8, mtu uint32) {
		if _, err := wire.ParseICMPError(b); err != nil {
			wantSentinel(t, err)
		}
		want, to := wire.ICMPError{IPVersion: 4, Type: typ, Code: code, MTU: mtu & 0xffff, From: router4}, host4
		if six {
			want, to = wire.ICMPError{IPVersion: 6, Type: typ, Code: code, MTU: mtu, From: router6}, host6
		}
		got, err := wire.ParseICMPError(wire.AppendICMPError(nil, want, to, b))
		if err != nil {
			wantSentinel(t, err)
			return
		}
		if !want.PacketTooBig() {
			want.MTU = 0
		}
		if got.Src.Addr().Is4() == six || got.Dst.Addr().Is4() == six || !bytes.Contains(b, binary.BigEndian.AppendUint32(nil, uint32(got.Seq))) {
			t.Errorf("quote: got %+v", got)
		}
		want.Src, want.Dst, want.Seq = got.Src, got.Dst, got.Seq
		wantValue(t, "error", got, want)
	})
}

// FuzzText parses anything; what is understood is printed in one way only.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"S 0:5(5) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8,FO 0102030405060708,nop,nop>",
		"S. 0:0(0) ack 1 win 65535 <mss 1460,FO>",
		"P.5 1:6(5) ack 1",
		". 1:1(0) ack 1 win 1 urg 2 <nop,nop,sack 1:2 3:4>",
		"-!7 0:0(0) <kind 99 01,md5 00,FOEXP 01,raw 0203,eol,raw 01>",
		"S 0:0(0) <...>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := wire.ParseText(text)
		if err != nil {
			var e *wire.TextError
			if !errors.As(err, &e) {
				t.Fatalf("got %T, want a TextError", err)
			}
			lines := strings.Split(e.Caret(), "\n")
			if len(lines) != 2 || strings.Contains(e.Error(), "\n") || e.Column < 1 || e.Column > len([]rune(text))+1 {
				t.Errorf("column %d, %q", e.Column, e.Caret())
			}
			return
		}
		printed := parsed.Segment.String()
		again, err := wire.ParseText(printed)
		if err != nil {
			t.Fatalf("%q printed as %q: %v", text, printed, err)
		}
		wantValue(t, "parsed again", again.Segment.String(), printed)
		wiretest.WantBytes(t, again.Segment.Options, parsed.Segment.Options)
	})
}

// wantSentinel checks that an error tells what is wrong in the promised form.
func wantSentinel(t *testing.T, err error) {
	t.Helper()
	var e *wire.ParseError
	if !errors.As(err, &e) || e.Offset < 0 {
		t.Errorf("got %v, want a ParseError", err)
	}
}
