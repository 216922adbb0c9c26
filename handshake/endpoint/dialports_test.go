package endpoint_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// twoServers is a lab whose server listens on two ports.
func twoServers(t *testing.T, change func(*setup)) (l *lab, remotes [2]string) {
	t.Helper()
	l = newLab(t, change)
	remotes = [2]string{"192.0.2.2:80", "192.0.2.2:81"}
	for _, address := range remotes {
		ln, err := (&endpoint.ListenConfig{Stack: l.server}).Listen(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		go echo(ln)
	}
	return l, remotes
}

func (l *lab) dialTo(remote string, source string) (*endpoint.Conn, error) {
	d := endpoint.Dialer{Stack: l.client}
	if source != "" {
		d.Source = netip.MustParseAddrPort(source)
	}
	return d.DialContext(l.t.Context(), "tcp", remote, nil)
}

// One local port serves connections to different remotes, not two to the same;
// the host gets it back after the last of them.
func TestSharedPort(t *testing.T) {
	for _, c := range []struct {
		name      string
		ephemeral link.PortRange
		source    string
	}{
		{"asked for", link.PortRange{}, "192.0.2.1:4000"},
		{"the only one there is", link.PortRange{First: 4000, Last: 4000}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := newRegistry()
				l, remotes := twoServers(t, func(s *setup) {
					s.client.Ports, s.client.Guard, s.client.Ephemeral = host, host, c.ephemeral
				})
				var conns []*endpoint.Conn
				for _, remote := range remotes {
					conn, err := l.dialTo(remote, c.source)
					if err != nil {
						t.Fatal(err)
					}
					conns = append(conns, conn)
					if got := conn.LocalAddr().String(); got != "192.0.2.1:4000" {
						t.Errorf("local address %s, want port 4000", got)
					}
					_, err = l.dialTo(remote, c.source)
					wantTaken(t, err, "4000")
				}
				if len(host.ports) != 1 || len(host.guarded) != 2 {
					t.Errorf("ports %v and guards %v, want one port, and a guard for the first remote and one for all", host.ports, host.guarded)
				}
				for i, conn := range conns {
					write(t, conn, "hello")
					if got := finish(t, conn); got != "HELLO" {
						t.Errorf("connection %d: got %q, want %q", i, got, "HELLO")
					}
				}
				conns[0].Abort()
				synctest.Wait()
				if len(host.ports) != 1 {
					t.Errorf("ports %v with a connection left, want one", host.ports)
				}
				conns[1].Abort()
				synctest.Wait()
				host.wantEmpty(t)
			})
		})
	}
}

// Nothing of a second connection is left if the guard cannot cover it, and the
// first one goes on.
func TestSharedPortFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newRegistry()
		l, remotes := twoServers(t, func(s *setup) { s.client.Ports, s.client.Guard = host, host })
		first, err := l.dialTo(remotes[0], "192.0.2.1:4000")
		if err != nil {
			t.Fatal(err)
		}
		host.uses = 0
		if _, err := l.dialTo(remotes[1], "192.0.2.1:4000"); err == nil {
			t.Error("a connection was made without a guard")
		}
		host.uses = -1
		second, err := l.dialTo(remotes[1], "192.0.2.1:4000")
		if err != nil {
			t.Errorf("after the failure: %v", err)
		}
		for _, c := range []*endpoint.Conn{first, second} {
			write(t, c, "hello")
			if got := finish(t, c); got != "HELLO" {
				t.Errorf("got %q, want %q", got, "HELLO")
			}
			c.Abort()
		}
		synctest.Wait()
		host.wantEmpty(t)
	})
}

// Up to 1024 ports every connection has one of its own, which nobody can guess
// from another; after that remotes share them.
func TestManyPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newRegistry()
		l, remotes := twoServers(t, func(s *setup) { s.client.Ports, s.client.Guard = host, host })
		dial := func(n int, remote string) (conns []*endpoint.Conn) {
			for range n {
				c, err := l.dialTo(remote, "")
				if err != nil {
					t.Fatal(err)
				}
				conns = append(conns, c)
			}
			return conns
		}
		conns := append(dial(600, remotes[0]), dial(424, remotes[1])...)
		if len(host.ports) != 1024 || len(host.guarded) != 1024 {
			t.Errorf("%d ports and %d guards for 1024 connections, want as many", len(host.ports), len(host.guarded))
		}
		conns = append(conns, dial(300, remotes[0])...)
		conns = append(conns, dial(300, remotes[1])...)
		// Now and then none of the ports that are looked at is free for the remote.
		if len(host.ports) > 1100 || len(host.guarded) > 2*len(host.ports) {
			t.Errorf("%d ports and %d guards for 1624 connections to two remotes, want 1024 and few more, and two guards for each at most", len(host.ports), len(host.guarded))
		}
		for _, c := range conns {
			c.Abort()
		}
		time.Sleep(time.Second) // the loop looks for frames between so many
		synctest.Wait()
		host.wantEmpty(t)
	})
}
