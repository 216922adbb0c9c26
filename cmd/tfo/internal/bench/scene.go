package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/iptables"
)

// port is where servers listen.
const port = 9000

// Addresses of clients that have no host: the load's, the flood's, those of connections that only are there.
const (
	loadClients  = "198.18.0.0"
	floodClients = "198.19.0.0"
	crowdClients = "198.18.64.0"
)

// A scene is a client and a server joined by veth, with the receiving side of each on its own core.
type scene struct {
	*lab.Lab
	t *traffic
	// nobody is an address on the wire whose hardware address nobody has: the receiving kernel drops what comes for it
	// at first sight.
	nobody    netip.Addr
	nobodyMAC net.HardwareAddr
}

// open makes a scene. The offload of the interfaces is on, as on real ones.
func (t *traffic) open(ctx context.Context) (*scene, error) {
	l, err := lab.New(ctx, lab.Config{Offload: true})
	if err != nil {
		return nil, err
	}
	s := &scene{
		Lab: l, t: t,
		nobody: netip.MustParseAddr("192.0.2.99"), nobodyMAC: net.HardwareAddr{2, 0, 0, 0, 0, 0x99},
	}
	if err := s.prepare(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *scene) prepare(ctx context.Context) error {
	for name, value := range map[string]string{
		"net.ipv4.tcp_fastopen": "3", "net.core.somaxconn": "65535", "net.ipv4.tcp_max_syn_backlog": "65535",
	} {
		for _, h := range []*lab.Host{s.Client, s.Server} {
			if err := h.Sysctl(name, value); err != nil {
				return err
			}
		}
	}
	for _, command := range []struct {
		host *lab.Host
		args []string
	}{
		{s.Client, neighbour(s.Server.Addr4, s.Server.MAC)},
		{s.Client, neighbour(s.nobody, s.nobodyMAC)},
		{s.Server, neighbour(s.Client.Addr4, s.Client.MAC)},
		{s.Server, neighbour(oursAddr(s.Client), s.Client.MAC)},
		{s.Server, []string{"route", "add", "198.18.0.0/15", "via", s.Client.Addr4.String()}},
	} {
		if _, err := command.host.Command(ctx, "ip", command.args...); err != nil {
			return err
		}
	}
	return nil
}

func neighbour(a netip.Addr, mac net.HardwareAddr) []string {
	return []string{"neighbour", "replace", a.String(), "lladdr", mac.String(), "dev", "eth0"}
}

// oursAddr is an address of a stack in a program, which the kernel of its host does not have.
func oursAddr(h *lab.Host) netip.Addr { return newEnd(h, ours).addr }

// steerBoth has each host's frames received on its own core.
func (s *scene) steerBoth(ctx context.Context) error {
	if err := steer(ctx, s.Client, clientCore); err != nil {
		return err
	}
	return steer(ctx, s.Server, serverCore)
}

func (s *scene) serverAddress() string { return netip.AddrPortFrom(s.Server.Addr4, port).String() }

// A server is one that answers requests with "Hello, Client".
type server struct {
	name  string
	start func(ctx context.Context, s *scene) (*daemon, error)
}

var (
	// oursServer is the program as anybody runs it, but for the pending connections, of which the kernel's has as many.
	oursServer = listening()
	// earlyServer is the same, and takes frames from the driver.
	earlyServer  = listening("--xdp")
	kernelServer = server{"srv (kernel)", func(ctx context.Context, s *scene) (*daemon, error) {
		cmd := pinned(ctx, serverCore, s.t.program("srv"), fmt.Sprint(port))
		return startDaemon(ctx, s.Server, cmd, "ready", false)
	}}
	statelessServer = server{"resp (stateless C)", func(ctx context.Context, s *scene) (*daemon, error) {
		if err := s.keepKernelQuiet(ctx); err != nil {
			return nil, err
		}
		cmd := pinned(ctx, serverCore, s.t.program("resp"), s.Server.Interface, fmt.Sprint(port))
		return startDaemon(ctx, s.Server, cmd, "ready", false)
	}}
	// holdingServer is a listener of the library's, which keeps connections that bring no request, and with -keep all.
	holdingServer = func(flags ...string) server {
		return server{"peer serve", func(ctx context.Context, s *scene) (*daemon, error) {
			cmd := pinned(ctx, serverCore, s.t.program("peer"), append([]string{"serve", "-i", s.Server.Interface,
				"-addr", oursAddr(s.Server).String(), "-port", fmt.Sprint(port)}, flags...)...)
			return startDaemon(ctx, s.Server, cmd, "ready", false)
		}}
	}
)

func listening(flags ...string) server {
	return server{strings.Join(append([]string{"tfo listen"}, flags...), " "), func(ctx context.Context, s *scene) (*daemon, error) {
		cmd := pinned(ctx, serverCore, s.t.program("tfo"), append([]string{"listen", s.serverAddress(), "-i", s.Server.Interface,
			"--reply", "Hello, Client", "--guard", "inbound", "--max-pending", "65535"}, flags...)...)
		return startDaemon(ctx, s.Server, cmd, "listening on", true)
	}}
}

// keepKernelQuiet hides the port from the server's kernel, with the rule that tfo listen installs.
func (s *scene) keepKernelQuiet(ctx context.Context) error {
	return s.Server.Do(func() error {
		_, err := iptables.Install(ctx, iptables.BackendAuto, iptables.Scope{
			Local: netip.AddrPortFrom(s.Server.Addr4, port), Mode: iptables.ModeInbound,
		})
		return err
	})
}

// load runs load.c to its end against an address of the server.
func (s *scene) load(ctx context.Context, to netip.Addr, flags ...string) (numbers, error) {
	return runStick(ctx, s.Client, clientCore, s.t.program("load"), s.loadFlags(to, flags...)...)
}

func (s *scene) loadFlags(to netip.Addr, flags ...string) []string {
	return slices.Concat([]string{
		"-i", s.Client.Interface, "-m", s.Server.MAC.String(), "-s", to.String(), "-p", fmt.Sprint(port),
	}, flags)
}

// check is an error if exchanges did not go as they should: then their rate says nothing.
func (n numbers) check() error {
	values, err := n.get("started", "accepted", "done", "wrong", "resets", "failed")
	if err != nil {
		return err
	}
	started, accepted, done, wrong, resets, failed := values[0], values[1], values[2], values[3], values[4], values[5]
	switch {
	case done == 0:
		return fmt.Errorf("of %.0f exchanges none was completed", started)
	case wrong > 0:
		return fmt.Errorf("%.0f responses were wrong", wrong)
	case resets+failed > started/100:
		return fmt.Errorf("of %.0f exchanges %.0f were reset and %.0f failed", started, resets, failed)
	case accepted < started*0.99-1:
		return fmt.Errorf("of %.0f requests in SYNs %.0f were accepted", started, accepted)
	}
	return nil
}
