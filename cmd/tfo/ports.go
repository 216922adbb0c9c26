package main

import (
	"net/netip"
	"sync"

	"tfocraft/handshake/endpoint"
)

// sharedPorts reserves each port once for all the stacks of one program: a
// listener on several interfaces is one listener to the kernel.
type sharedPorts struct {
	kernel *endpoint.KernelPorts
	mu     sync.Mutex
	held   map[netip.AddrPort]*reservation
}

type reservation struct {
	users   int
	release func() error
}

func openSharedPorts() (*sharedPorts, error) {
	k, err := endpoint.OpenKernelPorts()
	if err != nil {
		return nil, err
	}
	return &sharedPorts{kernel: k, held: make(map[netip.AddrPort]*reservation)}, nil
}

// Reserve implements [endpoint.Ports].
func (p *sharedPorts) Reserve(local netip.AddrPort) (release func() error, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.held[local]
	if r == nil {
		r = &reservation{}
		if r.release, err = p.kernel.Reserve(local); err != nil {
			return nil, err
		}
		p.held[local] = r
	}
	r.users++
	return func() error { return p.drop(local, r) }, nil
}

func (p *sharedPorts) drop(local netip.AddrPort, r *reservation) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.users--; r.users > 0 {
		return nil
	}
	delete(p.held, local)
	return r.release()
}

func (p *sharedPorts) close() error { return p.kernel.Close() }
