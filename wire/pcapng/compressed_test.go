package pcapng_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"tfocraft/wire/pcapng"
)

// readAll returns the frames up to the end of a file or its first error.
func readAll(file []byte) (frames []pcapng.Frame, err error) {
	r, err := pcapng.NewReader(bytes.NewReader(file))
	for err == nil {
		var f pcapng.Frame
		if f, err = r.Next(); err == nil {
			frames = append(frames, f)
		}
	}
	return frames, err
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}

func TestReadGzip(t *testing.T) {
	plain, err := os.ReadFile("testdata/linux.pcap")
	if err != nil {
		t.Fatal(err)
	}
	want, err := readAll(plain)
	if err != io.EOF || len(want) == 0 {
		t.Fatalf("%d frames, %v", len(want), err)
	}
	whole := gzipped(t, plain)
	got, err := readAll(whole)
	if err != io.EOF || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %d frames, %v, want %d", len(got), err, len(want))
	}
	for n := range whole {
		if _, err := readAll(whole[:n]); n >= 4 && !errors.Is(err, pcapng.ErrTruncated) {
			t.Fatalf("cut to %d bytes: got %v", n, err)
		}
	}
	// What stands before the fault comes out: a wrong sum is seen at the end.
	whole[len(whole)-8] ^= 1
	got, err = readAll(whole)
	if !errors.Is(err, pcapng.ErrFormat) || !strings.Contains(err.Error(), "invalid checksum") || len(got) != len(want) {
		t.Errorf("with a wrong sum: got %d frames of %d, %v", len(got), len(want), err)
	}
}
