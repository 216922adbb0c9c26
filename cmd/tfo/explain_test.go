package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tfocraft/wire"
)

// kernelCapture has connections of Linux's own TCP, as tcpdump wrote them.
const kernelCapture = "../../wire/pcapng/testdata/linux.pcap"

func TestExplainGolden(t *testing.T) {
	golden(t, "explain.golden", tfo(t, "", "explain", kernelCapture).done(t))
}

// One frame is shown with the bytes that it has; package dissect owns the words about them.
func TestExplainPacket(t *testing.T) {
	got := tfo(t, "", "explain", kernelCapture, "--packet", "4").done(t)
	const head = "   4   930.149 ms  192.0.2.2:80 > 192.0.2.1:42096  grants cookie a24e1d399638e060; acknowledges the SYN\n" +
		"      S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS val 130928144 ecr 634698751,nop,wscale 10,FO a24e1d399638e060,nop,nop>\n"
	if !strings.HasPrefix(got, head) {
		t.Errorf("got:\n%s\nwant at its beginning\n%s", got, head)
	}
	for _, row := range []string{
		"\n         0  02 00 00 00 00 01        ", "\n        14  0100 ....                ", "\n        20  ...0 0000 0000 0000      ",
		"\n        34  00 50                    ", "\n        76  a2 4e 1d 39 96 38 e0 60  ", "\n        85  01                       ",
	} {
		if !strings.Contains(got, row) {
			t.Errorf("no row %q in:\n%s", row, got)
		}
	}
}

// An overview is for terminals. Most lines fit 100 columns; a long reason
// between long addresses is folded by the terminal.
func TestExplainWidth(t *testing.T) {
	for line := range strings.Lines(tfo(t, "", "explain", kernelCapture).done(t)) {
		if !strings.HasPrefix(line, "connection") && len(line) > 132 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

func TestExplainStdin(t *testing.T) {
	b, err := os.ReadFile(kernelCapture)
	if err != nil {
		t.Fatal(err)
	}
	want := tfo(t, "", "explain", kernelCapture).done(t)
	if got := tfo(t, string(b), "explain", "-").done(t); got != want {
		t.Errorf("from standard input:\n%s\nwant\n%s", got, want)
	}
}

// The lines of JSON have these members and no others; fields tile the bytes, which are those of the capture.
func TestExplainJSON(t *testing.T) {
	const ofFrame = "bytes connection fields from length link_type packet reason text time_us to type"
	const ofField = "bad filter id meaning name offset reason section unit value width"
	segments, others, connections := 0, 0, 0
	for line := range strings.Lines(tfo(t, "", "explain", kernelCapture, "--json").done(t)) {
		if strings.HasPrefix(line, `{"type":"connection",`) {
			d := json.NewDecoder(strings.NewReader(line))
			d.DisallowUnknownFields()
			var c result
			if connections++; d.Decode(&c) != nil || c.Attempt != connections {
				t.Errorf("connection %d: %s", connections, line)
			}
			continue
		}
		var members map[string]any
		var f frameJSON
		if err := errors.Join(json.Unmarshal([]byte(line), &members), json.Unmarshal([]byte(line), &f)); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(members)), " "); got != ofFrame {
			t.Errorf("a frame has %s, want %s", got, ofFrame)
		}
		for _, field := range members["fields"].([]any) {
			for name := range field.(map[string]any) {
				if !slices.Contains(strings.Fields(ofField), name) {
					t.Errorf("a field has %s: %v", name, field)
				}
			}
		}
		b, err := hex.DecodeString(f.Bytes)
		if err != nil || f.Length != len(b) || f.LinkType != 1 || f.Packet != segments+others+1 || f.Reason == "" {
			t.Errorf("%v: %s", err, line)
		}
		at := 0
		for _, field := range f.Fields {
			if field.Offset != at || field.Name == "" || field.Meaning == "" {
				t.Errorf("frame %d, bit %d: %+v", f.Packet, at, field)
			}
			at += field.Width
		}
		if at != 8*len(b) {
			t.Errorf("frame %d: fields of %d bits for %d bytes", f.Packet, at, len(b))
		}
		p, err := wire.ParseFrame(b)
		switch f.Type {
		case "segment":
			segments++
			if err != nil || p.Src().String() != f.From || p.Dst().String() != f.To || f.Connection == 0 || f.Text == "" {
				t.Errorf("%v: %s", err, line)
			}
		case "frame":
			others++
			// An ICMP error is about a connection.
			if err == nil || (f.Connection != 0) != strings.HasPrefix(f.Text, "icmp ") {
				t.Errorf("%v: %s", err, line)
			}
		default:
			t.Errorf("a line of type %q", f.Type)
		}
	}
	if segments == 0 || others == 0 || connections == 0 {
		t.Errorf("%d segments, %d other frames, %d connections", segments, others, connections)
	}
}

// captureOf is a pcap file with frames of one link type, each behind a header.
func captureOf(t *testing.T, l wire.LinkType, header string, packets ...string) []byte {
	t.Helper()
	file := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4) // times in microseconds
	file = binary.LittleEndian.AppendUint16(file, 2)          // version 2.4
	file = binary.LittleEndian.AppendUint16(file, 4)
	file = append(file, make([]byte, 8)...)
	file = binary.LittleEndian.AppendUint32(file, 65535)
	file = binary.LittleEndian.AppendUint32(file, uint32(l))
	for i, packet := range packets {
		frame, err := hex.DecodeString(unspaced(header + packet))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, i, len(frame), len(frame)} {
			file = binary.LittleEndian.AppendUint32(file, uint32(n))
		}
		file = append(file, frame...)
	}
	return file
}

// craftHex makes a packet in hex.
func craftHex(t *testing.T, args ...string) string {
	t.Helper()
	return strings.TrimSpace(tfo(t, "", append([]string{"craft"}, args...)...).done(t))
}

func TestExplainLinkTypes(t *testing.T) {
	v4 := craftHex(t, "S 0:0(0) <FO>")
	v6 := craftHex(t, "S 0:0(0) <FO>", "--dst", "[2001:db8::2]:80")
	const from4, from6 = "192.0.2.1:40000 > 192.0.2.2:8080", "[2001:db8::1]:40000 > [2001:db8::2]:80"
	for _, test := range []struct {
		name, header string
		link         wire.LinkType
		packet, want string
	}{
		{"ethernet", "020000000002 020000000001 0800", wire.LinkEthernet, v4, from4},
		{"vlan", "020000000002 020000000001 8100 0007 86dd", wire.LinkEthernet, v6, from6},
		{"null", "02000000", wire.LinkNull, v4, from4},
		{"null 6", "1e000000", wire.LinkNull, v6, from6},
		{"loop", "00000018", wire.LinkLoop, v6, from6},
		{"raw", "", wire.LinkRaw, v4, from4},
		{"raw 6", "", wire.LinkRaw, v6, from6},
		{"raw bsd", "", wire.LinkRawBSD, v4, from4},
		{"ipv4", "", wire.LinkIPv4, v4, from4},
		{"ipv6", "", wire.LinkIPv6, v6, from6},
		{"cooked", "0000 0001 0006 020000000001 0000 0800", wire.LinkSLL, v4, from4},
		{"cooked 2", "86dd 0000 00000002 0001 04 06 020000000001 0000", wire.LinkSLL2, v6, from6},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := captureOf(t, test.link, test.header, test.packet)
			got := tfo(t, string(file), "explain", "-").done(t)
			if !strings.Contains(got, test.want+"  asks for a cookie") {
				t.Errorf("no %q in:\n%s", test.want, got)
			}
		})
	}
}

// What is good in a capture is shown, then the error.
func TestExplainBadCaptures(t *testing.T) {
	syn := craftHex(t, "S 0:0(0) <FO>")
	whole := captureOf(t, wire.LinkRaw, "", syn, craftHex(t, "S 9:9(0)", "--src", "192.0.2.1:9"))
	const first = "192.0.2.1:40000 > 192.0.2.2:8080  asks for a cookie"
	for _, test := range []struct {
		name string
		file []byte
		want string
		good bool
	}{
		{"cut", whole[:len(whole)-5], "capture is cut short", true},
		{"cut in the head", whole[:20], "capture is cut short", false},
		{"garbage behind", append(bytes.Clone(whole), "what is this?   "...), "standard input: ", true},
		{"another link type", captureOf(t, 105, "", syn), "link type is not supported", false},
		{"text", []byte("hello, world, this is not it\n"), "not a valid pcap or pcapng capture", false},
		{"nothing", nil, "standard input: ", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := tfo(t, string(test.file), "explain", "-")
			got.failed(t, exitFailed, test.want)
			if shown := strings.Contains(got.stdout, first); shown != test.good {
				t.Errorf("the first segment is shown: %t, want %t: %s", shown, test.good, got.stdout)
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "missing")
	tfo(t, "", "explain", missing).failed(t, exitFailed, missing, "no such file")
	tfo(t, "", "explain", t.TempDir()).failed(t, exitFailed, "is a directory")
}

// Wherever a capture is cut, there is one line about it, and no more.
func TestExplainCutAnywhere(t *testing.T) {
	whole, err := os.ReadFile(kernelCapture)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < 700; n += 7 {
		got := tfo(t, string(whole[:n]), "explain", "-")
		if got.code == exitDone {
			continue // between two frames
		}
		got.failed(t, exitFailed, "standard input: ")
		if strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("cut at %d: %s", n, got.stderr)
		}
	}
}

func TestExplainSkips(t *testing.T) {
	syn := craftHex(t, "S 0:5(5) <FO 01020304>", "-d", "hello")
	udp := "4500001c000040004011b6cd c0000201c0000202 0001000200080000"
	file := string(captureOf(t, wire.LinkRaw, "", udp, syn, syn[:len(syn)-4]))
	got := tfo(t, file, "explain", "-")
	if got.code != exitDone || got.stderr != "tfo: 1 of 3 frames hold a TCP segment that is not whole; they are left out\n" {
		t.Errorf("got %+v", got)
	}
	if !strings.HasPrefix(got.stdout, "   2 ") {
		t.Errorf("stdout: %s", got.stdout)
	}
	tfo(t, file, "explain", "-", "--packet", "9").failed(t, exitFailed, "no frame 9, there are 3")
	none := tfo(t, string(captureOf(t, wire.LinkRaw, "", udp)), "explain", "-")
	if none.code != exitDone || none.stdout != "" || none.stderr != "tfo: standard input: no TCP segment in 1 frames\n" {
		t.Errorf("got %+v", none)
	}
}

func TestExplainOnlyTFO(t *testing.T) {
	file := string(captureOf(t, wire.LinkRaw, "",
		craftHex(t, "S 0:0(0) <mss 1460>", "--src", "192.0.2.1:1"), craftHex(t, "S 0:0(0) <FO>", "--src", "192.0.2.1:2"),
		craftHex(t, "S 0:5(5)", "--src", "192.0.2.1:3"), craftHex(t, "S. 0:0(0) ack 1", "--dst", "192.0.2.1:1", "--src", "192.0.2.2:8080")))
	got := tfo(t, file, "explain", "-", "--only-tfo").done(t)
	if strings.Contains(got, "192.0.2.1:1 ") || !strings.Contains(got, "192.0.2.1:2 ") || !strings.Contains(got, "192.0.2.1:3 ") {
		t.Errorf("got:\n%s", got)
	}
}

func TestExplainHex(t *testing.T) {
	want := tfo(t, "", "explain", "--hex", craftBytes).done(t)
	spaced := strings.ToUpper(strings.Join(strings.Split(craftBytes, ""), " ") + "\n")
	if got := tfo(t, spaced, "explain", "--hex", "-").done(t); got != want {
		t.Errorf("from standard input:\n%s\nwant\n%s", got, want)
	}
	framed := tfo(t, "", "explain", "--hex", "0200000000020200000000010800"+craftBytes+"0000").done(t)
	reason, _, _ := strings.Cut(want, "\n")
	if !strings.HasPrefix(framed, reason+"\n") || !strings.Contains(framed, "\n         0  02 00 00 00 00 02  ") ||
		!strings.Contains(framed, fmt.Sprintf("\n      %4d  00 00  ", 14+len(craftBytes)/2)) {
		t.Errorf("in a frame with padding:\n%s", framed)
	}
	arp := "ffffffffffff0200000000010806 0001080006040001 020000000001c0000201 000000000000c0000202"
	if got := tfo(t, "", "explain", "--hex", arp).done(t); !strings.Contains(got, "192.0.2.2") {
		t.Errorf("ARP:\n%s", got)
	}
	for hex, words := range map[string]string{
		"00": "IP version is neither 4 nor 6", craftBytes[:30]: "--hex: ", craftBytes[:100]: "--hex: ",
	} {
		tfo(t, "", "explain", "--hex", hex).failed(t, exitFailed, words)
	}
}

// Bytes of any content are explained or refused. The parsers have fuzz tests
// of their own; this is what is behind them.
func TestExplainNoise(t *testing.T) {
	whole, err := os.ReadFile(kernelCapture)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		noisy := bytes.Clone(whole[:1500])
		for range 1 + random.IntN(40) {
			noisy[24+random.IntN(len(noisy)-24)] = byte(random.Uint32())
		}
		if got := tfo(t, string(noisy), "explain", "-", "--bytes"); got.code > exitFailed {
			t.Errorf("exit code %d: %s", got.code, got.stderr)
		}
		at := random.IntN(len(noisy) - 200)
		tfo(t, hex.EncodeToString(noisy[at:at+200]), "explain", "--hex", "-")
	}
}
