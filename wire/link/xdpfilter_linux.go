package link

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"unsafe"
)

// An xdpFilter is what the program of an xdpReceiver takes. It may take less than the
// filter of the socket lets in, and never more.
type xdpFilter struct {
	nets4, nets6 []netip.Prefix
	set          bool // nets have been written
}

// setXDPFilter makes the program, if there is one, take what the filter lets in. Nothing is
// lost meanwhile: what is not taken goes to the socket.
func (p *Packet) setXDPFilter(f *Filter) error {
	if p.xdp == nil {
		return nil
	}
	if f == nil {
		f = &Filter{}
	}
	c, err := newCompiler(*f)
	if err != nil {
		return err
	}
	p.ring.mu.Lock()
	defer p.ring.mu.Unlock()
	if p.xdp.shared == nil {
		return net.ErrClosed
	}
	p.xdp.setFilter(c)
	return nil
}

func (x *xdpReceiver) setFilter(c *compiler) {
	next := xdpFilter{nets4: c.addrs4, nets6: c.addrs6, set: true}
	if !c.limited() {
		next.nets4, next.nets6 = []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0)}, []netip.Prefix{netip.PrefixFrom(netip.IPv6Unspecified(), 0)}
	}
	if len(next.nets4) > maxXDPNets {
		next.nets4 = nil
	}
	if len(next.nets6) > maxXDPNets {
		next.nets6 = nil
	}
	valid := x.word(xdpValid)
	if c.filter.Either || c.filter.Neighbours {
		atomic.StoreUint32(valid, 0)
		return
	}
	if !x.filter.set || !slices.Equal(next.nets4, x.filter.nets4) || !slices.Equal(next.nets6, x.filter.nets6) {
		atomic.StoreUint32(valid, 0)
		x.writeNets(next)
	}
	x.writePorts(c)
	atomic.StoreUint32(valid, 1)
}

// Take implements [Taker].
func (p *Packet) Take(local netip.AddrPort, alone bool) {
	if p.xdp == nil {
		return
	}
	p.ring.mu.Lock()
	defer p.ring.mu.Unlock()
	if p.xdp.shared != nil {
		p.xdp.setPort(local, alone)
	}
}

func (x *xdpReceiver) setPort(local netip.AddrPort, alone bool) {
	addr := local.Addr().Unmap().WithZone("")
	first, nets := 0, x.filter.nets4
	if addr.Is6() {
		first, nets = maxXDPNets, x.filter.nets6
	}
	for i, n := range nets {
		if !addr.IsUnspecified() && n != netip.PrefixFrom(addr, addr.BitLen()) {
			continue
		}
		word, bit := x.ports(first+i, local.Port())
		if alone {
			atomic.OrUint64(word, bit)
		} else {
			atomic.AndUint64(word, ^bit)
		}
	}
}

// ports returns the word that has the bit of a port in a network.
func (x *xdpReceiver) ports(network int, port uint16) (word *uint64, bit uint64) {
	at := xdpPorts + network*portsLen + int(port)/64*8
	return (*uint64)(unsafe.Pointer(&x.shared[at])), 1 << (port % 64)
}

// writeNets writes the networks. A place that is not needed has no mask, and an address
// that is not in such a network.
func (x *xdpReceiver) writeNets(f xdpFilter) {
	x.filter = f
	const len4, len6 = 8, 32
	table4 := x.shared[xdpNets4:][:maxXDPNets*len4]
	table6 := x.shared[xdpNets6:][:maxXDPNets*len6]
	for i := range maxXDPNets {
		copy(table4[i*len4:], []byte{0, 0, 0, 0, 255, 255, 255, 255})
		clear(table6[i*len6 : (i+1)*len6])
		table6[(i+1)*len6-1] = 1
	}
	for i, p := range f.nets4 {
		binary.BigEndian.PutUint32(table4[i*len4:], ^uint32(0)<<(32-p.Bits()))
		copy(table4[i*len4+4:], p.Addr().AsSlice())
	}
	for i, p := range f.nets6 {
		for bit := range p.Bits() {
			table6[i*len6+bit/8] |= 0x80 >> (bit % 8)
		}
		copy(table6[i*len6+16:], p.Addr().AsSlice())
	}
}

// writePorts sets the bits of the ports of all networks, and clears those of others, 64 at a
// stroke. Of what others may use it sets none.
func (x *xdpReceiver) writePorts(c *compiler) {
	ports := c.ports
	switch {
	case c.filter.Shared:
		ports = nil
	case len(ports) == 0:
		ports = []PortRange{{0, 1<<16 - 1}}
	}
	var bits [1 << 16 / 64]uint64
	for _, r := range ports {
		for p := int(r.First); p <= int(r.Last); p++ {
			bits[p/64] |= 1 << (p % 64)
		}
	}
	for i := range x.filter.nets4 {
		x.writeBits(i, &bits)
	}
	for i := range x.filter.nets6 {
		x.writeBits(maxXDPNets+i, &bits)
	}
}

func (x *xdpReceiver) writeBits(network int, bits *[1 << 16 / 64]uint64) {
	for i, b := range bits {
		// To write what is there already would only take it away from the processors that read it.
		if word, _ := x.ports(network, uint16(i*64)); *word != b {
			atomic.StoreUint64(word, b)
		}
	}
}
