package socket

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"tfocraft/wire"
)

var (
	hostAddr = netip.MustParseAddr("192.168.0.1")
	farAddr  = netip.MustParseAddr("192.0.2.1")
	server   = netip.AddrPortFrom(farAddr, 8080)
)

// A bench is a host with a hand-made peer.
type bench struct {
	t    *testing.T
	now  time.Time
	host *Host
	sent []wire.Packet
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchAt(t, hostAddr)
}

func newBenchAt(t *testing.T, local netip.Addr) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Unix(1000, 0)}
	var err error
	b.host, err = NewHost(Config{Now: b.now, Local: local, MTU: 1500, Send: func(_ time.Time, p *wire.Packet) {
		q := *p
		q.TCP.Options = slices.Clone(p.TCP.Options)
		q.TCP.Payload = slices.Clone(p.TCP.Payload)
		b.sent = append(b.sent, q)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.host.Close() })
	return b
}

// want makes a call that is over at once and compares its result.
func (b *bench) want(op Op, value int, e Errno) Result {
	b.t.Helper()
	r, over := op()
	if !over || r.Value != value || r.Errno != e {
		b.t.Fatalf("got %d %s (over: %v), want %d %s", r.Value, r.Errno, over, value, e)
	}
	return r
}

// waits makes a call that is not over at once.
func (b *bench) waits(op Op) Op {
	b.t.Helper()
	if r, over := op(); over {
		b.t.Fatalf("got %d %s, want it to wait", r.Value, r.Errno)
	}
	return op
}

func (b *bench) pass(d time.Duration) {
	until := b.now.Add(d)
	for {
		next := b.host.Deadline()
		if next.IsZero() || next.After(until) {
			break
		}
		b.now = next
		b.host.Advance(next)
	}
	b.now = until
	b.host.Advance(until)
}

// last is the last segment that the host has sent.
func (b *bench) last() wire.Packet {
	b.t.Helper()
	if len(b.sent) == 0 {
		b.t.Fatal("nothing was sent")
	}
	return b.sent[len(b.sent)-1]
}

// answer sends a segment between the ports of the last one that the host has sent;
// its numbers are relative to that one's.
func (b *bench) answer(text string) {
	b.t.Helper()
	last := b.last()
	parsed, err := wire.ParseText(text)
	if err != nil {
		b.t.Fatal(err)
	}
	seg := parsed.Segment
	seg.Seq += last.TCP.Ack
	if seg.Flags.Has(wire.ACK) {
		seg.Ack += last.TCP.Seq
	}
	b.input(netip.AddrPortFrom(farAddr, last.TCP.DstPort), netip.AddrPortFrom(hostAddr, last.TCP.SrcPort), seg)
}

func (b *bench) input(from, to netip.AddrPort, seg wire.Segment) {
	seg.Options = wire.Pad(seg.Options, 0)
	p := wire.NewPacket(from, to, seg)
	p.SetLengths()
	p.SetChecksums()
	e := wire.Ethernet{EtherType: wire.EtherTypeIPv4}
	b.host.Input(b.now, p.Append(e.Append(nil)))
}

// icmp sends an ICMP error about the last segment that the host has sent.
func (b *bench) icmp(kind, code uint8) {
	b.t.Helper()
	last := b.last()
	e := wire.ICMPError{IPVersion: last.IPVersion, Type: kind, Code: code, From: last.Dst().Addr()}
	ethernet := wire.Ethernet{EtherType: wire.EtherTypeIPv4}
	if last.IPVersion == 6 {
		ethernet.EtherType = wire.EtherTypeIPv6
	}
	b.host.Input(b.now, append(ethernet.Append(nil), wire.AppendICMPError(nil, e, last.Src().Addr(), last.Append(nil))...))
}

// connected returns a descriptor with a connection.
func (b *bench) connected(flags int) int {
	b.t.Helper()
	fd := b.socket(flags | SOCK_NONBLOCK)
	b.want(b.host.Connect(fd, server), -1, EINPROGRESS)
	b.answer("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	if flags&SOCK_NONBLOCK == 0 {
		b.want(b.host.Fcntl(fd, F_SETFL, O_RDWR), 0, "")
	}
	return fd
}

func (b *bench) socket(flags int) int {
	b.t.Helper()
	r, _ := b.host.Socket(AF_INET, SOCK_STREAM|flags, 6)()
	if r.Value < 3 {
		b.t.Fatalf("socket: %d %s", r.Value, r.Errno)
	}
	return r.Value
}

// Descriptors are given out as by Linux: the lowest that is free, from 3 on.
func TestDescriptors(t *testing.T) {
	b := newBench(t)
	for want := 3; want < 6; want++ {
		if fd := b.socket(0); fd != want {
			t.Errorf("got descriptor %d, want %d", fd, want)
		}
	}
	b.want(b.host.CloseFile(4), 0, "")
	b.want(b.host.CloseFile(4), -1, EBADF)
	if fd := b.socket(0); fd != 4 {
		t.Errorf("got descriptor %d, want 4", fd)
	}
	b.want(b.host.Socket(AF_INET, SOCK_STREAM, 17), -1, EPROTONOSUPPORT)
	b.want(b.host.Socket(AF_INET, 11, 0), -1, EINVAL)
}

// What connect says on its way, without blocking.
func TestConnectErrnos(t *testing.T) {
	b := newBench(t)
	fd := b.socket(SOCK_NONBLOCK)
	b.want(b.host.Connect(fd, server), -1, EINPROGRESS)
	b.want(b.host.Connect(fd, server), -1, EALREADY)
	b.want(b.host.Name(fd, true), -1, ENOTCONN)
	b.answer("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	b.want(b.host.Connect(fd, server), 0, "") // once
	b.want(b.host.Connect(fd, server), -1, EISCONN)
	if r := b.want(b.host.Name(fd, true), 0, ""); r.Addr != server {
		t.Errorf("peer: got %v, want %v", r.Addr, server)
	}
}

// A connect that blocks returns with the SYN-ACK, or with why there is none.
func TestConnectBlocks(t *testing.T) {
	b := newBench(t)
	fd := b.socket(0)
	op := b.waits(b.host.Connect(fd, server))
	b.answer("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	b.want(op, 0, "")

	fd = b.socket(0)
	op = b.waits(b.host.Connect(fd, server))
	b.answer("R. 0:0(0) ack 1 win 0")
	b.want(op, -1, ECONNREFUSED)

	fd = b.socket(0)
	op = b.waits(b.host.Connect(fd, server))
	b.pass(5 * time.Minute)
	b.want(op, -1, ETIMEDOUT)
}

// An error is told once: by the next call, be it SO_ERROR.
func TestErrorIsToldOnce(t *testing.T) {
	for _, first := range []string{"read", "write", "SO_ERROR"} {
		b := newBench(t)
		fd := b.connected(SOCK_NONBLOCK)
		b.answer("R 0:0(0) win 0")
		switch first {
		case "read":
			b.want(b.host.Receive(fd, 100, 0), -1, ECONNRESET)
		case "write":
			b.want(b.host.Send(fd, []byte("a"), 0, netip.AddrPort{}), -1, ECONNRESET)
		default:
			if r := b.want(b.host.Option(fd, SOL_SOCKET, SO_ERROR), 0, ""); r.Option[0] != ECONNRESET.Number() {
				t.Errorf("SO_ERROR: got %d", r.Option[0])
			}
		}
		b.want(b.host.Receive(fd, 100, 0), 0, "")
		b.want(b.host.Send(fd, []byte("a"), 0, netip.AddrPort{}), -1, EPIPE)
		if r := b.want(b.host.Option(fd, SOL_SOCKET, SO_ERROR), 0, ""); r.Option[0] != 0 {
			t.Errorf("%s: SO_ERROR after it: got %d", first, r.Option[0])
		}
	}
}

// Reads: nothing yet, some, with MSG_PEEK, with MSG_WAITALL, the end.
func TestReceive(t *testing.T) {
	b := newBench(t)
	fd := b.connected(SOCK_NONBLOCK)
	b.want(b.host.Receive(fd, 100, 0), -1, EAGAIN)
	b.answer("P. 0:5(5) ack 0 win 65535")
	b.want(b.host.Receive(fd, 100, MSG_PEEK), 5, "")
	b.want(b.host.Receive(fd, 3, 0), 3, "")
	if r := b.want(b.host.Ioctl(fd, SIOCINQ, 0), 0, ""); r.Option[0] != 2 {
		t.Errorf("SIOCINQ: got %d, want 2", r.Option[0])
	}
	b.want(b.host.Fcntl(fd, F_SETFL, O_RDWR), 0, "")
	all := b.waits(b.host.Receive(fd, 4, MSG_WAITALL))
	b.pass(time.Second)
	b.answer("P. 0:2(2) ack 0 win 65535")
	b.want(all, 4, "")
	rest := b.waits(b.host.Receive(fd, 4, 0))
	b.pass(time.Second)
	b.answer("F. 0:0(0) ack 0 win 65535")
	b.want(rest, 0, "")
	b.want(b.host.Receive(fd, 4, 0), 0, "")
}

// A timeout of the socket ends a call that waits.
func TestTimeouts(t *testing.T) {
	b := newBench(t)
	fd := b.connected(0)
	b.want(b.host.SetTimeout(fd, SO_RCVTIMEO, 300*time.Millisecond), 0, "")
	op := b.waits(b.host.Receive(fd, 100, 0))
	b.pass(299 * time.Millisecond)
	b.waits(op)
	b.pass(time.Millisecond)
	b.want(op, -1, EAGAIN)
	b.want(b.host.Receive(fd, 100, MSG_DONTWAIT), -1, EAGAIN)
}

// A write takes what there is room for; one that blocks goes on as room comes.
func TestSendBlocks(t *testing.T) {
	b := newBench(t)
	fd := b.socket(SOCK_NONBLOCK)
	b.want(b.host.SetOption(fd, SOL_SOCKET, SO_SNDBUF, 4096), 0, "")
	b.want(b.host.Send(fd, []byte("a"), 0, netip.AddrPort{}), -1, EPIPE)
	b.want(b.host.Connect(fd, server), -1, EINPROGRESS)
	b.want(b.host.Send(fd, []byte("a"), 0, netip.AddrPort{}), -1, EAGAIN)
	b.answer("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	// As much as in Linux 6.18: a packet of half the window, and what has room in the
	// one behind the ten segments that leave.
	b.want(b.host.Send(fd, make([]byte, 60000), 0, netip.AddrPort{}), 46720, "")
	b.want(b.host.Send(fd, []byte("a"), 0, netip.AddrPort{}), -1, EAGAIN)
	if r := b.want(b.host.Ioctl(fd, SIOCOUTQ, 0), 0, ""); r.Option[0] != 46720 {
		t.Errorf("SIOCOUTQ: got %d, want 46720", r.Option[0])
	}
	b.want(b.host.Fcntl(fd, F_SETFL, O_RDWR), 0, "")
	op := b.waits(b.host.Send(fd, make([]byte, 4096), 0, netip.AddrPort{}))
	b.answer(". 0:0(0) ack 1460 win 65535") // of all that has left
	op = b.waits(op)
	b.answer(". 0:0(0) ack 1460 win 65535")
	b.want(op, 4096, "")
}

// Listeners: one connection more than the backlog waits; Accept without one does
// not go on.
func TestAccept(t *testing.T) {
	b := newBench(t)
	fd := b.socket(SOCK_NONBLOCK)
	b.want(b.host.Accept(fd, 0), -1, EINVAL)
	b.want(b.host.Bind(fd, netip.AddrPortFrom(hostAddr, 7000)), 0, "")
	b.want(b.host.Bind(fd, netip.AddrPortFrom(hostAddr, 7000)), -1, EINVAL)
	b.want(b.host.Listen(fd, 1), 0, "")
	b.want(b.host.Accept(fd, 0), -1, EAGAIN)
	b.want(b.host.Receive(fd, 1, 0), -1, ENOTCONN)
	if port := b.host.ListenPort(); port != 7000 {
		t.Errorf("ListenPort: got %d", port)
	}
	for port := uint16(1); port <= 3; port++ {
		from := netip.AddrPortFrom(farAddr, port)
		b.input(from, netip.AddrPortFrom(hostAddr, 7000), wire.Segment{SrcPort: port, DstPort: 7000, Flags: wire.SYN, Window: 1000})
		if b.last().TCP.DstPort == port { // the third SYN finds the queue full
			b.answer(". 0:0(0) ack 1 win 1000")
		}
	}
	for want := 1; want <= 2; want++ {
		r, _ := b.host.Accept(fd, 0)()
		if r.Errno != "" || r.Addr.Port() != uint16(want) {
			t.Errorf("accept: got %+v, want port %d", r, want)
		}
	}
	b.want(b.host.Accept(fd, 0), -1, EAGAIN)
}

// poll tells what can be done, and wakes by itself when its time is over.
func TestPoll(t *testing.T) {
	b := newBench(t)
	fd := b.socket(SOCK_NONBLOCK)
	all := POLLIN | POLLOUT | POLLRDHUP
	poll := func(want int) {
		t.Helper()
		r, over := b.host.Poll([]PollFD{{fd, all}}, 0)()
		if !over || r.Ready[0] != want {
			t.Errorf("poll: got %#x (over: %v), want %#x", r.Ready[0], over, want)
		}
	}
	poll(POLLOUT | POLLHUP) // unconnected
	b.want(b.host.Connect(fd, server), -1, EINPROGRESS)
	poll(0)
	op := b.waits(b.host.Poll([]PollFD{{fd, POLLIN}}, 50*time.Millisecond))
	b.answer("S. 0:0(0) ack 1 win 65535 <mss 1460>")
	poll(POLLOUT)
	b.pass(50 * time.Millisecond)
	b.want(op, 0, "")
	b.answer("P. 0:5(5) ack 0 win 65535")
	poll(POLLIN | POLLOUT)
	b.answer("F. 0:0(0) ack 0 win 65535")
	poll(POLLIN | POLLOUT | POLLRDHUP)
	b.want(b.host.Shutdown(fd, 1), 0, "")
	poll(POLLIN | POLLOUT | POLLRDHUP | POLLHUP)
	if r, _ := b.host.Poll([]PollFD{{99, all}}, 0)(); r.Ready[0] != POLLNVAL {
		t.Errorf("poll of a descriptor that there is none of: got %#x", r.Ready[0])
	}
}

// epoll: level and edge, and one shot.
func TestEpoll(t *testing.T) {
	b := newBench(t)
	fd := b.connected(SOCK_NONBLOCK)
	r, _ := b.host.EpollCreate()()
	ep := r.Value
	b.want(b.host.EpollWait(fd, 1, 0), -1, EINVAL)
	b.want(b.host.EpollControl(ep, EPOLL_CTL_MOD, fd, EpollEvent{}), -1, ENOENT)
	b.want(b.host.EpollControl(ep, EPOLL_CTL_ADD, fd, EpollEvent{Events: POLLIN, Data: 7}), 0, "")
	b.want(b.host.EpollControl(ep, EPOLL_CTL_ADD, fd, EpollEvent{}), -1, EEXIST)
	op := b.waits(b.host.EpollWait(ep, 4, time.Second))
	b.answer("P. 0:5(5) ack 0 win 65535")
	if r := b.want(op, 1, ""); r.Events[0] != (EpollEvent{POLLIN, 7}) {
		t.Errorf("got %+v", r.Events)
	}
	b.want(b.host.EpollWait(ep, 4, 0), 1, "") // still readable
	b.want(b.host.EpollControl(ep, EPOLL_CTL_MOD, fd, EpollEvent{Events: POLLIN | EPOLLET, Data: 7}), 0, "")
	b.want(b.host.EpollWait(ep, 4, 0), 1, "")
	b.want(b.host.EpollWait(ep, 4, 0), 0, "") // nothing new
	b.want(b.host.EpollControl(ep, EPOLL_CTL_MOD, fd, EpollEvent{Events: POLLOUT | EPOLLONESHOT}), 0, "")
	b.want(b.host.EpollWait(ep, 4, 0), 1, "")
	b.want(b.host.EpollWait(ep, 4, 0), 0, "")
	b.want(b.host.EpollControl(ep, EPOLL_CTL_DEL, fd, EpollEvent{}), 0, "")
}

// Options are kept, bounded, and refused where Linux refuses them.
func TestOptions(t *testing.T) {
	b := newBench(t)
	fd := b.socket(SOCK_NONBLOCK)
	for _, test := range []struct {
		level, name, n int
		want           Errno
	}{
		{SOL_TCP, TCP_NODELAY, 1, ""},
		{SOL_TCP, TCP_SYNCNT, 0, EINVAL},
		{SOL_TCP, TCP_SYNCNT, 3, ""},
		{SOL_TCP, TCP_MAXSEG, 10, EINVAL},
		{SOL_TCP, TCP_KEEPIDLE, 40000, EINVAL},
		{SOL_TCP, TCP_FASTOPEN_CONNECT, 2, EINVAL},
		{SOL_TCP, TCP_FASTOPEN_CONNECT, 1, ""},
		{SOL_TCP, 9999, 1, ENOPROTOOPT},
	} {
		value := 0
		if test.want != "" {
			value = -1
		}
		b.want(b.host.SetOption(fd, test.level, test.name, test.n), value, test.want)
		if test.want == "" {
			if r := b.want(b.host.Option(fd, test.level, test.name), 0, ""); r.Option[0] != test.n {
				t.Errorf("option %d: got %d, want %d", test.name, r.Option[0], test.n)
			}
		}
	}
	b.want(b.host.SetFastOpenKey(fd, make([]byte, 3)), -1, EINVAL)
	b.want(b.host.SetFastOpenKey(fd, make([]byte, 32)), 0, "")
	b.want(b.host.SetCongestion(fd, "vegas"), -1, ENOENT)
	b.want(b.host.SetCongestion(fd, "reno\x00"), 0, "")
}

// Settings take effect on what is opened later, and say what is wrong with them.
func TestSettings(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct{ path, value, want string }{
		{"net.ipv4.tcp_timestamps", "0", ""},
		{"/proc/sys/net/ipv4/tcp_sack", "0", ""},
		{"net.ipv4.tcp_timestamps", "x", "not a number"},
		{"net.ipv4.tcp_fastopen_key", "00", "key"},
		{"net.ipv4.tcp_congestion_control", "none", "not known"},
		{"net.ipv4.tcp_ecn", "3", ErrFixedSetting.Error()},
		{"net.ipv4.tcp_mtu_probing", "2", ErrFixedSetting.Error()},
		{"net.ipv4.tcp_congestion_control", "bbr", ErrFixedSetting.Error()},
		{"net.core.no_such_thing", "1", ErrUnknownSetting.Error()},
		{"net.ipv4.tcp_no_such_thing", "1", ErrFixedSetting.Error()},
		{"net.ipv4.tcp_rfc1337", "0", ErrFixedSetting.Error()}, // 1 is what we do
		{"net/ipv4/tcp_rfc1337", " 1 ", ""},
		{"net.ipv4.tcp_tso_rtt_log", "9", ErrIdleSetting.Error()},
		{"net.ipv4.tcp_rto_max_ms", "999", "not a number from 1000"},
	} {
		err := b.host.Set(test.path, test.value)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s=%s: got %v, want %q", test.path, test.value, err, test.want)
		}
	}
	fd := b.socket(SOCK_NONBLOCK)
	b.want(b.host.Connect(fd, server), -1, EINPROGRESS)
	if got := b.last().TCP.Options.String(); strings.Contains(got, "TS") || strings.Contains(got, "sackOK") {
		t.Errorf("options of the SYN: %s", got)
	}
}

// A disconnected socket resets its connection and can be used again.
func TestDisconnect(t *testing.T) {
	b := newBench(t)
	fd := b.connected(SOCK_NONBLOCK)
	b.want(b.host.Disconnect(fd), 0, "")
	if got := b.last().TCP.Flags; !got.Has(wire.RST) {
		t.Errorf("got %v, want a reset", got)
	}
	b.want(b.host.Receive(fd, 1, 0), -1, ECONNRESET)
	b.want(b.host.Receive(fd, 1, 0), -1, ENOTCONN)
	b.want(b.host.Connect(fd, server), -1, EINPROGRESS)
	if got := b.last().TCP.Flags; got != wire.SYN {
		t.Errorf("got %v, want a SYN", got)
	}
}

// SO_LINGER with no time makes close a reset.
func TestLinger(t *testing.T) {
	b := newBench(t)
	fd := b.connected(SOCK_NONBLOCK)
	b.want(b.host.SetLinger(fd, true, 0), 0, "")
	b.want(b.host.CloseFile(fd), 0, "")
	if got := b.last().TCP.Flags; !got.Has(wire.RST) {
		t.Errorf("got %v, want a reset", got)
	}
}
