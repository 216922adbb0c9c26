// Package wiretest has what tests of several packages need to build segments
// and frames and to compare them: from the text form of package wire, from
// bytes written with a comment for each field, and from frames that Linux sent.
//
// Every function ends the test with the reason if its input is wrong.
package wiretest

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"tfocraft/wire"
)

// Segment returns the segment that a text describes, its options padded and
// its data offset set. The payload is zeros.
func Segment(t testing.TB, text string) wire.Segment {
	t.Helper()
	parsed, err := wire.ParseText(text)
	if err != nil {
		t.Fatal(caret(err))
	}
	s := parsed.Segment
	s.Options = wire.Pad(s.Options, 0)
	s.SetDataOffset()
	return s
}

// Packet returns the packet with the segment that a text describes, from src
// to dst, written "192.0.2.1:1234" or "[2001:db8::1]:1234". The payload must
// have the length that the text says. Lengths and checksums are right.
func Packet(t testing.TB, src, dst, text, payload string) wire.Packet {
	t.Helper()
	s := Segment(t, text)
	if len(payload) != len(s.Payload) {
		t.Fatalf("payload %q has %d bytes, the text %q says %d", payload, len(payload), text, len(s.Payload))
	}
	s.Payload = []byte(payload)
	p := wire.NewPacket(addrPort(t, src), addrPort(t, dst), s)
	p.SetLengths()
	p.SetChecksums()
	return p
}

// Frame returns the bytes of [Packet] in an Ethernet frame.
func Frame(t testing.TB, src, dst, text, payload string) []byte {
	t.Helper()
	p := Packet(t, src, dst, text, payload)
	p.HasEthernet = true
	p.Ethernet = wire.Ethernet{
		Dst:       wire.MAC{2, 0, 0, 0, 0, 2},
		Src:       wire.MAC{2, 0, 0, 0, 0, 1},
		EtherType: wire.EtherTypeIPv4,
	}
	if p.IPVersion == 6 {
		p.Ethernet.EtherType = wire.EtherTypeIPv6
	}
	return p.Append(nil)
}

// WantText reports an error if the segment, printed with numbers relative to
// the bases, is not what a text says. Window and options that the text leaves
// open may be any.
func WantText(t testing.TB, got wire.Segment, bases wire.TextBase, want string) {
	t.Helper()
	parsed, err := wire.ParseText(want)
	if err != nil {
		t.Fatal(caret(err))
	}
	expected := parsed.Segment
	expected.AddBase(bases)
	if !parsed.HasWindow {
		expected.Window = got.Window
	}
	if parsed.AnyOptions {
		expected.Options = got.Options
	}
	gotText := wire.AppendText(nil, &got, bases)
	wantText := wire.AppendText(nil, &expected, bases)
	if !bytes.Equal(gotText, wantText) {
		t.Errorf("segment:\n got %s\nwant %s", gotText, wantText)
	}
}

// WantBytes reports an error with both dumps if bytes differ.
func WantBytes(t testing.TB, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("bytes:\n got (%d)\n%swant (%d)\n%s", len(got), hex.Dump(got), len(want), hex.Dump(want))
	}
}

// Unhex returns the bytes of a text of hex digits. Spaces and line breaks are
// skipped, and so is what follows a # in a line.
func Unhex(t testing.TB, text string) []byte {
	t.Helper()
	var digits strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatalf("hex %q: %v", digits.String(), err)
	}
	return b
}

//go:embed linux.txt
var linuxFrames string

// LinuxFrames returns Ethernet frames between two Linux hosts: Fast Open over
// IPv4 and IPv6, with a cookie request and with a cookie, and ICMP errors that
// answer a SYN with data. Checksums are complete.
func LinuxFrames(t testing.TB) [][]byte {
	t.Helper()
	var frames [][]byte
	for line := range strings.Lines(linuxFrames) {
		if b := Unhex(t, line); len(b) > 0 {
			frames = append(frames, b)
		}
	}
	if len(frames) == 0 {
		t.Fatal("linux.txt has no frames")
	}
	return frames
}

func addrPort(t testing.TB, text string) netip.AddrPort {
	t.Helper()
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func caret(err error) string {
	if e, ok := err.(*wire.TextError); ok {
		return e.Error() + "\n" + e.Caret()
	}
	return err.Error()
}
