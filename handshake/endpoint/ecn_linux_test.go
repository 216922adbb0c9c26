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

	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
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
