package main

import (
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/handshake"
)

// e2ePairs are which sides are the kernel's.
var e2ePairs = []struct {
	name           string
	client, server bool
}{{"ours-ours", false, false}, {"kernel-ours", true, false}, {"ours-kernel", false, true}}

// Two connections work between our TCP and the kernel's over a cable and over
// loopback, with every guard there is.
func TestInteropGuards(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{"nft", "iptables"} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			l := e2eNewLab(t, lab.Config{IPv6: true})
			e2eNeedBackend(t, l.Server, backend)
			loopback := e2eOpenTap(t, l.Server, "lo")
			port := uint16(e2ePort)
			for _, mode := range []string{"rst", "inbound"} {
				for _, pair := range e2ePairs {
					for _, where := range []string{l.Server.Addr4.String(), l.Server.Addr6.String(), "127.0.0.1", "::1"} {
						t.Run(fmt.Sprintf("%s/%s/%s", mode, pair.name, where), func(t *testing.T) {
							port++
							addr := netip.AddrPortFrom(netip.MustParseAddr(where), port)
							e2eTwice(t, l, addr, pair.client, pair.server, "--guard", mode, "--backend", backend)
						})
					}
				}
			}
			l.judge(loopback.stop())
		})
	}
}

// e2eTwice makes two connections to an address of the server, from the client
// or, to a loopback address, from the server itself. Each side is ours with the
// guard or the kernel's.
func e2eTwice(t *testing.T, l *e2eLab, addr netip.AddrPort, kernelClient, kernelServer bool, guard ...string) {
	t.Helper()
	client := l.Client
	if addr.Addr().IsLoopback() {
		client = l.Server
	}
	serverFile, clientFile := filepath.Join(t.TempDir(), "server.pcapng"), filepath.Join(t.TempDir(), "client.pcapng")
	var ours *e2eListen
	var kernel *e2eKernelServer
	if kernelServer {
		kernel = e2eKernelServe(t, l.Server, addr, true, "hello")
	} else {
		ours = e2eServe(t, l.Server, append([]string{addr.String(), "--reply", "hello", "--exit-after", "2", "--key", e2eKey, "--pcap", serverFile}, guard...)...)
	}
	cache := filepath.Join(t.TempDir(), "cookies.db")
	if kernelClient {
		if err := client.Sysctl("net.ipv4.tcp_fastopen", "1"); err != nil {
			t.Fatal(err)
		}
		e2eForgetMetrics(t, client)
	}
	for attempt := range 2 {
		if kernelClient {
			c := e2eKernelDial(t, client, addr)
			reply := e2eSendAll(t, c, "ping")
			if acked := e2eSynDataAcked(t, c); reply != "hello" || acked != (attempt == 1) {
				t.Errorf("connection %d: reply %q, SYN data acknowledged: %t", attempt+1, reply, acked)
			}
			c.Close()
			continue
		}
		want := []handshake.Outcome{handshake.CookieReceived, handshake.Accepted}[attempt]
		args := append([]string{"connect", "--json", "--cache", cache, addr.String(), "-d", "ping", "--pcap", clientFile}, guard...)
		got := e2eOne(t, e2eTfo(t, client, args...).want(t, exitDone))
		if got.FastOpen != string(want) || string(got.Reply) != "hello" {
			t.Errorf("connection %d: %+v, want %s and the reply", attempt+1, got, want)
		}
	}
	// The cable is judged anyway.
	if addr.Addr().IsLoopback() && !kernelClient {
		e2eDissect(t, clientFile)
	}
	if kernelServer {
		kernel.close()
		if got := strings.Join(kernel.take(), " "); got != "ping ping" {
			t.Errorf("the server got %q, want each request once", got)
		}
		return
	}
	lines := ours.end()
	if addr.Addr().IsLoopback() {
		e2eDissect(t, serverFile)
	}
	slices.SortFunc(lines, func(a, b served) int { return a.SynData - b.SynData })
	for i, got := range lines {
		want := []handshake.Outcome{handshake.CookieGranted, handshake.Accepted}[i]
		if got.FastOpen != string(want) || got.Received != 4 || got.Sent != 5 || got.Close != "orderly" || got.SynData != 4*i {
			t.Errorf("connection %d: %v, want %s", i+1, got, want)
		}
	}
}

// tfo listen :PORT is reached over a cable and over loopback, in both families.
func TestInteropListenEverywhere(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{IPv6: true})
	places := []struct {
		from *lab.Host
		to   string
	}{
		{l.Client, l.Server.Addr4.String()}, {l.Server, "127.0.0.1"}, {l.Server, l.Server.Addr4.String()},
		{l.Client, l.Server.Addr6.String()}, {l.Server, "::1"}, {l.Server, l.Server.Addr6.String()},
	}
	server := e2eServe(t, l.Server, fmt.Sprintf(":%d", e2ePort), "--echo", "--key", e2eKey, "--exit-after", fmt.Sprint(2*len(places)))
	for _, p := range places {
		addr := netip.AddrPortFrom(netip.MustParseAddr(p.to), e2ePort)
		cache := filepath.Join(t.TempDir(), "cookies.db")
		r := e2eTfo(t, p.from, "connect", "--json", "--cache", cache, addr.String(), "-d", e2eData, "--repeat", "2").want(t, exitDone)
		results := e2eResults(t, r.stdout)
		for i, want := range []handshake.Outcome{handshake.CookieReceived, handshake.Accepted} {
			if got := results[i]; got.FastOpen != string(want) || string(got.Reply) != e2eData {
				t.Errorf("%s from %s, connection %d: %+v, want %s and the echo", addr, p.from.Name, i+1, got, want)
			}
		}
	}
	lines := server.end()
	if len(lines) != 2*len(places) {
		t.Fatalf("served %d connections, want %d", len(lines), 2*len(places))
	}
	for _, got := range lines {
		if int(got.Received) != len(e2eData) || got.Close != "orderly" {
			t.Errorf("tfo listen: %v", got)
		}
	}
}

// No command touches a setting of the kernel.
func TestInteropSysctlsUntouched(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{IPv6: true})
	settings := func() map[string]string {
		all := map[string]string{}
		err := l.Server.Do(func() error {
			return filepath.WalkDir("/proc/sys/net", func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				if value, err := os.ReadFile(path); err == nil {
					all[path] = string(value)
				}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		// A random number at each reading.
		delete(all, "/proc/sys/net/ipv4/tcp_fastopen_key")
		return all
	}
	before := settings()
	for _, addr := range []string{"127.0.0.1:8081", "[::1]:8082", l.server(false, 8083).String()} {
		server := e2eServe(t, l.Server, addr, "--exit-after", "1")
		e2eTfo(t, l.Server, "connect", "--cache", l.cache, addr, "-d", "hello").want(t, exitDone)
		server.one()
	}
	if after := settings(); !maps.Equal(before, after) {
		for name, value := range after {
			if before[name] != value {
				t.Errorf("%s = %q, was %q", name, value, before[name])
			}
		}
	}
}
