package endpoint

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/link"
)

// Mail that never ends does not keep frames from being read.
func TestEndlessMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := link.Pair(nil)
		s, err := New(Config{Link: near})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if _, err := (&ListenConfig{Stack: s}).Listen(t.Context(), "tcp", ":80"); err != nil {
			t.Fatal(err)
		}
		answered := false
		var again func(time.Time)
		again = func(time.Time) {
			s.mail.mu.Lock()
			defer s.mail.mu.Unlock()
			if !answered {
				s.mail.calls = append(s.mail.calls, call{again, make(chan error, 1)})
			}
		}
		s.mail.call(again)
		far.WriteFrames([][]byte{synFrame()})
		var answer [1]link.Frame
		far.ReadFrames(answer[:])
		s.mail.mu.Lock()
		answered = true
		s.mail.mu.Unlock()
		if p, err := wire.ParseFrame(answer[0].Data); err != nil || !p.TCP.Flags.Has(wire.SYN|wire.ACK) {
			t.Errorf("answer %v, %v; want a SYN-ACK", &p, err)
		}
	})
}

// synFrame is a SYN for port 80 of 192.0.2.1.
func synFrame() []byte {
	src, dst := netip.MustParseAddrPort("192.0.2.2:5000"), netip.MustParseAddrPort("192.0.2.1:80")
	p := wire.NewPacket(src, dst, wire.Segment{Flags: wire.SYN, Window: 1000})
	p.HasEthernet = true
	p.Ethernet = wire.Ethernet{Src: wire.MAC{2, 0, 0, 0, 0, 2}, Dst: wire.MAC{2, 0, 0, 0, 0, 1}, EtherType: wire.EtherTypeIPv4}
	p.SetLengths()
	p.SetChecksums()
	return p.Append(nil)
}
