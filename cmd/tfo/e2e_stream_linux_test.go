package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
)

// e2eStream runs tfo connect on a host with an input that may come slowly.
func e2eStream(t *testing.T, host *lab.Host, input io.Reader, args ...string) e2eRun {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*e2ePatience)
	defer cancel()
	r := e2eRun{args: args}
	var stdout, stderr bytes.Buffer
	err := host.Run(ctx, func(ctx context.Context) error {
		r.code = run(ctx, args, input, &stdout, &stderr)
		return nil
	})()
	if err = errors.Join(err, ctx.Err()); err != nil {
		t.Fatal(err)
	}
	r.stdout, r.stderr = stdout.String(), stderr.String()
	return r
}

// e2eKernelEcho sends everything back through the kernel, while it comes.
func e2eKernelEcho(t *testing.T, l *e2eLab) {
	t.Helper()
	listener := e2eKernelListen(t, l.Server, l.server(false, e2ePort), true)
	var echoing sync.WaitGroup
	echoing.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			echoing.Go(func() {
				defer c.Close()
				if _, err := io.Copy(c, c); err != nil {
					t.Errorf("echo: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		echoing.Wait()
	})
}

// 20 MB go to an echo server of the kernel and come back, both at once, and the
// beginning goes into the SYN once there is a cookie.
func TestStreamBig(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{Offload: true})
	e2eKernelEcho(t, l)
	data := make([]byte, 20_000_000)
	rand.NewChaCha8([32]byte{3}).Read(data)
	address := l.server(false, e2ePort).String()
	e2eStream(t, l.Client, strings.NewReader("first"), "connect", address, "--cache", l.cache).want(t, exitDone)
	r := e2eStream(t, l.Client, bytes.NewReader(data), "connect", address, "--cache", l.cache)
	if r.code != exitDone || r.stdout != string(data) {
		t.Errorf("exit code %d, %d bytes came back, want 0 and the %d that were sent: %s", r.code, len(r.stdout), len(data), r.stderr)
	}
	if !strings.Contains(r.stderr, "Fast Open accepted (SYN data acknowledged), 1") {
		t.Errorf("stderr: %s", r.stderr)
	}
}

// Input that comes late does not keep the connection waiting: what the server
// says is printed before it, and a conversation goes back and forth.
func TestStreamConversation(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{})
	listener := e2eKernelListen(t, l.Server, l.server(false, e2ePort), false)
	input, say := io.Pipe()
	var talking sync.WaitGroup
	talking.Go(func() {
		c, err := listener.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(c, "220 ready\n")
		for _, line := range []string{"one\n", "two\n"} {
			// Only now does the client's input go on.
			io.WriteString(say, line)
			got := make([]byte, len(line))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != line {
				t.Errorf("server read %q, %v; want %q", got, err, line)
			}
			io.WriteString(c, strings.ToUpper(line))
		}
		// The server closes first, with the client's input still open.
	})
	r := e2eStream(t, l.Client, input, "connect", l.server(false, e2ePort).String(), "--cache", l.cache)
	talking.Wait()
	input.Close()
	if want := "220 ready\nONE\nTWO\n"; r.code != exitDone || r.stdout != want {
		t.Errorf("printed %q, want %q: %v", r.stdout, want, r)
	}
}

// An input that fails ends the connection with an error, and so does a server
// that is silent after the end of the input.
func TestStreamFails(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{})
	l.resets = true
	listener := e2eKernelListen(t, l.Server, l.server(false, e2ePort), false)
	var open []net.Conn
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			open = append(open, c)
		}
	})
	args := []string{"connect", l.server(false, e2ePort).String(), "--cache", l.cache, "--timeout", "300ms"}
	broken := io.MultiReader(strings.NewReader("some"), readFunc(func([]byte) (int, error) { return 0, errors.New("is a directory") }))
	r := e2eStream(t, l.Client, broken, args...)
	outcome{r.code, r.stdout, r.stderr}.failed(t, exitFailed, "standard input: is a directory")
	r = e2eStream(t, l.Client, strings.NewReader("all"), args...)
	outcome{r.code, r.stdout, r.stderr}.failed(t, exitFailed, "timed out after 300ms")
	r = e2eStream(t, l.Client, strings.NewReader("all"), append(args, "--json")...)
	if got := e2eOne(t, r); got.Error != "timed out after 300ms" || got.Sent != 3 {
		t.Errorf("got %+v", got)
	}
	r = e2eStream(t, l.Client, strings.NewReader("all"), "connect", l.server(false, e2ePort+1).String(), "--cache", l.cache)
	outcome{r.code, r.stdout, r.stderr}.failed(t, exitFailed, "connection refused")
	listener.Close()
	accepting.Wait()
	for _, c := range open {
		c.Close()
	}
}

// A readFunc is an [io.Reader].
type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

// An interrupt closes in order: the server gets the end of the data, no reset.
func TestStreamInterrupted(t *testing.T) {
	t.Parallel()
	l := e2eNewLab(t, lab.Config{})
	listener := e2eKernelListen(t, l.Server, l.server(false, e2ePort), false)
	input, say := io.Pipe()
	ctx, interrupt := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() {
		c, err := listener.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		go io.WriteString(say, "all of it")
		got := make([]byte, 9)
		io.ReadFull(c, got)
		interrupt()
		rest, err := io.ReadAll(c)
		if string(got) != "all of it" || len(rest) != 0 || err != nil {
			t.Errorf("server read %q, then %q, %v", got, rest, err)
		}
	})
	var stdout, stderr bytes.Buffer
	code := -1
	l.Client.Run(ctx, func(ctx context.Context) error {
		code = run(ctx, []string{"connect", l.server(false, e2ePort).String(), "--cache", l.cache}, input, &stdout, &stderr)
		return nil
	})()
	serving.Wait()
	input.Close()
	outcome{code, stdout.String(), stderr.String()}.failed(t, exitFailed, "context canceled")
}
