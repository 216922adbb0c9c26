package pathtest_test

import (
	"fmt"
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

// ends returns a link to either end of the path, and a frame from the client
// to a host that no kernel is.
func ends(b *testing.B, top *pathtest.Topology, payload int) (client, server *link.Packet, frame []byte) {
	b.Helper()
	open := func(h *hosttest.Host) (l *link.Packet) {
		h.Do(func() (err error) {
			l, err = link.Open(pathtest.Interface, nil)
			return err
		})
		b.Cleanup(func() { l.Close() })
		return l
	}
	p := wiretest.Packet(b, "192.0.2.8:1", "192.0.2.9:2", fmt.Sprintf(". 1:%d(%d) ack 1 win 9", 1+payload, payload), string(make([]byte, payload)))
	p.HasEthernet, p.Ethernet = true, wire.Ethernet{
		Dst: wire.MAC(top.Server.MAC(pathtest.Interface)), Src: wire.MAC(top.Client.MAC(pathtest.Interface)), EtherType: wire.EtherTypeIPv4,
	}
	return open(top.Client), open(top.Server), p.Append(nil)
}

// Frames a second that the bridge forwards, as many under way as a receive buffer holds: per second, and per second of one
// processor, which is what does not depend on who else is busy. Both the sender's and the receiver's work is in it.
func BenchmarkForward(b *testing.B) {
	for name, c := range map[string]struct {
		way     path.Way
		payload int
		boxes   string
	}{
		"full":        {payload: 1460},
		"short":       {payload: 0},
		"full-1ms":    {payload: 1460, way: path.Way{Delay: time.Millisecond}},
		"full-boxes":  {payload: 1460, boxes: "rewrite-isn,strip-sack,normalise-options"},
		"short-boxes": {payload: 0, boxes: "rewrite-isn,strip-sack,normalise-options"},
	} {
		b.Run(name, func(b *testing.B) {
			boxes, err := path.ParseMiddleboxes(c.boxes)
			if err != nil {
				b.Fatal(err)
			}
			forward(b, path.Both(1, c.way, boxes...), c.payload)
		})
	}
}

func forward(b *testing.B, cfg *path.Config, payload int) {
	const underWay, batch = 2048, 64
	client, server, frame := ends(b, pathtest.New(b, cfg), payload)
	frames := make([][]byte, batch)
	for i := range frames {
		frames[i] = frame
	}
	got := make([]link.Frame, batch)
	b.SetBytes(int64(len(frame)))
	sent, received := 0, 0
	b.ResetTimer()
	before := processorTime(b)
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
	b.ReportMetric(float64(received)/(processorTime(b)-before).Seconds(), "frames/cpu-s")
}

// processorTime is what this process has used of all processors.
func processorTime(b *testing.B) time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// How late a frame is that should take 10 ms, one at a time.
func BenchmarkLateness(b *testing.B) {
	const delay = 10 * time.Millisecond
	top := pathtest.New(b, path.Both(1, path.Way{Delay: delay}))
	client, server, frame := ends(b, top, 1460)
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
