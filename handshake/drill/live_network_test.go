package drill_test

import (
	"net/netip"
	"testing"
	"time"

	"tfocraft/handshake/drill"
	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
	"tfocraft/wire"
)

// liveEpoch is when the hosts of these tests begin.
var liveEpoch = time.Unix(2_000_000_000, 0)

// A carried is a packet on the way.
type carried struct {
	at time.Duration
	ip []byte
}

// A liveNet is a network with one host, in virtual time. Its program takes
// connections, reads to the end and closes.
type liveNet struct {
	t       *testing.T
	host    *socket.Host
	now     time.Duration
	delay   time.Duration // each way
	in, out []carried     // in is on its way to the host
	sent    []wire.Packet // that the script has sent
	program []socket.Op   // calls that wait
	drop    func(p *wire.Packet) bool
}

var (
	liveHostAddr = netip.MustParseAddrPort("192.168.0.1:8080")
	liveHere     = netip.MustParseAddr("192.0.2.1")
)

func newLiveNet(t *testing.T, delay time.Duration) *liveNet {
	t.Helper()
	n := &liveNet{t: t, delay: delay}
	var err error
	n.host, err = socket.NewHost(socket.Config{Now: liveEpoch, Local: liveHostAddr.Addr(), MTU: 1500, Send: func(at time.Time, p *wire.Packet) {
		n.out = append(n.out, carried{at.Sub(liveEpoch) + n.delay, p.Append(nil)})
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.host.Close() })
	fd := n.call(n.host.Socket(socket.AF_INET, socket.SOCK_STREAM, 0))
	n.call(n.host.SetOption(fd, socket.SOL_TCP, socket.TCP_FASTOPEN, 16))
	n.call(n.host.Bind(fd, liveHostAddr))
	n.call(n.host.Listen(fd, 16))
	n.accept(fd)
	return n
}

// call makes a call that does not wait.
func (n *liveNet) call(op socket.Op) int {
	n.t.Helper()
	r, over := op()
	if !over || r.Errno != "" {
		n.t.Fatalf("a call of the server: over %t, %+v", over, r)
	}
	return r.Value
}

func (n *liveNet) accept(fd int) {
	op := n.host.Accept(fd, 0)
	n.program = append(n.program, func() (socket.Result, bool) {
		r, over := op()
		if over {
			n.read(r.Value)
			n.accept(fd)
		}
		return r, over
	})
}

func (n *liveNet) read(fd int) {
	op := n.host.Receive(fd, 1<<16, 0)
	n.program = append(n.program, func() (socket.Result, bool) {
		r, over := op()
		switch {
		case over && r.Value > 0:
			n.read(fd)
		case over:
			n.host.CloseFile(fd)()
		}
		return r, over
	})
}

// step lets the host and its program go on.
func (n *liveNet) step() {
	for again := true; again; {
		n.host.Advance(liveEpoch.Add(n.now))
		calls := n.program
		n.program, again = nil, false
		for _, call := range calls {
			if _, over := call(); over {
				again = true
			} else {
				n.program = append(n.program, call)
			}
		}
	}
}

func (n *liveNet) Elapsed() time.Duration { return n.now }

func (n *liveNet) Send(ip []byte) error {
	p, err := wire.ParsePacket(append([]byte(nil), ip...))
	if err != nil || !p.ChecksumsOK() {
		n.t.Errorf("a packet of the script: %v, checksums right: %t", err, p.ChecksumsOK())
	}
	n.sent = append(n.sent, p)
	if n.drop == nil || !n.drop(&p) {
		n.in = append(n.in, carried{n.now + n.delay, p.Append(nil)})
	}
	return nil
}

// Receive implements [drill.Network].
func (n *liveNet) Receive(until time.Duration, take func(at time.Duration, ip []byte)) error {
	for {
		n.step()
		if len(n.out) > 0 && n.out[0].at <= n.now {
			c := n.out[0]
			n.out = n.out[1:]
			take(c.at, c.ip)
			return nil
		}
		next := until
		if len(n.out) > 0 {
			next = min(next, n.out[0].at)
		}
		if len(n.in) > 0 {
			next = min(next, n.in[0].at)
		}
		if d := n.host.Deadline(); !d.IsZero() {
			next = min(next, max(d.Sub(liveEpoch), n.now))
		}
		if n.now >= until {
			return nil
		}
		n.now = next
		if len(n.in) > 0 && n.in[0].at <= n.now {
			e := wire.Ethernet{EtherType: wire.EtherTypeIPv4}
			n.host.Input(liveEpoch.Add(n.now), append(e.Append(nil), n.in[0].ip...))
			n.in = n.in[1:]
		}
	}
}

// remote is the host as it is seen by n connections.
func (n *liveNet) remote(connections int) drill.Remote {
	r := drill.Remote{Host: liveHostAddr, Local: liveHere, Network: n}
	for i := range connections {
		r.Ports = append(r.Ports, uint16(50000+i))
	}
	return r
}

// play plays a script against the host.
func (n *liveNet) play(c drill.Config, text string) *drill.Result {
	n.t.Helper()
	s := readLive(n.t, text)
	return drill.RunRemote(s, c, n.remote(drill.Connections(s)))
}

func readLive(t *testing.T, text string) *script.Script {
	t.Helper()
	s, err := drill.Read("live.pkt", []byte(text), drill.Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
