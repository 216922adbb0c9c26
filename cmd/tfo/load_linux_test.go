package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/wire"
)

var (
	e2eLoadFields = []string{
		"type", "phase", "mode", "server", "sent", "unsent", "retransmits", "synacks", "accepted", "rejected", "cookies", "no_cookie", "responses", "response_bytes",
		"completed", "resets", "timeouts", "aborted", "strays", "send_errors", "learnt", "received", "dropped", "duration_s", "rate", "latency_us",
		"first_byte_us", "clients", "seed", "method",
	}
	e2eProgressFields = []string{
		"type", "phase", "time_s", "sent", "unsent", "retransmits", "synacks", "accepted", "rejected", "cookies", "no_cookie", "responses", "response_bytes",
		"completed", "resets", "timeouts", "aborted", "strays", "send_errors", "in_flight", "rate", "latency_us",
	}
)

// loadArgs is tfo load --json against a server of a lab, from clients of the same
// network that only tfo load speaks for.
func loadArgs(server netip.AddrPort, args ...string) []string {
	patience := []string{"--timeout", "20s"}
	if slices.Contains(args, "syn") {
		patience = nil
	}
	clients := "192.0.2.64/26"
	if server.Addr().Is6() {
		clients = "2001:db8::100-2001:db8::13f"
	}
	return append([]string{"load", server.String(), "--json", "--answer-arp", "--clients", clients}, append(patience, args...)...)
}

// e2eLoaded reads the output of a run: what it says each second, and the result.
func e2eLoaded(t *testing.T, r e2eRun) (loadResult, []loadProgress) {
	t.Helper()
	lines := strings.SplitAfter(strings.TrimSpace(r.stdout), "\n")
	progress := e2eLines[loadProgress](t, strings.Join(lines[:len(lines)-1], ""), e2eProgressFields)
	return e2eLines[loadResult](t, lines[len(lines)-1], e2eLoadFields)[0], progress
}

// loadLab is a lab with the address that its server is to have. Tfo load resets what it has begun to learn a cookie.
func loadLab(t *testing.T, ipv6 bool) (*e2eLab, netip.AddrPort) {
	t.Helper()
	l := e2eNewLab(t, lab.Config{IPv6: ipv6})
	l.resets = true
	return l, l.server(ipv6, e2ePort)
}

// loading starts tfo load on a host and waits until it is in a phase.
func loading(t *testing.T, host *lab.Host, phase string, args ...string) *e2eProcess {
	t.Helper()
	p := e2eCommand(args...).start(t, host)
	if !p.stdout.await(`"phase":"` + phase + `"`) {
		t.Fatal(p.stderr)
	}
	return p
}

// loadInterrupted interrupts a run and returns the figures that it still prints.
func loadInterrupted(t *testing.T, p *e2eProcess) loadResult {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	got, _ := e2eLoaded(t, p.wait().want(t, exitDone))
	return got
}

// load runs tfo load on the client of a lab and wants an exit code.
func (l *e2eLab) load(code int, args ...string) loadResult {
	l.t.Helper()
	result, _ := e2eLoaded(l.t, e2eTfo(l.t, l.Client, args...).want(l.t, code))
	return result
}

// wantLoad wants exchanges that have all come to their end, with Fast Open or
// without any. A machine that is busy may make a server late, and then SYNs go
// again without it, or find its queue full.
func wantLoad(t *testing.T, got loadResult, n int, fastOpen bool) {
	t.Helper()
	want := loadCounts{
		Sent: uint64(n), SynAcks: uint64(n), Responses: uint64(n), ResponseBytes: uint64(n * len("Hello, Client")), Completed: uint64(n),
	}
	counts := got.loadCounts
	counts.Strays, counts.Retransmits, counts.Accepted, counts.Rejected, counts.Cookies = 0, 0, 0, 0, 0
	if counts != want {
		t.Errorf("counted %+v,\nwant    %+v", got.loadCounts, want)
	}
	if fastOpen && got.Accepted < uint64(n)/2 || !fastOpen && got.Accepted > 0 {
		t.Errorf("counted %+v: %d accepted", got.loadCounts, got.Accepted)
	}
	if got.LatencyUS.P50 <= 0 || got.LatencyUS.Max < got.LatencyUS.P99 || got.FirstByteUS.P50 > got.LatencyUS.P50 || got.Rate <= 0 {
		t.Errorf("times and rate make no sense: %+v", got)
	}
}

// Against Linux's listener, and against ours: with cookies that were learnt, with
// those of the key, with wrong ones and without any.
func TestLoadExchange(t *testing.T) {
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		for _, kernel := range []bool{true, false} {
			l, addr := loadLab(t, ipv6)
			scheme := "rfc7413"
			if kernel {
				scheme = "linux"
				e2eKernelServe(t, l.Server, addr, true, "Hello, Client")
			} else {
				e2eServe(t, l.Server, addr.String(), "--reply", "Hello, Client", "--key", e2eKey)
			}
			got := l.load(exitDone, loadArgs(addr, "--count", "300", "--concurrency", "32")...)
			wantLoad(t, got, 300, true)
			if got.Learnt == 0 || got.Clients != int(got.Learnt) {
				t.Errorf("%d of %d clients have learnt a cookie", got.Learnt, got.Clients)
			}
			wantLoad(t, l.load(exitDone, loadArgs(addr, "--count", "300", "--concurrency", "32", "--scheme", scheme, "--key", e2eKey)...), 300, true)
			got = l.load(exitDone, loadArgs(addr, "--count", "100", "--cookies", "random")...)
			wantLoad(t, got, 100, false)
			if got.Cookies < 50 {
				t.Errorf("%d wrong cookies were answered by the right one, want 100", got.Cookies)
			}
			wantLoad(t, l.load(exitDone, loadArgs(addr, "--count", "100", "--cookies", "none", "--profile", "freebsd")...), 100, false)
			got = l.load(exitDone, loadArgs(addr, "--count", "100", "--mode", "request")...)
			if got.Cookies != 100 || got.Completed != 100 {
				t.Errorf("requests: %+v", got)
			}
		}
	})
}

// More data than a SYN has room for, in a closed loop over few pairs of addresses and
// ports, so that each is used again and again.
func TestLoadAgain(t *testing.T) {
	t.Parallel()
	l, addr := loadLab(t, false)
	server := e2eKernelServe(t, l.Server, addr, true, "Hello, Client")
	r := e2eTfo(t, l.Client, loadArgs(addr, "--count", "200", "--size", "5000", "--ports", "2000-2001", "--concurrency", "16")...).want(t, exitDone)
	got, _ := e2eLoaded(t, r)
	wantLoad(t, got, 200, true)
	if want := "5000 bytes do not fit a SYN: 1428 go in it"; !strings.Contains(r.stderr, want) {
		t.Errorf("no %q in %v", want, r)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	for _, request := range server.requests {
		if len(request) != 5000 || !strings.HasPrefix(request, "Hello, ServerHello, Server") {
			t.Fatalf("the server has got %d bytes", len(request))
		}
	}
}

// At a rate the times count from the plan, there is a line for each second, and
// shares of several engines add up.
func TestLoadRate(t *testing.T) {
	t.Parallel()
	l, addr := loadLab(t, false)
	e2eKernelServe(t, l.Server, addr, true, "Hello, Client")
	r := e2eTfo(t, l.Client, loadArgs(addr, "--rate", "200", "--duration", "2500ms", "--cpus", "0,1")...).want(t, exitDone)
	got, progress := e2eLoaded(t, r)
	if got.Sent+got.Unsent != 500 || got.Completed != got.Sent || got.Rate < 20 || got.Rate > 201 {
		t.Errorf("%+v, want 200 a second", got)
	}
	last := loadProgress{}
	for _, p := range progress {
		if last.Phase == p.Phase && p.TimeS <= last.TimeS {
			t.Errorf("lines of seconds: %+v", progress)
		}
		last = p
	}
	if last.Phase != "run" || last.Type != "progress" {
		t.Errorf("lines of seconds: %+v", progress)
	}
}

// The host's own address: a guard, few ports, and nothing left afterwards.
func TestLoadOwnAddress(t *testing.T) {
	t.Parallel()
	hosts := newHosts(t)
	addr := netip.AddrPortFrom(hosts.Server.Addr(false), e2ePort)
	e2eKernelServe(t, hosts.Server, addr, true, "Hello, Client")
	got := on(t, hosts.Client, "load", addr.String(), "--json", "--count", "300")
	result, _ := e2eLoaded(t, e2eRun{stdout: got.stdout})
	wantLoad(t, result, 300, true)
	on(t, hosts.Client, "load", addr.String(), "--count", "3", "--ports", "1024-65535").failed(t, exitUsage,
		"64512 ports of each need a rule of the guard: 1024 at most", "give fewer --ports")
	on(t, hosts.Client, "load", addr.String(), "--count", "3", "--concurrency", "129").failed(t, exitUsage,
		"129 exchanges at a time, and there are 128 pairs")
}

// On loopback, where the kernel is at both ends.
func TestLoadLoopback(t *testing.T) {
	t.Parallel()
	hosts := newHosts(t)
	addr := netip.MustParseAddrPort("127.0.0.1:8080")
	e2eKernelServe(t, hosts.Client, addr, true, "Hello, Client")
	got := on(t, hosts.Client, "load", addr.String(), "--json", "--count", "100")
	result, _ := e2eLoaded(t, e2eRun{stdout: got.stdout})
	wantLoad(t, result, 100, true)
	on(t, hosts.Client, "load", addr.String(), "--clients", "198.18.0.0/24").failed(t, exitUsage, "do not come back over loopback")
}

// forgetNeighbours makes a kernel ask anew for hardware addresses.
func forgetNeighbours(t *testing.T, host *lab.Host) {
	t.Helper()
	err := host.Do(func() error {
		known, err := netlink.NeighList(0, netlink.FAMILY_V4)
		for i := range known {
			err = errors.Join(err, netlink.NeighDel(&known[i]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLoadBadNetwork(t *testing.T) {
	t.Parallel()
	hosts := newHosts(t)
	server := "192.0.2.2:7000"
	kernelListens(t, hosts.Server, "192.0.2.2:7001") // without Fast Open
	spoofed := func(server string, args ...string) []string {
		return append([]string{"load", server, "--clients", "192.0.2.64/28", "--timeout", "2s", "--count", "20"}, args...)
	}
	onLoad := func(code int, args []string, words ...string) {
		t.Helper()
		got := on(t, hosts.Client, args...)
		// The line that says what begins comes first, the complaint later.
		first, rest, _ := strings.Cut(got.stderr, "\n")
		if !strings.HasPrefix(first, "tfo: exchange with ") && !strings.HasPrefix(first, "tfo: syn with ") {
			rest = got.stderr
		}
		outcome{got.code, "", rest}.failed(t, code, words...)
	}
	onLoad(exitFailed, spoofed("192.0.2.77:80"), "next hop does not answer: no hardware address for 192.0.2.77 on eth0")
	onLoad(exitFailed, spoofed(server), "192.0.2.2:7000 is silent: 28 SYNs, and no answer", "--answer-arp")
	forgetNeighbours(t, hosts.Server) // or the kernel waits for a second before it asks again
	onLoad(exitFailed, spoofed(server, "--answer-arp"), "192.0.2.2:7000 resets what it gets: 14 of 14")
	onLoad(exitFailed, spoofed("192.0.2.2:7001", "--answer-arp"), "192.0.2.2:7001 gives no cookies: 14 answers without one")
	onLoad(exitUsage, spoofed("203.0.114.1:80"), "203.0.114.1 is public, and 14 of the clients are not addresses of this host", "--allow-public")
	onLoad(exitUsage, []string{"load", server, "--clients", "192.0.2.64,8.8.8.0/29"},
		"--clients: 8.8.8.1 is public and not an address of this host: what 192.0.2.2 answers would hit somebody else", "--allow-public")
	onLoad(exitUsage, []string{"load", server, "--clients", "192.0.2.0/24"}, "192.0.2.0/24 contains the server 192.0.2.2")
	e2eSh(t, hosts.Client, "ip route add 198.18.7.0/24 via 192.0.2.2")
	onLoad(exitUsage, []string{"load", "198.18.7.7:80", "--clients", "192.0.2.0/29", "--answer-arp"},
		"--clients: 192.0.2.0/29 contains 192.0.2.2, the router on the way to 198.18.7.7")
	onLoad(exitFailed, spoofed(server, "-i", "nosuch"), "no such interface")
	onLoad(exitUsage, spoofed(server, "--answer-arp", "--cookies", "none", "--cpus", "0,5000"), "--cpus: this machine has no processor 5000")
	e2eSh(t, hosts.Server, `nft "add table inet mute; add chain inet mute in { type filter hook input priority 0; };
		add rule inet mute in meta l4proto tcp drop"`)
	onLoad(exitFailed, spoofed(server, "--answer-arp", "--cookies", "none", "--mutate", "bad-checksum"), "192.0.2.2:7000 is silent: ")
	begin := time.Now()
	onLoad(exitFailed, spoofed(server, "--answer-arp", "--cookies", "none", "--rate", "100"), "192.0.2.2:7000 is silent: 40 SYNs, and no answer")
	if took := time.Since(begin); took > e2ePatience {
		t.Errorf("a silent server took %v", took)
	}
}

// Half of the clients hear nothing: learning ends, and those who have a cookie go on.
// Then the server says nothing any more.
func TestLoadHalfSilent(t *testing.T) {
	t.Parallel()
	l, addr := loadLab(t, false)
	loadServe(t, l.Server, addr)
	e2eSh(t, l.Server, `nft "add table inet half; add chain inet half in { type filter hook input priority 0; };
		add rule inet half in ip saddr 198.19.0.128/25 drop"; ip route add 198.19.0.0/24 via 192.0.2.1`)
	args := []string{"load", addr.String(), "--clients", "198.19.0.1-198.19.0.254", "--timeout", "500ms", "--json",
		"--seed", "1"} // the clients begin among those who hear something
	r := e2eTfo(t, l.Client, append(args, "--count", "100")...)
	got, _ := e2eLoaded(t, r)
	if want := "got no answer, and learning ends there; the other "; !strings.Contains(r.stderr, want) || got.Learnt == 0 || got.Completed != 100 {
		t.Errorf("%d learnt, %d completed, no %q in %v", got.Learnt, got.Completed, want, r)
	}
	p := loading(t, l.Client, "run", append(args, "--duration", "1h")...)
	e2eSh(t, l.Server, `nft "add rule inet half in meta l4proto tcp drop"`)
	r = p.wait().want(t, exitFailed)
	if want := " answers no more: stopped after "; !strings.Contains(r.stderr, want) {
		t.Errorf("no %q in %v", want, r)
	}
}

// loadServe is a server of the kernel that does not mind what becomes of its
// connections.
func loadServe(t *testing.T, host *lab.Host, addr netip.AddrPort) {
	t.Helper()
	listener := e2eKernelListen(t, host, addr, true)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := io.ReadAll(c); err == nil {
					io.WriteString(c, "Hello, Client")
				}
			}()
		}
	}()
}

// The interface goes down in the middle, and comes back.
func TestLoadInterfaceDown(t *testing.T) {
	t.Parallel()
	l, addr := loadLab(t, false)
	loadServe(t, l.Server, addr)
	p := loading(t, l.Client, "run", loadArgs(addr, "--rate", "200", "--duration", "3s", "--timeout", "500ms")...)
	e2eSh(t, l.Client, "ip link set eth0 down")
	time.Sleep(500 * time.Millisecond)
	e2eSh(t, l.Client, "ip link set eth0 up")
	r := p.wait().want(t, exitDone)
	got, _ := e2eLoaded(t, r)
	if got.SendErrors == 0 || got.Sent+got.Unsent != 600 || got.Completed == 0 || got.Completed+got.Timeouts+got.Resets != got.Sent {
		t.Errorf("counted %+v", got)
	}
	if strings.Count(r.stderr, "network is down") != 1 {
		t.Errorf("want one complaint: %v", r)
	}
}

// An interrupt ends a run: the figures are printed, and no rule is left.
func TestLoadInterrupt(t *testing.T) {
	t.Parallel()
	hosts := newHosts(t)
	addr := netip.AddrPortFrom(hosts.Server.Addr(false), e2ePort)
	loadServe(t, hosts.Server, addr)
	p := loading(t, hosts.Client, "run", "load", addr.String(), "--json", "--rate", "50", "--duration", "1h")
	got := loadInterrupted(t, p)
	if got.Completed == 0 || got.DurationS > 20 {
		t.Errorf("counted %+v", got)
	}
}

// One that comes while cookies are learnt ends the run there, with the figures of that.
func TestLoadInterruptLearning(t *testing.T) {
	t.Parallel()
	l, addr := loadLab(t, false)
	loadServe(t, l.Server, addr)
	e2eSh(t, l.Server, `nft "add table inet most; add chain inet most in { type filter hook input priority 0; };
		add rule inet most in tcp dport 8080 ip saddr 198.19.0.0/16 ip saddr & 0.0.0.7 != 0 drop"; ip route add 198.19.0.0/16 via 192.0.2.1`)
	p := loading(t, l.Client, "learn", "load", addr.String(), "--json", "--clients", "198.19.0.0/16")
	got := loadInterrupted(t, p)
	if got.Phase != "learn" || got.Mode != "request" || got.Sent == 0 || got.Completed == 0 || got.Aborted == 0 {
		t.Errorf("want the figures of learning: %+v", got)
	}
}

// Wrong SYNs do not disturb right ones.
func TestLoadMutate(t *testing.T) {
	t.Parallel()
	l, addr := loadLab(t, false)
	l.odd = true
	e2eKernelServe(t, l.Server, addr, true, "Hello, Client")
	got := l.load(exitDone, loadArgs(addr, "--count", "60", "--timeout", "2s", "--mutate", "none,cookie-bit,cookie-other,cookie-5,twice,unpadded")...)
	// Of two options the last legal one counts; an option that is no option is none.
	if got.Accepted != 10 || got.SynAcks != 60 {
		t.Errorf("counted %+v, want every sixth accepted", got)
	}
	if got.Completed < 50 {
		t.Errorf("counted %+v, want those with all of their data completed", got)
	}
}

// What is kept of a run has the frames of both directions.
func TestLoadCapture(t *testing.T) {
	t.Parallel()
	l, addr := loadLab(t, true)
	e2eServe(t, l.Server, addr.String(), "--reply", "Hello, Client", "--key", e2eKey)
	file := filepath.Join(t.TempDir(), "load.pcapng")
	wantLoad(t, l.load(exitDone, loadArgs(addr, "--count", "10", "--key", e2eKey, "--pcap", file, "-v")...), 10, true)
	out, in := 0, 0
	n := len(e2eDissect(t, file))
	checkFrames(t, file, n, func(p *wire.Packet) bool {
		if p.Dst() == addr {
			out++
		} else if p.Src() == addr {
			in++
		}
		return p.ChecksumsOK()
	})
	if out < 20 || in < 20 {
		t.Errorf("%d frames out and %d in", out, in)
	}
}

// SYNs as fast as it goes, to a server that takes them.
func TestLoadSyn(t *testing.T) {
	t.Parallel()
	l, addr := loadLab(t, false)
	s := e2eServe(t, l.Server, addr.String(), "--reply", "Hello, Client", "--key", e2eKey, "--max-pending", "1000")
	got := l.load(exitDone, loadArgs(addr, "--count", "200", "--rate", "500", "--mode", "syn", "--key", e2eKey)...)
	// What comes late, or twice, is told from nothing by nobody.
	if got.Sent != 200 || got.SynAcks < 20 || got.Accepted != got.SynAcks {
		t.Errorf("counted %+v", got)
	}
	got = l.load(exitDone, loadArgs(addr, "--count", "5000", "--rate", "max", "--mode", "syn", "--cookies", "random")...)
	if got.Sent != 5000 || got.SendErrors != 0 || got.SynAcks != 0 {
		t.Errorf("counted %+v", got)
	}
	s.cancel()
}

func TestLoadPrivilege(t *testing.T) {
	hosts := newHosts(t)
	got := asNobody(t, hosts.Client, "load", "192.0.2.2:80", "--clients", "192.0.2.64/28")
	got.failed(t, exitMissing, "needs CAP_NET_RAW")
	if got.stdout != "" || strings.Contains(got.stderr, "clients") {
		t.Errorf("there is more than the error: %+v", got)
	}
	file := filepath.Join(os.TempDir(), fmt.Sprintf("load-%d.pcapng", os.Getpid()))
	defer os.Remove(file)
	if got := asNobody(t, hosts.Client, "load", "192.0.2.2:80", "--clients", "198.18.0.0/24", "--count", "3", "--pcap-out", file); got.code != exitDone {
		t.Errorf("--pcap-out as nobody: %+v", got)
	}
}
