package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/handshake/drill/expr"
	"tfocraft/handshake/drill/script"
	"tfocraft/wire"
)

// A drillProgram does what a script says beside packets, on a host whose kernel is
// tested: settings, socket calls and assertions. Meanwhile tfo drill plays the
// network's side.
type drillProgram struct {
	host  *lab.Host
	addr  netip.Addr // of the host
	shown *drillShown
	fds   map[int64]int // of the script -> of this process
	last  int           // descriptor that was accepted
	now   time.Time     // when the event before was
	sent  bool          // it was a packet to the host
}

// drillPatience bounds every call that blocks.
const drillPatience = 5 * time.Second

// drillSettle is what a packet may take from tfo drill to the host's kernel.
const drillSettle = 20 * time.Millisecond

// errDrillOver says that the network's side has ended before the program.
var errDrillOver = errors.New("tfo drill has ended before")

// play goes through the events of a script. Its first error is that of a call which
// returns something else than the script says.
func (p *drillProgram) play(s *script.Script) error {
	defer p.shown.leave()
	p.now = time.Now()
	for i := range s.Events {
		if err := p.event(&s.Events[i]); err != nil {
			return fmt.Errorf("line %d: %s: %w", s.Events[i].Pos.Line, s.Events[i].Source, err)
		}
	}
	return nil
}

func (p *drillProgram) event(e *script.Event) error {
	sent := p.sent
	p.sent = e.ICMP != nil || e.Packet != nil && e.Packet.Direction == script.In
	if e.Packet != nil {
		err := p.shown.await(e.Packet)
		p.now = time.Now()
		return err
	}
	if e.Time.Kind == script.Relative {
		p.now = p.now.Add(e.Time.At)
		time.Sleep(time.Until(p.now))
	}
	if sent {
		time.Sleep(drillSettle)
	}
	switch {
	case e.Command != nil:
		return p.command(e.Command.Text)
	case e.Code != nil:
		return p.assert(e.Code.Text)
	case e.Call != nil:
		return p.call(e.Call)
	}
	return nil // ICMP is not shown, and comes at its time
}

// assert waits until what a script says of the connection accepted last is so.
func (p *drillProgram) assert(text string) (err error) {
	env := expr.Env{Lookup: p.name}
	for deadline := time.Now().Add(drillPatience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		err = env.Run(text)
		if _, failed := errors.AsType[*expr.AssertError](err); !failed {
			break
		}
	}
	return err
}

// name returns what a name in an assertion stands for.
func (p *drillProgram) name(name string) (expr.Value, bool) {
	if n, ok := drillNames[name]; ok {
		return expr.Int(n), true
	}
	info, err := unix.GetsockoptTCPInfo(p.last, unix.SOL_TCP, unix.TCP_INFO)
	switch {
	case err == nil && name == "tcpi_options":
		return expr.Int(int64(info.Options)), true
	case err == nil && name == "tcpi_state":
		return expr.Int(int64(info.State)), true
	}
	return expr.Value{}, false
}

// command changes settings of the host.
func (p *drillProgram) command(text string) error {
	for word := range strings.FieldsSeq(text) {
		if name, value, ok := strings.Cut(word, "="); ok {
			if err := p.host.Sysctl(name, value); err != nil {
				return err
			}
		} else if word != "sysctl" && word != "-q" {
			return fmt.Errorf("%q: %w", word, errors.ErrUnsupported)
		}
	}
	return nil
}

// call makes a socket call and compares what it returns.
func (p *drillProgram) call(c *script.Call) error {
	arg := func(i int) int64 { return drillNumber(&c.Args[i]) }
	got, err := p.do(c, arg)
	for err == unix.EINTR {
		got, err = p.do(c, arg)
	}
	errno, returned := errors.AsType[unix.Errno](err)
	if err != nil && !returned {
		return err // not a call's
	}
	if err != nil {
		got = -1
	}
	want := drillNumber(&c.Result)
	if c.Name == "socket" || c.Name == "accept" {
		if err == nil {
			p.fds[want] = got
		}
		return err
	}
	if int(want) != got || unix.ErrnoName(errno) != c.Errno {
		return fmt.Errorf("returns %d %s", got, unix.ErrnoName(errno))
	}
	return nil
}

func (p *drillProgram) do(c *script.Call, arg func(i int) int64) (int, error) {
	if c.Name == "socket" {
		return p.socket()
	}
	if c.Name == "poll" {
		return p.poll(&c.Args[0].Args[0])
	}
	fd := p.fds[arg(0)]
	switch c.Name {
	case "bind":
		return drillZero(unix.Bind(fd, drillSockaddr(p.addr)))
	case "listen":
		return drillZero(unix.Listen(fd, int(arg(1))))
	case "setsockopt":
		if value := &c.Args[3]; value.Kind == script.String {
			return drillZero(unix.SetsockoptString(fd, int(arg(1)), int(arg(2)), value.Text))
		}
		return drillZero(unix.SetsockoptInt(fd, int(arg(1)), int(arg(2)), int(drillNumber(&c.Args[3].Args[0]))))
	case "accept":
		got, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC)
		p.last = got
		return got, err
	case "read":
		return p.read(fd, int(arg(2)), int(drillNumber(&c.Result)))
	case "recv":
		n, _, err := unix.Recvfrom(fd, make([]byte, arg(2)), int(arg(3)))
		return n, err
	case "write":
		return unix.SendmsgN(fd, make([]byte, arg(2)), nil, nil, unix.MSG_NOSIGNAL)
	case "close":
		delete(p.fds, arg(0))
		// A program that another test is just starting must not hold on to it.
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		return drillZero(unix.Close(fd))
	}
	return 0, fmt.Errorf("%s: %w", c.Name, errors.ErrUnsupported)
}

// socket opens a socket whose calls, and those of what it accepts, do not wait forever.
func (p *drillProgram) socket() (fd int, err error) {
	err = p.host.Do(func() error {
		fd, err = unix.Socket(drillFamily(p.addr), unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
		return err
	})
	if err != nil {
		return -1, err
	}
	bound := unix.NsecToTimeval(drillPatience.Nanoseconds())
	return fd, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &bound)
}

// read waits until there is as much as the script says: what was sent at the same
// time may be on its way.
func (p *drillProgram) read(fd, room, want int) (int, error) {
	for deadline := time.Now().Add(drillPatience); want > 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		n, _, err := unix.Recvfrom(fd, make([]byte, room), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if n >= want || err != nil && err != unix.EAGAIN && err != unix.EINTR {
			break
		}
	}
	return unix.Read(fd, make([]byte, room))
}

// poll asks at once.
func (p *drillProgram) poll(e *script.Expr) (int, error) {
	var ask unix.PollFd
	var want int16
	for i := range e.Fields {
		switch f := &e.Fields[i]; f.Name {
		case "fd":
			ask.Fd = int32(p.fds[drillNumber(&f.Value)])
		case "events":
			ask.Events = int16(drillNumber(&f.Value))
		case "revents":
			want = int16(drillNumber(&f.Value))
		}
	}
	fds := []unix.PollFd{ask}
	n, err := unix.Poll(fds, 0)
	if err == nil && fds[0].Revents != want {
		return n, fmt.Errorf("poll: revents is %#x", fds[0].Revents)
	}
	return n, err
}

func (p *drillProgram) close() {
	for _, fd := range p.fds {
		unix.Close(fd)
	}
}

// drillSockaddr is where the programs of scripts listen.
func drillSockaddr(a netip.Addr) unix.Sockaddr {
	if a.Is6() {
		return &unix.SockaddrInet6{Addr: a.As16(), Port: e2ePort}
	}
	return &unix.SockaddrInet4{Addr: a.As4(), Port: e2ePort}
}

// drillZero returns what a call returns that has nothing to return.
func drillZero(err error) (int, error) {
	if err != nil {
		return -1, err
	}
	return 0, nil
}

// drillNames are the names of numbers that stand in arguments and assertions.
var drillNames = map[string]int64{
	"SOL_SOCKET": unix.SOL_SOCKET, "SO_REUSEADDR": unix.SO_REUSEADDR, "SO_RCVBUF": unix.SO_RCVBUF,
	"SOL_TCP": unix.SOL_TCP, "TCP_FASTOPEN": unix.TCP_FASTOPEN, "TCP_FASTOPEN_KEY": unix.TCP_FASTOPEN_KEY,
	"TCP_FASTOPEN_NO_COOKIE": unix.TCP_FASTOPEN_NO_COOKIE, "MSG_DONTWAIT": unix.MSG_DONTWAIT, "POLLIN": unix.POLLIN,
	"TCPI_OPT_SYN_DATA": 32, "TCP_ESTABLISHED": 1, "TCP_SYN_RECV": 3, "TCP_CLOSE": 7,
}

// drillNumber evaluates an argument; what is not known makes calls fail.
func drillNumber(e *script.Expr) int64 {
	switch e.Kind {
	case script.Integer:
		return e.Int
	case script.Unary:
		return -drillNumber(&e.Args[0])
	}
	if n, ok := drillNames[e.Text]; ok {
		return n
	}
	return -1
}

// A drillShown is where tfo drill -v shows packets, those that it sends before they
// leave. It keeps the two sides of a script in step: nothing is sent before the
// program has done what comes first.
type drillShown struct {
	mu      sync.Mutex
	changed sync.Cond
	text    bytes.Buffer
	came    []string // packets of the host that the program has not looked at
	asked   int      // packets that are to be sent
	allowed int      // and may be
	waits   bool     // the program waits for a packet of the host
	left    bool     // there is no program any more
	over    bool     // nor a network
}

func newDrillShown() *drillShown {
	s := &drillShown{}
	s.changed.L = &s.mu
	return s
}

func (s *drillShown) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fields := strings.Fields(string(p))
	switch {
	case len(fields) < 4:
	case fields[1] == ">":
		s.came = append(s.came, strings.Join(fields[2:], " "))
		s.changed.Broadcast()
	case fields[1] == "<":
		s.asked++
		s.changed.Broadcast()
		// A program that waits for a packet when the next one is sent waits in vain.
		for s.asked > s.allowed && !s.left && (!s.waits || len(s.came) > 0) {
			s.changed.Wait()
		}
	}
	return s.text.Write(p)
}

// await lets a packet be sent, or waits for one of the host.
func (s *drillShown) await(e *script.Packet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Direction == script.In {
		s.allowed++
		s.changed.Broadcast()
		for s.asked < s.allowed {
			if s.over {
				return errDrillOver
			}
			s.changed.Wait()
		}
		return nil
	}
	s.waits = true
	defer func() { s.waits = false }()
	for size := 0; ; s.came = s.came[1:] {
		for len(s.came) == 0 {
			if s.over {
				return errDrillOver
			}
			s.changed.Broadcast()
			s.changed.Wait()
		}
		// What a host has cut is one packet in a script.
		got, err := wire.ParseText(s.came[0])
		if err != nil {
			return err
		}
		if got.Segment.Flags|wire.PSH != e.Segment.Flags|wire.PSH {
			continue // of a connection that the script has left behind
		}
		if size += len(got.Segment.Payload); size >= len(e.Segment.Payload) {
			s.came = s.came[1:]
			return nil
		}
	}
}

// leave says that the program has ended.
func (s *drillShown) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = true
	s.changed.Broadcast()
}

// end says that the network has.
func (s *drillShown) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.changed.Broadcast()
}

func (s *drillShown) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
