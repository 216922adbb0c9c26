package endpoint_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

const (
	idleConnections = 5_000
	manyConnections = 20_000
	openersAtOnce   = 256
	echoSize        = 1 << 10
)

// usage is what a process has in use.
type usage struct {
	heap       int64 // bytes, after a collection
	goroutines int
}

func measureUsage() usage {
	// What the first collection finds unreachable with a finalizer, and what pools
	// keep for one more round, goes with the second and third.
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{int64(m.HeapAlloc), runtime.NumGoroutine()}
}

// settle waits until the stacks have no connections, and no goroutine is left of
// those that came after before. How long that takes is not measured, and a leak
// fails.
func settle(b *testing.B, before usage, stacks ...*endpoint.Stack) usage {
	b.Helper()
	open := 0
	for range 10_000 {
		open = 0
		for _, s := range stacks {
			open += s.Connections()
		}
		if open == 0 && runtime.NumGoroutine() <= before.goroutines {
			return measureUsage()
		}
		time.Sleep(time.Millisecond)
	}
	b.Fatalf("%d connections, %d goroutines; want none, %d as before", open, runtime.NumGoroutine(), before.goroutines)
	return usage{}
}

// each calls f for 0 to n-1 from some goroutines, and returns the errors.
func each(n int, f func(i int) error) error {
	var wg sync.WaitGroup
	var next atomic.Int64
	failures := make([]error, openersAtOnce)
	for worker := range openersAtOnce {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failures[worker] == nil; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					failures[worker] = fmt.Errorf("connection %d: %w", i, err)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(failures...)
}

// makeGoroutines has n goroutines at once, which end.
func makeGoroutines(n int) {
	var wg sync.WaitGroup
	end := make(chan struct{})
	for range n {
		wg.Go(func() { <-end })
	}
	close(end)
	wg.Wait()
}

// A crowd is many connections between two stacks.
type crowd struct {
	ln          *endpoint.Listener
	dialer      endpoint.Dialer
	address     string
	near, far   []net.Conn
	accepted    chan struct{} // closed when far is complete
	acceptError error
}

// newCrowd prepares n connections with a short TIME-WAIT, so that nothing is left
// of them soon after both sides have closed.
func newCrowd(b *testing.B, client, server *endpoint.Stack, address string, n int) *crowd {
	b.Helper()
	quick := handshake.Config{TimeWait: time.Second}
	lc := endpoint.ListenConfig{Stack: server, Backlog: 2 * openersAtOnce, Machine: quick}
	ln, err := lc.Listen(b.Context(), "tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	c := &crowd{
		ln: ln, address: address, dialer: endpoint.Dialer{Stack: client, Machine: quick},
		near: make([]net.Conn, n), far: make([]net.Conn, n), accepted: make(chan struct{}),
	}
	go func() {
		defer close(c.accepted)
		for i := range c.far {
			if c.far[i], c.acceptError = ln.Accept(); c.acceptError != nil {
				return
			}
		}
	}()
	return c
}

// open opens all connections.
func (c *crowd) open(b *testing.B) {
	b.Helper()
	err := each(len(c.near), func(i int) (err error) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		c.near[i], err = c.dialer.DialContext(ctx, "tcp", c.address, nil)
		return err
	})
	if err == nil {
		<-c.accepted
		err = c.acceptError
	}
	if err != nil {
		b.Fatal(err)
	}
}

// echo sends a text of its own over each connection and wants it back.
func (c *crowd) echo(b *testing.B) {
	b.Helper()
	var servers sync.WaitGroup
	for _, conn := range c.far {
		servers.Go(func() {
			buf := make([]byte, echoSize)
			if _, err := io.ReadFull(conn, buf); err == nil {
				conn.Write(buf)
			}
		})
	}
	err := each(len(c.near), func(i int) error {
		text := fmt.Appendf(nil, "%*d", echoSize, i)
		if _, err := c.near[i].Write(text); err != nil {
			return err
		}
		got := make([]byte, echoSize)
		if _, err := io.ReadFull(c.near[i], got); err != nil {
			return err
		}
		if !bytes.Equal(got, text) {
			return fmt.Errorf("got %q, want %q", bytes.TrimSpace(got), bytes.TrimSpace(text))
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	servers.Wait()
}

// close closes both sides of every connection in order, and the listener. Which
// side belongs to which is not known: nobody waits for an end before all have been
// closed.
func (c *crowd) close(b *testing.B) {
	b.Helper()
	err := each(len(c.near), func(i int) error {
		return errors.Join(c.near[i].(*endpoint.Conn).CloseWrite(), c.far[i].(*endpoint.Conn).CloseWrite())
	})
	if err != nil {
		b.Fatal(err)
	}
	err = each(len(c.near), func(i int) error {
		for _, conn := range []net.Conn{c.near[i], c.far[i]} {
			if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
				return fmt.Errorf("got %d more bytes, %v; want an orderly end", len(rest), err)
			}
			if err := conn.Close(); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, c.ln.Close()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkIdleConnections reports the heap that a connection keeps on one side:
// one that was never used, and one that has sent and received.
func BenchmarkIdleConnections(b *testing.B) {
	for b.Loop() {
		client, server := twoStacks(b)
		c := newCrowd(b, client, server, address4, idleConnections)
		makeGoroutines(idleConnections) // the runtime keeps what it knows of them
		before := measureUsage()
		report := func(unit string) {
			b.ReportMetric(float64(measureUsage().heap-before.heap)/(2*idleConnections), unit)
		}
		c.open(b)
		report("B/fresh-conn")
		c.echo(b)
		time.Sleep(200 * time.Millisecond) // until delayed acknowledgements have come
		report("B/used-conn")
		c.close(b)
	}
}

// BenchmarkManyConnections opens 20,000 connections, has each echo 1 KiB while
// all are open, and closes them. It reports what was in use then, and what was
// left after it, with the stacks still open. It fails if a goroutine is left.
func BenchmarkManyConnections(b *testing.B) {
	for b.Loop() {
		client, server := twoStacks(b)
		manyAtOnce(b, client, server)
	}
}

func manyAtOnce(b *testing.B, client, server *endpoint.Stack) {
	b.Helper()
	makeGoroutines(manyConnections) // the runtime keeps what it knows of them
	before := measureUsage()
	c := newCrowd(b, client, server, address4, manyConnections)
	began := time.Now()
	c.open(b)
	opened := time.Now()
	c.echo(b)
	echoed := time.Now()
	open := measureUsage()
	c.close(b)
	after := settle(b, before, client, server)
	b.ReportMetric(float64(opened.Sub(began).Milliseconds()), "ms-open")
	b.ReportMetric(float64(echoed.Sub(opened).Milliseconds()), "ms-echo")
	b.ReportMetric(float64(open.heap-before.heap)/(1<<20), "MiB-open")
	b.ReportMetric(float64(after.heap-before.heap)/(1<<20), "MiB-left")
	b.ReportMetric(float64(open.goroutines-before.goroutines), "goroutines-open")
	b.ReportMetric(float64(after.goroutines-before.goroutines), "goroutines-left")
}
