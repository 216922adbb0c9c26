package endpoint_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// A replier is a handler that replies to the first data and closes, and notes how each
// connection ends.
type replier struct {
	reply string
	got   strings.Builder
	ends  []error
}

func (r *replier) handle(c *endpoint.Conn) {
	var buf [16]byte
	for {
		n, err := c.TryRead(buf[:])
		r.got.Write(buf[:n])
		switch {
		case err == nil && c.Value() == nil:
			c.SetValue(true)
			c.TryWrite([]byte(r.reply))
			c.CloseWrite()
		case errors.Is(err, syscall.EAGAIN):
			return
		case err != nil:
			r.ends = append(r.ends, err)
			c.Close()
			return
		}
	}
}

func (r *replier) want(t *testing.T, got string, ends ...error) {
	t.Helper()
	if r.got.String() != got {
		t.Errorf("read %q, want %q", r.got.String(), got)
	}
	if len(r.ends) != len(ends) {
		t.Fatalf("%d ends: %v; want %v", len(r.ends), r.ends, ends)
	}
	for i := range ends {
		if !errors.Is(r.ends[i], ends[i]) {
			t.Errorf("end %d: %v, want %v", i, r.ends[i], ends[i])
		}
	}
}

// openToAll takes the data of every SYN.
var openToAll = handshake.GateConfig{Enabled: true, CookieNotNeeded: true}

// The answer to the data of a SYN is in the SYN-ACK, with the FIN (RFC 7413, Section
// 4.2.2). Three times, so that the memory of one connection is that of the next.
func TestHandlerAnswersInSynAck(t *testing.T) {
	s := newStepped(t)
	r := &replier{reply: "world"}
	s.listen(endpoint.ListenConfig{Handler: r.handle, FastOpen: openToAll, Machine: handshake.Config{TimeWait: time.Second}})
	for i := range 3 {
		s.remote = netip.AddrPortFrom(server4, uint16(5000+i))
		s.in("S 0:5(5) <mss 1460>", "hello")
		s.want("SF. 0:5(5) ack 6 <mss 1460>")
		s.in("F. 6:6(0) ack 7", "")
		s.want(". 7:7(0) ack 7")
		s.wait(2 * time.Second)
	}
	r.want(t, "hellohellohello", io.EOF, io.EOF, io.EOF)
	if n := s.p.Stack().Connections(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}

// Without Fast Open the handshake comes first, and the FIN goes with the answer.
func TestHandlerWithoutFastOpen(t *testing.T) {
	s := newStepped(t)
	r := &replier{reply: "world"}
	s.listen(endpoint.ListenConfig{Handler: r.handle})
	s.in("S 0:5(5) <mss 1460>", "hello")
	s.want("S. 0:0(0) ack 1 <mss 1460>")
	s.in(". 1:1(0) ack 1", "")
	s.in("P. 1:6(5) ack 1", "hello")
	s.want("FP. 1:6(5) ack 6")
	s.in("F. 6:6(0) ack 7", "")
	s.want(". 7:7(0) ack 7")
	r.want(t, "hello", io.EOF)
}

// A handler that has nothing to say yet does not keep the SYN-ACK back.
func TestHandlerWithoutAnswer(t *testing.T) {
	s := newStepped(t)
	var conn *endpoint.Conn
	s.listen(endpoint.ListenConfig{Handler: func(c *endpoint.Conn) { conn = c }, FastOpen: openToAll})
	s.in("S 0:5(5) <mss 1460>", "hello")
	s.want("S. 0:0(0) ack 6 <mss 1460>")
	s.in(". 6:6(0) ack 1", "")
	if _, err := conn.TryWrite([]byte("late")); err != nil {
		t.Fatal(err)
	}
	s.wait(0)
	s.want("P. 1:5(4) ack 6")
}

// A reset, the end of the patience and the end of the stack are told to the handler.
func TestHandlerIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(s *stepped)
		want    error
	}{
		"reset":    {func(s *stepped) { s.in("R. 6:6(0) ack 6", "") }, syscall.ECONNRESET},
		"patience": {func(s *stepped) { s.wait(30 * time.Second) }, os.ErrDeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStepped(t)
			r := &replier{reply: "world"}
			s.listen(endpoint.ListenConfig{Handler: r.handle, HandlerTimeout: 30 * time.Second})
			s.in("S 0:0(0) <mss 1460>", "")
			s.want("S. 0:0(0) ack 1 <mss 1460>")
			s.in("P. 1:6(5) ack 1", "hello")
			s.want("FP. 1:6(5) ack 6")
			s.in(". 6:6(0) ack 6", "")
			r.want(t, "hello")
			c.happens(s)
			r.want(t, "hello", c.want)
		})
	}
}

// What does not fit the send buffer is written when there is room.
func TestHandlerWantsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := link.Pair(nil)
		client := newStack(t, endpoint.Config{Link: near, Router: route{client4, client6, clientMAC, serverMAC}})
		server := newStack(t, endpoint.Config{Link: far, Local: []netip.Prefix{netip.PrefixFrom(server4, 32)}})
		const size = 10 << 20
		lc := endpoint.ListenConfig{Stack: server, Handler: func(c *endpoint.Conn) {
			left, begun := c.Value().(int)
			if !begun {
				left = size
			}
			for left > 0 {
				n, err := c.TryWrite(make([]byte, min(left, 100_000)))
				if left -= n; err != nil {
					break
				}
			}
			c.SetValue(left)
			if left == 0 {
				c.Close()
			}
		}}
		if _, err := lc.Listen(t.Context(), "tcp", ":80"); err != nil {
			t.Fatal(err)
		}
		d := endpoint.Dialer{Stack: client}
		c, err := d.DialContext(t.Context(), "tcp", address4, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, c); n != size || err != nil {
			t.Errorf("got %d bytes, %v; want %d", n, err, size)
		}
		c.Close()
	})
}

// The handler hears of the end of the stack, and may still say good bye.
func TestHandlerAtShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := link.Pair(nil)
		client := newStack(t, endpoint.Config{Link: near, Router: route{client4, client6, clientMAC, serverMAC}})
		server := newStack(t, endpoint.Config{Link: far, Local: []netip.Prefix{netip.PrefixFrom(server4, 32)}})
		r := &replier{}
		lc := endpoint.ListenConfig{Stack: server, Handler: r.handle, Machine: handshake.Config{TimeWait: -1}}
		if _, err := lc.Listen(t.Context(), "tcp", ":80"); err != nil {
			t.Fatal(err)
		}
		d := endpoint.Dialer{Stack: client, Machine: handshake.Config{TimeWait: -1}}
		c, err := d.DialContext(t.Context(), "tcp", address4, nil)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // until the server knows that the handshake is over
		ended := make(chan error)
		go func() {
			_, err := io.Copy(io.Discard, c)
			c.Close()
			ended <- err
		}()
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("the client: %v, want an orderly end", err)
		}
		r.want(t, "", os.ErrDeadlineExceeded)
	})
}

// Whoever shows a valid cookie is served while the backlog is full of others, and those
// get SYN cookies.
func TestCookieThroughFlood(t *testing.T) {
	s := newStepped(t)
	r := &replier{reply: "world"}
	keys, client := keyring(), server4
	good := keys.Mint(client, client4).Hex()
	s.listen(endpoint.ListenConfig{Handler: r.handle, Backlog: 2, FastOpen: handshake.GateConfig{Enabled: true, Keyring: keys}})
	for i := range 4 {
		s.remote = netip.AddrPortFrom(client, uint16(6000+i))
		s.in("S 0:5(5) <mss 1460,FO 0102030405060708,nop,nop>", "hello")
		if i < 2 {
			s.want("S. 0:0(0) ack 1 <mss 1460,FO " + good + ",nop,nop>")
		} else {
			s.want("S. 0:0(0) ack 1 <mss 1460>")
		}
	}
	s.remote = netip.AddrPortFrom(client, 7000)
	s.in("S 0:5(5) <mss 1460,FO "+good+",nop,nop>", "hello")
	s.want("SF. 0:5(5) ack 6 <mss 1460>")
	r.want(t, "hello")
}

// Unless the handler has promised to let go of it, a connection that it has closed stays
// what it was: it reads nothing of the next client's.
func TestClosedConnStaysClosed(t *testing.T) {
	s := newStepped(t)
	var first *endpoint.Conn
	s.listen(endpoint.ListenConfig{FastOpen: openToAll, Handler: func(c *endpoint.Conn) {
		if first == nil {
			first = c
			c.Abort()
		}
	}})
	s.in("S 0:5(5) <mss 1460>", "hello")
	s.wait(time.Second)
	s.remote = netip.AddrPortFrom(server4, 6000)
	s.in("S 0:5(5) <mss 1460>", "secret")
	var b [16]byte
	if n, err := first.TryRead(b[:]); err == nil {
		t.Errorf("read %q of another client, %v", b[:n], first.RemoteAddr())
	}
	if _, err := first.TryWrite([]byte("for the first client")); err == nil {
		t.Error("wrote to another client")
	}
}

// What was written is sent ahead of the reset that unread data brings, also if that data
// cannot be read yet.
func TestCloseBehindHole(t *testing.T) {
	s := newStepped(t)
	ln := s.listen(endpoint.ListenConfig{})
	s.in("S 0:0(0) <mss 1460>", "")
	s.want("S. 0:0(0) ack 1 <mss 1460>")
	s.in(". 1:1(0) ack 1", "")
	c := s.accept(ln)
	s.in("P. 10:15(5) ack 1", "hello")
	s.want(". 1:1(0) ack 1")
	c.TryWrite([]byte("world"))
	c.Close()
	s.wait(0)
	s.want("P. 1:6(5) ack 1")
	s.want("R. 6:6(0) ack 1")
}

// A SYN that may open the next connection between ports in TIME-WAIT does so while the
// backlog is full, if its data is admitted.
func TestFastOpenFromTimeWaitThroughFlood(t *testing.T) {
	s := newStepped(t)
	keys := keyring()
	good := keys.Mint(server4, client4).Hex()
	r := &replier{reply: "world"}
	s.listen(endpoint.ListenConfig{Handler: r.handle, Backlog: 1, FastOpen: handshake.GateConfig{Enabled: true, Keyring: keys}})
	s.in("S 0:5(5) <mss 1460,FO "+good+",nop,nop>", "hello")
	s.want("SF. 0:5(5) ack 6 <mss 1460>")
	s.in("F. 6:6(0) ack 7", "")
	s.want(". 7:7(0) ack 7")
	old := s.remote
	s.remote = netip.AddrPortFrom(server4, 7000)
	s.in("S 0:0(0) <mss 1460>", "")
	s.want("S. 0:0(0) ack 1 <mss 1460>")
	s.remote = old
	s.in("S 100:105(5) <mss 1460,FO "+good+",nop,nop>", "hello")
	s.want("SF. 0:5(5) ack 106 <mss 1460>")
}

// Closing a stack that stands still is told to handlers as well.
func TestHandlerAtStepperClose(t *testing.T) {
	s := newStepped(t)
	r := &replier{}
	s.listen(endpoint.ListenConfig{Handler: r.handle})
	s.in("S 0:0(0) <mss 1460>", "")
	s.want("S. 0:0(0) ack 1 <mss 1460>")
	s.in(". 1:1(0) ack 1", "")
	s.p.Close()
	r.want(t, "", net.ErrClosed)
}
