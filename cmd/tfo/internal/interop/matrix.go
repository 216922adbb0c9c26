package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// closeTime is how long the connections of a case may take to close when
// everything was sent and received.
const closeTime = 2 * time.Second

// A row is the outcome of a case for one family.
type row struct {
	testCase
	ipv6     bool
	version  string // of the Debian package
	verdicts map[check]verdict
	text     string // the exchange
	err      error  // the case could not be run
}

// runMatrix runs the cases for both families, some at a time, and returns the
// rows in the order of the cases. The error is about what all of them need.
func runMatrix(ctx context.Context, o options, cases []testCase) ([]row, error) {
	for _, need := range []string{o.tfo, "tshark"} {
		if _, err := exec.LookPath(need); err != nil {
			return nil, err
		}
	}
	if o.pcap != "" {
		if err := os.MkdirAll(o.pcap, 0o755); err != nil {
			return nil, err
		}
	} else {
		dir, err := os.MkdirTemp("", "tfo-interop-pcap-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		o.pcap = dir
	}
	rows := make([]row, 0, 2*len(cases))
	for _, c := range cases {
		rows = append(rows, row{testCase: c}, row{testCase: c, ipv6: true})
	}
	var running sync.WaitGroup
	places := make(chan struct{}, o.jobs)
	for i := range rows {
		places <- struct{}{}
		running.Go(func() {
			rows[i].run(ctx, o)
			<-places
		})
	}
	running.Wait()
	return rows, nil
}

func (r *row) family() string {
	if r.ipv6 {
		return "IPv6"
	}
	return "IPv4"
}

func (r *row) run(ctx context.Context, o options) {
	if _, err := exec.LookPath(r.program); err != nil {
		r.err = fmt.Errorf("not installed: %s (package %s)", r.program, r.pkg)
		return
	}
	r.version = packageVersion(ctx, r.pkg)
	capture := filepath.Join(o.pcap, fmt.Sprintf("%s-%s-%s.pcapng", r.name, r.role, r.family()))
	s, err := newSite(ctx, o, r.ipv6, capture)
	if err != nil {
		r.err = err
		return
	}
	e, err := r.gather(s)
	if err == nil {
		e.secondLook, err = askWireshark(ctx, capture)
	}
	r.err = errors.Join(err, s.close())
	r.text = s.tap.seen().text
	if r.err == nil {
		r.verdicts = e.judge()
	}
}

// gather runs the case and returns what there is to judge it by. The error is
// about our own side: what the other program does wrong is evidence.
func (r *row) gather(s *site) (e evidence, err error) {
	e.visits = max(r.visits, 2)
	e.counter = "TCPFastOpenActive"
	peer := s.lab.Client
	if r.role == server {
		e.counter, peer = "TCPFastOpenPassive", s.lab.Server
	}
	if err := s.writeFiles(r.files); err != nil {
		return e, err
	}
	if r.serve != nil {
		if err := r.serve(s); err != nil {
			return e, err
		}
	}
	e.reply = r.visitAll(s, e.visits)
	s.stop()
	s.tap.awaitClosed(closeTime)
	if err := s.tap.finish(); err != nil {
		return e, err
	}
	e.seen = s.tap.seen()
	e.counted, err = peer.Counter(e.counter)
	return e, err
}

// visitAll starts the programs and makes the connections. The error is about
// them.
func (r *row) visitAll(s *site, visits int) error {
	for _, d := range r.daemons {
		if err := s.start(d); err != nil {
			return err
		}
	}
	var errs []error
	for n := range visits {
		output, err := r.visit(s)
		if err == nil {
			err = r.want(output)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("connection %d: %w", n+1, err))
		}
		s.tap.awaitClosed(closeTime)
	}
	if notes := s.notes(); len(errs) > 0 && notes != nil {
		errs = append(errs, notes)
	}
	return errors.Join(errs...)
}
