package wire_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

// naiveSum is RFC 1071, Section 4.1, word by word.
func naiveSum(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		word := uint32(b[i]) << 8
		if i+1 < len(b) {
			word |= uint32(b[i+1])
		}
		sum += word
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

func TestSum(t *testing.T) {
	for _, test := range []struct {
		name string
		in   string
		want uint16
	}{
		{"empty", "", 0},
		{"RFC 1071, section 3", "0001 f203 f4f5 f6f7", 0xddf2},
		{"odd length", "0001 f203 f4f5 f6", 0xdcfb},
		{"one byte", "ab", 0xab00},
		{"all zeros", "0000 0000 0000 0000 0000", 0},
		{"all ones is the other zero", "ffff ffff ffff ffff ffff ffff", 0xffff},
		{"carry out of 64 bits", "ffffffffffffffff 0001", 1},
		{"carry in the tail", "ffffffffffffffff ffffffffffff", 0xffff},
	} {
		b := wiretest.Unhex(t, test.in)
		if got := wire.Sum(0).Add(b).Fold(); got != test.want {
			t.Errorf("%s: got %#04x, want %#04x", test.name, got, test.want)
		}
		if got := wire.Sum(0).Add(b).Checksum(); got != ^test.want {
			t.Errorf("%s: checksum: got %#04x, want %#04x", test.name, got, ^test.want)
		}
	}
}

// Any bytes, cut at any even place, sum to what the plain algorithm says; the
// two zeros count as one.
func TestSumRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		b := make([]byte, r.IntN(200))
		for i := range b {
			b[i] = byte(r.Uint32() | uint32(r.IntN(2)*0xff)) // many 0xff, for carries
		}
		cut := r.IntN(len(b)/2+1) * 2
		got := wire.Sum(0).Add(b[:cut]).Add(b[cut:]).Fold()
		if want := naiveSum(b); got%0xffff != want%0xffff {
			t.Fatalf("%x cut at %d: got %#04x, want %#04x", b, cut, got, want)
		}
	}
}

func TestAddUint16(t *testing.T) {
	full := wire.Sum(1<<64 - 1)
	if got, want := full.AddUint16(0xffff).Fold(), uint16(0xffff); got != want {
		t.Errorf("got %#04x, want %#04x", got, want)
	}
	if got, want := wire.Sum(0).AddUint16(0x1234).AddUint16(0xedcc).Fold(), uint16(1); got != want {
		t.Errorf("got %#04x, want %#04x", got, want)
	}
}

func TestPseudoHeader(t *testing.T) {
	for _, test := range []struct {
		name, src, dst string
		length         int
		bytes          string
	}{
		{"IPv4", "192.0.2.1", "198.18.0.255", 40, "c0000201 c61200ff 00 06 0028"},
		{"IPv4, greatest length", "255.255.255.255", "255.255.255.255", 65535, "ffffffff ffffffff 00 06 ffff"},
		{"IPv6", "2001:db8::1", "2001:db8:ffff::2", 40,
			"20010db8000000000000000000000001 20010db8ffff00000000000000000002 00000028 00000006"},
		{"IPv6, jumbo length", "2001:db8::1", "2001:db8::2", 70000,
			"20010db8000000000000000000000001 20010db8000000000000000000000002 00011170 00000006"},
	} {
		got := wire.PseudoHeader(netip.MustParseAddr(test.src), netip.MustParseAddr(test.dst), wire.ProtocolTCP, test.length).Fold()
		if want := naiveSum(wiretest.Unhex(t, test.bytes)); got != want {
			t.Errorf("%s: got %#04x, want %#04x", test.name, got, want)
		}
	}
}

// In ones' complement 0x0000 and 0xffff are the same sum, so either is right
// where the other is.
func TestBothZerosAreRight(t *testing.T) {
	p := wiretest.Packet(t, "192.0.2.1:1", "192.0.2.2:2", "S 0:2(2) win 0", "\x00\x00")
	// The last word makes the sum of everything 0xffff, hence the checksum zero.
	p.TCP.Payload = binary.BigEndian.AppendUint16(nil, p.TCP.Checksum)
	p.SetChecksums()
	if p.TCP.Checksum != 0 {
		t.Fatalf("checksum: got %#04x, want 0", p.TCP.Checksum)
	}
	for _, sum := range []uint16{0, 0xffff} {
		if p.TCP.Checksum = sum; !p.ChecksumsOK() {
			t.Errorf("checksum %#04x counts as wrong", sum)
		}
	}
	for _, sum := range []uint16{1, 0xfffe} {
		if p.TCP.Checksum = sum; p.ChecksumsOK() {
			t.Errorf("checksum %#04x counts as right", sum)
		}
	}
}

// gopacket computes the same checksums for random segments.
func TestChecksumAgainstGopacket(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 500 {
		text := fmt.Sprintf(". %d:%d(0) ack %d win %d", i, i, r.Uint32(), r.IntN(65536))
		for _, addrs := range [][2]string{{"192.0.2.1:1", "198.18.255.2:65535"}, {"[2001:db8::1]:1", "[2001:db8:ffff::2]:65535"}} {
			p := wiretest.Packet(t, addrs[0], addrs[1], text, "")
			p.TCP.Payload = make([]byte, i)
			for j := range p.TCP.Payload {
				p.TCP.Payload[j] = byte(r.Uint32())
			}
			p.SetChecksums()
			compareChecksum(t, &p)
		}
	}
}

// A crafted option list of an odd length shifts the payload by a byte; the sum
// is that of the bytes as they are sent.
func TestChecksumOddOptions(t *testing.T) {
	src, dst := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for length := range 8 {
		s := wire.Segment{SrcPort: 1, DstPort: 2, Options: bytes.Repeat([]byte{0x11}, length), Payload: []byte("hello")}
		got := s.ComputeChecksum(src, dst)
		all := s.Append(wiretest.Unhex(t, "c0000201 c0000202 00 06"))
		all = append(all[:10], append(binary.BigEndian.AppendUint16(nil, uint16(s.WireLen())), all[10:]...)...)
		if want := ^naiveSum(all); got != want {
			t.Errorf("%d bytes of options: got %#04x, want %#04x", length, got, want)
		}
	}
}

// Every single wrong bit is noticed.
func TestChecksumsOK(t *testing.T) {
	for _, addrs := range [][2]string{{"192.0.2.1:1", "192.0.2.2:2"}, {"[2001:db8::1]:1", "[2001:db8::2]:2"}} {
		packet := wiretest.Packet(t, addrs[0], addrs[1], "S 7:10(3) win 9 <mss 1460>", "abc")
		good := packet.Append(nil)
		for bit := range len(good) * 8 {
			b := bytes.Clone(good)
			b[bit/8] ^= 1 << (bit % 8)
			p, err := wire.ParsePacket(b)
			covered := p.IPVersion == 4 || bit/8 >= 8 // IPv6 has no sum over its first fields
			if err == nil && covered && p.ChecksumsOK() {
				t.Errorf("%s: wrong bit %d of byte %d is not noticed", addrs[0], bit%8, bit/8)
			}
		}
		if p, err := wire.ParsePacket(good); err != nil || !p.ChecksumsOK() {
			t.Errorf("%s: untouched packet: %v, %v", addrs[0], p.ChecksumsOK(), err)
		}
	}
}

// The sum over a segment with the pseudo-header's sum in its checksum field is
// the checksum, as a device computes it.
func TestUnfinishedChecksum(t *testing.T) {
	for name, addrs := range map[string][2]string{
		"IPv4": {"192.0.2.1:1000", "192.0.2.2:80"},
		"IPv6": {"[2001:db8::1]:1000", "[2001:db8::2]:80"},
	} {
		src, dst := netip.MustParseAddrPort(addrs[0]), netip.MustParseAddrPort(addrs[1])
		p := wire.NewPacket(src, dst, wire.Segment{Seq: 1, Flags: wire.ACK, Payload: []byte("odd")})
		p.SetLengths()
		p.SetChecksums()
		want := p.TCP.Checksum
		p.TCP.Checksum = wire.PseudoHeader(src.Addr(), dst.Addr(), wire.ProtocolTCP, p.TCP.WireLen()).Fold()
		if got := wire.Sum(0).Add(p.TCP.Append(nil)).Checksum(); got != want {
			t.Errorf("%s: got %#04x, want %#04x", name, got, want)
		}
	}
}

// Fold is the remainder modulo 0xffff, of which a sum that is not zero has 0xffff instead of 0.
func TestFold(t *testing.T) {
	values := []uint64{0, 1, 0xffff, 0x10000, 0x1ffff, 0xffff0000, 0xffffffff, 0x100000000, 0xfffe0001, 0xffffffff00000000, 0xffffffffffffffff, 0xfffffffffffffffe, 0x8000000080008000}
	for shift := range 64 {
		values = append(values, 1<<shift, 1<<shift-1, ^uint64(0)<<shift, 0x123456789abcdef0>>shift)
	}
	for _, v := range values {
		want := uint16(v % 0xffff)
		if want == 0 && v != 0 {
			want = 0xffff
		}
		if got := wire.Sum(v).Fold(); got != want {
			t.Errorf("%#x: got %#x, want %#x", v, got, want)
		}
	}
}
