package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/pcapng"
)

// A walk is a terminal in which somebody goes through a story.
type walk struct {
	*testing.T
	ours, theirs *os.File
	before       unix.Termios
	done         chan error

	mu   sync.Mutex
	seen strings.Builder
}

func newWalk(t *testing.T, columns uint16) *walk {
	t.Helper()
	w := &walk{T: t, done: make(chan error, 1)}
	w.ours, w.theirs = openTerminal(t, columns)
	w.before = w.modes()
	go w.listen()
	return w
}

func startWalk(ctx context.Context, t *testing.T, columns uint16, s *story.Story) *walk {
	t.Helper()
	w := newWalk(t, columns)
	go func() { w.done <- stepThrough(ctx, w.theirs, w.theirs, paperFlags{color: "auto"}, s) }()
	return w
}

// listen keeps what comes to the terminal.
func (w *walk) listen() {
	buf := make([]byte, 4096)
	for {
		n, err := w.ours.Read(buf)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.seen.Write(buf[:n])
		w.mu.Unlock()
	}
}

func (w *walk) modes() unix.Termios {
	w.Helper()
	modes, err := unix.IoctlGetTermios(int(w.theirs.Fd()), unix.TCGETS)
	if err != nil {
		w.Fatal(err)
	}
	return *modes
}

// screen is what stands on the terminal, without colours.
func (w *walk) screen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.seen.String()
	home := strings.LastIndex(all, "\x1b[H")
	if home < 0 {
		return ""
	}
	return colours.ReplaceAllString(strings.NewReplacer("\x1b[H", "", "\x1b[K", "", "\r\n", "\n").Replace(all[home:]), "")
}

// press types keys and waits until words are on the screen.
func (w *walk) press(keys, words string) string {
	w.Helper()
	return w.await(keys, func(screen string) bool { return strings.Contains(screen, words) })
}

// scroll types keys and waits until words are no more on the screen.
func (w *walk) scroll(keys, words string) {
	w.Helper()
	w.await(keys, func(screen string) bool { return !strings.Contains(screen, words) })
}

func (w *walk) await(keys string, shows func(screen string) bool) string {
	w.Helper()
	if _, err := w.ours.WriteString(keys); err != nil {
		w.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		screen := w.screen()
		if shows(screen) && strings.Contains(screen, "q leave") {
			return screen
		}
		if time.Now().After(end) {
			w.Fatalf("after %q there is:\n%s", keys, screen)
		}
	}
}

// ended wants the end, and the terminal as it was.
func (w *walk) ended(want error) {
	w.Helper()
	select {
	case err := <-w.done:
		if !errors.Is(err, want) {
			w.Errorf("got %v, want %v", err, want)
		}
	case <-time.After(10 * time.Second):
		w.Fatal("it goes on")
	}
	if got := w.modes(); got != w.before {
		w.Errorf("the terminal has other modes than before: %+v, %+v", got, w.before)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		w.mu.Lock()
		back := strings.HasSuffix(w.seen.String(), "\x1b[?25h\x1b[?1049l")
		w.mu.Unlock()
		if back {
			return
		}
		if time.Now().After(end) {
			w.Fatal("neither cursor nor screen are back")
		}
	}
}

// kernelStory is of connections between kernels.
func kernelStory(t *testing.T) *story.Story {
	t.Helper()
	file, err := os.Open(kernelCapture)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := pcapng.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var b story.Builder
	for f, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wire.ParseFrame(f.Data); err != nil {
			continue // not TCP
		}
		b.Add(story.Sighting{Link: f.LinkType, Departed: f.Time, Sent: f.Data})
	}
	s := b.Story()
	s.Title = bilingual.T("Between kernels", "内核之间")
	s.Checks = []story.Check{{What: bilingual.T("it is over", "已结束"), Seen: "yes", OK: true}, {What: bilingual.T("there is more", "还有"), Seen: "no"}}
	return s
}

// A key brings the next segment, with what is to be said of it, and others go back, scroll and leave.
func TestStep(t *testing.T) {
	t.Setenv("LANG", "C")
	t.Setenv("LC_ALL", "")
	s := kernelStory(t)
	for _, columns := range []uint16{40, 100} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			w := startWalk(t.Context(), t, columns, s)
			of := func(i int) string { return s.Frames[i].Reason.En[:12] }
			screens := []string{
				w.press("", of(0)), w.press(" ", of(1)), w.press("\r", of(2)), w.press("b", of(1)), w.press("\x1b[D", of(0)), w.press("b", of(0)),
				w.press("\x1b[C", of(1)),
			}
			w.scroll("\x1b[6~\x1b[6~\x1b[6~", of(1))
			screens = append(screens, w.press("\x1b[5~\x1b[5~\x1b[5~", of(1)),
				w.press("G", "NOT SEEN: there is more (no)"), w.press("g", of(0)))
			for _, screen := range screens {
				for line := range strings.Lines(screen) {
					if got := textWidth(strings.TrimSuffix(line, "\n")); got > int(columns) {
						t.Errorf("%d columns: %s", got, line)
					}
				}
				if got := strings.Count(screen, "\n"); got != 23 {
					t.Errorf("%d lines on a screen of 24", got+1)
				}
			}
			if !strings.Contains(screens[1], s.Frames[1].Client.State) {
				t.Errorf("no state %s on:\n%s", s.Frames[1].Client.State, screens[1])
			}
			// A screen that becomes larger shows more.
			if err := unix.IoctlSetWinsize(int(w.ours.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 80}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(w.press(" ", of(1)), "\n"); got != 39 {
				t.Errorf("%d lines on a screen of 40", got+1)
			}
			if _, err := w.ours.WriteString("q"); err != nil {
				t.Fatal(err)
			}
			w.ended(nil)
		})
	}
}

// Who is interrupted leaves the terminal as it was, too.
func TestStepInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	w := startWalk(ctx, t, 80, kernelStory(t))
	w.press(" ", "q leave")
	why := errors.New("enough")
	cancel(why)
	w.ended(why)
}

// So does who hangs up.
func TestStepHangup(t *testing.T) {
	w := startWalk(t.Context(), t, 80, kernelStory(t))
	w.press(" ", "q leave")
	if err := unix.Kill(os.Getpid(), unix.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-w.done:
		if err == nil || !strings.Contains(err.Error(), "hangup") {
			t.Errorf("got %v", err)
		}
		w.done <- nil
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
	w.ended(nil)
}

// Frames come as the one saw them whose states are told, not as they left: those never go back. What has arrived changed is shown as it was, too.
func TestStepOrder(t *testing.T) {
	s := kernelStory(t)
	s.Frames[3].Seen, s.Frames[4].Seen = s.Frames[4].Seen, s.Frames[3].Seen
	s.Frames[0].Changed, s.Frames[0].ArrivedBytes, s.Frames[0].ArrivedDissection = true, s.Frames[1].Bytes, s.Frames[1].Dissection
	st := newStepper(nil, nil, &paper{lang: langEn, width: 100}, s)
	for i, f := range st.frames {
		if f.Seen != i+1 {
			t.Errorf("frame %d comes as number %d", f.Seen, i+1)
		}
	}
	text := strings.Join(st.presentLines(), "\n")
	if sent, arrived, ok := strings.Cut(text, "As it arrived:"); !ok || !strings.Contains(sent, "Flags") || !strings.Contains(arrived, "Flags") {
		t.Errorf("got:\n%s", text)
	}
}

// A capture can be gone through as well; nothing of it is printed then.
func TestExplainStep(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	w := newWalk(t, 80)
	var stderr strings.Builder
	go func() {
		if code := run(t.Context(), []string{"explain", kernelCapture, "--step", "--only-tfo"}, w.theirs, w.theirs, &stderr); code != exitDone {
			w.done <- fmt.Errorf("exit code %d: %s", code, &stderr)
			return
		}
		w.done <- nil
	}()
	w.press("", "asks for a cookie")
	w.press(" ", "cookie")
	w.press("G", "Connection 1: Fast Open cookie-received")
	if _, err := w.ours.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	w.ended(nil)
}

func TestStepKeys(t *testing.T) {
	for read, want := range map[string]string{
		" b":             "1 2",
		"\x1b[A\x1b[B":   "5 6",
		"\x1b[1;5Cq":     "0 9", // with a modifier it means nothing
		"\x1b":           "9",
		"\x1b[5~\x1bOHx": "7 3 0",
		"ü":              "0 0",
		"\x1b[":          "0",
	} {
		var got []string
		for rest := read; rest != ""; {
			var k key
			k, rest = nextKey(rest)
			got = append(got, fmt.Sprint(int(k)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %v, want %s", read, got, want)
		}
	}
}

// Without a terminal there is nothing to press keys on, and nothing is played.
func TestStepWithoutTerminal(t *testing.T) {
	tfo(t, "", "lab", "--step").failed(t, exitUsage, "--step: keys and text need a terminal", "--html FILE")
	tfo(t, "", "explain", kernelCapture, "--step").failed(t, exitUsage, "--step: keys and text need a terminal", "--html FILE")
}

// The program goes through a scenario, says afterwards what it says without, and leaves nothing.
func TestLabStep(t *testing.T) {
	e2eNewLab(t, lab.Config{}) // skips where there can be none
	t.Setenv("LC_ALL", "C")
	w := newWalk(t, 80)
	cmd := e2eCommand("lab", "first-and-second", "--step", "--rtt", "1ms")
	cmd.Stdin, cmd.Stdout = w.theirs, w.theirs
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.press("", "asks for a cookie")
	w.press(" ", "grants cookie")
	if _, err := w.ours.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	if got := w.modes(); got != w.before {
		t.Error("the terminal has other modes than before")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, after, ok := strings.Cut(w.seen.String(), "\x1b[?1049l"); !ok || !strings.Contains(after, "Expected, and seen:") {
		t.Errorf("got at the end: %q", after)
	}
}
