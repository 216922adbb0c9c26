package main

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/handshake/endpoint"
)

// Every client is served by one shard, whoever it is; they are counted together.
func TestListenShards(t *testing.T) {
	t.Parallel()
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := e2eNewLab(t, lab.Config{IPv6: ipv6})
		address := l.server(ipv6, e2ePort).String()
		s := e2eServe(t, l.Server, address, "--reply", "as one", "--shards", "3", "--metrics", "192.0.2.2:0", "--exit-after", "61")
		_, url, _ := strings.Cut(strings.TrimSpace(s.stderr.String()), "metrics on ")
		var clients sync.WaitGroup
		for range 60 {
			var c net.Conn
			if err := l.Client.Do(func() (err error) {
				c, err = net.Dial("tcp", address)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			clients.Go(func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(e2ePatience))
				io.WriteString(c, "hello")
				if got, err := io.ReadAll(c); string(got) != "as one" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		clients.Wait()
		got := e2eScrape(t, l.Client, url)
		if n := got[`tfo_passive_opens_total{interface="eth0"}`]; n != 60 {
			t.Errorf("%v connections were counted, want 60", n)
		}
		if n := got[`tfo_no_conn_total{interface="eth0"}`]; n != 0 {
			t.Errorf("%v segments were for another shard", n)
		}
		l.connect(exitDone, address, "-d", "last")
		if served := s.end(); len(served) != 61 {
			t.Errorf("got %d connections, want 61", len(served))
		}
	})
}

func TestCountersPlus(t *testing.T) {
	a, b := endpoint.Counters{InSegs: 1, SendErrors: 2}, endpoint.Counters{InSegs: 10, CurrEstab: 5}
	if got, want := a.Plus(b), (endpoint.Counters{InSegs: 11, SendErrors: 2, CurrEstab: 5}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
