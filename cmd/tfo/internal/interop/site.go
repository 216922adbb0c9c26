package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
)

// patience bounds every step of a case.
const patience = 10 * time.Second

// Ports of a case. Only the first is on the wire between the two hosts and is
// captured; the others are on the loopback of one of them.
const (
	wirePort  = 8080
	frontPort = 9001 // where the client's host offers a program or our client as a proxy
	backPort  = 9002 // what stands behind a proxy on the server's host
	morePort  = 9003 // for what needs one more
)

// A site is where one case runs: two hosts, a directory, and what was started.
type site struct {
	ctx  context.Context
	tfo  string
	ipv6 bool
	lab  *lab.Lab
	addr netip.AddrPort // where the server of the case listens
	dir  string
	tap  *tap

	programs []*program
	daemons  []*program     // of programs, those of the case itself
	closers  []func() error // in reverse order at the end

	mu    sync.Mutex
	noted []error
}

// note keeps an error of a server or a relay of ours, which may explain a wrong
// reply. Nil is no error.
func (s *site) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noted = append(s.noted, err)
}

func (s *site) notes() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.noted...)
}

// newSite makes the hosts and starts the capture. The caller closes the site.
func newSite(ctx context.Context, o options, ipv6 bool, capture string) (s *site, err error) {
	s = &site{ctx: ctx, tfo: o.tfo, ipv6: ipv6}
	if s.dir, err = os.MkdirTemp("", "tfo-interop-"); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() error { return os.RemoveAll(s.dir) })
	if err := s.open(capture); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *site) open(capture string) (err error) {
	// Some programs read their files as another user.
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return err
	}
	if s.lab, err = lab.New(s.ctx, lab.Config{IPv6: true}); err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { s.lab.Close(); return nil })
	_, remote := s.lab.Addresses(s.ipv6)
	s.addr = netip.AddrPortFrom(remote, wirePort)
	for _, h := range []*lab.Host{s.lab.Client, s.lab.Server} {
		if err := setUp(h); err != nil {
			return err
		}
	}
	s.tap, err = openTap(s.lab.Client, capture)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, s.tap.close)
	return nil
}

// setUp switches Fast Open on in a host's kernel. It also keeps that kernel from
// taking a process that waits for the processor for a segment lost: on a wire
// without delay it sends a tail loss probe (RFC 8985, Section 7) after a few
// milliseconds, and retransmits after 200.
func setUp(h *lab.Host) error {
	if err := h.Sysctl("net.ipv4.tcp_fastopen", "3"); err != nil {
		return err
	}
	if err := h.Sysctl("net.ipv4.tcp_early_retrans", "0"); err != nil {
		return err
	}
	err := h.Sysctl("net.ipv4.tcp_rto_min_us", "1000000")
	if errors.Is(err, fs.ErrNotExist) { // before Linux 6.11
		return nil
	}
	return err
}

// close ends all programs and takes the site away.
func (s *site) close() error {
	for _, p := range s.programs {
		p.kill()
	}
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// fill puts the values of this site in place of the words in braces.
func (s *site) fill(text string) string {
	family, bracketed := "4", s.addr.Addr().String()
	if s.ipv6 {
		family, bracketed = "6", "["+bracketed+"]"
	}
	return strings.NewReplacer(
		"{ADDR}", s.addr.String(),
		"{IP}", s.addr.Addr().String(),
		"{HOST}", bracketed,
		"{PORT}", strconv.Itoa(wirePort),
		"{FRONT}", strconv.Itoa(frontPort),
		"{BACK}", strconv.Itoa(backPort),
		"{MORE}", strconv.Itoa(morePort),
		"{FAMILY}", family,
		"{DIR}", s.dir,
	).Replace(text)
}

func (s *site) fillAll(texts []string) []string {
	filled := make([]string, len(texts))
	for i, t := range texts {
		filled[i] = s.fill(t)
	}
	return filled
}

func (s *site) writeFiles(files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(s.fill(text)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// start starts a daemon and waits until it listens.
func (s *site) start(d daemon) error {
	host := d.on(s.lab)
	p, err := s.launch(host, d.command)
	if err != nil {
		return err
	}
	s.daemons = append(s.daemons, p)
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		ready, err := listens(host, d.port)
		switch {
		case err != nil:
			return err
		case ready:
			return nil
		case p.ended() || time.Now().After(deadline) || s.ctx.Err() != nil:
			return fmt.Errorf("%s does not listen: %s", d.command[0], p.output())
		}
	}
}

// stop ends the daemons. The kernel closes the connections that they still hold.
func (s *site) stop() {
	for _, p := range s.daemons {
		p.kill()
	}
}

// run runs a program on a host to its end and returns what it printed.
func (s *site) run(host *lab.Host, command []string) (string, error) {
	p, err := s.launch(host, command)
	if err != nil {
		return "", err
	}
	select {
	case <-p.done:
	case <-s.ctx.Done():
		p.kill()
	case <-time.After(patience):
		p.kill()
		return p.output(), fmt.Errorf("%s did not end within %v: %s", command[0], patience, p.output())
	}
	if p.err != nil {
		return p.output(), fmt.Errorf("%s: %w: %s", command[0], p.err, p.output())
	}
	return p.output(), nil
}
