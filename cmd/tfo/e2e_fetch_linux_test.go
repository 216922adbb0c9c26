package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
)

// The second time, the request of tfo connect --http is in the SYN, and the
// table and the JSON say so.
func TestFetch(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{})
	site := e2eNewSite(t)
	address := l.server(false, e2ePort).String()
	s := e2eServe(t, l.Server, address, "--http", site.dir)
	r := e2eTfo(t, l.Client, "connect", address, "--http", "/page.txt", "--repeat", "2", "--cache", l.cache).want(t, exitDone)
	if r.stdout != "01234567890123456789" {
		t.Errorf("printed %q, want the body twice", r.stdout)
	}
	table := strings.Split(strings.TrimSpace(r.stderr), "\n")
	if len(table) != 3 {
		t.Fatalf("the table has %d lines, want a heading and 2:\n%s", len(table), r.stderr)
	}
	for i, want := range []string{
		"connection Fast Open in the SYN handshake first byte total body status",
		"1 cookie-received 0 bytes", "2 accepted ",
	} {
		if got := strings.Join(strings.Fields(table[i]), " "); !strings.HasPrefix(got, want) {
			t.Errorf("line %d of the table is %q, want %q in front", i+1, got, want)
		}
	}
	if want := "10 bytes  200 OK"; !strings.HasSuffix(table[2], want) {
		t.Errorf("the table ends with %q, want %q", table[2], want)
	}
	got := e2eOne(t, e2eTfo(t, l.Client, l.connectArgs("--http", "http://"+address+"/page.txt?q=1")...).want(t, exitDone))
	if got.FastOpen != "accepted" || got.SynAckAcked != int(got.Sent) || string(got.Reply) != "0123456789" {
		t.Errorf("got %+v, want the whole request in the SYN and the body as reply", got)
	}
	for _, line := range s.stop() {
		if line.Close != "orderly" {
			t.Errorf("%+v, want an orderly close", line)
		}
	}
}

// An error of the server is an answer like any other.
func TestFetchNotFound(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{})
	address := l.server(false, e2ePort).String()
	e2eServe(t, l.Server, address, "--http", t.TempDir())
	r := e2eTfo(t, l.Client, "connect", address, "--http", "/nosuch", "--cache", l.cache).want(t, exitDone)
	if !strings.HasSuffix(r.stderr, "404 Not Found\n") || r.stdout != "404 page not found\n" {
		t.Errorf("got %v", r)
	}
}

// A server of somebody else, without Fast Open and with HTTP/1.0.
func TestFetchPython(t *testing.T) {
	t.Parallel()
	e2eNeed(t, "python3")
	l := e2eNewLab(t, lab.Config{})
	address := l.server(false, e2ePort)
	site := e2eNewSite(t)
	python := exec.Command("python3", "-u", "-m", "http.server", "-b", address.Addr().String(), "-d", site.dir, fmt.Sprint(e2ePort))
	output := newE2eBuffer()
	python.Stdout, python.Stderr = output, output
	if err := l.Server.Start(python); err != nil {
		t.Fatal(err)
	}
	defer func() {
		python.Process.Kill()
		python.Wait()
	}()
	if !output.await("Serving HTTP on") {
		t.Fatalf("python does not serve: %s", output)
	}
	r := e2eTfo(t, l.Client, "connect", address.String(), "--http", "/page.txt", "--repeat", "2", "--cache", l.cache).want(t, exitDone)
	if r.stdout != "01234567890123456789" || strings.Count(r.stderr, "10 bytes  200 OK\n") != 2 {
		t.Errorf("got %v", r)
	}
}

// What can go wrong is one line, and in the JSON.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{})
	l.resets = true
	address := l.server(false, e2ePort).String()
	listener := e2eKernelListen(t, l.Server, l.server(false, e2ePort), false)
	defer listener.Close() // which answers nothing
	for _, test := range []struct{ address, timeout, want string }{
		{l.server(false, e2ePort+1).String(), "10s", "connection refused"},
		{address, "300ms", "timed out after 300ms"},
	} {
		args := []string{"connect", test.address, "--http", "/", "--cache", l.cache, "--timeout", test.timeout}
		r := e2eTfo(t, l.Client, args...)
		outcome{r.code, r.stdout, r.stderr}.failed(t, exitFailed, test.want)
		r = e2eTfo(t, l.Client, append(args, "--json")...).want(t, exitFailed)
		if got := e2eOne(t, r); got.Error != test.want {
			t.Errorf("error %q, want %q", got.Error, test.want)
		}
	}
}
