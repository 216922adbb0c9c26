package pcapng_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/pcapng"
	"tfocraft/wire/wiretest"
)

func wantFrames(t *testing.T, file []byte, want []pcapng.Frame) {
	t.Helper()
	r, err := pcapng.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var got []pcapng.Frame
	for f, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
	}
	if len(got) != len(want) {
		t.Fatalf("got %d frames, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("frame %d:\n got %+v\nwant %+v", i, got[i], want[i])
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("behind the end: got %v, want EOF", err)
	}
}

// A file that tcpdump wrote on Linux.
func TestReadTcpdump(t *testing.T) {
	file, err := os.Open("testdata/linux.pcap")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := pcapng.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	want := wiretest.LinuxFrames(t)
	for f, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		if f.LinkType != wire.LinkEthernet || f.Time.Year() != 2026 || f.Length != len(f.Data) {
			t.Errorf("got %v at %v, %d of %d bytes", f.LinkType, f.Time, len(f.Data), f.Length)
		}
		if len(want) > 0 && bytes.Equal(f.Data, want[0]) {
			want = want[1:] // neighbour discovery stands between them
		}
	}
	if len(want) != 0 {
		t.Errorf("%d frames are missing, the first is %x", len(want), want[0])
	}
}

// A pcap file in all four forms.
func TestReadPcap(t *testing.T) {
	for _, test := range []struct {
		name  string
		order binary.AppendByteOrder
		magic uint32
		time  time.Time
	}{
		{"little endian, microseconds", binary.LittleEndian, 0xa1b2c3d4, time.Unix(1000, 999_999_000).UTC()},
		{"big endian, microseconds", binary.BigEndian, 0xa1b2c3d4, time.Unix(1000, 999_999_000).UTC()},
		{"little endian, nanoseconds", binary.LittleEndian, 0xa1b23c4d, time.Unix(1000, 999_999).UTC()},
		{"big endian, nanoseconds", binary.BigEndian, 0xa1b23c4d, time.Unix(1000, 999_999).UTC()},
	} {
		t.Run(test.name, func(t *testing.T) {
			words := func(b []byte, words ...uint32) []byte {
				for _, w := range words {
					b = test.order.AppendUint32(b, w)
				}
				return b
			}
			file := words(nil, test.magic)
			file = test.order.AppendUint16(test.order.AppendUint16(file, 2), 4)
			file = words(file, 0, 0, 65535, 0xf0000000|101) // the high bits tell about checks of frames
			file = append(words(file, 1000, 999_999, 3, 3), "abc"...)
			file = append(words(file, 1000, 999_999, 1, 1500), "d"...) // cut when it was captured
			wantFrames(t, file, []pcapng.Frame{
				{Data: []byte("abc"), Length: 3, Time: test.time, LinkType: wire.LinkRaw},
				{Data: []byte("d"), Length: 1500, Time: test.time, LinkType: wire.LinkRaw},
			})
		})
	}
}

// block is a pcapng block in big endian, to read what the writer does not make.
func block(blockType uint32, words ...uint32) []byte {
	length := uint32(12 + 4*len(words))
	b := binary.BigEndian.AppendUint32(nil, blockType)
	b = binary.BigEndian.AppendUint32(b, length)
	for _, w := range words {
		b = binary.BigEndian.AppendUint32(b, w)
	}
	return binary.BigEndian.AppendUint32(b, length)
}

const (
	section, iface, obsolete, simple, names, statistics, enhanced = 0x0a0d0d0a, 1, 2, 3, 4, 5, 6
	magic, version, anyLength                                     = 0x1a2b3c4d, 0x00010000, 0xffffffff
)

func file(blocks ...[]byte) []byte {
	return append(block(section, magic, version, anyLength, anyLength), bytes.Join(blocks, nil)...)
}

func TestReadPcapng(t *testing.T) {
	at := func(seconds, nanoseconds int64) time.Time { return time.Unix(seconds, nanoseconds).UTC() }
	frame := func(t time.Time) pcapng.Frame {
		return pcapng.Frame{Data: []byte{1, 2, 3, 4}, Length: 4, Time: t, LinkType: wire.LinkRaw}
	}
	raw := uint32(wire.LinkRaw) << 16
	packet := func(ticks uint64, more ...uint32) []byte {
		return block(enhanced, append([]uint32{0, uint32(ticks >> 32), uint32(ticks), 4, 4, 0x01020304}, more...)...)
	}
	withDirection := func(f pcapng.Frame, d pcapng.Direction) pcapng.Frame {
		f.Direction = d
		return f
	}
	for _, test := range []struct {
		name string
		file []byte
		want []pcapng.Frame
	}{
		{"no frames", file(), nil},
		{"microseconds are the default", file(block(iface, raw, 0), packet(1_000_002)), []pcapng.Frame{frame(at(1, 2000))}},
		{"nanoseconds", file(block(iface, raw, 0, 9<<16|1, 9<<24, 0), packet(1_000_000_002)), []pcapng.Frame{frame(at(1, 2))}},
		{"seconds", file(block(iface, raw, 0, 9<<16|1, 0, 0), packet(7)), []pcapng.Frame{frame(at(7, 0))}},
		{"the finest decimal unit", file(block(iface, raw, 0, 9<<16|1, 19<<24, 0), packet(10_500_000_000_000_000_000)), []pcapng.Frame{frame(at(1, 50_000_000))}},
		{"2^-10 seconds", file(block(iface, raw, 0, 9<<16|1, 0x8a<<24, 0), packet(1024+512)), []pcapng.Frame{frame(at(1, 500_000_000))}},
		{"2^-63 seconds", file(block(iface, raw, 0, 9<<16|1, 0xbf<<24, 0), packet(3<<62)), []pcapng.Frame{frame(at(1, 500_000_000))}},
		{"2^0 seconds", file(block(iface, raw, 0, 9<<16|1, 0x80<<24, 0), packet(5)), []pcapng.Frame{frame(at(5, 0))}},
		{"a unit that no clock has", file(block(iface, raw, 0, 9<<16|1, 0xff<<24, 0), packet(5)), []pcapng.Frame{frame(at(0, 0))}},
		{"offset", file(block(iface, raw, 0, 14<<16|8, 0xffffffff, 0xfffffffe, 0), packet(5_000_000)), []pcapng.Frame{frame(at(3, 0))}},
		{"in", file(block(iface, raw, 0), packet(0, 2<<16|4, 1, 0)), []pcapng.Frame{withDirection(frame(at(0, 0)), pcapng.In)}},
		{"out, behind a comment", file(block(iface, raw, 0), packet(0, 1<<16|3, 0x61626300, 2<<16|4, 0xfffc0002, 0)),
			[]pcapng.Frame{withDirection(frame(at(0, 0)), pcapng.Out)}},
		{"direction 3 is none", file(block(iface, raw, 0), packet(0, 2<<16|4, 3, 0)), []pcapng.Frame{frame(at(0, 0))}},
		{"options without an end", file(block(iface, raw, 0), packet(0, 2<<16|4, 1)), []pcapng.Frame{withDirection(frame(at(0, 0)), pcapng.In)}},
		{"option past the block", file(block(iface, raw, 0), packet(0, 2<<16|100, 1)), []pcapng.Frame{frame(at(0, 0))}},
		{"blocks to pass over", file(block(iface, raw, 0), block(names, 1, 2, 3), block(0x80000001), packet(0), block(statistics, 0)), []pcapng.Frame{frame(at(0, 0))}},
		{"simple packet", file(block(iface, raw, 0), block(simple, 4, 0x01020304)),
			[]pcapng.Frame{{Data: []byte{1, 2, 3, 4}, Length: 4, LinkType: wire.LinkRaw}}},
		{"simple packet, cut at the snap length", file(block(iface, raw, 2), block(simple, 4, 0x01020304)),
			[]pcapng.Frame{{Data: []byte{1, 2}, Length: 4, LinkType: wire.LinkRaw}}},
		{"simple packet without a snap length that is cut all the same", file(block(iface, raw, 0), block(simple, 1500, 0x01020304)),
			[]pcapng.Frame{{Data: []byte{1, 2, 3, 4}, Length: 1500, LinkType: wire.LinkRaw}}},
		{"obsolete packet", file(block(iface, raw, 0), block(obsolete, 0x0000ffff, 0, 1, 4, 9, 0x01020304, 2<<16|4, 2, 0)),
			[]pcapng.Frame{{Data: []byte{1, 2, 3, 4}, Length: 9, Time: at(0, 1000), LinkType: wire.LinkRaw, Direction: pcapng.Out}}},
		{"a section of its own interfaces", file(block(iface, raw, 0), packet(1), file(block(iface, 228<<16, 0), packet(2))),
			[]pcapng.Frame{frame(at(0, 1000)), {Data: []byte{1, 2, 3, 4}, Length: 4, Time: at(0, 2000), LinkType: wire.LinkIPv4}}},
	} {
		t.Run(test.name, func(t *testing.T) { wantFrames(t, test.file, test.want) })
	}
}

// A section in the other byte order can follow.
func TestReadMixedByteOrder(t *testing.T) {
	little, frames := capture(t)
	big := file(block(iface, 101<<16, 0), block(enhanced, 0, 0, 0, 1, 1, 0x61000000))
	last := pcapng.Frame{Data: []byte("a"), Length: 1, Time: time.Unix(0, 0).UTC(), LinkType: wire.LinkRaw}
	wantFrames(t, append(bytes.Clone(little), big...), append(frames, last))
	wantFrames(t, append(bytes.Clone(big), little...), append([]pcapng.Frame{last}, frames...))
}

// Wherever a capture is cut, the frames before come out, then the error says
// how many.
func TestReadTruncated(t *testing.T) {
	ng, _ := capture(t)
	pcap, err := os.ReadFile("testdata/linux.pcap")
	if err != nil {
		t.Fatal(err)
	}
	for name, whole := range map[string][]byte{"pcapng": ng[:2000], "pcap": pcap[:2000]} {
		for n := 4; n < len(whole); n++ {
			r, err := pcapng.NewReader(bytes.NewReader(whole[:n]))
			good := 0
			for err == nil {
				if _, err = r.Next(); err == nil {
					good++
				}
			}
			if err == io.EOF {
				continue // cut between two blocks
			}
			if !errors.Is(err, pcapng.ErrTruncated) || !strings.Contains(err.Error(), fmt.Sprintf("whole frames: %d,", good)) {
				t.Fatalf("%s cut to %d bytes, %d frames: got %v", name, n, good, err)
			}
			if r != nil {
				if _, again := r.Next(); again != err {
					t.Fatalf("%s cut to %d bytes: then %v", name, n, again)
				}
			}
		}
	}
}

func TestReadErrors(t *testing.T) {
	raw := uint32(wire.LinkRaw) << 16
	pcapHead := wiretest.Unhex(t, "a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000065")
	for _, test := range []struct {
		name string
		file []byte
		want error
		text string
	}{
		{"empty", nil, pcapng.ErrFormat, "file is empty"},
		{"two bytes", []byte("ab"), pcapng.ErrFormat, "file begins with 61 62"},
		{"text", []byte("S 0:0(0) win 1"), pcapng.ErrFormat, "file begins with 53 20 30 3a"},
		{"gzip, cut in its head", []byte{0x1f, 0x8b, 8, 0, 0}, pcapng.ErrTruncated, "whole frames: 0"},
		{"gzip of another method", []byte{0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0}, pcapng.ErrFormat, "invalid header"},
		{"zstd", []byte("\x28\xb5\x2f\xfd and more"), pcapng.ErrFormat, "compressed by zstd"},
		{"pcap version 3", append(bytes.Clone(pcapHead[:4]), append([]byte{0, 3}, pcapHead[6:]...)...), pcapng.ErrFormat, "version 3"},
		{"pcap frame of 4 GiB", append(bytes.Clone(pcapHead), wiretest.Unhex(t, "00000000 00000000 ffffffff ffffffff")...), pcapng.ErrFormat, "frame of 4294967295 bytes"},
		{"byte order", block(section, 0x01020304, version, 0, 0), pcapng.ErrFormat, "byte order 01 02 03 04"},
		{"pcapng version 2", block(section, magic, 0x00020000, 0, 0), pcapng.ErrFormat, "pcapng version 2"},
		{"short section block", block(section, magic), pcapng.ErrFormat, "section block that is too short"},
		{"block of 8 bytes", file([]byte{0, 0, 0, 1, 0, 0, 0, 8}), pcapng.ErrFormat, "block of 8 bytes"},
		{"block of 13 bytes", file([]byte{0, 0, 0, 9, 0, 0, 0, 13}), pcapng.ErrFormat, "block of 13 bytes"},
		{"packet block of 4 GiB", file([]byte{0, 0, 0, 6, 0xff, 0xff, 0xff, 0xfc}), pcapng.ErrFormat, "block of 4294967292 bytes"},
		{"unknown block of 4 GiB", file([]byte{0, 0, 0, 9, 0xff, 0xff, 0xff, 0xfc}), pcapng.ErrTruncated, "whole frames: 0"},
		{"lengths differ", file([]byte{0, 0, 0, 1, 0, 0, 0, 20, 0, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 21}), pcapng.ErrFormat, "begins with length 20 and ends with 21"},
		{"short interface block", file(block(iface, raw)), pcapng.ErrFormat, "interface block that is too short"},
		{"frame without an interface", file(block(enhanced, 0, 0, 0, 0, 0)), pcapng.ErrFormat, "frame of interface 0, there are 0"},
		{"frame of another interface", file(block(iface, raw, 0), block(enhanced, 1, 0, 0, 0, 0)), pcapng.ErrFormat, "frame of interface 1, there are 1"},
		{"short packet block", file(block(iface, raw, 0), block(enhanced, 0, 0, 0, 0)), pcapng.ErrFormat, "packet block that is too short"},
		{"short obsolete packet block", file(block(iface, raw, 0), block(obsolete, 0, 0, 0, 0)), pcapng.ErrFormat, "packet block that is too short"},
		{"frame past its block", file(block(iface, raw, 0), block(enhanced, 0, 0, 0, 5, 5, 0)), pcapng.ErrFormat, "frame of 5 bytes in a block of 4"},
		{"simple packet without an interface", file(block(simple, 0)), pcapng.ErrFormat, "simple packet block"},
		{"simple packet without a length", file(block(iface, raw, 0), block(simple)), pcapng.ErrFormat, "simple packet block"},
		{"wireless", file(block(iface, 105<<16, 0), block(enhanced, 0, 0, 0, 0, 0)), pcapng.ErrLinkType, "frame 1 has link type 105 (802.11)"},
		{"link type without a name", file(block(iface, 300<<16, 0), block(enhanced, 0, 0, 0, 0, 0)), pcapng.ErrLinkType, "frame 1 has link type 300"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := pcapng.NewReader(bytes.NewReader(test.file))
			for err == nil {
				_, err = r.Next()
			}
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q and %v", err, test.text, test.want)
			}
		})
	}
}

// A frame of a link type that is not known does not hide those behind it.
func TestReadGoesOnBehindLinkType(t *testing.T) {
	r, err := pcapng.NewReader(bytes.NewReader(file(
		block(iface, 105<<16, 0), block(iface, 101<<16, 0),
		block(enhanced, 0, 0, 0, 0, 0), block(enhanced, 1, 0, 0, 1, 1, 0x61000000),
	)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); !errors.Is(err, pcapng.ErrLinkType) {
		t.Errorf("got %v, want ErrLinkType", err)
	}
	if f, err := r.Next(); err != nil || string(f.Data) != "a" || f.Interface != 1 {
		t.Errorf("got %+v, %v", f, err)
	}
}

// Errors of the disk are not taken for a capture that is cut.
func TestReadDiskErrors(t *testing.T) {
	broken := errors.New("disk is broken")
	ng, _ := capture(t)
	pcap, err := os.ReadFile("testdata/linux.pcap")
	if err != nil {
		t.Fatal(err)
	}
	unknown := file([]byte{0, 0, 0, 9, 0, 0, 1, 0})
	for _, whole := range [][]byte{ng[:500], pcap[:500], unknown, ng[:8], nil} {
		r, err := pcapng.NewReader(io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(broken)))
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, broken) || errors.Is(err, pcapng.ErrTruncated) {
			t.Errorf("after %d bytes: got %v", len(whole), err)
		}
	}
}

func FuzzReader(f *testing.F) {
	ng, _ := capture(f)
	f.Add(ng[:1000])
	pcap, err := os.ReadFile("testdata/linux.pcap")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pcap[:1000])
	f.Add(file(block(iface, 113<<16, 0, 9<<16|1, 0x8a<<24, 0), block(simple, 4, 1), block(obsolete, 0, 0, 0, 0, 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := pcapng.NewReader(bytes.NewReader(b))
		total := 0
		for err == nil {
			var frame pcapng.Frame
			if frame, err = r.Next(); errors.Is(err, pcapng.ErrLinkType) {
				err = nil
				continue
			}
			total += len(frame.Data)
			if ip, ok := pcapng.Strip(frame.LinkType, frame.Data); ok {
				_, _ = wire.ParsePacket(ip)
			}
		}
		if total > len(b) {
			t.Errorf("%d bytes of frames out of a file of %d", total, len(b))
		}
		if err != io.EOF && !errors.Is(err, pcapng.ErrFormat) && !errors.Is(err, pcapng.ErrTruncated) {
			t.Errorf("got %v", err)
		}
	})
}
