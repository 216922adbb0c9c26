package main

import (
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
)

// kernelPair lets the kernels of the two hosts speak with each other: it returns what makes one exchange.
func kernelPair(t *testing.T, l *e2eLab, addr netip.AddrPort) func() {
	return keyedPair(t, l, addr, "")
}

// keyedPair is kernelPair with a key for the server.
func keyedPair(t *testing.T, l *e2eLab, addr netip.AddrPort, key string) func() {
	t.Helper()
	s, err := lab.ListenKernel(l.Server, lab.KernelServerConfig{
		Listen: addr, Key: key, Timeout: e2ePatience, Reply: func(netip.AddrPort, []byte) []byte { return []byte("Hello, Client") },
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(t.Context()) }()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
	client := lab.KernelClient{Host: l.Client, Timeout: e2ePatience}
	return func() {
		if _, err := client.Exchange(t.Context(), addr, []byte("Hello, Server")); err != nil {
			t.Fatal(err)
		}
	}
}

// dumping starts tfo dump on the client's interface.
func dumping(t *testing.T, l *e2eLab, args ...string) *e2eProcess {
	t.Helper()
	p := e2eCommand(append([]string{"dump", "-i", l.Client.Interface}, args...)...).start(t, l.Client)
	if !p.stderr.await("tfo: watching eth0") {
		t.Fatalf("does not watch: %s", p.stderr)
	}
	return p
}

// interrupted ends a command as Ctrl-C does.
func interrupted(t *testing.T, p *e2eProcess) e2eRun {
	t.Helper()
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	return p.wait().want(t, exitDone)
}

// Connections of Linux's own TCP: those with Fast Open are told of while they
// last, the others are not; what is kept in a file tells the same.
func TestDump(t *testing.T) {
	t.Parallel()
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := e2eNewLab(t, lab.Config{IPv6: ipv6})
		addr := l.server(ipv6, e2ePort)
		exchange := kernelPair(t, l, addr)
		kernelListens(t, l.Server, netip.AddrPortFrom(addr.Addr(), 9).String())
		file := filepath.Join(t.TempDir(), "dump.pcapng")
		page := filepath.Join(t.TempDir(), "dump.html")
		p := dumping(t, l, "-w", file, "--html", page)
		l.resets = true // by a listener that closes
		err := l.Client.Do(func() error {
			c, err := net.Dial("tcp", netip.AddrPortFrom(addr.Addr(), 9).String())
			if err == nil {
				err = c.Close()
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		exchange()
		exchange()
		if !p.stdout.await("cookie and 13 bytes of data in the SYN") || !p.stdout.await("accepts the 13 bytes before the handshake is over") {
			t.Fatalf("got:\n%s", p.stdout)
		}
		r := interrupted(t, p)
		for _, want := range []string{"connection 2: ", ": Fast Open cookie-received (", ": Fast Open accepted (", "13 of 13 bytes in the SYN taken"} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("no %q in:\n%s", want, r.stdout)
			}
		}
		if strings.Contains(r.stdout, netip.AddrPortFrom(addr.Addr(), 9).String()) {
			t.Errorf("a connection without Fast Open is told of:\n%s", r.stdout)
		}
		if !strings.Contains(r.stderr, " shown, 0 dropped by the kernel\n") {
			t.Errorf("stderr: %s", r.stderr)
		}
		if html, err := os.ReadFile(page); err != nil || !strings.Contains(string(html), "accepts the 13 bytes before the handshake is over") {
			t.Errorf("the page has %d bytes, %v", len(html), err)
		}
		// The file has the same frames; only the numbers and the beginning of time differ.
		again := on(t, l.Client, "explain", file).done(t)
		if got, want := withoutTimes(again), withoutTimes(r.stdout); !slices.Equal(got, want) {
			t.Errorf("the file tells:\n%q\nwant\n%q", got, want)
		}
	})
}

// withoutTimes leaves numbers and times out of what was printed.
func withoutTimes(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if _, rest, ok := strings.Cut(line, " ms  "); ok {
			line = rest
		}
		if _, rest, ok := strings.Cut(line, ": Fast Open "); ok {
			line = rest
		}
		lines = append(lines, line)
	}
	return lines
}

// With the server's key the cookies of a kernel are right, with another one they are not.
func TestDumpKey(t *testing.T) {
	t.Parallel()
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := e2eNewLab(t, lab.Config{IPv6: ipv6})
		exchange := keyedPair(t, l, l.server(ipv6, e2ePort), e2eKey)
		file := filepath.Join(t.TempDir(), "key.pcapng")
		p := dumping(t, l, "-w", file, "--json", "--scheme", "linux", "--key", e2eKey)
		exchange()
		exchange()
		if !p.stdout.await(`"reason":"Right for this client's address under the server's key`) {
			t.Fatalf("got:\n%s", p.stdout)
		}
		interrupted(t, p)
		explained := func(key string) string {
			return on(t, l.Client, "explain", file, "--json", "--scheme", "linux", "--key", key).done(t)
		}
		const right = "Right for this client's address under the server's key"
		if got := explained(e2eKey); !strings.Contains(got, right) {
			t.Errorf("with the key:\n%s", got)
		}
		if got := explained(strings.ReplaceAll(e2eKey, "0", "1")); strings.Contains(got, right) {
			t.Errorf("with another key:\n%s", got)
		}
	})
}

func TestDumpEnds(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{})
	addr := l.server(false, e2ePort)
	exchange := kernelPair(t, l, addr)

	counted := dumping(t, l, "--count", "2", "--json")
	exchange()
	r := counted.wait().want(t, exitDone)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if len(lines) != 3 {
		t.Fatalf("want 2 segments and their connection: %v", r)
	}
	var s frameJSON
	if err := json.Unmarshal([]byte(lines[1]), &s); err != nil || s.Type != "segment" || !strings.HasPrefix(s.Reason, "grants cookie ") {
		t.Errorf("%v: %s", err, lines[1])
	}

	// Nothing passes at this port; at the other one something does.
	timed := dumping(t, l, "--duration", "300ms", "--port", "9", "--all")
	exchange()
	if r := timed.wait().want(t, exitDone); r.stdout != "" || !strings.Contains(r.stderr, "0 frames seen, 0 shown") {
		t.Errorf("got %v", r)
	}
	filtered := dumping(t, l, "--count", "3", "--port", "8080", "--host", addr.Addr().String())
	exchange()
	if r := filtered.wait().want(t, exitDone); !strings.Contains(r.stdout, "in the SYN") {
		t.Errorf("got %v", r)
	}
}

// Behind "| head" it ends without a word, and what is kept is whole.
func TestDumpHead(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{})
	exchange := kernelPair(t, l, l.server(false, e2ePort))
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "head.pcapng")
	p := e2eCommand("dump", "-i", l.Client.Interface, "-w", file)
	p.Stdout = write
	p.start(t, l.Client)
	write.Close()
	if !p.stderr.await("tfo: watching") {
		t.Fatalf("does not watch: %s", p.stderr)
	}
	read.Close()
	exchange()
	r := p.wait().want(t, exitFailed)
	if strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("stderr: %s", r.stderr)
	}
	if got := on(t, l.Client, "explain", file).done(t); !strings.Contains(got, "asks for a cookie") {
		t.Errorf("the file tells:\n%s", got)
	}
}

func TestDumpBad(t *testing.T) {
	t.Parallel()
	l := newHosts(t)
	for args, want := range map[string]string{
		"":                            "which interface: -i NAME; there are: lo, eth0",
		"-i any":                      "one interface is watched at a time; there are: lo, eth0",
		"-i lo --count 0":             "--count: 0 frames",
		"-i lo --duration 0s":         "--duration: 0s",
		"-i lo --port 0":              "--port: 0 is no port",
		"-i lo --host example.com":    `--host: "example.com" is not an IP address`,
		"-i lo --color red":           `--color: "red"`,
		"-i lo --port 70000":          "70000",
		"-i lo host 192.0.2.1":        `unexpected argument "host"`,
		"-i lo --json --color sepia ": `--color: "sepia"`,
	} {
		on(t, l.Client, append([]string{"dump"}, strings.Fields(args)...)...).failed(t, exitUsage, want)
	}
	on(t, l.Client, "dump", "-i", "eth7").failed(t, exitFailed, `no such interface: "eth7"; there are: lo, eth0`)
	missing := filepath.Join(t.TempDir(), "missing", "x.pcapng")
	on(t, l.Client, "dump", "-i", "lo", "-w", missing).failed(t, exitFailed, "--pcap: open ", "no such file")
	asNobody(t, l.Client, "dump", "-i", "eth0").failed(t, exitMissing, "needs CAP_NET_RAW", "\n     run as root")
}
