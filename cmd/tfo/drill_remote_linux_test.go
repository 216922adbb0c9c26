package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/handshake/drill"
	"tfocraft/wire"
)

// remoteScripts are about a server that reads to the end, or just once, and then
// closes; closedScripts are about a port where nobody listens.
const (
	remoteScripts = "../../handshake/drill/testdata/remote"
	closedScripts = remoteScripts + "-closed"
	// remoteAccepted is how many connections of remoteScripts a server accepts.
	remoteAccepted = 10
)

// A drillLab is two hosts, one of which scripts are played against.
type drillLab struct {
	*lab.Lab
	t    *testing.T
	addr netip.AddrPort // of the server
}

func newDrillLab(t *testing.T, ipv6 bool) *drillLab {
	t.Helper()
	hosts := newHosts(t)
	return &drillLab{hosts, t, netip.AddrPortFrom(hosts.Server.Addr(ipv6), e2ePort)}
}

// serve starts a kernel's server that reads to the end.
func (l *drillLab) serve() {
	l.t.Helper()
	ln := e2eKernelListen(l.t, l.Server, l.addr, true)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
}

// closed is an address where nobody listens.
func (l *drillLab) closed() string { return netip.AddrPortFrom(l.addr.Addr(), e2ePort+1).String() }

// drill plays scripts against an address.
func (l *drillLab) drill(to string, args ...string) outcome {
	l.t.Helper()
	return on(l.t, l.Client, append([]string{"drill", "--remote", to, "-i", l.Client.Interface}, args...)...)
}

// play plays scripts against the server, whose key is known. The machine may be
// busy.
func (l *drillLab) play(args ...string) outcome {
	l.t.Helper()
	return l.drill(l.addr.String(), append([]string{"--scheme", "linux", "--cookie-key", e2eKey, "--tolerance", "700ms"}, args...)...)
}

// write writes a script.
func (l *drillLab) write(text string) string {
	l.t.Helper()
	file := filepath.Join(l.t.TempDir(), "x.pkt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	return file
}

// connections are those that the server's kernel knows, beside listeners.
func (l *drillLab) connections() (lines []string) {
	l.t.Helper()
	err := l.Server.Do(func() error {
		for _, name := range []string{"tcp", "tcp6"} {
			text, err := os.ReadFile("/proc/thread-self/net/" + name)
			if err != nil {
				return err
			}
			for line := range strings.Lines(string(text)) {
				if f := strings.Fields(line); len(f) > 3 && f[0] != "sl" && f[3] != "0A" {
					lines = append(lines, strings.Join(f[:4], " "))
				}
			}
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return lines
}

// wantNothingLeft waits for the server's program to close what was reset.
func (l *drillLab) wantNothingLeft() {
	l.t.Helper()
	l.await("no connection left", func() bool { return len(l.connections()) == 0 })
}

// await waits for something.
func (l *drillLab) await(what string, so func() bool) {
	l.t.Helper()
	for deadline := time.Now().Add(e2ePatience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatalf("not true after %v: %s", e2ePatience, what)
		}
	}
}

// wantAll wants every script of a folder to have passed.
func (l *drillLab) wantAll(folder string, got outcome) {
	l.t.Helper()
	files, err := filepath.Glob(folder + "/*.pkt")
	if err != nil || len(files) == 0 {
		l.t.Fatalf("no scripts: %v", err)
	}
	n := strconv.Itoa(len(files))
	if text := got.stdout; got.code != exitDone || !strings.HasSuffix(text, n+" of "+n+" passed, 0 failed, 0 unsupported\n") {
		l.t.Errorf("exit code %d: %s%s", got.code, text, got.stderr)
	}
}

func TestDrillRemoteKernel(t *testing.T) {
	t.Parallel()
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := newDrillLab(t, ipv6)
		l.serve()
		l.wantAll(remoteScripts, l.play(remoteScripts))
		l.wantNothingLeft()
		l.wantAll(closedScripts, l.drill(l.closed(), closedScripts))
	})
}

// The same scripts against the server of this program.
func TestDrillRemoteListen(t *testing.T) {
	t.Parallel()
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := newDrillLab(t, ipv6)
		s := e2eServe(t, l.Server, l.addr.String(), "--scheme", "linux", "--key", e2eKey, "--reply", "")
		l.wantAll(remoteScripts, l.play(remoteScripts))
		l.await("connections accepted", func() bool { return strings.Count(s.stdout.String(), "\n") == remoteAccepted })
		for _, c := range s.stop() {
			if c.Close != "reset" && c.Close != "orderly" {
				t.Errorf("a connection was not ended: %+v", c)
			}
		}
	})
}

// On loopback both sides are one host.
func TestDrillRemoteLoopback(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1:8080", "[::1]:8080"} {
		l := newDrillLab(t, false)
		l.addr = netip.MustParseAddrPort(addr)
		l.serve()
		got := on(t, l.Server, "drill", "--remote", addr, "--scheme", "linux", "--cookie-key", e2eKey, "--tolerance", "700ms", remoteScripts)
		l.wantAll(remoteScripts, got)
		l.wantNothingLeft()
	}
}

// A script that is wrong about the host shows the difference.
func TestDrillRemoteFails(t *testing.T) {
	t.Parallel()
	l := newDrillLab(t, false)
	l.serve()
	wrong := l.write("0 < S 0:10(10) win 65535 <mss 1460,FO 0102030405060708,nop,nop>\n+0 > S. 0:0(0) ack 11 <mss 1460>\n")
	got := l.play(wrong)
	want := regexp.MustCompile(`^\S+:2:1: fail: the acknowledgement number differs
    expected 0\.\d{6} > S\. 0:0\(0\) ack 11 <mss 1460>
    got      0\.\d{6} > S\. 0:0\(0\) ack 1 win \d+ <mss 1460,FO [0-9a-f]{16},nop,nop>
 +\^{5}
$`)
	if got.code != exitFailed || !want.MatchString(got.stdout) || got.stderr != "" {
		t.Errorf("got %+v", got)
	}
	got = l.drill(l.closed(), "--tap", remoteScripts+"/handshake.pkt")
	if got.code != exitFailed || !strings.Contains(got.stdout, `message: "the host refuses the connection: nothing listens there"`) {
		t.Errorf("a closed port: %+v", got)
	}
	got = l.play(l.write("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 > S 0:0(0) <...>\n"))
	if got.code != exitFailed || !strings.Contains(got.stdout, ":2:1: unsupported: the host under test has to connect here") {
		t.Errorf("a script that connects: %+v", got)
	}
	l.wantNothingLeft()
}

// A cookie that nobody has defined is that of another server.
func TestDrillRemoteCookie(t *testing.T) {
	t.Parallel()
	l := newDrillLab(t, false)
	l.serve()
	script := remoteScripts + "/cookie-request.pkt"
	const note = "TFO_COOKIE is that of packetdrill's test suite"
	if got := l.drill(l.addr.String(), script); got.code != exitFailed || !strings.Contains(got.stderr, note) || !strings.Contains(got.stdout, "the list of options differs") {
		t.Errorf("without a cookie: %+v", got)
	}
	if got := l.drill(l.addr.String(), remoteScripts+"/handshake.pkt", "-v"); got.code != exitDone || strings.Contains(got.stderr, note) {
		t.Errorf("a script without Fast Open: %+v", got)
	}
	cookie := e2eCookie(t, "linux", e2eKey, l.Client.Addr4, l.addr.Addr())
	for _, args := range [][]string{{}, {"--cookie-key", e2eKey, "--scheme", "freebsd"}} {
		got := l.drill(l.addr.String(), append(args, "-D", "TFO_COOKIE="+cookie, script)...)
		if got.code != exitDone || got.stderr != "" {
			t.Errorf("with -D and %v: %+v", args, got)
		}
	}
}

func TestDrillRemoteOutput(t *testing.T) {
	t.Parallel()
	l := newDrillLab(t, false)
	l.serve()
	file := filepath.Join(t.TempDir(), "x.pcapng")
	before := time.Now()
	got := l.play("--json", "-v", "--pcap", file, remoteScripts+"/cookie-valid.pkt")
	var r drillJSON
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil || got.code != exitDone || r.Result != string(drill.Pass) || len(r.Notes) != 1 {
		t.Errorf("%v: %+v", err, got)
	}
	want := regexp.MustCompile(`^\S+cookie-valid.pkt:
 +0\.\d{6} < S 0:10\(10\) win 65535 <mss 1460,FO [0-9a-f]{16},nop,nop>
 +0\.\d{6} > S\. 0:0\(0\) ack 11 win \d+ <mss 1460>
 +0\.1\d{5} < \. 11:11\(0\) ack 1 win 65535
 +0\.\d{6} < R 11:11\(0\) win 0
tfo: \S+cookie-valid.pkt: 6 events left out: what programs do and look at is the live host's business
$`)
	if !want.MatchString(got.stderr) {
		t.Errorf("-v has shown\n%s", got.stderr)
	}
	var flags []wire.Flags
	for _, p := range framesIn(t, file) {
		if since := p.Time.Sub(before); since < 0 || since > e2ePatience {
			t.Errorf("a packet of %v", p.Time)
		}
		packet, err := wire.ParsePacket(p.Data)
		if err != nil || !packet.ChecksumsOK() {
			t.Errorf("%v: %v", err, &packet)
		}
		flags = append(flags, packet.TCP.Flags)
	}
	if want := []wire.Flags{wire.SYN, wire.SYN | wire.ACK, wire.ACK, wire.RST}; !slices.Equal(flags, want) {
		t.Errorf("the capture has %v, want %v", flags, want)
	}
	explained := on(t, nil, "drill", "--remote", "192.0.2.9:80", "--explain", remoteScripts+"/fin.pkt").done(t)
	if !strings.Contains(explained, "closes a descriptor. Left out: the program of a live host decides") {
		t.Errorf("--explain:\n%s", explained)
	}
}

// A drill that is interrupted leaves neither rules nor connections.
func TestDrillRemoteInterrupted(t *testing.T) {
	t.Parallel()
	l := newDrillLab(t, false)
	l.serve()
	script := l.write("0 < S 0:0(0) win 65535 <mss 1460>\n+0 > S. 0:0(0) ack 1 <mss 1460>\n+0 < . 1:1(0) ack 1 win 65535\n+60 < . 1:1(0) ack 1 win 65535\n")
	p := e2eCommand("drill", "--remote", l.addr.String(), "-v", script, script).start(t, l.Client)
	if !p.stderr.await("< . 1:1(0)") {
		t.Fatalf("it did not begin: %s", p.stderr)
	}
	p.Process.Signal(syscall.SIGINT)
	got := p.wait()
	if got.code != exitFailed || got.stdout != "" || !strings.HasSuffix(got.stderr, "< R 1:1(0) win 0\ntfo: interrupt signal received\n") {
		t.Errorf("got %v", got)
	}
	l.wantNothingLeft()
}

func TestDrillRemoteBad(t *testing.T) {
	t.Parallel()
	l := newDrillLab(t, true)
	script := remoteScripts + "/handshake.pkt"
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"--remote 192.0.2.2", exitUsage, `"192.0.2.2" is not HOST:PORT`},
		{"--remote 192.0.2.2:0", exitUsage, `"0" is not a port`},
		{"--remote 192.0.2.2:80 --ip-version ipv6", exitUsage, "--ip-version ipv6 and 192.0.2.2 are not of one family"},
		{"--remote 192.0.2.2:80 --profile freebsd", exitUsage, "--profile has no effect with --remote"},
		{"--remote 192.0.2.2:80 --scheme linux", exitUsage, "--scheme works with --cookie-key only"},
		{"--remote 192.0.2.2:80 --cookie-key 01", exitUsage, "--cookie-key: "},
		{"--remote 192.0.2.2:80 --tolerance -1s", exitUsage, "--tolerance: -1s is no time"},
		{"--remote 192.0.2.2:80 --guard strong", exitUsage, "--guard: "},
		{"--remote 8.8.8.8:80", exitUsage, "8.8.8.8 is a public address"},
		{"--remote [2606:4700::1]:80", exitUsage, "2606:4700::1 is a public address"},
		{"-i eth0", exitUsage, "--interface works with --remote only"},
		{"--cookie-key 00", exitUsage, "--cookie-key works with --remote only"},
		{"--remote 192.0.2.2:80 -i eth9", exitFailed, `no such interface: "eth9"; there are: lo, eth0`},
		{"--remote 198.51.100.1:80", exitFailed, "no route to 198.51.100.1"},
		{"--remote 192.0.2.77:80", exitFailed, "192.0.2.77"},
		{"--remote no-such-host.invalid:80", exitFailed, "no-such-host.invalid"},
		{"--remote 8.8.8.8:80 --allow-public", exitFailed, "no route to 8.8.8.8"},
	} {
		t.Run(test.args, func(t *testing.T) {
			got := on(t, l.Client, append(append([]string{"drill"}, strings.Fields(test.args)...), script)...)
			got.failed(t, test.code, test.want)
			if got.stdout != "" {
				t.Errorf("stdout: %s", got.stdout)
			}
		})
	}
}

func TestDrillRemotePrivilege(t *testing.T) {
	l := newDrillLab(t, false)
	script := l.write("0 < S 0:0(0) win 65535\n")
	// Others may read it.
	for _, path := range []string{script, filepath.Dir(script), filepath.Dir(filepath.Dir(script))} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	asNobody(t, l.Client, "drill", "--remote", "192.0.2.2:80", script).failed(t, exitMissing, "needs CAP_NET_ADMIN", "\n     run as root, or ")
	asNobody(t, l.Client, "drill", "--remote", "192.0.2.2:80", "--guard", "none", script).failed(t, exitMissing, "needs CAP_NET_RAW", "\n     run as root, or ")
}

// Addresses that count on one link only have a zone for the kernel, and none on the
// wire.
func TestDrillRemoteLinkLocal(t *testing.T) {
	t.Parallel()
	l := newDrillLab(t, true)
	l.addr = netip.AddrPortFrom(netip.IPv6Unspecified(), e2ePort)
	l.serve()
	var to netip.Addr
	err := l.Server.Do(func() error {
		ifi, err := net.InterfaceByName(l.Server.Interface)
		if err != nil {
			return err
		}
		addrs, err := ifi.Addrs()
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().IsLinkLocalUnicast() {
				to = p.Addr()
			}
		}
		return err
	})
	if err != nil || !to.IsValid() {
		t.Skipf("the interface has no link-local address: %v", err)
	}
	l.addr = netip.AddrPortFrom(to.WithZone(l.Client.Interface), e2ePort)
	l.wantAll(remoteScripts, l.play(remoteScripts))
	l.wantNothingLeft()
}

// What the host's kernel hands over in one piece is compared as the segments that
// it is on a wire.
func TestDrillRemoteOffload(t *testing.T) {
	t.Parallel()
	hosts, err := lab.New(t.Context(), lab.Config{Offload: true})
	if errors.Is(err, lab.ErrForbidden) {
		t.Skipf("needs CAP_SYS_ADMIN and CAP_NET_ADMIN, or user namespaces: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hosts.Close)
	l := &drillLab{hosts, t, netip.AddrPortFrom(hosts.Server.Addr4, e2ePort)}
	ln := e2eKernelListen(t, l.Server, l.addr, false)
	go func() {
		if c, err := ln.Accept(); err == nil {
			c.Write(make([]byte, 4500))
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	l.wantPass(l.play("-v", l.write(`0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 <mss 1460>
+0 < . 1:1(0) ack 1 win 65535
+0 > . 1:1001(1000) ack 1
+0 > . 1001:2001(1000) ack 1
+0 > . 2001:3001(1000) ack 1
+0 > . 3001:4001(1000) ack 1
+0 > P. 4001:4501(500) ack 1
+0 < . 1:1(0) ack 4501 win 65535
`)))
	l.wantNothingLeft()
}

func (l *drillLab) wantPass(got outcome) {
	l.t.Helper()
	if got.code != exitDone || !strings.HasSuffix(got.stdout, ": pass\n") {
		l.t.Errorf("got %+v", got)
	}
}

// Without the guard this host's kernel spoils it: it knows nothing of the connection
// and resets it.
func TestDrillRemoteUnguarded(t *testing.T) {
	t.Parallel()
	l := newDrillLab(t, false)
	l.serve()
	got := l.play("--guard", "none", remoteScripts+"/syn-established.pkt")
	if got.code != exitFailed || !strings.Contains(got.stdout, ": fail: ") {
		t.Errorf("got %+v", got)
	}
	l.wantNothingLeft()
}
