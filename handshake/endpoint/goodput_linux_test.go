package endpoint_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tfocraft/handshake/endpoint"
	"tfocraft/wire/path"
	"tfocraft/wire/path/pathtest"
)

// goodputTime is how long a sender has.
const goodputTime = 10 * time.Second

// BenchmarkGoodput has ours and Linux with CUBIC send to a kernel over a path that
// loses 1 % each way and takes 20 ms there and back. Each iteration is another
// seed, the same for both, so that they lose the same frames.
func BenchmarkGoodput(b *testing.B) {
	lossy := path.Way{Delay: 10 * time.Millisecond, Loss: 0.01}
	var ours, linux []float64
	for seed := uint64(1); b.Loop(); seed++ {
		ours = append(ours, goodput(b, path.Both(seed, lossy), dialOurs))
		linux = append(linux, goodput(b, path.Both(seed, lossy), dialCubic))
		b.Logf("seed %d: ours %.2f MB/s, linux %.2f MB/s", seed, ours[len(ours)-1], linux[len(linux)-1])
	}
	b.ReportMetric(middle(ours), "MB/s-ours")
	b.ReportMetric(middle(linux), "MB/s-linux")
	b.ReportMetric(middle(ours)/middle(linux), "ratio")
}

// middle returns the median.
func middle(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

// goodput returns how many MB a second the application behind the kernel gets
// within goodputTime from when the connection is open.
func goodput(b *testing.B, cfg *path.Config, dial func(*testing.B, *host) (net.Conn, error)) (rate float64) {
	b.Helper()
	top := pathtest.New(b, cfg)
	client, server := &host{top.Client, b}, &host{top.Server, b}
	ln := server.listen(b, address4)
	sender, err := dial(b, client)
	if err != nil {
		b.Fatal(err)
	}
	defer sender.Close()
	receiver, err := ln.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer receiver.Close()
	go func() {
		for data := make([]byte, 64<<10); ; {
			if _, err := sender.Write(data); err != nil {
				return // the end closes it
			}
		}
	}()
	received := 0
	receiver.SetReadDeadline(time.Now().Add(goodputTime))
	for buf := make([]byte, 256<<10); ; {
		n, err := receiver.Read(buf)
		received += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			b.Fatal(fmt.Errorf("after %d bytes: %w", received, err))
		}
	}
	top.Bridge.Close()
	return float64(received) / 1e6 / goodputTime.Seconds()
}

func dialOurs(b *testing.B, h *host) (net.Conn, error) {
	d := endpoint.Dialer{Stack: h.open(pathtest.Interface), Timeout: goodputTime}
	return d.DialContext(b.Context(), "tcp", address4, nil)
}

func dialCubic(b *testing.B, h *host) (c net.Conn, err error) {
	d := net.Dialer{Timeout: goodputTime, Control: func(_, _ string, raw syscall.RawConn) (err error) {
		if e := raw.Control(func(fd uintptr) {
			err = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "cubic")
		}); e != nil {
			return e
		}
		return err
	}}
	h.Do(func() error {
		c, err = d.DialContext(b.Context(), "tcp", address4)
		return nil
	})
	return c, err
}
