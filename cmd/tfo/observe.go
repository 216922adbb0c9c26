package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	ifname  string

	mu      sync.Mutex
	story   *follow.Follower
	file    *os.File // nil keeps nothing
	created bool     // the file was not there before
	capture *pcapng.Writer
	failed  error
}

// open makes the observer that the flags ask for. Segments go to w. A file that
// is there stays as it is until there is something to keep, or close.
func (o *observeFlags) open(w io.Writer, ifname string) (*observer, error) {
	ob := &observer{ifname: ifname}
	if o.verbose {
		ob.verbose, ob.story = w, follow.New()
	}
	if o.pcap == "" {
		return ob, nil
	}
	var err error
	ob.file, err = os.OpenFile(o.pcap, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	ob.created = err == nil
	if errors.Is(err, fs.ErrExist) {
		ob.file, err = os.OpenFile(o.pcap, os.O_WRONLY, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("--pcap: %w", err)
	}
	return ob, nil
}

// begin starts the capture over what was in the file.
func (ob *observer) begin() error {
	if ob.capture != nil {
		return nil
	}
	// A pipe or a device has no length.
	if info, err := ob.file.Stat(); err == nil && info.Mode().IsRegular() {
		if err := ob.file.Truncate(0); err != nil {
			return err
		}
	}
	var err error
	ob.capture, err = pcapng.NewWriter(ob.file, pcapng.Interface{Name: ob.ifname, LinkType: wire.LinkEthernet})
	return err
}

// frame keeps a frame; it is nil where nobody asked for frames.
func (ob *observer) frame() func(frame []byte, at time.Time, outgoing bool) {
	if ob.file == nil {
		return nil
	}
	return func(frame []byte, at time.Time, outgoing bool) {
		direction := pcapng.In
		if outgoing {
			direction = pcapng.Out
		}
		ob.mu.Lock()
		defer ob.mu.Unlock()
		if ob.failed == nil && ob.file != nil {
			ob.failed = ob.keep(frame, at, direction)
		}
	}
}

func (ob *observer) keep(frame []byte, at time.Time, direction pcapng.Direction) error {
	if err := ob.begin(); err != nil {
		return err
	}
	return ob.capture.Write(frame, at, 0, direction)
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

// close finishes the capture file. A second close, or one after discard, does
// nothing.
func (ob *observer) close() error {
	ob.mu.Lock()
	defer ob.mu.Unlock()
	if ob.file == nil {
		return nil
	}
	err := ob.failed
	if err == nil {
		err = ob.begin()
	}
	if err == nil {
		err = ob.capture.Flush()
	}
	if e := ob.file.Close(); err == nil {
		err = e
	}
	ob.file = nil
	if err != nil {
		return fmt.Errorf("--pcap: %w", err)
	}
	return nil
}

// discard leaves everything as it was: nothing has begun that could be kept.
func (ob *observer) discard() error {
	ob.mu.Lock()
	defer ob.mu.Unlock()
	if ob.file == nil || ob.capture != nil {
		return nil
	}
	name := ob.file.Name()
	err := ob.file.Close()
	ob.file = nil
	if ob.created {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}
