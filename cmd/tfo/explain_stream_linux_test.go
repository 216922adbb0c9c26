package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/pcapng"
)

// longStream writes a capture of one long connection, of about so many bytes. It stops without a word when nobody reads.
func longStream(w io.WriteCloser, size int) {
	defer w.Close()
	b := bufio.NewWriterSize(w, 64<<10)
	file, err := pcapng.NewWriter(b, pcapng.Interface{Name: "long", LinkType: wire.LinkRaw})
	if err != nil {
		return
	}
	client, server := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:80")
	p := wire.NewPacket(client, server, wire.Segment{Flags: wire.SYN, Options: wire.Options{34, 2, 1, 1}})
	at := time.Unix(1_000_000_000, 0)
	for n := 0; n < size; n += 1500 {
		p.SetLengths()
		p.SetChecksums()
		if file.Write(p.Append(nil), at, 0, pcapng.Out) != nil {
			return
		}
		at = at.Add(10 * time.Microsecond)
		p.TCP.Seq = p.TCP.End()
		p.TCP.Flags, p.TCP.Options, p.TCP.Payload = wire.ACK, nil, make([]byte, 1400)
	}
	_ = file.Flush()
	_ = b.Flush()
}

// The peak of the heap does not depend on how long a capture is.
func TestExplainFlat(t *testing.T) {
	const size, bound = 200 << 20, 32 << 20
	stdin, w := io.Pipe()
	go longStream(w, size)
	lines := &lineCounter{every: 20000}
	stderr := &bytes.Buffer{}
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if code := run(t.Context(), []string{"explain", "-"}, stdin, lines, stderr); code != exitDone || stderr.Len() > 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if lines.n < 2*size/1500 {
		t.Errorf("%d lines for %d frames", lines.n, size/1500)
	}
	if grown := int64(lines.peak) - int64(before.HeapAlloc); grown > bound {
		t.Errorf("the heap has grown by %d MiB", grown>>20)
	}
}

// A lineCounter counts lines, and looks now and then at how much memory is in use.
type lineCounter struct {
	n, every int
	peak     uint64
}

func (c *lineCounter) Write(p []byte) (int, error) {
	for range bytes.Count(p, []byte("\n")) {
		if c.n++; c.n%c.every == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			c.peak = max(c.peak, m.HeapAlloc)
		}
	}
	return len(p), nil
}

// Nothing behind the frame that is wanted is read.
func TestExplainStops(t *testing.T) {
	stdin, w := io.Pipe()
	go longStream(w, math.MaxInt)
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"explain", "-", "--packet", "3"}, stdin, &stdout, &stderr); code != exitDone {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if !strings.HasPrefix(stdout.String(), "   3 ") {
		t.Errorf("got:\n%s", &stdout)
	}
	stdin.Close()
}

// Behind "| head" it ends without a word.
func TestExplainHead(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go longStream(out, math.MaxInt)
	p := e2eCommand("explain", "-")
	p.Stdin, p.Stdout = in, write
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	write.Close()
	if line, err := bufio.NewReader(read).ReadString('\n'); err != nil || !strings.Contains(line, "asks for a cookie") {
		t.Errorf("%v: %s", err, line)
	}
	read.Close()
	r := p.wait()
	if status := p.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGPIPE || r.stderr != "" {
		t.Errorf("ended with %v: %s", status, r.stderr)
	}
}

// An interrupt ends the reading of a pipe that says nothing; what was read is
// summed up.
func TestExplainInterrupted(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := out.Write(captureOf(t, wire.LinkRaw, "", craftHex(t, "S 0:0(0) <FO>"))); err != nil {
		t.Fatal(err)
	}
	p := e2eCommand("explain", "-")
	p.Stdin = in
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	if !p.stdout.await("asks for a cookie") {
		t.Fatalf("got %s", p.stdout)
	}
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r := p.wait().want(t, exitFailed)
	if r.stderr != "tfo: standard input: interrupted after 1 frames\n" || !strings.Contains(r.stdout, "connection 1: ") {
		t.Errorf("got %v", r)
	}
}

// So it is with a named pipe, as of <(tcpdump -w -), before its first byte and later.
func TestExplainInterruptedNamedPipe(t *testing.T) {
	for name, capture := range map[string][]byte{
		"0": nil,
		"1": captureOf(t, wire.LinkRaw, "", craftHex(t, "S 0:0(0) <FO>")),
	} {
		t.Run(name, func(t *testing.T) {
			fifo := filepath.Join(t.TempDir(), "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			p := e2eCommand("explain", fifo)
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			out, err := os.OpenFile(fifo, os.O_WRONLY, 0) // waits for the reader
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			if _, err := out.Write(capture); err != nil {
				t.Fatal(err)
			}
			if capture != nil && !p.stdout.await("asks for a cookie") {
				t.Fatalf("got %s", p.stdout)
			}
			if err := p.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			r := p.wait().want(t, exitFailed)
			if want := "tfo: " + fifo + ": interrupted after " + name + " frames\n"; r.stderr != want {
				t.Errorf("got %q, want %q", r.stderr, want)
			}
		})
	}
}

func TestExplainGzip(t *testing.T) {
	plain, err := os.ReadFile(kernelCapture)
	if err != nil {
		t.Fatal(err)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(plain)
	w.Close()
	want := tfo(t, "", "explain", kernelCapture).done(t)
	if got := tfo(t, z.String(), "explain", "-").done(t); got != want {
		t.Errorf("compressed:\n%s\nwant\n%s", got, want)
	}
	cut := tfo(t, z.String()[:z.Len()/2], "explain", "-")
	cut.failed(t, exitFailed, "capture is cut short")
	if !strings.Contains(cut.stdout, "asks for a cookie") {
		t.Errorf("what is whole is not shown:\n%s", cut.stdout)
	}
}

func TestExplainUnreadable(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "zstd": "\x28\xb5\x2f\xfd....", "text": "hello, world"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, words := range map[string]string{
		"empty": "file is empty", "zstd": "file is compressed by zstd", "text": "not a valid pcap or pcapng capture",
		"missing": "no such file", "": "is a directory",
	} {
		path := filepath.Join(dir, name)
		got := tfo(t, "", "explain", path)
		got.failed(t, exitFailed, path, words)
		if strings.Count(got.stderr, "\n") != 1 || got.stdout != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, nil, 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t, newHosts(t).Client, "explain", secret).failed(t, exitFailed, secret, "permission denied")
}

func TestExplainBadFrames(t *testing.T) {
	syn := craftHex(t, "S 0:5(5) <FO 01020304>", "-d", "hello")
	first := setHex(t, syn, 6, 0x20, 0)   // more fragments
	second := setHex(t, syn, 6, 0x00, 10) // of 80 bytes on
	for _, test := range []struct {
		name   string
		file   []byte
		code   int
		stderr string
		shown  int
	}{
		{"fragments", captureOf(t, wire.LinkRaw, "", first, second, syn), exitDone,
			"tfo: 2 of 3 frames hold a part of a TCP segment (IP fragments, which are not put together); they are left out\n", 1},
		{"more kept than there was", keptMore(captureOf(t, wire.LinkRaw, "", syn)), exitDone, "", 1},
		{"4 GiB kept", kept(captureOf(t, wire.LinkRaw, "", syn), 0xffffffff), exitFailed,
			"tfo: standard input: whole frames: 0, then a frame of 4294967295 bytes: not a valid pcap or pcapng capture\n", 0},
		{"1 MiB kept of less", kept(captureOf(t, wire.LinkRaw, "", syn), 1<<20), exitFailed,
			"tfo: standard input: whole frames: 0, then the file ends: capture is cut short\n", 0},
		{"another link type", captureOf(t, 105, "", syn, syn), exitFailed,
			"tfo: standard input: frame 1 has link type 105 (802.11): link type is not supported (and 1 more); supported are 0 (Null), 1 (Ethernet), " +
				"12 (raw IP), 101 (raw IP), 108 (Loop), 113 (Linux SLL), 228 (IPv4), 229 (IPv6), 276 (Linux SLL2)\n", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := tfo(t, string(test.file), "explain", "-")
			if got.code != test.code || got.stderr != test.stderr {
				t.Errorf("got exit code %d, %q, want %d, %q", got.code, got.stderr, test.code, test.stderr)
			}
			if n := strings.Count(got.stdout, "in the SYN: no waiting"); n != test.shown {
				t.Errorf("%d segments are shown, want %d:\n%s", n, test.shown, got.stdout)
			}
		})
	}
}

// Who looks at bytes is shown what cannot be followed, and so it is not said to be left out.
func TestExplainShowsFragments(t *testing.T) {
	syn := craftHex(t, "S 0:5(5) <FO 01020304>", "-d", "hello")
	file := string(captureOf(t, wire.LinkRaw, "", setHex(t, syn, 6, 0x20, 0), syn[:60]))
	got := tfo(t, file, "explain", "-", "--bytes").done(t)
	for _, want := range []string{"part of a TCP segment (IP fragment), which is not put together\n", "TCP segment that is not whole\n", "42  01 02 03 04  "} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

// setHex sets bytes of a packet in hex.
func setHex(t *testing.T, packet string, at int, values ...byte) string {
	t.Helper()
	b, err := hex.DecodeString(packet)
	if err != nil {
		t.Fatal(err)
	}
	copy(b[at:], values)
	return hex.EncodeToString(b)
}

// kept changes how many bytes the first frame of a file claims to have kept.
func kept(file []byte, n uint32) []byte {
	binary.LittleEndian.PutUint32(file[24+8:], n)
	return file
}

// keptMore has the first frame claim that there was less of it on the wire than was kept.
func keptMore(file []byte) []byte {
	binary.LittleEndian.PutUint32(file[24+12:], 1)
	return file
}

// A capture of headers alone (tcpdump -s) is followed: what is missing is data.
func TestExplainShort(t *testing.T) {
	frame, err := hex.DecodeString(craftHex(t, "S 0:100(100) <FO 0102030405060708>", "-d", strings.Repeat("x", 100)))
	if err != nil {
		t.Fatal(err)
	}
	short := func(n int) string {
		file := captureOf(t, wire.LinkRaw, "", hex.EncodeToString(frame[:n]))
		binary.LittleEndian.PutUint32(file[24+12:], uint32(len(frame)))
		return string(file)
	}
	head := len(frame) - 100
	got := tfo(t, short(head+10), "explain", "-").done(t)
	if want := "cookie and 100 bytes of data in the SYN: no waiting for the handshake; 62 of 152 bytes kept"; !strings.Contains(got, want) {
		t.Errorf("no %q in:\n%s", want, got)
	}
	if got := tfo(t, short(head-1), "explain", "-"); got.stdout != "" || !strings.Contains(got.stderr, "1 of 1 frames hold a TCP segment that is not whole") {
		t.Errorf("without its headers: %+v", got)
	}
}
