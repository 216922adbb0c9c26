package main

import (
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tfocraft/wire"
)

// craftFlags are what a crafted segment is made from.
type craftFlags struct {
	src, dst    string
	data        string
	rawOptions  []string
	set         []string
	badChecksum bool
	format      string
	out         string
	send        bool
	sendOptions sendOptions
}

func newCraft() *cobra.Command {
	var flags craftFlags
	cmd := &cobra.Command{
		Use:   "craft SEGMENT",
		Short: "make one segment out of its text form, any field wrong on purpose",
		Long: `Makes an IP packet with one TCP segment and prints or sends it. SEGMENT is in
packetdrill's text form: flags, start:end(length), ack, win, urg and options in
angle brackets. Options are padded with NOPs to four bytes; lengths and checksums
are right unless --set says otherwise.

Options: mss N, wscale N, sackOK, sack L:R, TS val N ecr N, nop, eol, md5 HEX,
FO HEX (Fast Open, kind 34), FOEXP HEX (kind 254 with 0xF989), kind N HEX, and
raw HEX for bytes that are no option at all. FO alone asks for a cookie. Put --
in front of a SEGMENT that begins with -, for no flags.

Fields for --set:
` + fold(wire.FieldNames(), 80) + `

--send never sends from an address that is not this host's to a public address
unless --allow-public is given: answers to forged sources hit somebody else.`,
		Example: `  tfo craft 'S 0:0(0) win 65535 <mss 1460,FO>'
  tfo craft 'S 0:5(5) win 65535 <mss 1460,FO 0102030405060708>' -d hello --format scapy
  tfo craft 'S 0:0(0) <FO 010203>' --set ip.ttl=3 --set tcp.checksum=bad --format pcap --out odd.pcapng
  tfo craft --set tcp.window=7 -- '- 1:1(0)'
  tfo craft 'S 0:0(0) <mss 1460,FO>' --dst 192.0.2.2:8080 --send -i eth0 --wait 1s`,
		Args: one("SEGMENT"),
	}
	flags.add(cmd)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if strings.Contains(err.Error(), "flag: ' ' in -") {
			return withHint(err, "a SEGMENT without flags begins with -: put -- in front of it")
		}
		return flagError(cmd, err)
	})
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error { return craft(cmd, &flags, args[0]) })
	return cmd
}

func (c *craftFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.src, "src", "", "source `ADDR:PORT` (default: 192.0.2.1:40000, or with --send this host's)")
	f.StringVar(&c.dst, "dst", "192.0.2.2:8080", "destination `ADDR:PORT`")
	f.StringVarP(&c.data, "data", "d", "", "payload: `TEXT`, @FILE, or - for standard input")
	f.StringArrayVar(&c.rawOptions, "raw-option", nil, "append these bytes in `HEX` to the options; may be repeated")
	f.StringArrayVar(&c.set, "set", nil, "set a field, `NAME=VALUE`; may be repeated")
	f.BoolVar(&c.badChecksum, "bad-checksum", false, "short for --set tcp.checksum=bad")
	f.StringVar(&c.format, "format", "hex", "`NAME` hex, c, go, scapy, pcap or text")
	f.StringVarP(&c.out, "out", "o", "", "write to `FILE` instead of standard output")
	f.BoolVar(&c.send, "send", false, "send it instead of printing it")
	c.sendOptions.add(cmd)
	choices(cmd, "format", slices.Sorted(maps.Keys(renderers))...)
}

func craft(cmd *cobra.Command, flags *craftFlags, text string) error {
	render, ok := renderers[flags.format]
	if !ok {
		return usagef("--format: unknown format %q: want hex, c, go, scapy, pcap or text", flags.format)
	}
	if err := flags.sendOptions.check(cmd, flags.send); err != nil {
		return err
	}
	segment, err := flags.segment(text, cmd.InOrStdin())
	if err != nil {
		return err
	}
	src, dst, err := flags.addresses()
	if err != nil {
		return err
	}
	if flags.send {
		return flags.sendOptions.send(cmd, src, dst, func(src netip.AddrPort) (wire.Packet, error) {
			return flags.packet(src, dst, segment)
		})
	}
	if !src.IsValid() {
		src = exampleSource(dst.Addr())
	}
	p, err := flags.packet(src, dst, segment)
	if err != nil {
		return err
	}
	return writeOutput(flags.out, cmd.OutOrStdout(), func(w io.Writer) error { return render(w, &p) })
}

// exampleSource is from the ranges for documentation (RFC 5737, RFC 3849).
func exampleSource(dst netip.Addr) netip.AddrPort {
	if dst.Is4() {
		return netip.MustParseAddrPort("192.0.2.1:40000")
	}
	return netip.MustParseAddrPort("[2001:db8::1]:40000")
}

// segment reads the text form and fills in payload and raw options.
func (c *craftFlags) segment(text string, stdin io.Reader) (wire.Segment, error) {
	parsed, err := wire.ParseText(text)
	if err != nil {
		if e, ok := errors.AsType[*wire.TextError](err); ok {
			mark, _ := strings.CutSuffix(e.Caret(), " "+e.Msg)
			return wire.Segment{}, withHint(usagef("column %d: %s", e.Column, e.Msg), "%s", mark)
		}
		return wire.Segment{}, usagef("%w", err)
	}
	s := parsed.Segment
	if !parsed.HasWindow {
		s.Window = 65535
	}
	if parsed.AnyOptions {
		return s, usagef("<...> leaves the options open, and a segment needs them")
	}
	if c.data != "" {
		data, err := readData(c.data, stdin)
		if err != nil {
			return s, err
		}
		if len(data) != len(s.Payload) {
			return s, usagef("--data has %d bytes and the segment says %d: write %v:%v(%d)",
				len(data), len(s.Payload), uint32(s.Seq), uint32(s.Seq.Add(len(data))), len(data))
		}
		s.Payload = data
	}
	for _, raw := range c.rawOptions {
		b, err := hex.DecodeString(raw)
		if err != nil {
			return s, usagef("--raw-option: %q is not hex", raw)
		}
		s.Options = append(s.Options, b...)
	}
	return s, nil
}

func (c *craftFlags) addresses() (src, dst netip.AddrPort, err error) {
	if dst, err = parseAddrPort("--dst", c.dst); err != nil {
		return
	}
	if c.src != "" {
		src, err = parseAddrPort("--src", c.src)
	}
	return
}

func (c *craftFlags) packet(src, dst netip.AddrPort, s wire.Segment) (wire.Packet, error) {
	if src.Addr().Is4() != dst.Addr().Is4() {
		return wire.Packet{}, usagef("--src %v and --dst %v are not of one family", src, dst)
	}
	t, err := wire.NewTemplate(src, dst)
	if err != nil {
		return wire.Packet{}, usagef("%w", err)
	}
	set := c.set
	if c.badChecksum {
		set = append(set[:len(set):len(set)], "tcp.checksum=bad")
	}
	for _, assignment := range set {
		name, value, ok := strings.Cut(assignment, "=")
		if !ok {
			return wire.Packet{}, usagef("--set %s: want NAME=VALUE", assignment)
		}
		if err := t.Set(name, value); err != nil {
			return wire.Packet{}, usagef("--set %s: %w", assignment, err)
		}
	}
	p, err := t.Packet(s)
	if err != nil {
		return p, usagef("%w", err)
	}
	return p, nil
}
