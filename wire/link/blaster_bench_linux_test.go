package link

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"tfocraft/cookie"
	"tfocraft/wire"
)

// BenchmarkBlaster sends SYNs, each with another client, its cookie and 64 bytes of
// data, on one core to a host whose other core drops them as early as its
// firewall can. A round is a frame.
func BenchmarkBlaster(b *testing.B) {
	for _, method := range []string{MethodProgram, MethodSendmmsg} {
		for _, batch := range []int{32, 64, 256, 1024} {
			b.Run(fmt.Sprintf("%s/%d", method, batch), func(b *testing.B) {
				near, peer := wired(b)
				peer.nft("add table ip t; add chain ip t p { type filter hook prerouting priority raw; policy drop; }")
				peer.steer("veth0", 1)
				to, from := macOf(peer.MAC("veth0")), macOf(near.MAC("veth0"))
				near.Do(func() error {
					if err := stay(0); err != nil {
						return err
					}
					blaster, err := OpenBlaster("veth0", &BlasterConfig{Method: method, Batch: batch})
					if err != nil {
						return err
					}
					defer blaster.Close()
					return benchBlaster(b, blaster, batch, AppendHeader(nil, to, from, 4))
				})
			})
		}
	}
}

func benchBlaster(b *testing.B, blaster Blaster, batch int, header []byte) error {
	s := syn()
	s.Options = wire.AppendSACKPermitted(s.Options)
	s.Options = wire.AppendTimestamps(s.Options, wire.Timestamps{Val: 1})
	s.Options = wire.AppendWindowScale(wire.AppendNOP(s.Options, 1), 8)
	s.Options = wire.Pad(wire.FastOpen{Present: true, Cookie: make([]byte, 8)}.Append(s.Options), 0)
	s.Payload = make([]byte, 64)
	p, err := wire.ParseFrame(segment(header, client4, netip.AddrPortFrom(peer4, ourPort), s))
	if err != nil {
		return err
	}
	stamp, err := wire.NewStamp(&p)
	if err != nil {
		return err
	}
	minter, v := cookie.RFC7413.Minter(cookie.Key{1}), stamp.Variant()
	v.Src = netip.MustParseAddr("198.18.0.0")
	b.ReportAllocs()
	b.ResetTimer()
	for sent := 0; sent < b.N; {
		frames := blaster.Buffers(min(batch, b.N-sent))
		for i := range frames {
			v.Src = v.Src.Next()
			v.Cookie = minter.Append(v.Cookie[:0], v.Src, peer4)
			frames[i] = stamp.Append(frames[i][:0], &v)
		}
		n, err := blaster.Send(frames)
		if err != nil && !errors.Is(err, unix.ENOBUFS) { // the other core has other work
			return err
		}
		sent += n
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
	return nil
}

// stay keeps the calling thread on a core.
func stay(core int) error {
	var set unix.CPUSet
	set.Set(core)
	return os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &set))
}

// steer has what comes in over an interface handled by a core (RPS), if there is
// more than one.
func (h *host) steer(ifname string, core int) {
	h.t.Helper()
	if runtime.NumCPU() <= core {
		return
	}
	dir := h.t.TempDir()
	h.Do(func() error {
		// The host's thread gets mounts of its own: sysfs shows the network
		// namespace that it was mounted in.
		if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
			return err
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return err
		}
		if err := unix.Mount("sysfs", dir, "sysfs", 0, ""); err != nil {
			return err
		}
		defer unix.Unmount(dir, 0)
		return os.WriteFile(filepath.Join(dir, "class/net", ifname, "queues/rx-0/rps_cpus"), fmt.Appendf(nil, "%x", 1<<core), 0)
	})
}
