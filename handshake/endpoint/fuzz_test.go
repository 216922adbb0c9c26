package endpoint_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// What a step of a fuzzed script does.
const (
	stepSYN  = 1 << iota // begin with the SYN again, not with a segment of the connection
	stepIP               // change the IP header, not the TCP header
	stepSums             // make the checksums right again
	stepWait             // let a second pass
	stepRaw              // the bytes are the frame
)

// A script is steps, each one byte of what to do, one of length, and bytes that
// a frame is changed with.
func addStep(script []byte, what byte, change ...byte) []byte {
	return append(append(script, what, byte(len(change))), change...)
}

// Whatever comes, before and after the handshake, the stack goes on serving.
func FuzzFrames(f *testing.F) {
	const flags, ack = 13, 11 // offsets in the TCP header
	at := func(offset int, x byte) []byte { return append(make([]byte, offset), x) }
	f.Add(addStep(nil, stepSums))
	f.Add(addStep(nil, 0, at(flags, byte(wire.FIN))...))
	f.Add(addStep(addStep(nil, stepSums), stepSums|stepWait, at(flags, byte(wire.FIN|wire.PSH))...))
	f.Add(addStep(addStep(nil, stepSums|stepSYN), stepSums, at(flags, byte(wire.RST))...))
	f.Add(addStep(addStep(nil, stepSums, at(ack, 1)...), stepSums|stepSYN, at(25, 0xff)...))
	f.Add(addStep(nil, stepIP|stepSums, at(9, 1^6)...))
	about := wire.NewPacket(netip.MustParseAddrPort("192.0.2.1:80"), netip.MustParseAddrPort("192.0.2.2:5000"), wire.Segment{})
	about.Ethernet = wire.Ethernet{Src: clientMAC, Dst: serverMAC, EtherType: wire.EtherTypeIPv4}
	f.Add(addStep(nil, stepRaw, portUnreachable(&about)...))
	f.Fuzz(func(t *testing.T, script []byte) {
		synctest.Test(t, func(t *testing.T) { playScript(t, script) })
	})
}

func playScript(t *testing.T, script []byte) {
	raw := newRawPeer(t, nil)
	go echo(raw.listen(endpoint.ListenConfig{FastOpen: fastOpen(), Machine: handshake.Config{TimeWait: time.Second}}))
	syn := raw.fromPeer("S 0:5(5) win 1000 <mss 1460,FO "+keyring().Mint(server4, client4).Hex()+",nop,nop>", "hello")
	raw.send(syn.Append(nil))
	next := raw.fromPeer("P. 6:11(5) ack 1 win 1000", "world")
	next.TCP.Ack += raw.next().TCP.Seq
	next.SetChecksums()
	for len(script) >= 2 {
		what, change := script[0], script[2:]
		change = change[:min(len(change), int(script[1]))]
		script = script[2+len(change):]
		from := &next
		if what&stepSYN != 0 {
			from = &syn
		}
		raw.send(changedFrame(from, what, change))
		if what&stepWait != 0 {
			time.Sleep(time.Second)
		}
	}
	time.Sleep(10 * time.Minute) // every timer runs out
	wantAlive(t, raw)
}

// changedFrame is the frame of p with some bytes changed.
func changedFrame(p *wire.Packet, what byte, change []byte) []byte {
	if what&stepRaw != 0 && len(change) >= wire.EthernetLen {
		return change
	}
	frame := p.Append(nil)
	header := frame[wire.EthernetLen+wire.IPv4Len:]
	if what&stepIP != 0 {
		header = frame[wire.EthernetLen:]
	}
	for i := range min(len(change), len(header)) {
		header[i] ^= change[i]
	}
	if changed, err := wire.ParseFrame(frame); err == nil && what&stepSums != 0 {
		changed.SetChecksums()
		return changed.Append(nil)
	}
	return frame
}

// wantAlive checks that a SYN from another port is answered.
func wantAlive(t *testing.T, raw *rawPeer) {
	t.Helper()
	p := raw.fromPeer("S 0:0(0) win 1000", "")
	p.TCP.SrcPort = 6000
	p.SetChecksums()
	raw.send(p.Append(nil))
	raw.link.SetReadDeadline(time.Now().Add(time.Millisecond))
	frames := make([]link.Frame, 16)
	for {
		n, err := raw.link.ReadFrames(frames)
		if err != nil {
			t.Fatal("a SYN gets no SYN-ACK any more")
		}
		for _, f := range frames[:n] {
			got, err := wire.ParseFrame(f.Data)
			if err == nil && got.TCP.DstPort == 6000 && got.TCP.Flags.Has(wire.SYN|wire.ACK) {
				return
			}
		}
	}
}
