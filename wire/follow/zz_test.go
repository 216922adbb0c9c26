package follow_test
import ("testing";"tfocraft/wire/follow";"fmt";"strings";"os";"path/filepath")
func TestGen(t *testing.T) {
	paths, _ := filepath.Glob("testdata/story/*.txt")
	for _, path := range paths {
		s := readStory(t, path); f := follow.New(); i := 0
		text, _ := os.ReadFile(path)
		var b strings.Builder
		for line := range strings.Lines(string(text)) {
			if line[0] == ' ' || line[0] == '=' { continue }
			b.WriteString(line)
			if line[0] == '+' { l := f.Frame(s.frames[i].at, &s.frames[i].packet); fmt.Fprintf(&b, "    %s\n", l.Reason); i++ }
		}
		for _, c := range f.Connections() { fmt.Fprintf(&b, "= %s\n", summary(&c)) }
		os.WriteFile(path, []byte(b.String()), 0o644)
	}
	paths, _ = filepath.Glob("testdata/linux/*.txt")
	for _, path := range paths {
		f := follow.New()
		var got strings.Builder
		for _, frame := range readFrames(t, path) { writeLine(&got, f.Frame(frame.at, &frame.packet)) }
		for _, c := range f.Connections() { fmt.Fprintf(&got, "= %s\n", summary(&c)) }
		os.WriteFile(strings.TrimSuffix(path, ".txt") + ".golden", []byte(got.String()), 0o644)
	}
}
