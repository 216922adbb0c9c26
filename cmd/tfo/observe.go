package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/pcapng"
)

// observeFlags are for those who want to see the segments.
type observeFlags struct {
	verbose bool
	pcap    string
}

func (o *observeFlags) add(f *pflag.FlagSet) {
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show every segment, with what it is for")
	f.StringVar(&o.pcap, "pcap", "", "keep every frame in `FILE` (pcapng, for Wireshark)")
}

// An observer shows segments and keeps frames. Its methods may be called from
// several goroutines at once.
type observer struct {
	verbose io.Writer // nil shows nothing
	mu      sync.Mutex
	story   *follow.Follower
	file    *os.File
	capture *pcapng.Writer
	failed  error
}

// open makes the observer that the flags ask for. Segments go to w.
func (o *observeFlags) open(w io.Writer, ifname string) (*observer, error) {
	ob := &observer{}
	if o.verbose {
		ob.verbose, ob.story = w, follow.New()
	}
	if o.pcap == "" {
		return ob, nil
	}
	var err error
	if ob.file, err = os.Create(o.pcap); err != nil {
		return nil, fmt.Errorf("--pcap: %w", err)
	}
	if ob.capture, err = pcapng.NewWriter(ob.file, pcapng.Interface{Name: ifname, LinkType: pcapng.LinkEthernet}); err != nil {
		ob.file.Close()
		return nil, fmt.Errorf("--pcap: %w", err)
	}
	return ob, nil
}

// frame keeps a frame; it is nil where nobody asked for frames.
func (ob *observer) frame() func(frame []byte, at time.Time, outgoing bool) {
	if ob.capture == nil {
		return nil
	}
	return func(frame []byte, at time.Time, outgoing bool) {
		direction := pcapng.In
		if outgoing {
			direction = pcapng.Out
		}
		ob.mu.Lock()
		defer ob.mu.Unlock()
		if err := ob.capture.Write(frame, at, 0, direction); err != nil && ob.failed == nil {
			ob.failed = fmt.Errorf("--pcap: %w", err)
		}
	}
}

// segment shows a segment; it is nil where nobody asked for segments.
func (ob *observer) segment() func(at time.Time, outgoing bool, p *wire.Packet) {
	if ob.verbose == nil {
		return nil
	}
	return func(at time.Time, outgoing bool, p *wire.Packet) {
		ob.mu.Lock()
		defer ob.mu.Unlock()
		line := ob.story.Frame(at, p)
		way := "<"
		if outgoing {
			way = ">"
		}
		io.WriteString(ob.verbose, segmentLine(&line, way))
	}
}

// close finishes the capture file.
func (ob *observer) close() error {
	ob.mu.Lock()
	defer ob.mu.Unlock()
	if ob.capture == nil {
		return nil
	}
	err := ob.failed
	if e := ob.capture.Flush(); err == nil {
		err = e
	}
	if e := ob.file.Close(); err == nil {
		err = e
	}
	ob.capture = nil
	return err
}
