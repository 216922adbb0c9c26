package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/handshake/drill"
	"tfocraft/wire"
	"tfocraft/wire/pcapng"
)

// A drillWatch shows and keeps the packets of scripts.
type drillWatch struct {
	stderr  io.Writer
	verbose bool
	file    *os.File
	capture *pcapng.Writer
	start   time.Time // of the script, in the capture
	err     error     // the first one of the capture
}

func (d *drillFlags) watch(cmd *cobra.Command) (*drillWatch, error) {
	w := &drillWatch{stderr: cmd.ErrOrStderr(), verbose: d.verbose, start: captureStart}
	if d.pcap == "" {
		return w, nil
	}
	var err error
	if w.file, err = os.Create(d.pcap); err != nil {
		return nil, err
	}
	w.capture, err = pcapng.NewWriter(w.file, pcapng.Interface{Name: "tfo drill", LinkType: wire.LinkRaw})
	return w, err
}

// captureStart is when scripts begin in a capture: virtual time has no date.
var captureStart = time.Unix(0, 0)

// begin returns who is shown the packets of a script; nil if nobody wants to see
// them.
func (w *drillWatch) begin(name string) func(at time.Duration, outgoing bool, p *wire.Packet, text string) {
	if !w.verbose && w.capture == nil {
		return nil
	}
	if w.verbose {
		fmt.Fprintf(w.stderr, "%s:\n", name)
	}
	return w.packet
}

func (w *drillWatch) packet(at time.Duration, outgoing bool, p *wire.Packet, text string) {
	way, direction := "<", pcapng.In
	if outgoing {
		way, direction = ">", pcapng.Out
	}
	if w.verbose {
		fmt.Fprintf(w.stderr, "%12.6f %s %s\n", at.Seconds(), way, text)
	}
	if w.capture == nil || w.err != nil {
		return
	}
	packet := *p
	packet.HasEthernet = false
	packet.SetLengths()
	packet.SetChecksums()
	w.err = w.capture.Write(packet.Append(nil), w.start.Add(at), 0, direction)
}

// ended shows what in a script makes no difference; against a live host also
// where it may be why a script does not pass.
func (w *drillWatch) ended(r *drill.Result) {
	if !w.verbose && (w.start.Equal(captureStart) || r.Verdict == drill.Pass) {
		return
	}
	for _, note := range r.Notes {
		complain(w.stderr, "%s: %s", r.Script, note)
	}
}

// close ends the capture.
func (w *drillWatch) close() error {
	if w.file == nil {
		return nil
	}
	err := w.err
	if err == nil {
		err = w.capture.Flush()
	}
	if e := w.file.Close(); err == nil {
		err = e
	}
	return err
}
