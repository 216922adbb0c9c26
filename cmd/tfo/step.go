package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/term"

	"tfocraft/cmd/tfo/internal/story"
)

// A stepper goes through a story in a terminal, with a key for each segment.
type stepper struct {
	in, out *os.File
	paper   *paper
	story   *story.Story
	frames  []*story.Frame // as the one saw them from whose place the story is told: states follow each other in this order

	at   int // index of the frame that is explained; behind the last one stands what was expected
	top  int // first line on the screen
	rows int // of text on the screen
}

// stepTerminal returns the terminal to step in. It is an error of usage if there is none.
func stepTerminal(in io.Reader, out io.Writer) (keys, screen *os.File, err error) {
	if !isTerminal(in) || !isTerminal(out) {
		return nil, nil, withHint(usagef("--step: keys and text need a terminal"), "--html FILE shows the same in a browser, and without --step all of it is printed")
	}
	return in.(*os.File), out.(*os.File), nil
}

// stepThrough shows the story until its reader leaves, and puts the terminal back as it was.
func stepThrough(ctx context.Context, keys, screen *os.File, look paperFlags, s *story.Story) (err error) {
	p, err := look.open(screen)
	if err != nil {
		return err
	}
	before, err := term.MakeRaw(int(keys.Fd()))
	if err != nil {
		return fmt.Errorf("--step: %w", err)
	}
	// Another screen, without cursor, so that what was on the terminal is there again afterwards.
	_, err = io.WriteString(screen, "\x1b[?1049h\x1b[?25l")
	defer func() {
		_, werr := io.WriteString(screen, "\x1b[?25h\x1b[?1049l")
		err = errors.Join(err, werr, term.Restore(int(keys.Fd()), before))
	}()
	if err != nil {
		return err
	}
	// Who is told to go puts the terminal back first. Signals from keys are keys here.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	return newStepper(keys, screen, p, s).run(ctx)
}

func newStepper(in, out *os.File, p *paper, s *story.Story) *stepper {
	st := &stepper{in: in, out: out, paper: p, story: s}
	for i := range s.Frames {
		st.frames = append(st.frames, &s.Frames[i])
	}
	slices.SortStableFunc(st.frames, func(a, b *story.Frame) int { return cmp.Compare(a.Seen, b.Seen) })
	return st
}

// run draws and waits for keys, until one of them says to leave.
func (s *stepper) run(ctx context.Context) error {
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	pressed := make(chan key)
	go readKeys(ctx, s.in, pressed)
	s.turn(0)
	for {
		if err := s.draw(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-resized:
			s.turn(s.at)
		case k, ok := <-pressed:
			if !ok || k == keyQuit {
				return nil
			}
			s.press(k)
		}
	}
}

// press does what a key is for.
func (s *stepper) press(k key) {
	switch k {
	case keyNext:
		s.turn(s.at + 1)
	case keyBack:
		s.turn(s.at - 1)
	case keyFirst:
		s.turn(0)
	case keyLast:
		s.turn(len(s.frames))
	case keyUp:
		s.top--
	case keyDown:
		s.top++
	case keyPageUp:
		s.top -= s.rows
	case keyPageDown:
		s.top += s.rows
	}
}

// linesBefore is how much of what was before stays on the screen above a segment.
const linesBefore = 6

// turn goes to a segment.
func (s *stepper) turn(to int) {
	s.at = min(max(to, 0), len(s.frames))
	s.measure()
	s.top = len(s.pastLines()) - min(linesBefore, s.rows/3)
}

// measure looks how large the terminal is.
func (s *stepper) measure() {
	width, height, err := term.GetSize(int(s.out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	s.paper.width, s.rows = width, max(height-1, 1)
}
