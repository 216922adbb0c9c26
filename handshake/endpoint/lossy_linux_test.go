package endpoint_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/path"
	"tfocraft/wire/path/pathtest"
)

var lossySeeds = flag.Int("lossyseeds", 1, "how many seeds each path of TestKernelOverPaths has")

// A badPath is what a path can do to segments.
type badPath struct {
	path.Way
	boxes []path.Middlebox
}

// badPaths each take 4 ms there and back.
func badPaths(t *testing.T) map[string]badPath {
	t.Helper()
	ways := map[string]path.Way{
		"clean":          {},
		"loss":           {Loss: 0.02},
		"heavy loss":     {Loss: 0.1},
		"runs of losses": {Loss: 0.02, LossBurst: 1.5}, // of the few that follow a timeout, too
		"reordering":     {Reorder: 0.05, ReorderBy: 3 * time.Millisecond},
		"duplication":    {Duplicate: 0.05},
		"corruption":     {Corrupt: 0.02},
		"everything":     {Loss: 0.02, Reorder: 0.02, ReorderBy: 3 * time.Millisecond, Duplicate: 0.02, Corrupt: 0.01, Jitter: time.Millisecond},
		"narrow":         {MTU: 1280, TooBig: path.TooBigICMP},
		"narrow, silent": {MTU: 1400, TooBig: path.TooBigSilent},
		"bottleneck":     {Rate: 4 << 20, Queue: 64 << 10},
	}
	all := make(map[string]badPath)
	for name, way := range ways {
		all[name] = badPath{Way: way}
	}
	for _, name := range []string{
		"strip-option", "rewrite-option-to-nop", "normalise-options", "drop-option", "drop-syn-data", "truncate-syn-data=0",
		"truncate-syn-data=5", "drop-data-until-established", "answer-syn", "strip-sack", "strip-timestamps", "strip-window-scale", "clamp-mss=500", "rewrite-isn",
	} {
		boxes, err := path.ParseMiddleboxes(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = badPath{boxes: boxes}
	}
	return all
}

// Over every path, with a kernel on the other side, in both roles and families
// and with Fast Open asked for: each byte arrives once and in order, both ways, and
// both sides close in order. T-13, C-20, C-73, C-112, C-113.
func TestKernelOverPaths(t *testing.T) {
	for name, way := range badPaths(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range *lossySeeds {
				way.Delay = 2 * time.Millisecond
				if way.MTU > 0 {
					way.Router4, way.Router6 = netip.MustParseAddr("192.0.2.3"), netip.MustParseAddr("2001:db8::3")
				}
				attempts := 2 // the second one has a cookie
				if way.TooBig == path.TooBigSilent && way.MTU > 0 {
					attempts = 1 // it takes Linux seconds to find out
				}
				overPath(t, path.Both(uint64(seed+1), way.Way, way.boxes...), fmt.Sprintf("seed %d", seed+1), attempts)
			}
		})
	}
}

func overPath(t *testing.T, cfg *path.Config, seed string, attempts int) {
	top := pathtest.New(t, cfg)
	near, far := &host{top.Client, t}, &host{top.Server, t}
	far.Sysctl("net/ipv4/tcp_fastopen", "3")
	far.Sysctl("net/ipv4/tcp_mtu_probing", "1") // else Linux never gets through a path that is silent about its MTU
	s := near.open(pathtest.Interface)
	d := endpoint.Dialer{
		Stack: s, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{}), Machine: linger, Timeout: 30 * time.Second,
	}
	lc := endpoint.ListenConfig{Stack: s, FastOpen: fastOpen(), Machine: linger}
	ln, err := lc.Listen(t.Context(), "tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range []struct{ ours, theirs string }{{"192.0.2.1:80", address4}, {"[2001:db8::1]:80", address6}} {
		theirs := far.listen(t, family.theirs)
		for attempt := range attempts {
			what := fmt.Sprintf("%s, %s, attempt %d", seed, family.theirs, attempt)
			bothWays(t, what+", our client", func() (net.Conn, error) {
				return d.DialContext(t.Context(), "tcp", family.theirs, nil)
			}, theirs.Accept)
			bothWays(t, what+", our server", func() (c net.Conn, err error) { return far.dialFast(t, family.ours) }, ln.Accept)
		}
		theirs.Close()
	}
}

// bothWays opens a connection and has both sides send at once, close, and read to
// the end.
func bothWays(t *testing.T, what string, dial, accept func() (net.Conn, error)) {
	t.Helper()
	data := noise(150_000)
	requests := [2][]byte{data[:100_000], data[50_000:]}
	var wg sync.WaitGroup
	errs := make([]error, 4)
	side := func(i int, open func() (net.Conn, error)) {
		c, err := open()
		if err != nil {
			errs[i] = err
			return
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(time.Minute))
		var writing sync.WaitGroup
		writing.Go(func() {
			_, err := c.Write(requests[i])
			errs[2+i] = errors.Join(err, c.(interface{ CloseWrite() error }).CloseWrite())
		})
		defer writing.Wait() // before the connection is closed
		got, err := io.ReadAll(c)
		if err == nil && !bytes.Equal(got, requests[1-i]) {
			err = fmt.Errorf("%s got %d bytes that differ from the %d that were sent", c.LocalAddr(), len(got), len(requests[1-i]))
		}
		errs[i] = err
	}
	wg.Go(func() { side(0, dial) })
	wg.Go(func() { side(1, accept) })
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// dialFast dials by the host's kernel, with Fast Open where it has a cookie.
func (h *host) dialFast(t *testing.T, address string) (c net.Conn, err error) {
	d := net.Dialer{Timeout: 30 * time.Second, Control: func(_, _ string, raw syscall.RawConn) (err error) {
		if e := raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_FASTOPEN_CONNECT, 1)
		}); e != nil {
			return e
		}
		return err
	}}
	h.Do(func() error {
		c, err = d.DialContext(t.Context(), "tcp", address)
		return nil
	})
	return c, err
}

// net/http over a path that loses 1 % and takes 20 ms, between a kernel and us: a
// large file each way, over one connection.
func TestHTTPKernelLossy(t *testing.T) {
	top := pathtest.New(t, path.Both(7, path.Way{Delay: 10 * time.Millisecond, Loss: 0.01}))
	near, far := &host{top.Client, t}, &host{top.Server, t}
	s := near.open(pathtest.Interface)
	files := func(t *testing.T, client *http.Client, base string, web *site) {
		client.Timeout = 2 * time.Minute
		exchangeFiles(t, client, base, 4<<20, 1)
		if got := web.connections.Load(); got != 1 {
			t.Errorf("%d connections for two requests one after the other, want 1", got)
		}
	}
	t.Run("our server", func(t *testing.T) {
		lc := endpoint.ListenConfig{Stack: s, Machine: linger}
		ln, err := lc.Listen(t.Context(), "tcp", ":80")
		if err != nil {
			t.Fatal(err)
		}
		web := &site{}
		web.serve(t, ln, nil)
		files(t, browser(t, far.dialer(), nil), "http://192.0.2.1:80", web)
	})
	t.Run("our client", func(t *testing.T) {
		web := &site{}
		web.serve(t, far.listen(t, address4), nil)
		ours := &endpoint.Dialer{Stack: s, Machine: linger, Timeout: 30 * time.Second}
		files(t, browser(t, dialWith(ours), nil), "http://"+address4, web)
	})
}
