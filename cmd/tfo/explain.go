package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/pcapng"
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
		Short: "tell what each TCP segment of a capture is for, and what its bytes are",
		Long: `Reads a capture (pcap or pcapng; - is standard input) and tells for every TCP
segment what it is for, then what became of Fast Open on each connection.
--packet and --hex show the bytes with their fields.`,
		Example: `  tfo lab --pcap story.pcapng && tfo explain story.pcapng
  tfo explain story.pcapng --packet 1
  tfo craft 'S 0:0(0) <mss 1460,FO>' | tfo explain --hex -`,
		Args: cobra.MaximumNArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&flags.hex, "hex", "", "explain these `BYTES` in hex: a frame or an IP packet; - reads them from standard input")
	f.IntVar(&flags.packet, "packet", 0, "only frame number `N`, with its bytes")
	f.BoolVar(&flags.onlyTFO, "only-tfo", false, "only connections whose SYN or SYN-ACK has a Fast Open option, or data")
	f.BoolVar(&flags.bytes, "bytes", false, "show the bytes of every segment")
	f.BoolVar(&flags.json, "json", false, "print one JSON object for each segment and each connection")
	cmd.MarkFlagsMutuallyExclusive("hex", "packet")
	cmd.MarkFlagsMutuallyExclusive("hex", "only-tfo")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		switch {
		case flags.packet < 0:
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

// explained is a segment with its place in the capture.
type explained struct {
	number   int
	at       time.Time
	src, dst string
	line     follow.Line
	ip       []byte // the IP packet
	packet   wire.Packet
}

func (e *explainFlags) explainHex(cmd *cobra.Command) error {
	text := []byte(e.hex)
	if e.hex == "-" {
		var err error
		if text, err = io.ReadAll(cmd.InOrStdin()); err != nil {
			return err
		}
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		return usagef("--hex: %w", err)
	}
	ip, p, err := parseAny(b)
	if err != nil {
		return err
	}
	story := follow.New()
	s := explained{number: 1, src: p.Src().String(), dst: p.Dst().String(), line: story.Frame(time.Time{}, &p), ip: ip, packet: p}
	e.bytes = true
	return e.print(cmd.OutOrStdout(), &s)
}

// parseAny reads a bare IP packet, or else an Ethernet frame.
func parseAny(b []byte) (ip []byte, p wire.Packet, err error) {
	if p, err = wire.ParsePacket(b); err == nil {
		return b, p, nil
	}
	if framed, frameErr := wire.ParseFrame(b); frameErr == nil {
		return b[framed.Ethernet.WireLen():], framed, nil
	}
	return b, p, err
}

func (e *explainFlags) explainFile(cmd *cobra.Command, name string) error {
	in := cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	reader, err := pcapng.NewReader(in)
	if err != nil {
		return err
	}
	story := follow.New()
	segments, readErr := readSegments(reader, story)
	conns := story.Connections()
	wanted := e.connections(conns)
	shown := 0
	for i := range segments {
		s := &segments[i]
		if e.packet != 0 && s.number != e.packet || !wanted[s.line.Connection] {
			continue
		}
		shown++
		if err := e.print(cmd.OutOrStdout(), s); err != nil {
			return err
		}
	}
	if e.packet != 0 && shown == 0 && readErr == nil {
		return fmt.Errorf("explain: the capture has no TCP segment number %d", e.packet)
	}
	if e.packet == 0 {
		if err := e.summary(cmd.OutOrStdout(), conns, wanted); err != nil {
			return err
		}
	}
	return readErr
}

// readSegments reads the whole capture, so that what comes late in it can
// decide what is shown. On an error it returns what was good.
func readSegments(reader *pcapng.Reader, story *follow.Follower) ([]explained, error) {
	var segments []explained
	var failed error
	number := 0
	for frame, err := range reader.All() {
		number++
		if errors.Is(err, pcapng.ErrLinkType) {
			failed = err
			continue
		}
		if err != nil {
			return segments, err
		}
		ip, ok := pcapng.Strip(frame.LinkType, frame.Data)
		if !ok {
			continue
		}
		p, err := wire.ParsePacket(ip)
		if err != nil {
			continue
		}
		segments = append(segments, explained{
			number: number, at: frame.Time, src: p.Src().String(), dst: p.Dst().String(), line: story.Frame(frame.Time, &p), ip: ip, packet: p,
		})
	}
	return segments, failed
}

// connections says which connections are wanted, by number.
func (e *explainFlags) connections(conns []follow.Connection) map[int]bool {
	wanted := make(map[int]bool)
	for _, c := range conns {
		wanted[c.Number] = !e.onlyTFO || c.SynOption == follow.OptionRequest || c.SynOption == follow.OptionCookie ||
			c.SynAckOption == follow.OptionCookie || c.SynData > 0
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
		}{"segment", s.number, s.line.At.Microseconds(), s.src, s.dst, s.line.Connection, s.line.Text, s.line.Reason, hex.EncodeToString(s.ip)})
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%4d %s", s.number, segmentLine(&s.line, s.src+" > "+s.dst))
	if e.bytes || e.packet != 0 {
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
		if _, err := fmt.Fprintf(w, "connection %v\n", &r); err != nil {
			return err
		}
	}
	return nil
}
