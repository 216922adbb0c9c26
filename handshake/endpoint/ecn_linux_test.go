package endpoint_test

import (
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// A witness looks at what a stack sends and receives.
type witness struct {
	mu      sync.Mutex
	offers  int                        // SYNs that offer ECN
	marks   int                        // segments of ours that have to do with ECN
	packets int                        // of ours
	labels  map[uint16]map[uint32]bool // IPv6 flow labels of ours, by local port
}

func (w *witness) see(_ time.Time, outgoing bool, p *wire.Packet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ecn := p.TCP.Flags.Any(wire.ECE | wire.CWR | wire.AE)
	switch {
	case !outgoing && ecn && p.TCP.Flags.Has(wire.SYN):
		w.offers++
	case outgoing:
		w.packets++
		if ecn || (p.IPv4.TOS|p.IPv6.TrafficClass)&3 != 0 {
			w.marks++
		}
	}
	if outgoing && p.IPv6.Version == 6 {
		if w.labels[p.TCP.SrcPort] == nil {
			w.labels[p.TCP.SrcPort] = make(map[uint32]bool)
		}
		w.labels[p.TCP.SrcPort][p.IPv6.FlowLabel] = true
	}
}

// A kernel that offers ECN gets none, and no packet of ours says that it could be
// marked; it counts them. RFC 3168, Section 6.1.1: C-117.
func TestECNKernel(t *testing.T) {
	near, far := wired(t)
	far.Sysctl("net/ipv4/tcp_ecn", "1")
	var w witness
	s := near.openWith("veth0", endpoint.Config{Trace: w.see})
	ln, err := (&endpoint.ListenConfig{Stack: s, FastOpen: fastOpen(), Machine: linger}).Listen(t.Context(), "tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	go echo(ln)
	for range 2 {
		if got, err := far.ask(netip.AddrPortFrom(client4, 80), "hello"); got != "HELLO" || err != nil {
			t.Fatalf("the kernel's client: got %q, %v", got, err)
		}
	}
	kernel := far.listen(t, address4)
	go serveKernel(kernel)
	dialTwice(t, s, address4)

	w.mu.Lock()
	defer w.mu.Unlock()
	if w.offers == 0 {
		t.Error("the kernel has not offered ECN")
	}
	if w.packets == 0 || w.marks > 0 {
		t.Errorf("%d of our %d segments have to do with ECN", w.marks, w.packets)
	}
	counts := far.ipCounters()
	if counts["InNoECTPkts"] == 0 || counts["InECT0Pkts"]+counts["InECT1Pkts"]+counts["InCEPkts"] > 0 {
		t.Errorf("the kernel has received %d packets without ECT, %d, %d and %d with",
			counts["InNoECTPkts"], counts["InECT0Pkts"], counts["InECT1Pkts"], counts["InCEPkts"])
	}
}

// marks is what a stack's segments have had to do with ECN, one way.
type marks struct {
	asked, agreed int // SYNs and SYN-ACKs
	data, ect     int // segments with data, and those of them that may be marked
	wrong         int // others that may be
	ece, cwr      int
}

func (m *marks) see(p *wire.Packet) {
	s := &p.TCP
	data := len(s.Payload) > 0 && !s.Flags.Has(wire.SYN)
	switch {
	case s.Flags&(wire.SYN|wire.ACK|wire.ECE|wire.CWR) == wire.SYN|wire.ECE|wire.CWR:
		m.asked++
	case s.Flags&(wire.SYN|wire.ACK|wire.ECE|wire.CWR) == wire.SYN|wire.ACK|wire.ECE:
		m.agreed++
	case s.Flags.Has(wire.SYN):
	case s.Flags.Has(wire.ECE):
		m.ece++
	}
	if !s.Flags.Has(wire.SYN) && s.Flags.Has(wire.CWR) {
		m.cwr++
	}
	if data {
		m.data++
	}
	switch marked := p.ECN() != wire.NotECT; {
	case marked && data:
		m.ect++
	case marked:
		m.wrong++
	}
}

// An ecnWitness looks at what a stack sends and receives.
type ecnWitness struct {
	mu        sync.Mutex
	ours, his marks
}

func (w *ecnWitness) see(_ time.Time, outgoing bool, p *wire.Packet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if outgoing {
		w.ours.see(p)
	} else {
		w.his.see(p)
	}
}

// take returns what was seen since the last call.
func (w *ecnWitness) take() (ours, his marks) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ours, his = w.ours, w.his
	w.ours, w.his = marks{}, marks{}
	return ours, his
}

// ECN with a kernel, in its two ways of speaking it, as a server and as a client.
// What carries data may be marked, both ways, and nothing else. RFC 3168,
// Sections 6.1.1 and 6.1.4: C-117, C-127.
func TestECNWithKernel(t *testing.T) {
	near, far := wired(t)
	var w ecnWitness
	s := near.openWith("veth0", endpoint.Config{Trace: w.see})
	client, server := linger, linger
	client.ECN, server.ECN = handshake.ECNRequest, handshake.ECNAnswer
	ln, err := (&endpoint.ListenConfig{Stack: s, FastOpen: fastOpen(), Machine: server}).Listen(t.Context(), "tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	go echo(ln)
	for _, address := range []string{address4, address6} {
		go serveKernel(far.listen(t, address))
	}
	for _, way := range []string{"1", "2"} {
		far.Sysctl("net/ipv4/tcp_ecn", way)
		for i, address := range []string{address4, address6} {
			d := &endpoint.Dialer{Stack: s, Machine: client, Timeout: 10 * time.Second}
			c := dialECN(t, d, address, 100_000)
			ours, his := w.take()
			if !c.Info().ECN || !c.Info().ECNSeen || ours.asked != 1 || his.agreed != 1 {
				t.Errorf("tcp_ecn=%s, %s: no agreement: %+v, %+v", way, address, ours, his)
			}
			if ours.ect == 0 || ours.ect != ours.data-c.Info().Retransmits || his.ect == 0 || ours.wrong > 0 {
				t.Errorf("tcp_ecn=%s, %s: we have sent %+v, the kernel %+v", way, address, ours, his)
			}

			remote := netip.AddrPortFrom([]netip.Addr{client4, client6}[i], 80)
			for range 2 { // the second one with its data in the SYN
				if got, err := far.ask(remote, "hello"); got != "HELLO" || err != nil {
					t.Fatalf("the kernel's client: got %q, %v", got, err)
				}
			}
			ours, his = w.take()
			if way == "1" && (his.asked == 0 || ours.agreed != his.asked || ours.ect == 0) ||
				way == "2" && (his.asked > 0 || ours.agreed > 0 || ours.ect > 0) || ours.wrong > 0 {
				t.Errorf("tcp_ecn=%s, client to %s: we have sent %+v, the kernel %+v", way, remote, ours, his)
			}
		}
	}
}

// The segments of a burst may be marked as well: the kernel counts them. RFC 3168,
// Section 5: C-127.
func TestECNBurstToKernel(t *testing.T) {
	near, far := wired(t)
	s := near.open("veth0")
	d := &endpoint.Dialer{Stack: s, Machine: linger, Timeout: 10 * time.Second}
	d.Machine.ECN = handshake.ECNRequest
	for _, address := range []string{address4, address6} {
		go serveKernel(far.listen(t, address))
		dialECN(t, d, address, 1_000_000)
	}
	if got := far.ipCounters()["InECT0Pkts"]; got < 20 {
		t.Errorf("the kernel has received %d packets that may be marked", got)
	}
}

// dialECN has an echo in capitals answer n bytes, and returns the connection, which
// is closed.
func dialECN(t *testing.T, d *endpoint.Dialer, address string, n int) *endpoint.Conn {
	t.Helper()
	c, err := d.DialContext(t.Context(), "tcp", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	text := strings.Repeat("ten bytes ", n/10)
	go func() {
		io.WriteString(c, text)
		c.CloseWrite()
	}()
	if b, err := io.ReadAll(c); string(b) != strings.ToUpper(text) || err != nil {
		t.Errorf("%s: got %d bytes, %v; want %d", address, len(b), err, n)
	}
	c.Close()
	return c
}

// A congested link marks, both ways, one in a number of IPv6 packets that may be
// marked.
type congested struct {
	link.Link
	every      int
	sent, came int
}

func (c *congested) mark(frame []byte, count *int) {
	if len(frame) < wire.EthernetLen+wire.IPv6Len || frame[wire.EthernetLen]>>4 != 6 {
		return
	}
	// The two bits are in the second byte, whose low half is of the flow label.
	if class := &frame[wire.EthernetLen+1]; *class>>4&3 == byte(wire.ECT0) {
		if *count++; *count%c.every == 0 {
			*class |= byte(wire.CE) << 4
		}
	}
}

func (c *congested) WriteFrames(batch [][]byte) (int, error) {
	for _, frame := range batch {
		c.mark(frame, &c.sent)
	}
	return c.Link.WriteFrames(batch)
}

func (c *congested) ReadFrames(batch []link.Frame) (int, error) {
	n, err := c.Link.ReadFrames(batch)
	for i := range n {
		c.mark(batch[i].Data, &c.came)
	}
	return n, err
}

// Marks are told and answered in both directions: the window shrinks.
// RFC 3168, Sections 6.1.2 and 6.1.3: C-125, C-126.
func TestECNMarksWithKernel(t *testing.T) {
	near, far := wired(t)
	var w ecnWitness
	var s *endpoint.Stack
	near.Do(func() error {
		l, err := link.Open("veth0", nil)
		if err != nil {
			return err
		}
		r, err := link.NewResolver()
		if err != nil {
			return err
		}
		t.Cleanup(func() { r.Close() })
		g, err := iptables.Open(t.Context(), iptables.Config{})
		if err != nil {
			return err
		}
		t.Cleanup(func() { g.Close() })
		s, err = endpoint.New(endpoint.Config{
			Link: &congested{Link: l, every: 5}, Router: r, Guard: kernelGuard{g}, Trace: w.see,
			Local: []netip.Prefix{netip.PrefixFrom(client6, 128)},
		})
		return err
	})
	t.Cleanup(func() { s.Close() })
	go serveKernel(far.listen(t, address6))
	d := &endpoint.Dialer{Stack: s, Machine: linger, Timeout: 10 * time.Second}
	d.Machine.ECN = handshake.ECNRequest
	c := dialECN(t, d, address6, 1_000_000)
	ours, his := w.take()
	if his.ece == 0 || ours.cwr == 0 {
		t.Errorf("marks on what we have sent: %d ACKs with ECE, %d CWR", his.ece, ours.cwr)
	}
	if ours.ece == 0 || his.cwr == 0 {
		t.Errorf("marks on what the kernel has sent: %d ACKs with ECE, %d CWR", ours.ece, his.cwr)
	}
	if got := c.Info(); got.Threshold >= 1<<30 {
		t.Errorf("got threshold %d: the window has not shrunk", got.Threshold)
	}
}

// ipCounters returns the line IpExt of the host's /proc/net/netstat.
func (h *host) ipCounters() map[string]int {
	h.t.Helper()
	counts := make(map[string]int)
	h.Do(func() error {
		b, err := os.ReadFile("/proc/thread-self/net/netstat")
		if err != nil {
			return err
		}
		var names []string
		for line := range strings.Lines(string(b)) {
			fields := strings.Fields(line)
			if len(fields) == 0 || fields[0] != "IpExt:" {
				continue
			}
			if names == nil {
				names = fields
				continue
			}
			for i, field := range fields[1:] {
				counts[names[i+1]], _ = strconv.Atoi(field)
			}
		}
		return nil
	})
	return counts
}

// All packets of a connection carry one IPv6 flow label, and another connection
// has another. RFC 6437, Section 3: C-118.
func TestFlowLabel(t *testing.T) {
	near, far := wired(t)
	w := witness{labels: make(map[uint16]map[uint32]bool)}
	s := near.openWith("veth0", endpoint.Config{Trace: w.see})
	go serveKernel(far.listen(t, address6))
	d := endpoint.Dialer{Stack: s, Machine: linger, Timeout: 10 * time.Second}
	const connections = 3
	for range connections {
		c, err := d.DialContext(t.Context(), "tcp", address6, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(c, "hello")
		c.CloseWrite()
		io.ReadAll(c)
		c.Close()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make(map[uint32]bool)
	for port, labels := range w.labels {
		if len(labels) != 1 {
			t.Errorf("port %d: got %d labels, want 1", port, len(labels))
		}
		for label := range labels {
			all[label] = true
		}
	}
	if len(w.labels) != connections || len(all) != connections {
		t.Errorf("got %d labels for %d connections, want %d", len(all), len(w.labels), connections)
	}
}
