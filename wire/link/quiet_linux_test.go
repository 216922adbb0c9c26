package link

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// watchers counts the epoll instances of this process that watch the file behind
// raw.
func watchers(t *testing.T, raw syscall.RawConn) int {
	t.Helper()
	var st unix.Stat_t
	if err := raw.Control(func(fd uintptr) {
		if err := unix.Fstat(int(fd), &st); err != nil {
			t.Fatal(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	infos, err := filepath.Glob("/proc/self/fdinfo/*")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range infos {
		info, err := os.ReadFile(name)
		if err != nil {
			continue // closed meanwhile
		}
		for line := range strings.Lines(string(info)) {
			if strings.HasPrefix(line, "tfd:") && strings.Contains(line, fmt.Sprintf("ino:%x ", st.Ino)) {
				n++
			}
		}
	}
	return n
}

// Nobody wakes up for a frame that has gone.
func TestQuietSocket(t *testing.T) {
	near, _ := wired(t)
	l := near.open("veth0", onlyOurs)
	received, err := l.conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if got := watchers(t, received); got != 1 {
		t.Errorf("the receiving socket has %d watchers, want Go's poller", got)
	}
	if got := watchers(t, l.segments.socket.raw); got != 0 {
		t.Errorf("the sending socket has %d watchers, want none", got)
	}
}

// fullSocket returns a socket whose send buffer is full, and its other end.
func fullSocket(t *testing.T) (full, other *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for unix.Send(fds[0], []byte{1}, unix.MSG_DONTWAIT) == nil {
	}
	full, other = os.NewFile(uintptr(fds[0]), "full"), os.NewFile(uintptr(fds[1]), "other")
	t.Cleanup(func() { full.Close(); other.Close() })
	return full, other
}

// Where the send buffer is full, sending waits for room, or for the link's end.
func TestSendBufferFull(t *testing.T) {
	for _, end := range []bool{false, true} {
		full, other := fullSocket(t)
		raw, err := full.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		s := newSender(raw, formEthernet.loader(1))
		type result struct {
			n   int
			err error
		}
		done := make(chan result)
		go func() {
			n, err := s.send([][]byte{textFrame("1")})
			done <- result{n, err}
		}()
		select {
		case r := <-done:
			t.Fatalf("sent %d, %v, without room", r.n, r.err)
		case <-time.After(2 * roomWait):
		}
		if end {
			full.Close()
			if r := <-done; r.n != 0 || r.err == nil {
				t.Errorf("closed: sent %d, %v", r.n, r.err)
			}
			continue
		}
		if _, err := other.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if r := <-done; r.n != 1 || r.err != nil {
			t.Errorf("sent %d, %v, want 1 as soon as there is room", r.n, r.err)
		}
	}
}

// Poll takes what there is, after the deadline, too, and never waits.
func TestPoll(t *testing.T) { eachWay(t, testPoll) }

func testPoll(t *testing.T) {
	near, peer := wired(t)
	out := peer.open("veth0", onlyOurs)
	l := near.open("veth0", onlyOurs)
	header := AppendHeader(nil, macOf(near.MAC("veth0")), macOf(peer.MAC("veth0")), 4)
	var seen int
	poller := Tee(l, func([]byte, time.Time, bool) { seen++ }).(Poller)
	batch := make([]Frame, 4)
	if n, err := poller.Poll(batch); n != 0 || err != nil {
		t.Errorf("nothing there: got %d, %v", n, err)
	}
	l.SetReadDeadline(time.Unix(1, 0))
	frame := segment(header, netip.AddrPortFrom(peer4, 7), netip.AddrPortFrom(ours4, ourPort), syn())
	write(t, out, frame)
	write(t, out, frame)
	got := 0
	for end := time.Now().Add(5 * time.Second); got < 2 && time.Now().Before(end); {
		n, err := poller.Poll(batch)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	if got != 2 || seen != 2 {
		t.Errorf("got %d frames and saw %d, want 2", got, seen)
	}
	l.Close()
	if _, err := poller.Poll(batch); err != net.ErrClosed {
		t.Errorf("closed: got %v, want %v", err, net.ErrClosed)
	}
}
