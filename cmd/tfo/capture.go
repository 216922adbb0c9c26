package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/pcapng"
)

// explained is a segment with its place in the capture.
type explained struct {
	number   int // of its frame, from 1
	src, dst string
	line     follow.Line
	ip       []byte // the IP packet, and what follows it
	packet   wire.Packet
}

func explain(story *follow.Follower, number int, at time.Time, ip []byte, p wire.Packet) explained {
	return explained{number: number, src: p.Src().String(), dst: p.Dst().String(), line: story.Frame(at, &p), ip: ip, packet: p}
}

// A capture is what a file holds.
type capture struct {
	name     string // of the file, for messages
	frames   int
	broken   int // frames with a TCP segment that is cut or contradicts itself
	segments []explained
	story    *follow.Follower
}

// has reports whether a frame is among the segments.
func (c *capture) has(number int) bool {
	for i := range c.segments {
		if c.segments[i].number == number {
			return true
		}
	}
	return false
}

// readCapture reads the whole capture, so that what comes late in it can decide
// what is shown. If there is an error and a capture, that is what was good
// before the error.
func readCapture(name string, stdin io.Reader) (*capture, error) {
	in := stdin
	if name == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	reader, err := pcapng.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, plain(err))
	}
	c := &capture{name: name, story: follow.New()}
	c.story.Limit = math.MaxInt // all segments are kept, too
	if err := c.read(reader); err != nil {
		return c, fmt.Errorf("%s: %w", name, plain(err))
	}
	return c, nil
}

func (c *capture) read(reader *pcapng.Reader) (err error) {
	for frame, e := range reader.All() {
		if e != nil && !errors.Is(e, pcapng.ErrLinkType) {
			return e
		}
		c.frames++
		if e != nil {
			err = e // about this frame alone
			continue
		}
		ip, ok := pcapng.Strip(frame.LinkType, frame.Data)
		if !ok {
			continue
		}
		p, e := wire.ParsePacket(ip)
		switch {
		case e == nil:
			c.segments = append(c.segments, explain(c.story, c.frames, frame.Time, ip, p))
		case !errors.Is(e, wire.ErrNotTCP) && !errors.Is(e, wire.ErrFragment):
			c.broken++
		}
	}
	return err
}

// segmentFromHex reads a frame or an IP packet in hex; - stands for standard
// input.
func segmentFromHex(text string, stdin io.Reader) (explained, error) {
	if text == "-" {
		all, err := io.ReadAll(stdin)
		if err != nil {
			return explained{}, err
		}
		text = string(all)
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return explained{}, usagef("--hex: %w", err)
	}
	ip, p, err := parseAny(b)
	if err != nil {
		return explained{}, fmt.Errorf("--hex: %w", plain(err))
	}
	return explain(follow.New(), 1, time.Time{}, ip, p), nil
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
