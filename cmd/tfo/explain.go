package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// explainFlags choose what of a capture is explained.
type explainFlags struct {
	viewFlags
	hex     string
	packet  int
	onlyTFO bool
}

func newExplain() *cobra.Command {
	var flags explainFlags
	cmd := &cobra.Command{
		Use:   "explain [FILE|-]",
		Short: "tell what each TCP segment of a capture is for, and show its bytes",
		Long: `Reads a capture (pcap or pcapng, compressed by gzip or not; - is standard input)
and tells for every TCP segment what it is for, then what became of Fast Open on
each connection. Captures of any length are explained as they are read.
Without timestamps and padding, that is: --bytes, --packet and --hex show every
option, and the bytes of the IP packet with their fields.`,
		Example: `  tfo lab --pcap story.pcapng && tfo explain story.pcapng
  tfo explain story.pcapng --packet 3
  tfo explain story.pcapng --step
  tcpdump -w - | tfo explain -
  tfo craft 'S 0:0(0) <mss 1460,FO>' | tfo explain --hex -`,
		Args: optional("FILE"),
	}
	flags.viewFlags.add(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.hex, "hex", "", "explain these `BYTES` in hex: a frame or an IP packet; - reads them from standard input")
	f.IntVar(&flags.packet, "packet", 0, "only frame number `N`, with its bytes; nothing behind it is read")
	f.BoolVar(&flags.onlyTFO, "only-tfo", false, "only connections whose SYN or SYN-ACK has a Fast Open option, or data")
	exclusive(cmd, "hex", "packet", "only-tfo")
	f.BoolVar(&flags.step, "step", false, "go through the connections in the terminal: a key for each segment, b goes back, q leaves")
	exclusive(cmd, "hex", "packet", "html")
	exclusive(cmd, "hex", "packet", "step")
	exclusive(cmd, "step", "json")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		if err := flags.check(cmd, args); err != nil {
			return err
		}
		flags.bytes = flags.bytes || flags.hex != "" || flags.packet != 0
		name := "--hex"
		if len(args) > 0 {
			name = args[0]
		}
		e, err := newExplainer(cmd, flags.viewFlags, name, args...)
		if err != nil {
			return err
		}
		if flags.hex != "" {
			return e.explainHex(flags.hex, cmd.InOrStdin())
		}
		e.packet, e.onlyTFO = flags.packet, flags.onlyTFO
		return e.explainFile(cmd, args[0])
	})
	return cmd
}

// check finds what does not go together, or without a terminal.
func (x *explainFlags) check(cmd *cobra.Command, args []string) error {
	switch {
	case x.packet < 1 && cmd.Flags().Changed("packet"):
		return usagef("--packet: frames are numbered from 1")
	case x.hex != "" && len(args) > 0:
		return usagef("--hex and a file exclude each other")
	case x.hex == "" && len(args) == 0:
		return usagef("what to explain: a capture file, - for standard input, or --hex BYTES")
	case x.step:
		_, _, err := stepTerminal(cmd.InOrStdin(), cmd.OutOrStdout())
		return err
	}
	return nil
}

func (e *explainer) explainHex(text string, stdin io.Reader) error {
	f, err := frameFromHex(text, stdin)
	if err != nil {
		return err
	}
	return e.take(1, f)
}

// explainFile explains what is whole of a capture, then says what is not.
func (e *explainer) explainFile(cmd *cobra.Command, name string) error {
	c, err := openCapture(cmd, name)
	if err != nil {
		return err
	}
	if e.step {
		e.paper.w = io.Discard // it is gone through instead
	}
	end := e.explainAll(c)
	c.close()
	if _, printing := errors.AsType[*printError](end); printing {
		return end
	}
	if e.packet != 0 {
		if end == nil && e.shown == 0 {
			end = fmt.Errorf("%s: no frame %d, there are %d", c.name, e.packet, c.frames)
		}
		return end
	}
	if err := e.finish(); err != nil {
		return err
	}
	if e.step && e.shown > 0 {
		end = errors.Join(end, e.stepThrough(cmd))
	}
	if end == nil {
		end = e.leftOut(cmd.ErrOrStderr(), c)
	}
	return errors.Join(end, e.writePage())
}

// stepThrough goes through what would have been printed.
func (e *explainer) stepThrough(cmd *cobra.Command) error {
	keys, screen, err := stepTerminal(cmd.InOrStdin(), cmd.OutOrStdout())
	if err != nil {
		return err
	}
	return stepThrough(cmd.Context(), keys, screen, e.paperFlags, e.pageStory())
}

// explainAll takes the frames of a capture, as far as they are wanted.
func (e *explainer) explainAll(c *capture) error {
	for e.packet == 0 || c.frames < e.packet {
		f, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := e.take(c.frames, &f); err != nil {
			return &printError{err}
		}
	}
	return nil
}

// A printError is one of where the results go.
type printError struct{ err error }

func (e *printError) Error() string { return e.err.Error() }
func (e *printError) Unwrap() error { return e.err }

// leftOut says what of a capture could not be shown.
func (e *explainer) leftOut(stderr io.Writer, c *capture) error {
	if e.broken > 0 {
		complain(stderr, "%d of %d frames hold a TCP segment that is not whole; they are left out", e.broken, c.frames)
	}
	if e.fragmented > 0 {
		complain(stderr, "%d of %d frames hold a part of a TCP segment (IP fragments, which are not put together); they are left out", e.fragmented, c.frames)
	}
	if err := c.leftOut(); err != nil {
		return err
	}
	if e.segments+e.broken+e.fragmented+e.shown == 0 {
		complain(stderr, "%s: no TCP segment in %d frames", c.name, c.frames)
	}
	return nil
}
