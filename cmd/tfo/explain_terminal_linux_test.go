package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rivo/uniseg"
	"golang.org/x/sys/unix"
)

// openTerminal makes a terminal of so many columns, and returns both of its ends.
func openTerminal(t *testing.T, columns uint16) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("needs pseudoterminals: %v", err)
	}
	t.Cleanup(func() { ours.Close() })
	fd := int(ours.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err = os.OpenFile(filepath.Join("/dev/pts", strconv.Itoa(n)), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// onTerminal runs a command whose results go to a terminal of so many columns, and returns them.
func onTerminal(t *testing.T, columns uint16, args ...string) string {
	t.Helper()
	ours, theirs := openTerminal(t, columns)
	printed := make(chan string)
	go func() {
		b, _ := io.ReadAll(ours) // fails once nobody writes any more
		printed <- string(b)
	}()
	var stderr bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(""), theirs, &stderr); code != exitDone || stderr.Len() > 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	theirs.Close()
	return strings.ReplaceAll(<-printed, "\r\n", "\n")
}

// colours are the sequences that switch them.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Nothing is wider than the terminal, in either language, and nothing is lost.
func TestExplainNarrow(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	for _, lang := range []string{"en", "zh"} {
		for _, columns := range []int{40, 80, 200} {
			for _, view := range [][]string{nil, {"--bytes"}} {
				args := append([]string{"explain", kernelCapture, "--lang", lang}, view...)
				got := onTerminal(t, uint16(columns), args...)
				if !colours.MatchString(got) {
					t.Errorf("%q on a terminal: no colours", args)
				}
				got = colours.ReplaceAllString(got, "")
				for line := range strings.Lines(got) {
					if n := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); n > columns {
						t.Errorf("%q: %d columns, there are %d: %s", args, n, columns, line)
					}
				}
				plain := tfo(t, "", args...).done(t)
				if squeezed(got) != squeezed(plain) && columns != 40 {
					t.Errorf("%q: on %d columns other words are printed than on paper", args, columns)
				}
			}
		}
	}
}

// squeezed leaves out what separates words.
func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

func TestColours(t *testing.T) {
	t.Setenv("TERM", "xterm")
	for _, test := range []struct {
		noColor, term, flag string
		want                bool
	}{
		{"", "xterm", "auto", true}, {"1", "xterm", "auto", false}, {"", "dumb", "auto", false},
		{"1", "xterm", "always", true}, {"", "xterm", "never", false},
	} {
		t.Setenv("NO_COLOR", test.noColor)
		t.Setenv("TERM", test.term)
		got := onTerminal(t, 80, "explain", kernelCapture, "--color", test.flag)
		if coloured := colours.MatchString(got); coloured != test.want {
			t.Errorf("%+v: colours: %t", test, coloured)
		}
	}
	t.Setenv("NO_COLOR", "")
	if got := tfo(t, "", "explain", kernelCapture).done(t); colours.MatchString(got) {
		t.Error("there are colours where there is no terminal")
	}
	if got := tfo(t, "", "explain", kernelCapture, "--color", "always").done(t); !colours.MatchString(got) {
		t.Error("there are no colours, though always")
	}
}

func TestExplainTerminals(t *testing.T) {
	_, theirs := openTerminal(t, 40)
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"explain", "-"}, theirs, &stdout, &stderr)
	outcome{code, stdout.String(), stderr.String()}.failed(t, exitUsage, "standard input is a terminal", "tcpdump -w - | tfo explain -")
}
