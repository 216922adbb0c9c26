package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire"
	"tfocraft/wire/pcapng"
)

func TestExplainHTML(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.html")
	want := tfo(t, "", "explain", kernelCapture).done(t)
	if got := tfo(t, "", "explain", kernelCapture, "--html", page).done(t); got != want {
		t.Errorf("with a page something else is printed:\n%s", got)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"a24e1d399638e060", "cookie and 5 bytes of data in the SYN", "tcp.options.fo"} {
		if !strings.Contains(string(html), words) {
			t.Errorf("no %q in the page", words)
		}
	}
	// What was explained is printed all the same.
	missing := filepath.Join(t.TempDir(), "missing", "page.html")
	got := tfo(t, "", "explain", kernelCapture, "--html", missing)
	got.failed(t, exitFailed, "--html: open "+missing, "no such file")
	if got.stdout != want || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("got %+v", got)
	}
	// So is the page of a capture that is cut.
	whole, err := os.ReadFile(kernelCapture)
	if err != nil {
		t.Fatal(err)
	}
	tfo(t, string(whole[:len(whole)-5]), "explain", "-", "--html", page).failed(t, exitFailed, "capture is cut short")
	if cut, err := os.ReadFile(page); err != nil || !strings.Contains(string(cut), "a24e1d399638e060") {
		t.Errorf("no page of what was whole: %v", err)
	}
}

// The page of a capture that is longer than a page, of which some connections are left out and whose clock goes back, calls
// frames and connections by the numbers that they have in what is printed.
func TestExplainHTMLNumbers(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.html")
	want := make(map[string]string) // of frames and connections, whose they are
	for line := range strings.Lines(tfo(t, longCaptureOfSYNs(t), "explain", "-", "--only-tfo", "--json", "--html", page).done(t)) {
		var told struct {
			Type, From         string
			Packet, Connection int
		}
		if err := json.Unmarshal([]byte(line), &told); err != nil {
			t.Fatal(err)
		}
		if told.Type == "segment" {
			want[fmt.Sprint("frame ", told.Packet)] = fmt.Sprint(told.Connection)
			want[fmt.Sprint("connection ", told.Connection)] = told.From
		}
	}
	var shown struct {
		Story struct {
			Frames      []struct{ Number, Connection int }
			Connections []struct {
				Number int
				Client string
			}
			Left int
		}
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, data, _ := strings.Cut(string(html), `<script type="application/json" id="story">`)
	data, _, _ = strings.Cut(data, "</script>")
	if err := json.Unmarshal([]byte(data), &shown); err != nil {
		t.Fatal(err)
	}
	if n := len(shown.Story.Frames); n != story.DefaultLimit || shown.Story.Left == 0 || len(shown.Story.Connections) != n {
		t.Fatalf("%d frames, %d connections, %d left", n, len(shown.Story.Connections), shown.Story.Left)
	}
	for _, f := range shown.Story.Frames {
		if got := fmt.Sprint(f.Connection); got != want[fmt.Sprint("frame ", f.Number)] {
			t.Errorf("frame %d: connection %s, want %s", f.Number, got, want[fmt.Sprint("frame ", f.Number)])
		}
	}
	for _, c := range shown.Story.Connections {
		if want := want[fmt.Sprint("connection ", c.Number)]; c.Client != want {
			t.Errorf("connection %d: of %s, want %s", c.Number, c.Client, want)
		}
	}
}

// longCaptureOfSYNs has pairs of frames in the wrong order, uses ports again, and Fast Open in two SYNs of three.
func longCaptureOfSYNs(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	file, err := pcapng.NewWriter(&b, pcapng.Interface{LinkType: wire.LinkRaw})
	if err != nil {
		t.Fatal(err)
	}
	server := netip.MustParseAddrPort("192.0.2.2:80")
	for i := range 2000 {
		s := wire.Segment{Flags: wire.SYN, Seq: wire.Seq(i)}
		if i%3 > 0 {
			s.Options = wire.Options{34, 2, 1, 1}
		}
		at := time.Unix(1, int64(i^1)*1000)
		p := wire.NewPacket(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(1000+i%400)), server, s)
		p.SetLengths()
		p.SetChecksums()
		if err := file.Write(p.Append(nil), at, 0, pcapng.Out); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
