package endpoint_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// A negative response is forgotten after the hold time, and only holds for its
// port: T-41.
func TestBlockedPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		ln := l.listen(endpoint.ListenConfig{})
		go echo(ln)
		d := endpoint.Dialer{Stack: l.client, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{Hold: time.Minute})}
		finish(t, l.mustDial(d, "one"))
		time.Sleep(time.Minute - 1)
		blocked := l.mustDial(d, "two")
		if got := blocked.FastOpen(); got.Why != handshake.WhyBlocked || got.BlockedBy != cookie.NoCookie {
			t.Errorf("second connection: %+v, want blocked by %s", got, cookie.NoCookie)
		}
		finish(t, blocked)
		other, err := (&endpoint.ListenConfig{Stack: l.server}).Listen(t.Context(), "tcp", ":81")
		if err != nil {
			t.Fatal(err)
		}
		go echo(other)
		elsewhere, err := d.DialContext(t.Context(), "tcp", "192.0.2.2:81", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := elsewhere.FastOpen().SynOption; got != handshake.OptionRequest {
			t.Errorf("the SYN for another port has the option %q, want %q", got, handshake.OptionRequest)
		}
		finish(t, elsewhere)
		time.Sleep(time.Nanosecond)
		again := l.mustDial(d, "three")
		if got := again.FastOpen().SynOption; got != handshake.OptionRequest {
			t.Errorf("after the hold time the SYN has the option %q, want %q", got, handshake.OptionRequest)
		}
		finish(t, again)
	})
}

// A cookie is shown in the form that it came in, whatever form a request would
// have: L-03.
func TestCookieForm(t *testing.T) {
	for _, learnt := range []bool{false, true} {
		t.Run(fmt.Sprintf("experimental=%v", learnt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, nil)
				go echo(l.listen(endpoint.ListenConfig{FastOpen: fastOpen()}))
				d := endpoint.Dialer{FastOpen: handshake.ClientOn, Experimental: learnt, Cache: cookie.NewMemory(cookie.Limits{})}
				finish(t, l.mustDial(d, "learn"))
				l.segments()
				d.Experimental = !learnt
				c := l.mustDial(d, "hello")
				syn := l.synOut()
				if fo := syn.Options.FastOpen(); fo.Experimental != learnt || len(fo.Cookie) == 0 {
					t.Errorf("the SYN has %+v, want a cookie with experimental=%v", fo, learnt)
				}
				if got := c.FastOpen(); got.Outcome != handshake.Accepted || got.Experimental != learnt {
					t.Errorf("got %s with experimental=%v, want accepted with %v", got.Outcome, got.Experimental, learnt)
				}
				finish(t, c)
			})
		})
	}
}

// Many dials at once share a cache: T-33.
func TestSharedCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.pair.Delay = time.Millisecond })
		go echo(l.listen(endpoint.ListenConfig{FastOpen: fastOpen()}))
		d := endpoint.Dialer{FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{})}
		for _, want := range []handshake.Outcome{handshake.CookieReceived, handshake.Accepted} {
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					c, err := l.dial(d, "hello")
					if err != nil {
						t.Error(err)
						return
					}
					if got := c.FastOpen().Outcome; got != want {
						t.Errorf("outcome %q, want %q", got, want)
					}
					c.CloseWrite()
					if got, err := io.ReadAll(c); string(got) != "HELLO" {
						t.Errorf("got %q, %v", got, err)
					}
					c.Close()
				})
			}
			wg.Wait()
		}
	})
}

// A brokenCache is one whose storage fails.
type brokenCache struct{ cookie.Cache }

func (brokenCache) Lookup(time.Time, cookie.Path) (cookie.Hint, error) {
	return cookie.Hint{}, errBroken
}

func (brokenCache) Learn(time.Time, cookie.Path, cookie.Cookie, uint16, bool) error {
	return errBroken
}

// A cache that fails costs Fast Open, not the connection; it is logged.
func TestBrokenCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		l := newLab(t, func(s *setup) { s.client.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		go echo(l.listen(endpoint.ListenConfig{FastOpen: fastOpen()}))
		c := l.mustDial(endpoint.Dialer{FastOpen: handshake.ClientOn, Cache: brokenCache{}}, "hello")
		if got := finish(t, c); got != "HELLO" {
			t.Errorf("got %q, want HELLO", got)
		}
		if got := strings.Count(log.String(), errBroken.Error()); got != 2 {
			t.Errorf("the error was logged %d times, want 2: one for Lookup, one for Learn", got)
		}
	})
}
