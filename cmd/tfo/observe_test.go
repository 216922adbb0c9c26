package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tfocraft/wire/pcapng"
)

func openObserver(t *testing.T, flags observeFlags, w io.Writer) *observer {
	t.Helper()
	ob, err := flags.open(w, "eth0")
	if err != nil {
		t.Fatal(err)
	}
	return ob
}

// framesIn reads the frames of a capture file.
func framesIn(t *testing.T, file string) (frames []pcapng.Frame) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapng.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for frame, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		frame.Data = slices.Clone(frame.Data)
		frames = append(frames, frame)
	}
	return frames
}

// A capture replaces what was in its file when there is something to keep, and
// at the end even if there is nothing; one that never began leaves no trace.
func TestObserverFile(t *testing.T) {
	const precious = "something else that is longer than the head of a capture: " + "0123456789012345678901234567890123456789"
	for _, test := range []struct {
		name    string
		exists  bool
		frames  int
		discard bool
		want    int // frames; -1 is what was there before
	}{
		{"new", false, 2, false, 2},
		{"new, nothing seen", false, 0, false, 0},
		{"new, given up", false, 0, true, -1},
		{"replaced", true, 2, false, 2},
		{"replaced, nothing seen", true, 0, false, 0},
		{"kept, given up", true, 0, true, -1},
		{"given up after the first frame", true, 1, true, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.pcapng")
			if test.exists {
				if err := os.WriteFile(file, []byte(precious), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			ob := openObserver(t, observeFlags{pcap: file}, nil)
			for range test.frames {
				ob.frame()(make([]byte, 60), time.Unix(1, 0), true)
			}
			if test.discard {
				if err := ob.discard(); err != nil {
					t.Fatal(err)
				}
			}
			if err := ob.close(); err != nil {
				t.Fatal(err)
			}
			if test.want >= 0 {
				if got := len(framesIn(t, file)); got != test.want {
					t.Errorf("%d frames, want %d", got, test.want)
				}
				return
			}
			switch b, err := os.ReadFile(file); {
			case test.exists && string(b) != precious:
				t.Errorf("the file has changed: %q, %v", b, err)
			case !test.exists && !os.IsNotExist(err):
				t.Errorf("the file is there: %q, %v", b, err)
			}
		})
	}
}

func TestObserverBadFile(t *testing.T) {
	for _, file := range []string{filepath.Join(t.TempDir(), "missing", "x.pcapng"), t.TempDir()} {
		flags := observeFlags{pcap: file}
		if _, err := flags.open(nil, "eth0"); err == nil || !strings.HasPrefix(err.Error(), "--pcap: open "+file) {
			t.Errorf("got %v", err)
		}
	}
	ob := openObserver(t, observeFlags{pcap: "/dev/full"}, nil)
	ob.frame()(make([]byte, 60), time.Unix(1, 0), false)
	if err := ob.close(); err == nil || !strings.HasPrefix(err.Error(), "--pcap: ") {
		t.Errorf("a disk that is full: %v", err)
	}
}

func TestObserverSegments(t *testing.T) {
	var out bytes.Buffer
	ob := openObserver(t, observeFlags{verbose: true}, &out)
	if ob.frame() != nil {
		t.Error("keeps frames that nobody asked for")
	}
	for i, text := range []string{"S 0:0(0) <FO>", "S. 0:0(0) ack 1"} {
		args := [][]string{{"--src", "192.0.2.1:40000", "--dst", "192.0.2.2:80"}, {"--src", "192.0.2.2:80", "--dst", "192.0.2.1:40000"}}[i]
		p := craftPacket(t, append([]string{text}, args...)...)
		ob.segment()(time.Unix(1, int64(i)*1e6), i == 0, &p)
	}
	want := "   0.000 ms  >  S 0:0(0) win 65535 <FO,nop,nop>  // asks for a cookie (Fast Open option, empty)\n" +
		"   1.000 ms  <  S. 0:0(0) ack 1 win 65535  // "
	if !strings.HasPrefix(out.String(), want) {
		t.Errorf("got:\n%s\nwant:\n%s", &out, want)
	}
	if silent := openObserver(t, observeFlags{}, &out); silent.segment() != nil || silent.close() != nil {
		t.Error("shows segments that nobody asked for")
	}
}
