package load

// A walk goes through all pairs of client and port, all clients before the next
// port, so that a pair comes again as late as it can.
type walk struct {
	clients  []uint32 // those that there are; nil means all
	n        uint32   // how many
	ports    Ports
	at       uint32 // client
	from     uint32 // client that the walk began with
	port     int    // of ports
	fromPort int
	round    uint32 // how often it has been everywhere
	last     uint32 // round of the last pair
}

// newWalk begins somewhere, share i of several as far as it can from the others.
func newWalk(n int, clients []uint32, ports Ports, seed uint64, i, shares int) walk {
	w := walk{clients: clients, n: uint32(n), ports: ports}
	w.from = uint32((mix(seed, 0, saltClient)%uint64(n) + uint64(i*n/shares)) % uint64(n))
	w.fromPort = int(mix(seed, 0, saltPort) % uint64(ports.Len()))
	w.at, w.port = w.from, w.fromPort
	return w
}

// next returns a pair, and how often it has been used before.
func (w *walk) next() (client int, port uint16, round uint32) {
	w.last = w.round
	client, port, round = int(w.at), w.ports.First+uint16(w.port), w.round
	if w.clients != nil {
		client = int(w.clients[w.at])
	}
	if w.at++; w.at == w.n {
		w.at = 0
	}
	if w.at != w.from {
		return
	}
	if w.port++; w.port == w.ports.Len() {
		w.port = 0
	}
	if w.port == w.fromPort {
		w.round++
	}
	return
}
