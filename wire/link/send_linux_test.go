package link

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// A fullQueue refuses messages, then takes one at a time.
type fullQueue struct {
	syscall.RawConn
	sender  *sender
	refusal int
}

func (q *fullQueue) Control(func(uintptr)) error {
	if q.sender.err = nil; q.refusal > 0 {
		q.refusal--
		q.sender.err = unix.ENOBUFS
		return nil
	}
	q.sender.at++
	return nil
}

// A full queue is waited for, not for ever (D-31).
func TestQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			refusal, want int
			waited        time.Duration
			err           error
		}{
			{0, 3, 0, nil},
			{1, 3, 50 * time.Microsecond, nil},
			{sendTries, 3, 12750 * time.Microsecond, nil},
			{1000, 0, 12750 * time.Microsecond, unix.ENOBUFS},
		} {
			q := &fullQueue{refusal: test.refusal}
			q.sender = newSender(q, formEthernet.loader(1))
			start := time.Now()
			n, err := q.sender.send([][]byte{textFrame("1"), textFrame("2"), textFrame("3")})
			if n != test.want || err != test.err || time.Since(start) != test.waited {
				t.Errorf("%d refusals: got %d, %v after %v, want %d, %v after %v", test.refusal, n, err, time.Since(start), test.want, test.err, test.waited)
			}
		}
	})
}

// What this host's firewall drops on loopback is an error of its own, not one
// of privilege; a packet socket passes the firewall by.
func TestFirewallOnLoopback(t *testing.T) {
	near := newHost(t)
	near.nft("add table inet t; add chain inet t o { type filter hook output priority 0; }; add rule inet t o tcp flags & rst == rst drop")
	l := near.open("lo", onlyOurs)
	rst := wire.Segment{Flags: wire.RST}
	for address, want := range map[string]error{"127.0.0.1": unix.EPERM, "::1": nil} {
		addr := netip.MustParseAddr(address)
		version := 4
		if addr.Is6() {
			version = 6
		}
		frame := segment(AppendHeader(nil, wire.MAC{}, wire.MAC{}, version), netip.AddrPortFrom(addr, 1), netip.AddrPortFrom(addr, ourPort), rst)
		_, err := l.WriteFrames([][]byte{frame})
		if !errors.Is(err, want) || errors.Is(err, ErrPrivilege) {
			t.Errorf("%s: got %v, want %v", address, err, want)
		}
	}
}

// nft loads firewall rules into the host's namespace.
func (h *host) nft(rules string) {
	h.t.Helper()
	nft, err := exec.LookPath("nft")
	if err != nil {
		h.t.Skip("needs nft")
	}
	h.Do(func() error {
		if out, err := exec.Command(nft, rules).CombinedOutput(); err != nil {
			return fmt.Errorf("nft: %w: %s", err, out)
		}
		return nil
	})
}

// What the firewall drops before the stack, at the device or in the raw table,
// has been received (D-04, D-05).
func TestFirewallBeforeTheStack(t *testing.T) {
	near, peer := wired(t)
	near.nft("add table inet t; add chain inet t p { type filter hook prerouting priority raw; policy drop; }")
	near.nft("add table netdev n; add chain netdev n i { type filter hook ingress device veth0 priority 0; policy drop; }")
	in, out := near.open("veth0", onlyOurs), peer.open("veth0", onlyOurs)
	for _, frame := range [][]byte{
		segment(AppendHeader(nil, macOf(near.MAC("veth0")), wire.MAC{2}, 4), client4, netip.AddrPortFrom(near4, ourPort), syn()),
		segment(AppendHeader(nil, macOf(near.MAC("veth0")), wire.MAC{2}, 6), client6, netip.AddrPortFrom(near6, ourPort), syn()),
	} {
		write(t, out, frame)
		if f, _ := next(t, in); !bytes.Equal(f.Data, frame) {
			t.Errorf("got %x, want %x", f.Data, frame)
		}
	}
}
