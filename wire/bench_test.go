package wire_test

import (
	"strconv"
	"strings"
	"testing"

	"tfocraft/cookie"
	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

const linuxSYNText = "S 0:1420(1420) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8,FO 0102030405060708,nop,nop>"

func linuxSYN(t testing.TB) []byte {
	return wiretest.Frame(t, "192.0.2.1:12345", "192.0.2.2:80", linuxSYNText, strings.Repeat("x", 1420))
}

func BenchmarkParseFrame(b *testing.B) {
	frame := linuxSYN(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		if _, err := wire.ParseFrame(frame); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPacketAppend(b *testing.B) {
	p, err := wire.ParseFrame(linuxSYN(b))
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 2048)
	b.ReportAllocs()
	for b.Loop() {
		buf = p.Append(buf[:0])
	}
}

func BenchmarkSetChecksums(b *testing.B) {
	p, err := wire.ParseFrame(linuxSYN(b))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		p.SetChecksums()
	}
}

func BenchmarkSum(b *testing.B) {
	for _, size := range []int{40, 1460, 65535} {
		data := make([]byte, size)
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				_ = wire.Sum(0).Add(data).Checksum()
			}
		})
	}
}

func BenchmarkOptionsDecode(b *testing.B) {
	options := wiretest.Segment(b, linuxSYNText).Options
	b.ReportAllocs()
	for b.Loop() {
		if _, err := options.Decode(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendText(b *testing.B) {
	s := wiretest.Segment(b, linuxSYNText)
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = wire.AppendText(buf[:0], &s, wire.TextBase{})
	}
}

func BenchmarkParseText(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.ParseText(linuxSYNText); err != nil {
			b.Fatal(err)
		}
	}
}

// The way of a frame through this package allocates nothing.
func TestNoAllocations(t *testing.T) {
	frame, buf := linuxSYN(t), make([]byte, 0, 2048)
	icmpError := icmp(4, 3, 4, quote(t, 4))
	crafted := craftedFrame(t, 4)
	stamp, minter := newStamp(t, &crafted), cookie.RFC7413.Minter(cookie.Key{1})
	variant := stamp.Variant()
	for name, step := range map[string]func(){
		"frame in and out": func() {
			p, err := wire.ParseFrame(frame)
			if err != nil || !p.ChecksumsOK() {
				t.Error("frame is wrong", err)
			}
			if _, err := p.TCP.Options.Decode(); err != nil {
				t.Error(err)
			}
			p.SetLengths()
			p.SetChecksums()
			buf = p.Append(buf[:0])
		},
		"copies out": func() {
			variant.Src = variant.Src.Next()
			variant.Cookie = minter.Append(variant.Cookie[:0], variant.Src, crafted.IPv4.Dst)
			buf = stamp.Append(buf[:0], &variant)
		},
		"text out": func() {
			p, _ := wire.ParseFrame(frame)
			buf = wire.AppendText(buf[:0], &p.TCP, wire.TextBase{})
		},
		"ICMP error in": func() {
			if _, err := wire.ParseICMPError(icmpError); err != nil {
				t.Error(err)
			}
		},
	} {
		if n := testing.AllocsPerRun(100, step); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
