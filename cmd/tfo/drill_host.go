package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strconv"
	"syscall"

	"tfocraft/handshake/drill"
	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// A liveHost is one that scripts are played against.
type liveHost struct {
	addr   netip.AddrPort
	hop    link.Hop
	cookie string // that it gives to this host; empty if that is not known
	link   *link.Packet
	ports  *endpoint.KernelPorts
	guard  *portGuard

	known bool     // TFO_COOKIE is defined by the user
	taken []uint16 // ports of the script that is played
	undo  []func() error
}

// define adds what depends on the host and the way there to what the user has
// defined.
func (h *liveHost) define(defs map[string]string) map[string]string {
	all := map[string]string{mssName: strconv.Itoa(h.hop.AdvMSS)}
	if h.cookie != "" {
		all[cookieName] = h.cookie
	}
	maps.Copy(all, defs)
	_, h.known = all[cookieName]
	return all
}

// cookieName is what scripts call the cookie that the server gives, and mssName the
// MSS that it announces.
const (
	cookieName = "TFO_COOKIE"
	mssName    = "MSS"
)

var cookieWord = regexp.MustCompile(`\b` + cookieName + `\b`)

// usesCookie reports whether a script uses a cookie that it does not define itself.
func usesCookie(s *script.Script) bool {
	for i := range s.Options {
		if o := &s.Options[i]; o.Name == "define" && cookieWord.MatchString(o.Value) {
			return false
		}
	}
	for i := range s.Events {
		if e := &s.Events[i]; e.Packet != nil && cookieWord.MatchString(e.Source) {
			return true
		}
	}
	return false
}

// play plays a script against the host.
func (h *liveHost) play(ctx context.Context, s *script.Script, c drill.Config, watch *drillWatch) *drill.Result {
	if err := h.claim(drill.Connections(s)); err != nil {
		return &drill.Result{Script: s.Name, Verdict: drill.Fail, Message: plain(errors.Join(err, h.release())).Error()}
	}
	w := newDrillWire(ctx, h)
	watch.start = w.start
	r := drill.RunRemote(s, c, drill.Remote{Host: h.addr, Local: h.hop.Source, Ports: h.taken, MTU: h.hop.MTU, Network: w})
	w.stop()
	if !h.known && usesCookie(s) {
		r.Notes = append(r.Notes, cookieName+" is that of packetdrill's test suite, which a live host hardly gives: define it with -D, or by --cookie-key")
	}
	if err := h.release(); err != nil && r.Verdict == drill.Pass {
		r.Verdict, r.Message = drill.Fail, plain(err).Error()
	}
	return r
}

// claim takes ports that nobody else has and for which the kernel does not answer.
func (h *liveHost) claim(n int) error {
	for range n {
		if err := h.claimOne(); err != nil {
			return err
		}
	}
	return h.link.SetFilter(h.filter())
}

// tries bounds the search for a free port: each time it is another.
const tries = 1000

func (h *liveHost) claimOne() error {
	ephemeral := h.ports.Ephemeral()
	for range tries {
		port := ephemeral.First + uint16(rand.IntN(int(ephemeral.Last)-int(ephemeral.First)+1))
		release, err := h.ports.Reserve(netip.AddrPortFrom(h.zoned(), port))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return fmt.Errorf("port %d: %w", port, err)
		}
		h.taken, h.undo = append(h.taken, port), append(h.undo, release)
		return h.protect(netip.AddrPortFrom(h.hop.Source, port))
	}
	return fmt.Errorf("no free port among %d: %w", tries, syscall.EADDRINUSE)
}

func (h *liveHost) protect(local netip.AddrPort) error {
	if h.guard == nil {
		return nil
	}
	release, err := h.guard.Protect(local, h.addr)
	if err != nil {
		return fmt.Errorf("guard for %s: %w", local, err)
	}
	h.undo = append(h.undo, release)
	return nil
}

// zoned is the address of this host as its kernel wants it.
func (h *liveHost) zoned() netip.Addr {
	if a := h.hop.Source; a.Is6() && a.IsLinkLocalUnicast() {
		return a.WithZone(h.hop.Interface)
	}
	return h.hop.Source
}

// release gives the ports of a script back.
func (h *liveHost) release() error {
	var errs []error
	for i := len(h.undo) - 1; i >= 0; i-- {
		errs = append(errs, h.undo[i]())
	}
	h.undo, h.taken = nil, nil
	return errors.Join(errs...)
}

// filter lets in what comes for the ports, and ICMP errors. Port 0 is nobody's.
func (h *liveHost) filter() *link.Filter {
	f := &link.Filter{Addrs: []netip.Addr{h.hop.Source}, Ports: []link.PortRange{link.Port(0)}, ICMP: true}
	for _, port := range h.taken {
		f.Ports = append(f.Ports, link.Port(port))
	}
	return f
}

// close gives back what open has taken; there may be no host.
func (h *liveHost) close() error {
	if h == nil {
		return nil
	}
	errs := []error{h.release()}
	if h.link != nil {
		errs = append(errs, h.link.Close())
	}
	if h.ports != nil {
		errs = append(errs, h.ports.Close())
	}
	return errors.Join(append(errs, h.guard.close())...)
}
