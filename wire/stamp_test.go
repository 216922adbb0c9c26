package wire_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

// stampOptions have the content of Fast Open at even and odd bytes, and of every
// length.
var stampOptions = []string{
	"mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8,FO 0102030405060708,nop,nop",
	"mss 1460,nop,FO 0102030405060708",
	"FOEXP 01020304",
	"nop,FOEXP 0102030405060708,TS val 7 ecr 9",
	"FO",
	"mss 1460,FO",
	"nop,FO 01,FO 02",
	"FO 0102030405060708090a0b0c0d0e0f10",
	"nop,FO 0102030405060708090a0b0c0d0e0f",
	"FO 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526",
	"TS val 1 ecr 2,TS val 3 ecr 4",
	"kind 8 0102,raw 2205ab",
	"mss 1460",
	"nop",
}

// slowCopy is what a Stamp of p has to write: the same by the way that sums
// everything.
func slowCopy(p wire.Packet, v *wire.Variant) []byte {
	p.TCP.Options = append(wire.Options(nil), p.TCP.Options...)
	p.IPv4.Src, p.IPv6.Src = v.Src, v.Src
	p.IPv4.ID, p.TCP.SrcPort, p.TCP.Seq = v.ID, v.SrcPort, v.Seq
	copy(p.TCP.Options.FastOpen().Cookie, v.Cookie)
	for opt, err := range p.TCP.Options.All() {
		if err == nil && opt.Kind == wire.KindTimestamps && len(opt.Data) == 8 {
			binary.BigEndian.PutUint32(opt.Data, v.TSVal)
			break
		}
	}
	p.SetChecksums()
	return p.Append(nil)
}

// randomVariant changes all that may differ. Now and then a value is one at
// which sums wrap.
func randomVariant(r *rand.Rand, v *wire.Variant) {
	word := func() uint32 {
		switch r.IntN(8) {
		case 0:
			return 0
		case 1:
			return 0xffffffff
		case 2:
			return 0xffff0000
		}
		return r.Uint32()
	}
	var b [16]byte
	for i := 0; i < len(b); i += 4 {
		binary.BigEndian.PutUint32(b[i:], word())
	}
	if v.Src.Is4() {
		v.Src = netip.AddrFrom4([4]byte(b[:4]))
	} else {
		v.Src = netip.AddrFrom16(b)
	}
	v.SrcPort, v.Seq, v.ID, v.TSVal = uint16(word()), wire.Seq(word()), uint16(word()), word()
	for i := range v.Cookie {
		v.Cookie[i] = byte(word())
	}
}

func stampPackets(t testing.TB) map[string]wire.Packet {
	packets := make(map[string]wire.Packet)
	for _, options := range stampOptions {
		for _, addrs := range [][2]string{{"192.0.2.1:12345", "192.0.2.2:80"}, {"[2001:db8::1]:12345", "[2001:db8::2]:80"}} {
			for n := range 5 {
				text := fmt.Sprintf("S 1:%d(%d) win 65535 <%s>", 1+n, n, options)
				p := wiretest.Packet(t, addrs[0], addrs[1], text, strings.Repeat("\xff", n))
				packets[addrs[0]+" "+text] = p
				p.HasEthernet = true
				p.Ethernet = wire.Ethernet{EtherType: wire.EtherTypeIPv4, NumTags: n % 3}
				packets[addrs[0]+" "+text+" in a frame"] = p
			}
		}
	}
	return packets
}

func newStamp(t testing.TB, p *wire.Packet) *wire.Stamp {
	t.Helper()
	s, err := wire.NewStamp(p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStamp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, p := range stampPackets(t) {
		s := newStamp(t, &p)
		v := s.Variant()
		if got, want := s.Append(nil, &v), p.Append(nil); !bytes.Equal(got, want) {
			t.Errorf("%s: as it was:\n got %x\nwant %x", name, got, want)
		}
		for range 200 {
			randomVariant(r, &v)
			if got, want := s.Append([]byte("before"), &v), slowCopy(p, &v); !bytes.Equal(got[6:], want) || s.Len() != len(want) {
				t.Fatalf("%s: %+v:\n got %x\nwant %x", name, v, got[6:], want)
			}
		}
	}
}

// A stamp keeps no part of the packet that it was made of, and its variants none
// of each other.
func TestStampKeepsNothing(t *testing.T) {
	p := craftedFrame(t, 4)
	s := newStamp(t, &p)
	want := p.Append(nil)
	a, b := s.Variant(), s.Variant()
	clear(p.TCP.Options)
	clear(p.TCP.Payload)
	clear(a.Cookie)
	if got := s.Append(nil, &b); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// Wrong checksums stay wrong, by as much.
func TestStampWrongChecksums(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		p := craftedFrame(t, 4)
		byIP, byTCP := uint16(1+r.IntN(0xfffe)), uint16(1+r.IntN(0xfffe))
		p.IPv4.Checksum = addOnes(p.IPv4.Checksum, byIP)
		p.TCP.Checksum = addOnes(p.TCP.Checksum, byTCP)
		s := newStamp(t, &p)
		v := s.Variant()
		randomVariant(r, &v)
		got, err := wire.ParseFrame(s.Append(nil, &v))
		if err != nil {
			t.Fatal(err)
		}
		right := got
		right.SetChecksums()
		if want := addOnes(right.IPv4.Checksum, byIP); addOnes(got.IPv4.Checksum, 0) != want {
			t.Errorf("IPv4: got %#x, want %#x", got.IPv4.Checksum, want)
		}
		if want := addOnes(right.TCP.Checksum, byTCP); addOnes(got.TCP.Checksum, 0) != want {
			t.Errorf("TCP: got %#x, want %#x", got.TCP.Checksum, want)
		}
	}
}

// addOnes adds in ones' complement, where 0xffff is zero.
func addOnes(a, b uint16) uint16 { return uint16((uint32(a) + uint32(b)) % 0xffff) }

func TestStampMisuse(t *testing.T) {
	if s, err := wire.NewStamp(&wire.Packet{}); err == nil {
		t.Errorf("empty packet: got %v, want an error", s)
	}
	mixed := craftedFrame(t, 4)
	mixed.IPv4.Src = netip.IPv6Unspecified()
	if s, err := wire.NewStamp(&mixed); err == nil {
		t.Errorf("IPv6 address in IPv4: got %v, want an error", s)
	}
	p := craftedFrame(t, 4)
	s := newStamp(t, &p)
	for name, change := range map[string]func(v *wire.Variant){
		"no address":        func(v *wire.Variant) { v.Src = netip.Addr{} },
		"address of IPv6":   func(v *wire.Variant) { v.Src = netip.IPv6Unspecified() },
		"cookie of 4 bytes": func(v *wire.Variant) { v.Cookie = v.Cookie[:4] },
		"no cookie":         func(v *wire.Variant) { v.Cookie = nil },
	} {
		v := s.Variant()
		change(&v)
		if !panics(func() { s.Append(nil, &v) }) {
			t.Errorf("%s: got no panic", name)
		}
	}
}

func panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

// FuzzStamp makes a stamp of any frame whose checksums have been made right, and
// compares a copy with what the way that sums everything makes.
func FuzzStamp(f *testing.F) {
	for i, frame := range wiretest.LinuxFrames(f) {
		f.Add(frame, uint64(i))
	}
	for _, p := range stampPackets(f) {
		if p.HasEthernet {
			f.Add(p.Append(nil), uint64(0))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		p, err := wire.ParseFrame(b)
		if err != nil {
			return
		}
		p.SetChecksums()
		s := newStamp(t, &p)
		v := s.Variant()
		randomVariant(rand.New(rand.NewPCG(seed, 0)), &v)
		wiretest.WantBytes(t, s.Append(nil, &v), slowCopy(p, &v))
	})
}
