package endpoint_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
	"tfocraft/wire/wiretest"
)

// A rawPeer is a stack at 192.0.2.1 whose peer, 192.0.2.2, is the test: it
// reads and writes frames itself.
type rawPeer struct {
	t     *testing.T
	stack *endpoint.Stack
	link  *link.Mem
}

func newRawPeer(t *testing.T, change func(*endpoint.Config)) *rawPeer {
	t.Helper()
	a, b := link.Pair(nil)
	c := endpoint.Config{
		Link:   a,
		Router: route{client4, client6, clientMAC, serverMAC},
		Local:  []netip.Prefix{netip.PrefixFrom(client4, 32), netip.PrefixFrom(client6, 128)},
	}
	if change != nil {
		change(&c)
	}
	return &rawPeer{t, newStack(t, c), b}
}

// listen opens a listener of the stack on port 80.
func (r *rawPeer) listen(c endpoint.ListenConfig) *endpoint.Listener {
	r.t.Helper()
	c.Stack = r.stack
	ln, err := c.Listen(r.t.Context(), "tcp", ":80")
	if err != nil {
		r.t.Fatal(err)
	}
	return ln
}

// next returns the next packet from the stack.
func (r *rawPeer) next() wire.Packet {
	r.t.Helper()
	var frames [1]link.Frame
	if _, err := r.link.ReadFrames(frames[:]); err != nil {
		r.t.Fatal(err)
	}
	p, err := wire.ParseFrame(frames[0].Data)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// none checks that the stack has sent nothing.
func (r *rawPeer) none() {
	r.t.Helper()
	synctest.Wait()
	r.link.SetReadDeadline(time.Now().Add(time.Millisecond))
	defer r.link.SetReadDeadline(time.Time{})
	var frames [1]link.Frame
	if n, _ := r.link.ReadFrames(frames[:]); n > 0 {
		p, _ := wire.ParseFrame(frames[0].Data)
		r.t.Errorf("the stack sent %v, want nothing", &p)
	}
}

func (r *rawPeer) send(frame []byte) {
	r.t.Helper()
	if _, err := r.link.WriteFrames([][]byte{frame}); err != nil {
		r.t.Fatal(err)
	}
}

// fromPeer returns a packet from port 5000 of the peer to port 80 of the
// stack, with the segment that a text describes.
func (r *rawPeer) fromPeer(text, payload string) wire.Packet {
	r.t.Helper()
	p := wiretest.Packet(r.t, "192.0.2.2:5000", "192.0.2.1:80", text, payload)
	p.HasEthernet = true
	p.Ethernet = wire.Ethernet{Dst: clientMAC, Src: serverMAC, EtherType: wire.EtherTypeIPv4}
	return p
}

func (r *rawPeer) sendText(text, payload string) {
	r.t.Helper()
	p := r.fromPeer(text, payload)
	r.send(p.Append(nil))
}

// wantText checks the next packet from the stack, whose numbers are relative
// to its own first one and to those that the peer uses.
func (r *rawPeer) wantText(iss wire.Seq, want string) wire.Packet {
	r.t.Helper()
	p := r.next()
	wiretest.WantText(r.t, p.TCP, wire.TextBase{SeqBase: iss}, want)
	return p
}

// portUnreachable is the ICMP error with which the peer's host answers p.
func portUnreachable(p *wire.Packet) []byte {
	quote := p.IPv4.Append(nil)
	quote = p.TCP.Append(quote)[:len(quote)+8]
	message := append([]byte{wire.ICMPv4Unreachable, 3, 0, 0, 0, 0, 0, 0}, quote...)
	sum := wire.Sum(0).Add(message).Checksum()
	message[2], message[3] = byte(sum>>8), byte(sum)
	h := wire.IPv4{
		Version: 4, IHL: 5, TTL: 64, Protocol: wire.ProtocolICMP, Src: p.IPv4.Dst, Dst: p.IPv4.Src,
		TotalLength: uint16(wire.IPv4Len + len(message)),
	}
	h.Checksum = h.ComputeChecksum()
	e := p.Ethernet.Reversed()
	return append(h.Append(e.Append(nil)), message...)
}

// tryNext reads a packet before the link's deadline and reports whether there
// was one.
func (r *rawPeer) tryNext() bool {
	var frames [1]link.Frame
	n, _ := r.link.ReadFrames(frames[:])
	if n == 0 {
		r.link.SetReadDeadline(time.Time{})
	}
	return n > 0
}
