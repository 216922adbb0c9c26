package story

import (
	"net/netip"
	"slices"
	"strconv"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
)

// maxHosts is how many columns a diagram has room for. Who comes later shares the last one of its kind.
const maxHosts = 6

// A role is what a host does, in the order of the columns.
type role int

const (
	opens role = iota
	other
	accepts
)

// place is a column. Both ends of a connection on one host have the same address and are told apart by their roles.
type place struct {
	role  role
	addrs []netip.Addr
}

// places finds whose frames there are, from their addresses.
type places struct{ all []place }

func newPlaces() *places { return &places{} }

// put says between whom a frame goes. It reports false if its addresses do not tell.
func (p *places) put(f *Frame, isTCP, fromClient bool) bool {
	src, dst, ok := addressesOf(&f.Dissection)
	if !ok {
		return false
	}
	from, to := other, other
	switch {
	case isTCP && fromClient:
		from, to = opens, accepts
	case isTCP:
		from, to = accepts, opens
	}
	f.From, f.To = p.of(src, from, src == dst), p.of(dst, to, src == dst)
	return true
}

// of returns the column of an address; strict tells that one of another role will not do.
func (p *places) of(addr netip.Addr, r role, strict bool) int {
	for i := range p.all {
		c := &p.all[i]
		if !slices.Contains(c.addrs, addr) || strict && c.role != r {
			continue
		}
		if c.role == other {
			c.role = r
		}
		return i
	}
	if len(p.all) >= maxHosts {
		for i := range slices.Backward(p.all) {
			if p.all[i].role == r {
				p.all[i].addrs = append(p.all[i].addrs, addr)
				return i
			}
		}
	}
	p.all = append(p.all, place{r, []netip.Addr{addr}})
	return len(p.all) - 1
}

// addressesOf are source and destination of the outermost IP or ARP header.
func addressesOf(d *dissect.Frame) (src, dst netip.Addr, ok bool) {
	for i := range d.Fields {
		f := &d.Fields[i]
		addr, err := netip.ParseAddr(f.Value)
		if err != nil {
			continue
		}
		switch f.ID {
		case "ip.src", "ipv6.src", "arp.src.proto":
			src = addr
		case "ip.dst", "ipv6.dst", "arp.dst.proto":
			dst = addr
		}
		if src.IsValid() && dst.IsValid() {
			return src, dst, true
		}
	}
	return src, dst, false
}

// arrange orders the columns by role, and names them in the story.
func (p *places) arrange(s *Story) {
	order := make([]int, len(p.all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return int(p.all[i].role) - int(p.all[j].role) })
	at := make([]int, len(order))
	count := make(map[role]int)
	for column, i := range order {
		at[i] = column
		c := &p.all[i]
		count[c.role]++
		s.Hosts = append(s.Hosts, c.host(count[c.role]))
	}
	for i := range s.Frames {
		f := &s.Frames[i]
		f.From, f.To = at[f.From], at[f.To]
		for j := range f.Notes {
			f.Notes[j].At = at[f.Notes[j].At]
		}
	}
	for i := range s.Connections {
		c := &s.Connections[i]
		c.ClientHost, c.ServerHost = at[c.ClientHost], at[c.ServerHost]
	}
}

// host describes the n-th column of its role.
func (c *place) host(n int) Host {
	h := Host{Name: bilingual.T(c.addrs[0].String(), c.addrs[0].String())}
	switch c.role {
	case opens:
		h.Name = bilingual.T("client", "客户端")
	case accepts:
		h.Name = bilingual.T("server", "服务器")
	case other:
		return h
	}
	if n > 1 {
		number := " " + strconv.Itoa(n)
		h.Name = bilingual.T(h.Name.En+number, h.Name.Zh+number)
	}
	const most = 3
	for _, a := range c.addrs[:min(len(c.addrs), most)] {
		h.Addresses = append(h.Addresses, a.String())
	}
	if len(c.addrs) > most {
		h.Addresses = append(h.Addresses, "…")
	}
	return h
}
