package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"os"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
	"tfocraft/wire/wiretest"
)

// A party is the TCP of the near host: the kernel's or ours.
type party interface {
	listen(t *testing.T, backlog int) net.Listener // on port 80 of 192.0.2.1
	dial(address, data string) (net.Conn, error)   // with Fast Open
	counters(t *testing.T) map[string]uint64
}

type kernelParty struct{ *host }

func (k kernelParty) listen(t *testing.T, backlog int) net.Listener {
	t.Helper()
	ln := k.host.listen(t, "192.0.2.1:80")
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	// Linux lets one more wait.
	if e := raw.Control(func(fd uintptr) { err = unix.Listen(int(fd), backlog-1) }); e != nil || err != nil {
		t.Fatal(e, err)
	}
	return ln
}

func (k kernelParty) dial(address, data string) (c net.Conn, err error) {
	k.Do(func() error {
		d := net.Dialer{Timeout: 10 * time.Second, Control: func(_, _ string, raw syscall.RawConn) (err error) {
			if e := raw.Control(func(fd uintptr) {
				err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_FASTOPEN_CONNECT, 1)
			}); e != nil {
				return e
			}
			return err
		}}
		if data == "" {
			d.Control = nil
		}
		if c, err = d.Dial("tcp", address); err == nil && data != "" {
			_, err = io.WriteString(c, data)
		}
		return nil
	})
	return c, err
}

func (k kernelParty) counters(t *testing.T) map[string]uint64 {
	n := make(map[string]uint64)
	k.Do(func() error {
		for _, file := range []string{"snmp", "netstat"} {
			b, err := os.ReadFile("/proc/thread-self/net/" + file)
			if err != nil {
				return err
			}
			lines := strings.Split(string(b), "\n")
			for i := 0; i+1 < len(lines); i += 2 {
				if !strings.HasPrefix(lines[i], "Tcp") {
					continue
				}
				names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
				for k, name := range names[1:] {
					n[name], _ = strconv.ParseUint(values[k+1], 10, 64)
				}
			}
		}
		return nil
	})
	return n
}

type ourParty struct {
	stack   *endpoint.Stack
	cookies endpoint.SynCookies
	dialer  *endpoint.Dialer
}

func newOurParty(near *host, cookies bool) *ourParty {
	o := &ourParty{stack: near.open("veth0")}
	o.dialer = &endpoint.Dialer{Stack: o.stack, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{}), Machine: linger, Timeout: 10 * time.Second}
	if cookies {
		o.cookies = endpoint.SynCookiesAlways
	}
	return o
}

func (o *ourParty) listen(t *testing.T, backlog int) net.Listener {
	t.Helper()
	lc := endpoint.ListenConfig{Stack: o.stack, Backlog: backlog, FastOpen: fastOpen(), SynCookies: o.cookies, Machine: linger}
	ln, err := lc.Listen(t.Context(), "tcp", "192.0.2.1:80")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

func (o *ourParty) dial(address, data string) (net.Conn, error) {
	d := *o.dialer
	if data == "" {
		d.FastOpen = handshake.ClientOff
	}
	c, err := d.DialContext(context.Background(), "tcp", address, []byte(data))
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (o *ourParty) counters(*testing.T) map[string]uint64 {
	n := make(map[string]uint64)
	v := reflect.ValueOf(o.stack.Counters())
	for i := range v.NumField() {
		n[v.Type().Field(i).Name] = v.Field(i).Uint()
	}
	return n
}

// compared are the counters that an exchange has to move by the same in both.
// Those of single segments are not among them: when to acknowledge is a choice.
var compared = []string{
	"ActiveOpens", "PassiveOpens", "AttemptFails", "EstabResets", "CurrEstab", "RetransSegs", "OutRsts",
	"SyncookiesSent", "SyncookiesRecv", "SyncookiesFailed", "EmbryonicRsts", "ListenOverflows", "ListenDrops",
	"TCPReqQFullDoCookies", "TCPReqQFullDrop", "TCPSynRetrans", "TCPChallengeACK", "OutOfWindowIcmps", "PAWSActive", "PAWSEstab",
	"TCPFastOpenActive", "TCPFastOpenActiveFail", "TCPFastOpenPassive", "TCPFastOpenPassiveFail",
	"TCPFastOpenListenOverflow", "TCPFastOpenCookieReqd", "TCPFastOpenPassiveAltKey",
}

// A counted is an exchange with the far host, and what it counts.
type counted struct {
	name       string
	cookies    bool // always
	cookiesOff bool
	do         func(t *testing.T, p party, near, far *host) error
	want       map[string]uint64
}

var exchanges = []counted{
	{name: "open", want: map[string]uint64{"PassiveOpens": 1, "CurrEstab": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			_, _, err := acceptFar(t, p, far)
			return err
		}},
	{name: "open and close", want: map[string]uint64{"PassiveOpens": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			server, client, err := acceptFar(t, p, far)
			if err != nil {
				return err
			}
			client.Close()
			io.Copy(io.Discard, server)
			return server.Close()
		}},
	{name: "peer has closed", want: map[string]uint64{"PassiveOpens": 1, "CurrEstab": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			server, client, err := acceptFar(t, p, far)
			if err != nil {
				return err
			}
			client.(*net.TCPConn).CloseWrite()
			_, err = io.Copy(io.Discard, server)
			return err
		}},
	{name: "reset by the peer", want: map[string]uint64{"PassiveOpens": 1, "EstabResets": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			_, client, err := acceptFar(t, p, far)
			if err != nil {
				return err
			}
			client.(*net.TCPConn).SetLinger(0)
			return client.Close()
		}},
	{name: "reset by us", want: map[string]uint64{"PassiveOpens": 1, "EstabResets": 1, "OutRsts": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			server, _, err := acceptFar(t, p, far)
			if err != nil {
				return err
			}
			server.(interface{ SetLinger(sec int) error }).SetLinger(0)
			return server.Close()
		}},
	{name: "half open, reset", want: map[string]uint64{"AttemptFails": 1, "EmbryonicRsts": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			p.listen(t, 10)
			return far.stray(t, near, "S 7:7(0) win 9000 <mss 1460>")
		}},
	{name: "forged ICMP", want: map[string]uint64{"PassiveOpens": 1, "CurrEstab": 1, "OutOfWindowIcmps": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			_, client, err := acceptFar(t, p, far)
			if err != nil {
				return err
			}
			quoted := wire.NewPacket(netip.AddrPortFrom(client4, 80), client.LocalAddr().(*net.TCPAddr).AddrPort(), wire.Segment{Seq: 7, Flags: wire.ACK})
			quoted.SetLengths()
			e := wire.ICMPError{IPVersion: 4, Type: wire.ICMPv4Unreachable, Code: 3, From: server4}
			return far.inject(t, near, func(header []byte) []byte {
				return wire.AppendICMPError(header, e, client4, quoted.Append(nil))
			})
		}},
	// For two minutes from when its 32-bit jiffies have wrapped, five minutes after
	// boot, a kernel believes every listener to have sent SYN cookies lately, and
	// counts this one as wrong unless they are off.
	{name: "stray ACK", cookiesOff: true, want: map[string]uint64{"OutRsts": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			p.listen(t, 10)
			return far.stray(t, near, ". 7:7(0) ack 9 win 9000")
		}},
	{name: "cookie", cookies: true, want: map[string]uint64{"PassiveOpens": 1, "CurrEstab": 1, "TCPReqQFullDoCookies": 1, "SyncookiesSent": 1, "SyncookiesRecv": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			_, _, err := acceptFar(t, p, far)
			return err
		}},
	{name: "wrong cookie", cookies: true, want: map[string]uint64{
		"PassiveOpens": 1, "CurrEstab": 1, "TCPReqQFullDoCookies": 1, "SyncookiesSent": 1, "SyncookiesRecv": 1, "SyncookiesFailed": 1, "OutRsts": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			if _, _, err := acceptFar(t, p, far); err != nil {
				return err
			}
			return far.stray(t, near, ". 7:7(0) ack 9 win 9000")
		}},
	{name: "backlog full", want: map[string]uint64{"PassiveOpens": 1, "CurrEstab": 1, "ListenOverflows": 1, "ListenDrops": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			p.listen(t, 1)
			if _, err := far.connect(t); err != nil {
				return err
			}
			return far.stray(t, near, "S 7:7(0) win 9000 <mss 1460>")
		}},
	{name: "Fast Open, server", want: map[string]uint64{"PassiveOpens": 2, "TCPFastOpenCookieReqd": 1, "TCPFastOpenPassive": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			go serveKernel(p.listen(t, 10))
			for range 2 {
				if got, err := far.ask(netip.AddrPortFrom(client4, 80), "hello"); got != "HELLO" || err != nil {
					return fmt.Errorf("got %q, %w", got, err)
				}
			}
			return nil
		}},
	{name: "Fast Open, client", want: map[string]uint64{"ActiveOpens": 2, "TCPFastOpenActive": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			go serveKernel(far.listen(t, address4))
			for range 2 {
				c, err := p.dial(address4, "hello")
				if err != nil {
					return err
				}
				c.(interface{ CloseWrite() error }).CloseWrite()
				if b, err := io.ReadAll(c); string(b) != "HELLO" || err != nil {
					return fmt.Errorf("got %q, %w", b, err)
				}
				c.Close()
			}
			return nil
		}},
	{name: "Fast Open, client, other key", want: map[string]uint64{"ActiveOpens": 2, "TCPFastOpenActiveFail": 1, "RetransSegs": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			go serveKernel(far.listen(t, address4))
			for i := range 2 {
				far.Sysctl("net/ipv4/tcp_fastopen_key", fmt.Sprintf("00000000-00000000-00000000-0000000%d", i))
				c, err := p.dial(address4, "hello")
				if err != nil {
					return err
				}
				c.(interface{ CloseWrite() error }).CloseWrite()
				if b, err := io.ReadAll(c); string(b) != "HELLO" || err != nil {
					return fmt.Errorf("got %q, %w", b, err)
				}
				c.Close()
			}
			return nil
		}},
	{name: "dial", want: map[string]uint64{"ActiveOpens": 1, "CurrEstab": 1},
		do: func(t *testing.T, p party, near, far *host) error {
			far.listen(t, address4)
			c, err := p.dial(address4, "")
			if err == nil {
				t.Cleanup(func() { c.Close() })
			}
			return err
		}},
	{name: "dial, refused", want: map[string]uint64{"ActiveOpens": 1, "AttemptFails": 1},
		do: func(_ *testing.T, p party, _, _ *host) error {
			if _, err := p.dial(address4, ""); !errors.Is(err, syscall.ECONNREFUSED) {
				return fmt.Errorf("dial: %w, want %w", err, syscall.ECONNREFUSED)
			}
			return nil
		}},
}

// connect dials the near host from the far one's kernel.
func (h *host) connect(t *testing.T) (c net.Conn, err error) {
	h.Do(func() error {
		c, err = net.DialTimeout("tcp", "192.0.2.1:80", 10*time.Second)
		return nil
	})
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

// acceptFar accepts a connection from the far host.
func acceptFar(t *testing.T, p party, far *host) (server, client net.Conn, err error) {
	ln := p.listen(t, 10)
	if client, err = far.connect(t); err != nil {
		return nil, nil, err
	}
	if server, err = ln.Accept(); err == nil {
		t.Cleanup(func() { server.Close() })
	}
	return server, client, err
}

// stray sends a segment from port 5000 that the far host's kernel knows
// nothing of: an answer to it that is no reset gets one.
func (h *host) stray(t *testing.T, near *host, text string) error {
	p := wiretest.Packet(t, "192.0.2.2:5000", "192.0.2.1:80", text, "")
	return h.inject(t, near, p.Append)
}

// inject sends a frame to the near host; packet appends it to its header.
func (h *host) inject(t *testing.T, near *host, packet func(header []byte) []byte) error {
	header := link.AppendHeader(nil, wire.MAC(near.MAC("veth0")), wire.MAC(h.MAC("veth0")), 4)
	var l *link.Packet
	h.Do(func() (err error) {
		l, err = link.Open("veth0", nil)
		return err
	})
	defer l.Close()
	_, err := l.WriteFrames([][]byte{packet(header)})
	return err
}

// An exchange moves our counters by as much as the kernel's.
func TestCountersKernel(t *testing.T) {
	for _, e := range exchanges {
		for _, who := range []string{"kernel", "ours"} {
			t.Run(e.name+", "+who, func(t *testing.T) {
				near, far := wired(t)
				near.Sysctl("net/ipv4/tcp_fastopen", "3")
				var p party = kernelParty{near}
				switch {
				case e.cookies:
					near.Sysctl("net/ipv4/tcp_syncookies", "2")
				case e.cookiesOff:
					near.Sysctl("net/ipv4/tcp_syncookies", "0")
				}
				if who == "ours" {
					p = newOurParty(near, e.cookies)
				}
				if err := e.do(t, p, near, far); err != nil {
					t.Fatal(err)
				}
				awaitCounters(t, p, e.want)
			})
		}
	}
}

// awaitCounters waits for the counters to become what is wanted: the last
// segments may still be under way.
func awaitCounters(t *testing.T, p party, want map[string]uint64) {
	t.Helper()
	var got map[string]uint64
	for range 2000 {
		all := p.counters(t)
		got = make(map[string]uint64)
		for _, name := range compared {
			n, ok := all[name]
			if !ok {
				t.Fatalf("there is no counter %s", name)
			}
			if n > 0 {
				got[name] = n
			}
		}
		if maps.Equal(got, want) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("counted %v, want %v", got, want)
}
