package main

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tfocraft/cmd/tfo/internal/lab"
)

// newXDPHosts makes two hosts where programs can be loaded, or skips the test.
func newXDPHosts(t *testing.T) *lab.Lab {
	t.Helper()
	if e2eInUserNamespace() {
		t.Skip("needs CAP_BPF outside of user namespaces")
	}
	return newHosts(t)
}

// Both of our ends take segments from the driver, and the kernel's ends are served as well as without it.
func TestXDP(t *testing.T) {
	t.Parallel()
	hosts := newXDPHosts(t)
	for _, ipv6 := range []bool{false, true} {
		_, addr := hosts.Addresses(ipv6)
		address := netip.AddrPortFrom(addr, e2ePort).String()
		server := e2eServe(t, hosts.Server, address, "--xdp", "--reply", "hi")
		if link := e2eSh(t, hosts.Server, "ip -o link show"); !strings.Contains(link, "xdp") {
			t.Errorf("no program is attached: %s", link)
		}
		connect := []string{"connect", address, "--cache", t.TempDir() + "/cookies", "-d", "hello"}
		e2eTfo(t, hosts.Client, connect...).want(t, exitDone)
		r := e2eTfo(t, hosts.Client, append(connect, "--xdp", "--repeat", "50", "--json")...).want(t, exitDone)
		if n := strings.Count(r.stdout, `"fast_open":"accepted"`); n != 50 {
			t.Errorf("of 50 connections %d were accepted: %v", n, r)
		}
		if got := server.stop(); len(got) != 51 {
			t.Errorf("the server had %d connections, want 51", len(got))
		}
	}
	for _, host := range []*lab.Host{hosts.Client, hosts.Server} {
		if link := e2eSh(t, host, "ip -o link show"); strings.Contains(link, "xdp") {
			t.Errorf("a program is left: %s", link)
		}
	}
}

// What cannot be is said in a line, and how it can.
func TestBadXDP(t *testing.T) {
	t.Parallel()
	hosts := newXDPHosts(t)
	_, addr := hosts.Addresses(false)
	e2eServe(t, hosts.Server, fmt.Sprintf("%v:%d", addr, e2ePort), "--xdp")
	on(t, hosts.Server, "listen", fmt.Sprintf("%v:%d", addr, e2ePort+1), "--xdp").failed(t, exitFailed, "XDP: another program is attached")
	on(t, hosts.Server, "listen", "127.0.0.1:80", "--xdp").failed(t, exitMissing, "lo: XDP is for Ethernet devices")
	on(t, hosts.Client, "connect", "127.0.0.1:80", "--xdp").failed(t, exitMissing, "lo: XDP is for Ethernet devices")
	for args, want := range map[string]string{
		"listen :80 --xdp --shards 2":              "--xdp is for one stack on an interface, not for --shards 2",
		"listen :80 --xdp --busy-poll 0":           "--busy-poll 0",
		"connect 192.0.2.1:80 --xdp --busy-poll 0": "--busy-poll 0",
		"connect 192.0.2.1:80 --busy-poll 2s":      "--busy-poll: 2s is not between 0 and 1s",
	} {
		on(t, hosts.Client, strings.Fields(args)...).failed(t, exitUsage, want)
	}
}

// Sending and receiving takes less than loading a program.
func TestBadXDPPrivilege(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 || e2eInUserNamespace() {
		t.Skip("needs CAP_SETUID to become uid 65534")
	}
	hosts := newHosts(t)
	_, addr := hosts.Addresses(false)
	p := e2eAsNobody(t, e2eCommand("listen", fmt.Sprintf("%v:%d", addr, e2ePort), "--guard", "none", "--xdp"))
	p.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_NET_RAW, unix.CAP_NET_ADMIN}
	r := p.start(t, hosts.Server).wait()
	outcome{r.code, r.stdout, r.stderr}.failed(t, exitMissing, "XDP needs CAP_BPF and CAP_NET_ADMIN", "cap_bpf+ep")
}
