// Package lab makes hosts out of network namespaces, joined by veth, inside one process. Between client and server
// may be an emulated path (package path).
//
// The namespaces have no name and no file: they are held by threads of this process, so that a lab is gone with
// [Lab.Close] and also when the process dies, by whatever signal. Nothing is configured in the namespace of the caller.
//
// Making namespaces needs CAP_SYS_ADMIN and CAP_NET_ADMIN. A program without them calls [Reexec] first, which starts
// it again in a user namespace of its own.
package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"tfocraft/wire/path"
	"tfocraft/wire/path/bridge"
)

// ErrForbidden says that this machine does not let the caller make namespaces. The text of the error that wraps it
// names the setting that forbids it and the command that allows it; so does [Diagnose].
var ErrForbidden = errors.New("forbidden")

// MTU bounds: RFC 791, Section 3.2 and RFC 8200, Section 5 for the least, the length fields for the most.
const (
	minMTU4    = 68
	minMTU6    = 1280
	maxMTU     = 65535
	defaultMTU = 1500
)

// Config describes a lab. The zero value is two hosts on one IPv4 Ethernet.
type Config struct {
	// IPv6 gives every interface an IPv6 address beside its IPv4 one. Without it the hosts have IPv6 switched off.
	IPv6 bool
	// Router puts a third host between client and server, which forwards. They are on two networks then.
	Router bool
	// MTU is that of every interface, in bytes. Zero means 1500.
	MTU int
	// Offload leaves checksum and segmentation offload on. Frames of a kernel peer then carry unfinished checksums and
	// may be longer than the MTU, as on real interfaces. By default every frame is exactly what the wire would carry.
	Offload bool
	// Path puts an emulated path between client and server, in the place of a cable: a third host without addresses that has
	// nothing but the path. Client and server know each other as neighbours, so that nobody asks for them over it. It
	// excludes Router and Offload, and may itself have an observer. Nil is a cable.
	Path *path.Config
}

func (c Config) validate() error {
	least := minMTU4
	if c.IPv6 {
		least = minMTU6
	}
	if c.MTU < least || c.MTU > maxMTU {
		return fmt.Errorf("lab: mtu %d is not in %d..%d", c.MTU, least, maxMTU)
	}
	if c.Path == nil {
		return nil
	}
	if c.Router || c.Offload {
		return errors.New("lab: an emulated path goes with neither a router nor offload")
	}
	return c.Path.Check()
}

// Lab is a set of connected hosts. Router is nil unless the configuration asks for one.
type Lab struct {
	Client, Server, Router *Host
	// Servers are Server and, if [path.Config.FarHosts] asks for more, others with the same addresses behind the same path.
	Servers []*Host
	// Path goes forward from the client to the server. It is nil unless the configuration asks for one.
	Path *bridge.Bridge

	middle *Host // where the path is
	close  sync.Once
}

// New makes the hosts and returns when they can exchange packets. ctx bounds New only; the lab stays until Close.
// The error wraps [ErrForbidden] when the kernel refuses a namespace, context errors, and errors.ErrUnsupported off Linux.
func New(ctx context.Context, cfg Config) (*Lab, error) {
	if cfg.MTU == 0 {
		cfg.MTU = defaultMTU
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	t := plan(cfg)
	l := &Lab{Client: t.client, Server: t.servers[0], Servers: t.servers, Router: t.router, middle: t.middle}
	err := build(ctx, cfg, t)
	if err == nil && t.middle != nil {
		l.Path, err = joinPath(t.middle, cfg.Path)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Close ends the lab: it cancels what [Host.Run] started and waits for it, kills what [Host.Start] started, and lets
// the namespaces go with all interfaces in them. A second Close does nothing. Close must not be called from [Host.Do].
func (l *Lab) Close() {
	l.close.Do(func() {
		if l.Path != nil {
			l.Path.Close()
		}
		for _, h := range l.hosts() {
			h.ns.close()
		}
	})
}

func (l *Lab) hosts() []*Host {
	hosts := append([]*Host{l.Client}, l.Servers...)
	for _, h := range []*Host{l.Router, l.middle} {
		if h != nil {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// Addresses returns those of client and server, for IPv6 or IPv4.
func (l *Lab) Addresses(ipv6 bool) (client, server netip.Addr) {
	return l.Client.Addr(ipv6), l.Server.Addr(ipv6)
}
