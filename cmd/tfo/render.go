package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/link"
	"tfocraft/wire/pcapng"
)

// renderers print a packet, by the name of the format.
var renderers = map[string]func(w io.Writer, p *wire.Packet) error{
	"hex":   renderHex,
	"c":     renderC,
	"go":    renderGo,
	"scapy": renderScapy,
	"text":  renderText,
	"pcap":  renderCapture,
}

// renderHex prints the packet as one line, for tools and for tfo explain --hex.
func renderHex(w io.Writer, p *wire.Packet) error {
	_, err := fmt.Fprintln(w, hex.EncodeToString(p.Append(nil)))
	return err
}

func renderC(w io.Writer, p *wire.Packet) error {
	_, err := fmt.Fprintf(w, "/* %v */\nstatic const unsigned char packet[] = {\n%s};\n", p, byteRows(p.Append(nil), "\t"))
	return err
}

func renderGo(w io.Writer, p *wire.Packet) error {
	_, err := fmt.Fprintf(w, "// %v\nvar packet = []byte{\n%s}\n", p, byteRows(p.Append(nil), "\t"))
	return err
}

// byteRows lists bytes twelve a line.
func byteRows(b []byte, indent string) string {
	var s strings.Builder
	for i := 0; i < len(b); i += 12 {
		s.WriteString(indent)
		for j, c := range b[i:min(i+12, len(b))] {
			if j > 0 {
				s.WriteByte(' ')
			}
			fmt.Fprintf(&s, "0x%02x,", c)
		}
		s.WriteByte('\n')
	}
	return s.String()
}

// renderScapy prints an expression that makes the same bytes: scapy gets them
// as they are, since it would correct what is wrong on purpose.
func renderScapy(w io.Writer, p *wire.Packet) error {
	class := "IP"
	if p.IPVersion == 6 {
		class = "IPv6"
	}
	_, err := fmt.Fprintf(w, "# %v\n%s(bytes.fromhex(%q))\n", p, class, hex.EncodeToString(p.Append(nil)))
	return err
}

func renderText(w io.Writer, p *wire.Packet) error {
	_, err := fmt.Fprintln(w, p)
	return err
}

// renderCapture writes a pcapng file with the packet in an Ethernet frame.
func renderCapture(w io.Writer, p *wire.Packet) error {
	capture, err := pcapng.NewWriter(w, pcapng.Interface{Name: "tfo craft", LinkType: wire.LinkEthernet})
	if err != nil {
		return err
	}
	frame := link.AppendHeader(nil, wire.MAC{2, 0, 0, 0, 0, 2}, wire.MAC{2, 0, 0, 0, 0, 1}, int(p.IPVersion))
	if err := capture.Write(p.Append(frame), time.Now(), 0, pcapng.Out); err != nil {
		return err
	}
	return capture.Flush()
}
