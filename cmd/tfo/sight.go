package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/dissect"
	"tfocraft/wire/follow"
	"tfocraft/wire/pcapng"
)

// A kind says what a frame is to who follows connections.
type kind int

const (
	kindOther    kind = iota // neither of the following
	kindSegment              // a TCP segment
	kindProblem              // an ICMP error about a segment
	kindFragment             // a part of an IP packet with TCP in it
	kindBroken               // a TCP segment whose headers are cut or contradict themselves
)

// A sight is a frame with what there is to say of it.
type sight struct {
	number int // from 1
	at     time.Duration
	kind   kind
	frame  pcapng.Frame

	ip      []byte         // the IP packet, and what follows it
	packet  wire.Packet    // as far as it is one with TCP
	line    follow.Line    // about a segment
	problem wire.ICMPError // of a problem
}

// look finds out what a frame is. What it returns aliases the frame.
func look(f *pcapng.Frame) sight {
	s := sight{frame: *f}
	ip, ok := pcapng.Strip(f.LinkType, f.Data)
	if !ok {
		return s
	}
	s.ip = ip
	var err error
	s.packet, err = parseCut(ip, f.Length-len(f.Data))
	switch {
	case err == nil:
		s.kind = kindSegment
	case errors.Is(err, wire.ErrFragment) && transport(&s.packet) == wire.ProtocolTCP:
		s.kind = kindFragment
	case errors.Is(err, wire.ErrFragment):
	case errors.Is(err, wire.ErrNotTCP):
		if s.problem, err = wire.ParseICMPError(ip); err == nil {
			s.kind = kindProblem
		}
	default:
		s.kind = kindBroken
	}
	return s
}

// dissect takes the frame apart, with the reasons for what is in it as far as they are known.
func (s *sight) dissect() dissect.Frame {
	f := dissect.Dissect(s.frame.Data, s.frame.LinkType)
	var facts *follow.Facts
	if s.kind == kindSegment {
		facts = &s.line.Facts
	}
	dissect.Explain(&f, s.frame.Data, facts)
	return f
}

// parseCut reads the segment of a packet that lacks some bytes at its end, because not all of it was kept. As
// long as its headers are there it can be followed; the data that is missing counts as zeros.
func parseCut(ip []byte, missing int) (wire.Packet, error) {
	p, err := wire.ParsePacket(ip)
	if missing <= 0 || !errors.Is(err, wire.ErrTruncated) {
		return p, err
	}
	whole := append(slices.Clip(ip), make([]byte, min(missing, maxPacket))...)
	p, again := wire.ParsePacket(whole)
	if again != nil || len(whole)-len(p.Trailer)-len(p.TCP.Payload) > len(ip) {
		return p, err
	}
	return p, nil
}

// maxPacket is the longest IP packet that a header can tell of, in bytes.
const maxPacket = 1<<16 - 1

// transport is the protocol in an IP packet.
func transport(p *wire.Packet) uint8 {
	if p.IPVersion == 6 {
		return p.IPv6.Upper
	}
	return p.IPv4.Protocol
}

// frameFromHex reads a frame or an IP packet in hex; - stands for standard input.
func frameFromHex(text string, stdin io.Reader) (*pcapng.Frame, error) {
	if text == "-" {
		all, err := io.ReadAll(stdin)
		if err != nil {
			return nil, err
		}
		text = string(all)
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, usagef("--hex: %w", err)
	}
	f := &pcapng.Frame{Data: b, Length: len(b), LinkType: wire.LinkRaw}
	_, err = wire.ParsePacket(b)
	if err == nil || isWhole(err) {
		return f, nil
	}
	framed, frameErr := wire.ParseFrame(b)
	if frameErr == nil || isWhole(frameErr) || errors.Is(frameErr, wire.ErrNotIP) && framed.Ethernet.EtherType == wire.EtherTypeARP {
		f.LinkType = wire.LinkEthernet
		return f, nil
	}
	return nil, fmt.Errorf("--hex: %w", plain(err))
}

// isWhole reports whether an error is about an IP packet that is as it should be, and only holds no TCP segment.
func isWhole(err error) bool {
	return errors.Is(err, wire.ErrNotTCP) || errors.Is(err, wire.ErrFragment)
}
