package pcapng_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/pcapng"
	"tfocraft/wire/wiretest"
)

// start has digits down to the nanosecond, which all have to survive.
var start = time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC)

// capture writes the frames of Linux, alternating between two interfaces and
// directions, with lengths of every remainder.
func capture(t testing.TB) (file []byte, frames []pcapng.Frame) {
	t.Helper()
	var buf bytes.Buffer
	w, err := pcapng.NewWriter(&buf, pcapng.Interface{Name: "client", LinkType: wire.LinkEthernet}, pcapng.Interface{Name: "server", LinkType: wire.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range wiretest.LinuxFrames(t) {
		f := pcapng.Frame{
			Data: b, Length: len(b), Interface: i % 2, LinkType: wire.LinkEthernet,
			Time: start.Add(time.Duration(i) * time.Microsecond), Direction: pcapng.Direction(i % 3),
		}
		frames = append(frames, f)
		if err := w.Write(f.Data, f.Time, f.Interface, f.Direction); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), frames
}

func TestWriteAndRead(t *testing.T) {
	file, want := capture(t)
	wantFrames(t, file, want)
}

// tshark is the judge of what is written.
func TestTsharkReads(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	file, frames := capture(t)
	name := filepath.Join(t.TempDir(), "frames.pcapng")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), tshark, "-r", name, "-n", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
		"-T", "fields", "-E", "separator=|", "-e", "frame.interface_name", "-e", "frame.packet_flags_direction", "-e", "frame.len",
		"-e", "frame.time_epoch", "-e", "tcp.options.tfo.cookie", "-e", "tcp.checksum.status", "-e", "_ws.malformed")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if complaint := strings.ReplaceAll(stderr.String(), "Running as user \"root\" and group \"root\". This could be dangerous.\n", ""); complaint != "" {
		t.Errorf("tshark complains: %s", complaint)
	}
	lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
	if len(lines) != len(frames) {
		t.Fatalf("got %d frames, want %d", len(lines), len(frames))
	}
	cookies := 0
	for i, line := range lines {
		fields := strings.Split(line, "|")
		if want := []string{"client", "server"}[i%2]; fields[0] != want {
			t.Errorf("frame %d: interface %s, want %s", i, fields[0], want)
		}
		if want := []string{"", "1", "2"}[i%3]; strings.TrimLeft(fields[1], "0x") != want {
			t.Errorf("frame %d: direction %q, want %q", i, fields[1], want)
		}
		if !strings.Contains(fields[3], ".123") {
			t.Errorf("frame %d: time %s, want a fraction of .123...", i, fields[3])
		}
		if fields[4] != "" {
			cookies++
		}
		if strings.Contains(fields[5], "0") || fields[6] != "" {
			t.Errorf("frame %d: checksum status %q, malformed %q", i, fields[5], fields[6])
		}
	}
	if cookies == 0 {
		t.Error("tshark sees no Fast Open cookie")
	}
}

func TestWriteEmptyFrame(t *testing.T) {
	var buf bytes.Buffer
	w, err := pcapng.NewWriter(&buf, pcapng.Interface{LinkType: wire.LinkRaw})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		if err := w.Write(make([]byte, n), start, 0, pcapng.Unknown); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var want []pcapng.Frame
	for n := range 5 {
		want = append(want, pcapng.Frame{Data: make([]byte, n), Length: n, Time: start, LinkType: wire.LinkRaw})
	}
	wantFrames(t, buf.Bytes(), want)
}

func TestWriteFromSeveralGoroutines(t *testing.T) {
	var buf bytes.Buffer
	w, err := pcapng.NewWriter(&buf, pcapng.Interface{LinkType: wire.LinkRaw})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for range 100 {
				if err := w.Write(bytes.Repeat([]byte{byte(g)}, 100+g), start, 0, pcapng.In); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	r, err := pcapng.NewReader(&buf)
	if err != nil {
		t.Fatal(err)
	}
	frames := 0
	for f, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.Data, bytes.Repeat(f.Data[:1], 100+int(f.Data[0]))) {
			t.Fatalf("frame %d is mixed: %x", frames, f.Data)
		}
		frames++
	}
	if frames != 400 {
		t.Errorf("got %d frames, want 400", frames)
	}
}

// full is a disk without room.
type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriterErrors(t *testing.T) {
	if _, err := pcapng.NewWriter(io.Discard); err == nil {
		t.Error("no interface: no error")
	}
	if _, err := pcapng.NewWriter(io.Discard, pcapng.Interface{LinkType: wire.LinkSLL2}); !errors.Is(err, pcapng.ErrLinkType) {
		t.Errorf("cooked link: got %v", err)
	}
	if _, err := pcapng.NewWriter(full{}, pcapng.Interface{}, pcapng.Interface{}); !errors.Is(err, errFull) {
		t.Errorf("full disk: got %v", err)
	}
	w, err := pcapng.NewWriter(io.Discard, pcapng.Interface{})
	if err != nil {
		t.Fatal(err)
	}
	for _, iface := range []int{-1, 1} {
		if err := w.Write(nil, start, iface, pcapng.In); err == nil {
			t.Errorf("interface %d: no error", iface)
		}
	}
}

func TestWriterReportsLateErrors(t *testing.T) {
	disk := &filling{room: 200} // enough for the head
	w, err := pcapng.NewWriter(disk, pcapng.Interface{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(make([]byte, 10_000), start, 0, pcapng.In); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
	if err := w.Flush(); !errors.Is(err, errFull) {
		t.Errorf("Flush: got %v", err)
	}
}

type filling struct{ room int }

func (d *filling) Write(b []byte) (int, error) {
	if len(b) > d.room {
		return 0, errFull
	}
	d.room -= len(b)
	return len(b), nil
}

func BenchmarkWrite(b *testing.B) {
	w, err := pcapng.NewWriter(io.Discard, pcapng.Interface{LinkType: wire.LinkEthernet})
	if err != nil {
		b.Fatal(err)
	}
	frame := make([]byte, 1514)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(frame, start, 0, pcapng.Out); err != nil {
			b.Fatal(err)
		}
	}
}
