package dissect_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/dissect"
	"tfocraft/wire/wiretest"
)

// linkFrame is a frame with what it begins with.
type linkFrame struct {
	name string
	link wire.LinkType
	data []byte
}

// linuxFrames are the frames of kernels that the repository has.
func linuxFrames(t testing.TB) (all []linkFrame) {
	t.Helper()
	for _, data := range wiretest.LinuxFrames(t) {
		all = append(all, linkFrame{"linux.txt", wire.LinkEthernet, data})
	}
	files, err := filepath.Glob("../follow/testdata/linux/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d captures of Linux, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			if len(words) != 2 || words[0] == "#" {
				continue
			}
			all = append(all, linkFrame{filepath.Base(file), wire.LinkEthernet, wiretest.Unhex(t, words[1])})
		}
	}
	return all
}

// field returns the field of that ID, which must be there.
func field(t testing.TB, f *dissect.Frame, id string) *dissect.Field {
	t.Helper()
	for i := range f.Fields {
		if f.Fields[i].ID == id {
			return &f.Fields[i]
		}
	}
	t.Fatalf("there is no field %s", id)
	return nil
}
