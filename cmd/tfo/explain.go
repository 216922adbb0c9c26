package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tfocraft/wire/follow"
)

// explainFlags choose what of a capture is explained.
type explainFlags struct {
	hex     string
	packet  int
	onlyTFO bool
	bytes   bool
	json    bool
}

func newExplain() *cobra.Command {
	var flags explainFlags
	cmd := &cobra.Command{
		Use:   "explain [FILE|-]",
		Short: "tell what each TCP segment of a capture is for, and show its bytes",
		Long: `Reads a capture (pcap or pcapng; - is standard input) and tells for every TCP
segment what it is for, then what became of Fast Open on each connection.
Without timestamps and padding, that is: --bytes, --packet and --hex show every
option, and the bytes of the IP packet with their fields.`,
		Example: `  tfo lab --pcap story.pcapng && tfo explain story.pcapng
  tfo explain story.pcapng --packet 3
  tfo craft 'S 0:0(0) <mss 1460,FO>' | tfo explain --hex -`,
		Args: optional("FILE"),
	}
	f := cmd.Flags()
	f.StringVar(&flags.hex, "hex", "", "explain these `BYTES` in hex: a frame or an IP packet; - reads them from standard input")
	f.IntVar(&flags.packet, "packet", 0, "only frame number `N`, with its bytes")
	f.BoolVar(&flags.onlyTFO, "only-tfo", false, "only connections whose SYN or SYN-ACK has a Fast Open option, or data")
	f.BoolVar(&flags.bytes, "bytes", false, "show the bytes of every segment")
	f.BoolVar(&flags.json, "json", false, "print one JSON object for each segment and each connection")
	exclusive(cmd, "hex", "packet")
	exclusive(cmd, "hex", "only-tfo")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		switch {
		case flags.packet < 1 && cmd.Flags().Changed("packet"):
			return usagef("--packet: frames are numbered from 1")
		case flags.hex != "" && len(args) > 0:
			return usagef("--hex and a file exclude each other")
		case flags.hex != "":
			return flags.explainHex(cmd)
		case len(args) == 0:
			return usagef("what to explain: a capture file, - for standard input, or --hex BYTES")
		}
		return flags.explainFile(cmd, args[0])
	})
	return cmd
}

func (e *explainFlags) explainHex(cmd *cobra.Command) error {
	s, err := segmentFromHex(e.hex, cmd.InOrStdin())
	if err != nil {
		return err
	}
	e.bytes = true
	return e.print(cmd.OutOrStdout(), &s)
}

func (e *explainFlags) explainFile(cmd *cobra.Command, name string) error {
	capture, err := readCapture(name, cmd.InOrStdin())
	if capture == nil {
		return err
	}
	if err := e.show(cmd.OutOrStdout(), capture); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	if capture.broken > 0 && e.packet == 0 {
		complain(cmd.ErrOrStderr(), "%d of %d frames hold a TCP segment that is not whole; they are left out", capture.broken, capture.frames)
	}
	switch {
	case e.packet != 0 && !capture.has(e.packet):
		return fmt.Errorf("%s: frame %d of %d is no TCP segment", capture.name, e.packet, capture.frames)
	case len(capture.segments) == 0:
		complain(cmd.ErrOrStderr(), "%s: no TCP segment in %d frames", capture.name, capture.frames)
	}
	return nil
}

// show prints what is wanted of a capture.
func (e *explainFlags) show(w io.Writer, c *capture) error {
	conns := c.story.Connections()
	wanted := e.connections(conns)
	for i := range c.segments {
		s := &c.segments[i]
		if e.packet != 0 && s.number != e.packet || !wanted[s.line.Connection] {
			continue
		}
		if err := e.print(w, s); err != nil {
			return err
		}
	}
	if e.packet != 0 {
		return nil
	}
	return e.summary(w, conns, wanted)
}

// connections says which connections are wanted, by number.
func (e *explainFlags) connections(conns []follow.Connection) map[int]bool {
	wanted := make(map[int]bool)
	for _, c := range conns {
		wanted[c.Number] = !e.onlyTFO || c.SynOption == follow.OptionRequest || c.SynOption == follow.OptionCookie ||
			c.SynAckOption == follow.OptionCookie || c.SynData > 0 || c.SynAckData > 0
	}
	return wanted
}

func (e *explainFlags) print(w io.Writer, s *explained) error {
	if e.json {
		return printJSON(w, struct {
			Type       string `json:"type"`
			Packet     int    `json:"packet"`
			TimeUS     int64  `json:"time_us"`
			From       string `json:"from"`
			To         string `json:"to"`
			Connection int    `json:"connection"`
			Text       string `json:"text"`
			Reason     string `json:"reason"`
			Bytes      string `json:"bytes"`
		}{"segment", s.number, s.line.At.Microseconds(), s.src, s.dst, s.line.Connection, s.line.Text, s.line.Reason.En, hex.EncodeToString(s.ip)})
	}
	bytewise := e.bytes || e.packet != 0
	text := s.line.Text
	if !bytewise {
		text = brief(text)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%4d  %s  %s > %s  %s\n      %s\n", s.number, moment(s.line.At), s.src, s.dst, s.line.Reason, text)
	if bytewise {
		writeFields(&b, s.ip, &s.packet)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// summary tells what became of each connection.
func (e *explainFlags) summary(w io.Writer, conns []follow.Connection, wanted map[int]bool) error {
	for i := range conns {
		c := &conns[i]
		if !wanted[c.Number] {
			continue
		}
		r := resultFromWire(c)
		if e.json {
			r.Type = "connection"
			if err := printJSON(w, r); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintln(w, &r); err != nil {
			return err
		}
	}
	return nil
}
