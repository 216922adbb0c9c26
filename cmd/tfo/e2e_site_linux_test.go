package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
)

// An e2eSite is a directory for a web server.
type e2eSite struct {
	dir  string
	hash string // SHA-256 of big.bin
}

// bigFile is the size of big.bin: 100 MB.
const bigFile = 100_000_000

// e2eNewSite makes a directory with files, and things that are not to be had.
func e2eNewSite(t *testing.T) e2eSite {
	t.Helper()
	outside := t.TempDir()
	s := e2eSite{dir: filepath.Join(outside, "site")}
	secret := filepath.Join(outside, "secret")
	for _, err := range []error{
		os.Mkdir(s.dir, 0o755),
		os.WriteFile(secret, []byte("secret"), 0o644),
		os.WriteFile(filepath.Join(s.dir, "page.txt"), []byte("0123456789"), 0o644),
		os.Symlink("page.txt", filepath.Join(s.dir, "inside")),
		os.Symlink(secret, filepath.Join(s.dir, "absolute")),
		os.Symlink("../secret", filepath.Join(s.dir, "relative")),
		syscall.Mkfifo(filepath.Join(s.dir, "pipe"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// addBig adds big.bin, which nobody can compress.
func (s *e2eSite) addBig(t *testing.T) {
	t.Helper()
	f, err := os.Create(filepath.Join(s.dir, "big.bin"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(f, sum), rand.NewChaCha8([32]byte{2}), bigFile); err != nil {
		t.Fatal(err)
	}
	s.hash = fmt.Sprintf("%x", sum.Sum(nil))
}

// curl asks the site of the lab's server and returns what curl prints.
func (l *e2eLab) curl(args string) string {
	l.t.Helper()
	return e2eSh(l.t, l.Client, "curl -sS --noproxy '*' --path-as-is --max-time 300 "+strings.ReplaceAll(args, "SITE", "http://"+l.server(false, e2ePort).String()))
}

// What curl gets from a web server of ours: files, parts of them, heads, what
// has not changed, and nothing else.
func TestSite(t *testing.T) {
	t.Parallel()
	e2eNeed(t, "curl")
	l := e2eNewLab(t, lab.Config{})
	site := e2eNewSite(t)
	s := e2eServe(t, l.Server, l.server(false, e2ePort).String(), "--http", site.dir)
	for _, test := range []struct{ args, want string }{
		{"SITE/page.txt", "0123456789"},
		{"SITE/inside", "0123456789"},
		{"-0 SITE/page.txt", "0123456789"}, // HTTP/1.0: the server closes first
		{"-r 2-4 -w '|%{http_code}' SITE/page.txt", "234|206"},
		{"-r -2 SITE/page.txt", "89"},
		{"-r 50- -o /dev/null -w '%{http_code}' SITE/page.txt", "416"},
		{"-I -o /dev/null -w '%{http_code} %header{content-length}' SITE/page.txt", "200 10"},
		{"-z " + filepath.Join(site.dir, "page.txt") + " -o /dev/null -w '%{http_code}' SITE/page.txt", "304"},
		{"-o /dev/null -w '%{http_code}' SITE/nosuch", "404"},
		{"-o /dev/null -w '%{http_code}' SITE/absolute", "404"},
		{"-o /dev/null -w '%{http_code}' SITE/relative", "404"},
		{"-o /dev/null -w '%{http_code}' SITE/pipe", "404"},
		{"-o /dev/null -w '%{http_code}' SITE/../secret", "404"},
		{"-o /dev/null -w '%{http_code}' SITE/%2e%2e/secret", "404"},
		{"-d x=1 -o /dev/null -w '%{http_code} %header{allow}' SITE/page.txt", "405 GET, HEAD"},
		{"-T " + filepath.Join(site.dir, "page.txt") + " -o /dev/null -w '%{http_code}' SITE/new", "405"},
		{"-X DELETE -o /dev/null -w '%{http_code}' SITE/page.txt", "405"},
	} {
		if got := l.curl(test.args); got != test.want {
			t.Errorf("curl %s prints %q, want %q", test.args, got, test.want)
		}
	}
	if list := l.curl("SITE/"); !strings.Contains(list, `href="page.txt"`) {
		t.Errorf("the directory is listed as %s", list)
	}
	for _, line := range s.stop() {
		if line.Close != "orderly" || line.Sent == 0 || line.Received == 0 {
			t.Errorf("%+v, want an orderly close and bytes both ways", line)
		}
	}
	if _, err := os.Stat(filepath.Join(site.dir, "new")); !os.IsNotExist(err) {
		t.Errorf("an upload has made a file: %v", err)
	}
}

// Two requests on one connection are one line, a request in the SYN is taken,
// and -v has a line for each request.
func TestSiteKeepAlive(t *testing.T) {
	t.Parallel()
	e2eNeed(t, "curl")
	l := e2eNewLab(t, lab.Config{})
	e2eNeedTFO(t, l.Client)
	site := e2eNewSite(t)
	s := e2eServe(t, l.Server, l.server(false, e2ePort).String(), "--http", site.dir, "-v", "--exit-after", "3")
	two := "SITE/page.txt SITE/inside"
	if got := l.curl("-w '(%{num_connects})' " + two); got != "0123456789(1)0123456789(0)" {
		t.Errorf("curl prints %q, want two bodies over one connection", got)
	}
	for range 2 { // the first one asks for a cookie
		l.curl("--tcp-fastopen SITE/page.txt")
	}
	lines := s.end()
	if len(lines) != 3 {
		t.Fatalf("%d connections, want 3: %+v", len(lines), lines)
	}
	if got := lines[0]; got.Close != "orderly" || got.Sent < 2*uint64(len("0123456789")) {
		t.Errorf("%+v, want an orderly close", got)
	}
	if got := lines[2]; got.FastOpen != "accepted" || got.SynData == 0 || got.Received != uint64(got.SynData) {
		t.Errorf("%+v, want the request in the SYN", got)
	}
	for _, want := range []string{`"GET /page.txt" 200, 10 bytes, `, `"GET /inside" 200, 10 bytes, `} {
		if !strings.Contains(s.stderr.String(), want) {
			t.Errorf("no access line %s on stderr", want)
		}
	}
}

// e2eNeedTFO lets the kernel of a host use Fast Open as a client.
func e2eNeedTFO(t *testing.T, host *lab.Host) {
	t.Helper()
	if err := host.Sysctl("net.ipv4.tcp_fastopen", "3"); err != nil {
		t.Fatal(err)
	}
}

// 200 connections at once leave nothing in the process.
func TestSiteParallel(t *testing.T) {
	t.Parallel()
	e2eNeed(t, "curl")
	l := e2eNewLab(t, lab.Config{Offload: true})
	site := e2eNewSite(t)
	p := e2eCommand("listen", l.server(false, e2ePort).String(), "--http", site.dir, "--metrics", "192.0.2.2:9100").start(t, l.Server)
	if !p.stderr.await("listening on ") {
		t.Fatal(p.wait())
	}
	left := func() map[string]float64 {
		metrics := e2eScrape(t, l.Client, "http://192.0.2.2:9100/metrics")
		return map[string]float64{
			"connections": metrics[`tfo_connections{interface="eth0"}`], "goroutines": metrics["go_goroutines"], "files": metrics["process_open_fds"],
		}
	}
	left() // the first scrape opens what the others use
	before := left()
	if got := l.curl("--parallel --parallel-max 200 --parallel-immediate --http1.1 -o '/dev/null' -w '%{http_code}\n' 'SITE/page.txt?[1-1000]' 2>/dev/null | sort | uniq -c"); strings.Join(strings.Fields(got), " ") != "1000 200" {
		t.Errorf("answers: %s, want 1000 times 200", got)
	}
	deadline := time.Now().Add(e2ePatience)
	for after := left(); !maps.Equal(after, before); after = left() {
		if time.Now().After(deadline) {
			t.Fatalf("left: %v, before there was: %v", after, before)
		}
	}
	p.Process.Signal(syscall.SIGTERM)
	if r := p.wait(); r.code != exitDone || strings.Count(r.stdout, "close orderly") < 100 {
		t.Errorf("%d connections closed in order, want as many as there were: exit code %d: %s", strings.Count(r.stdout, "close orderly"), r.code, r.stderr)
	}
}

// 100 MB arrive as they are.
func TestSiteBig(t *testing.T) {
	if testing.Short() {
		t.Skip("100 MB take a while")
	}
	t.Parallel()
	e2eNeed(t, "curl", "sha256sum")
	l := e2eNewLab(t, lab.Config{Offload: true})
	site := e2eNewSite(t)
	site.addBig(t)
	s := e2eServe(t, l.Server, l.server(false, e2ePort).String(), "--http", site.dir, "--exit-after", "1")
	if got, _, _ := strings.Cut(l.curl("SITE/big.bin | sha256sum"), " "); got != site.hash {
		t.Errorf("SHA-256 %s, want %s", got, site.hash)
	}
	if line := s.one(); line.Close != "orderly" || line.Sent < bigFile {
		t.Errorf("%+v, want an orderly close after %d bytes", line, bigFile)
	}
}

// At the end of a server an idle connection is closed in order, and a download
// that does not end is cut.
func TestSiteInterrupted(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{})
	l.resets = true
	site := e2eNewSite(t)
	if err := os.Truncate(filepath.Join(site.dir, "page.txt"), 1<<30); err != nil {
		t.Fatal(err)
	}
	s := e2eServe(t, l.Server, l.server(false, e2ePort).String(), "--http", site.dir)
	idle, busy := e2eKernelDial(t, l.Client, l.server(false, e2ePort)), e2eKernelDial(t, l.Client, l.server(false, e2ePort))
	fmt.Fprint(idle, "HEAD /page.txt HTTP/1.1\r\nHost: x\r\n\r\n")
	head := make([]byte, 1024)
	if n, err := idle.Read(head); err != nil || !bytes.HasPrefix(head[:n], []byte("HTTP/1.1 200")) {
		t.Fatalf("%q, %v", head[:n], err)
	}
	fmt.Fprint(busy, "GET /page.txt HTTP/1.1\r\nHost: x\r\n\r\n") // and never reads
	if _, err := busy.Read(head[:1]); err != nil {
		t.Fatal(err)
	}
	s.cancel()
	if _, err := io.ReadAll(idle); err != nil {
		t.Errorf("the idle connection ends with %v, want an orderly end", err)
	}
	idle.Close()
	words := map[string]int{}
	for _, line := range s.end() {
		words[line.Close]++
	}
	if words["orderly"] != 1 || words["interrupted"] != 1 || len(words) != 2 {
		t.Errorf("closes: %v, want one orderly and one interrupted", words)
	}
}
