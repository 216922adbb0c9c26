package lab

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// What a server has not read is charged to its socket, and nothing once the connection is over.
func TestKernelMemory(t *testing.T) {
	l := newLab(t, Config{})
	_, addr := l.Addresses(false)
	asked, goOn := make(chan struct{}), make(chan struct{})
	s := serve(t, l.Server, KernelServerConfig{Listen: netip.AddrPortFrom(addr, 80), Reply: func(netip.AddrPort, []byte) []byte {
		close(asked)
		<-goOn
		return nil
	}})
	var client net.Conn
	err := l.Client.Do(func() (err error) {
		client, err = net.Dial("tcp", s.Addr().String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	write := func(b []byte) {
		t.Helper()
		if _, err := client.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	write([]byte("hello"))
	<-asked
	write(make([]byte, 10_000))
	awaitMemory(t, s, func(n int) bool { return n >= 10_000 && n < 1<<20 })
	close(goOn)
	client.Close()
	awaitMemory(t, s, func(n int) bool { return n == 0 })
}

func awaitMemory(t *testing.T, s *KernelServer, right func(n int) bool) {
	t.Helper()
	n := 0
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		var err error
		if n, err = s.Memory(); err != nil {
			t.Fatal(err)
		}
		if right(n) {
			return
		}
	}
	t.Errorf("the sockets have %d bytes", n)
}
