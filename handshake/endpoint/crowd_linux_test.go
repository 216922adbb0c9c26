package endpoint_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"tfocraft/handshake/endpoint"
	"tfocraft/wire/path"
	"tfocraft/wire/path/pathtest"
)

const (
	crowdSize = 1000
	crowdBody = 20_000
)

// net/http over a path that loses 3 %, between a kernel and us, in both roles and
// families at the same time, each with a thousand connections that are all open at
// once and as they are by default. Each uploads, and then downloads over the same
// connection, and the bytes are compared. Nothing is reset, and nobody is turned
// away.
func TestHTTPCrowdKernel(t *testing.T) {
	top := pathtest.New(t, path.Both(11, path.Way{Delay: 5 * time.Millisecond, Loss: 0.03}))
	near, far := &host{top.Client, t}, &host{top.Server, t}
	s := near.open(pathtest.Interface)
	lc := endpoint.ListenConfig{Stack: s, Machine: linger}
	ln, err := lc.Listen(t.Context(), "tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	ours := &site{}
	ours.serve(t, ln, nil)
	theirs := &site{}
	theirs.serve(t, far.listen(t, address4), nil)
	theirs.serve(t, far.listen(t, address6), nil)
	d := &endpoint.Dialer{Stack: s, Machine: linger, Timeout: time.Minute}

	var wg sync.WaitGroup
	for _, base := range []string{"http://192.0.2.1:80", "http://[2001:db8::1]:80"} {
		wg.Go(func() { askCrowd(t, browser(t, far.dialer(), nil), base) })
	}
	for _, address := range []string{address4, address6} {
		wg.Go(func() { askCrowd(t, browser(t, dialWith(d), nil), "http://"+address) })
	}
	wg.Wait()
	for name, web := range map[string]*site{"our server": ours, "our client": theirs} {
		if n := web.connections.Load(); n < 2*crowdSize {
			t.Errorf("%s: %d connections, want %d at least", name, n, 2*crowdSize)
		}
	}
	n := s.Counters()
	if n.EstabResets+n.AttemptFails+n.ListenOverflows+n.ListenDrops+n.SyncookiesSent > 0 {
		t.Errorf("%+v", n)
	}
}

// askCrowd has a thousand clients upload, wait for each other, and download.
func askCrowd(t *testing.T, client *http.Client, base string) {
	client.Timeout = 2 * time.Minute
	data := noise(crowdBody + crowdSize)
	var wg, uploads sync.WaitGroup
	uploads.Add(crowdSize)
	for i := range crowdSize {
		wg.Go(func() {
			body := data[:crowdBody+i]
			want := fmt.Sprintf("%x", sha256.Sum256(body))
			got, _, err := fetch(client, "POST", base+"/digest", bytes.NewReader(body))
			if err != nil || string(got) != want {
				t.Errorf("%s: upload %d: %q, %v; want %q", base, i, got, err, want)
			}
			uploads.Done()
			uploads.Wait()
			got, _, err = fetch(client, "GET", fmt.Sprintf("%s/noise?%d", base, len(body)), nil)
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("%s: download %d: %d bytes, %v; want %d", base, i, len(got), err, len(body))
			}
		})
	}
	wg.Wait()
}
