package load

import (
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/wire"
)

func BenchmarkSyn(b *testing.B) {
	c := small(Syn)
	c.Clients, _ = ParseClients("198.19.0.0/16")
	c.Cookies = Minted{cookie.RFC7413.Minter(cookie.Key{1}), testServer.Addr()}
	c.Sizes, c.Count = SizeOf(64), 0
	e, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	var out discard
	b.ReportAllocs()
	for b.Loop() {
		e.Advance(0, &out, 1)
	}
}

// BenchmarkExchange is a whole exchange with a server that has its answer in one
// segment: two frames in and two out.
func BenchmarkExchange(b *testing.B) {
	c := small(Exchange)
	c.Clients, _ = ParseClients("198.19.0.0/16")
	c.Form, _ = ProfileForm(handshake.Linux, 1460, false, false, 1)
	c.Count, c.Concurrency = 0, 1000
	e, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	var out echo
	response := []byte("Hello, Client")
	b.ReportAllocs()
	for b.Loop() {
		now := time.Duration(0)
		e.Advance(now, &out, 1)
		out.answer(wire.SYN|wire.FIN|wire.ACK, serverISN, 14, response)
		e.Input(now, now, out.reply, false)
		e.Settle(now, &out)
		out.answer(wire.ACK, serverISN+15, 1, nil)
		e.Input(now, now, out.reply, false)
		e.Settle(now, &out)
	}
	if got := e.Counters(); got.Completed != got.Sent {
		b.Errorf("counted %+v", got)
	}
}

// An echo is an output that makes answers to the last frame.
type echo struct {
	discard
	sent, reply []byte
	packet      wire.Packet
}

func (e *echo) Send(frame []byte) { e.sent = frame }

// answer acknowledges so many numbers from that of the last frame on.
func (e *echo) answer(flags wire.Flags, seq wire.Seq, acked int, data []byte) {
	p, _ := wire.ParseFrame(e.sent)
	e.packet = wire.NewPacket(p.Dst(), p.Src(), wire.Segment{
		Flags: flags, Seq: seq, Ack: p.TCP.Seq.Add(acked), Window: 65535, Payload: data,
	})
	e.packet.HasEthernet, e.packet.Ethernet.EtherType = true, wire.EtherTypeIPv4
	e.packet.SetLengths()
	e.reply = e.packet.Append(e.reply[:0])
}
