package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"tfocraft/wire"
	"tfocraft/wire/pcapng"
)

// longCapture is how long a file is, in bytes, whose reading takes long enough for a progress bar.
const longCapture = 32 << 20

// barThrottle is how often a progress bar is drawn at most.
const barThrottle = 100 * time.Millisecond

// A capture is a file of frames that is read one by one, so that its length does not matter.
type capture struct {
	name   string // of the file, for messages
	ctx    context.Context
	reader *pcapng.Reader
	close  func()
	frames int // read so far

	foreign      int   // of these, frames of a link type that is not supported
	firstForeign error // about the first of them
}

// openCapture begins to read the named file, or standard input for -. The caller closes it.
func openCapture(cmd *cobra.Command, name string) (*capture, error) {
	c := &capture{name: name, ctx: cmd.Context()}
	in, err := c.open(cmd)
	if err != nil {
		return nil, err
	}
	if c.reader, err = pcapng.NewReader(in); err != nil {
		c.close()
		if c.ctx.Err() != nil {
			err = c.interrupted()
		} else {
			err = c.failed(err)
		}
		return nil, err
	}
	return c, nil
}

func (c *capture) open(cmd *cobra.Command) (io.Reader, error) {
	if c.name == "-" {
		c.name = "standard input"
		if isTerminal(cmd.InOrStdin()) {
			return nil, withHint(usagef("standard input is a terminal"), "give it a capture, as in: tcpdump -w - | tfo explain -")
		}
		return c.interruptible(func() (io.ReadCloser, error) { return io.NopCloser(cmd.InOrStdin()), nil }), nil
	}
	if info, err := os.Stat(c.name); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		return c.interruptible(func() (io.ReadCloser, error) { return os.Open(c.name) }), nil
	}
	f, err := os.Open(c.name)
	if err != nil {
		return nil, err
	}
	bar := newReadBar(f, cmd.OutOrStdout(), cmd.ErrOrStderr())
	c.close = func() {
		if bar != nil {
			_ = bar.Clear() // it is only what is on the screen
		}
		f.Close()
	}
	if bar == nil {
		return f, nil
	}
	return io.TeeReader(f, bar), nil
}

// interruptible returns what comes from a pipe until the context ends: neither its opening, which waits
// for a writer, nor a read of it would notice.
func (c *capture) interruptible(open func() (io.ReadCloser, error)) io.Reader {
	r, w := io.Pipe()
	c.close = func() { r.Close() }
	stop := context.AfterFunc(c.ctx, func() { w.CloseWithError(context.Cause(c.ctx)) })
	go func() {
		defer stop()
		in, err := open()
		if err == nil {
			_, err = io.Copy(w, in)
			in.Close()
		}
		w.CloseWithError(err) // nil is the end of the file
	}()
	return r
}

// newReadBar shows how far the reading of a long file has come, on a terminal where the
// results do not go.
func newReadBar(f *os.File, stdout, stderr io.Writer) *progressbar.ProgressBar {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() < longCapture || !isTerminal(stderr) || isTerminal(stdout) {
		return nil
	}
	return progressbar.NewOptions64(info.Size(), progressbar.OptionSetWriter(stderr), progressbar.OptionSetWidth(24),
		progressbar.OptionShowBytes(true), progressbar.OptionThrottle(barThrottle), progressbar.OptionClearOnFinish())
}

// next returns the next frame. At the end it fails with io.EOF; any other error is the last, too. Frames whose link
// type is not supported are left out, and counted.
func (c *capture) next() (pcapng.Frame, error) {
	for {
		f, err := c.reader.Next()
		switch {
		case c.ctx.Err() != nil:
			return f, c.interrupted()
		case err == io.EOF:
			return f, err
		case errors.Is(err, pcapng.ErrLinkType):
			c.frames++
			c.foreign++
			if c.firstForeign == nil {
				c.firstForeign = err
			}
			continue
		case err != nil:
			return f, c.failed(err)
		}
		c.frames++
		return f, nil
	}
}

func (c *capture) interrupted() error {
	return fmt.Errorf("%s: interrupted after %d frames", c.name, c.frames)
}

func (c *capture) failed(err error) error { return fmt.Errorf("%s: %w", c.name, plain(err)) }

// leftOut is the error about the frames of foreign link types; nil if there are none.
func (c *capture) leftOut() error {
	if c.foreign == 0 {
		return nil
	}
	var names []string
	for _, l := range wire.LinkTypes() {
		names = append(names, l.String())
	}
	more := ""
	if c.foreign > 1 {
		more = fmt.Sprintf(" (and %d more)", c.foreign-1)
	}
	return fmt.Errorf("%w%s; supported are %s", c.failed(c.firstForeign), more, strings.Join(names, ", "))
}
