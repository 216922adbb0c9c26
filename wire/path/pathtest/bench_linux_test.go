package pathtest_test

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/wire"
	"tfocraft/wire/link"
	"tfocraft/wire/link/hosttest"
	"tfocraft/wire/path"
	"tfocraft/wire/path/pathtest"
	"tfocraft/wire/wiretest"
)

// ends returns a link to either end of the path, and a full frame from the client
// to a host that no kernel is.
func ends(b *testing.B, top *pathtest.Topology) (client, server *link.Packet, frame []byte) {
	b.Helper()
	open := func(h *hosttest.Host) (l *link.Packet) {
		h.Do(func() (err error) {
			l, err = link.Open(pathtest.Interface, nil)
			return err
		})
		b.Cleanup(func() { l.Close() })
		return l
	}
	p := wiretest.Packet(b, "192.0.2.8:1", "192.0.2.9:2", ". 1:1461(1460) ack 1 win 9", string(make([]byte, 1460)))
	p.HasEthernet, p.Ethernet = true, wire.Ethernet{
		Dst: wire.MAC(top.Server.MAC(pathtest.Interface)), Src: wire.MAC(top.Client.MAC(pathtest.Interface)), EtherType: wire.EtherTypeIPv4,
	}
	return open(top.Client), open(top.Server), p.Append(nil)
}

// Full frames a second that the bridge forwards, as many under way as a receive
// buffer holds.
func BenchmarkForward(b *testing.B) {
	const underWay, batch = 2048, 64
	top := pathtest.New(b, path.Both(1, path.Way{}))
	client, server, frame := ends(b, top)
	frames := make([][]byte, batch)
	for i := range frames {
		frames[i] = frame
	}
	got := make([]link.Frame, batch)
	b.SetBytes(int64(len(frame)))
	sent, received := 0, 0
	b.ResetTimer()
	for received < b.N {
		for sent < b.N && sent-received+batch <= underWay {
			n, err := client.WriteFrames(frames[:min(batch, b.N-sent)])
			if err != nil {
				b.Fatal(err)
			}
			sent += n
		}
		server.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := server.ReadFrames(got)
		if err != nil {
			b.Fatal(err)
		}
		received += n
	}
	b.ReportMetric(float64(received)/b.Elapsed().Seconds(), "frames/s")
}

// How late a frame is that should take 10 ms, one at a time.
func BenchmarkLateness(b *testing.B) {
	const delay = 10 * time.Millisecond
	top := pathtest.New(b, path.Both(1, path.Way{Delay: delay}))
	client, server, frame := ends(b, top)
	got := make([]link.Frame, 1)
	var late []time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := client.WriteFrames([][]byte{frame}); err != nil {
			b.Fatal(err)
		}
		server.SetReadDeadline(start.Add(10 * time.Second))
		if _, err := server.ReadFrames(got); err != nil {
			b.Fatal(err)
		}
		late = append(late, got[0].Time.Sub(start)-delay)
	}
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)/2].Microseconds()), "µs-late-median")
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds()), "µs-late-p99")
}

// What the kernels' TCP makes of a path with CUBIC. Without loss it is the hosts and the
// bridge that limit it, with loss the path.
func BenchmarkKernelGoodput(b *testing.B) {
	const block = 64 << 10
	for name, way := range map[string]path.Way{
		"clean":      {},
		"20ms":       {Delay: 10 * time.Millisecond},
		"20ms-1%":    {Delay: 10 * time.Millisecond, Loss: 0.01},
		"20ms-10MBs": {Delay: 10 * time.Millisecond, Rate: 10e6, Queue: 200e3},
	} {
		b.Run(name, func(b *testing.B) {
			client, server := connect(b, pathtest.New(b, path.Both(1, way)), pathtest.Server4)
			useCubic(b, client)
			b.SetBytes(block)
			data := make([]byte, block)
			b.ResetTimer()
			go func() {
				for range b.N {
					client.Write(data)
				}
			}()
			if _, err := io.CopyN(io.Discard, server, int64(b.N)*block); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// useCubic does by socket what a namespace's sysctl refuses where the machine's own
// default is another.
func useCubic(b *testing.B, c *net.TCPConn) {
	b.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		b.Fatal(err)
	}
	raw.Control(func(fd uintptr) { err = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "cubic") })
	if err != nil {
		b.Fatal(err)
	}
}
