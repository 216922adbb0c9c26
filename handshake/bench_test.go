package handshake

import (
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake/ring"
	"tfocraft/wire"
)

var benchSyn = wire.Segment{
	SrcPort: 1000, DstPort: 80, Seq: theirISS, Flags: wire.SYN, Window: 65535, Payload: []byte("GET / HTTP/1.1\r\n\r\n"),
	Options: wire.Pad(wire.FastOpen{Present: true, Cookie: []byte{1, 2, 3, 4, 5, 6, 7, 8}}.Append(
		wire.AppendWindowScale(wire.AppendTimestamps(wire.AppendSACKPermitted(wire.AppendMSS(nil, 1460)),
			wire.Timestamps{Val: 1}), 7)), 0),
}

// A server's whole connection: SYN with request, SYN-ACK, response with FIN,
// ACK, the client's FIN. What is allocated is the machine and its send buffer.
func BenchmarkServerExchange(b *testing.B) {
	b.ReportAllocs()
	response := make([]byte, 200)
	out := make([]Output, 0, 16)
	echo := wire.AppendTimestamps(wire.AppendNOP(nil, 2), wire.Timestamps{Val: 2})
	for b.Loop() {
		m := NewServer(Config{LocalPort: 80, RemotePort: 1000, ISS: ourISS, MSS: 1460, TimeWait: -1})
		out = m.Accept(epoch, benchSyn, admitted, out[:0])
		out = m.Consume(epoch, m.Unread(), out[:0])
		_, out = m.Write(epoch, response, out[:0])
		out = m.Close(epoch, out[:0])
		ack := wire.Segment{Seq: m.recv.nxt, Ack: ourISS.Add(1), Flags: wire.ACK, Window: 512, Options: echo}
		out = m.Input(epoch, ack, out[:0])
		ack.Ack, ack.Flags = m.send.nxt, wire.ACK|wire.FIN
		out = m.Input(epoch, ack, out[:0])
		if m.State() != Closed {
			b.Fatal(m.State())
		}
	}
}

// established is a server with all options, its buffers warm.
func established(b *testing.B) (*Machine, wire.Segment) {
	m := NewServer(Config{LocalPort: 80, RemotePort: 1000, ISS: ourISS, MSS: 1460, Buffers: new(ring.Pool)})
	m.Accept(epoch, benchSyn, admitted, nil)
	m.Consume(epoch, m.Unread(), nil)
	s := wire.Segment{Seq: m.recv.nxt, Ack: ourISS.Add(1), Flags: wire.ACK, Window: 512}
	s.Options = wire.AppendTimestamps(wire.AppendNOP(nil, 2), wire.Timestamps{Val: 2})
	m.Input(epoch, s, nil)
	if m.State() != Established {
		b.Fatal(m.State())
	}
	return m, s
}

// A segment in order, read at once; every second one is acknowledged.
func BenchmarkInputInOrder(b *testing.B) {
	b.ReportAllocs()
	m, s := established(b)
	s.Payload = make([]byte, 1448)
	out := make([]Output, 0, 16)
	b.SetBytes(int64(len(s.Payload)))
	for b.Loop() {
		out = m.Input(epoch, s, out[:0])
		out = m.Consume(epoch, m.Unread(), out[:0])
		s.Seq = s.Seq.Add(len(s.Payload))
	}
}

// A segment written, sent and acknowledged.
func BenchmarkWriteAndAck(b *testing.B) {
	b.ReportAllocs()
	m, s := established(b)
	data := make([]byte, 1000)
	out := make([]Output, 0, 16)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		_, out = m.Write(epoch, data, out[:0])
		s.Ack = m.send.nxt
		out = m.Input(epoch, s, out[:0])
	}
}

// A full send buffer, a segment acknowledged and one written at a time.
func BenchmarkFullSendBuffer(b *testing.B) {
	b.ReportAllocs()
	m, s := established(b)
	s.Window = 65535
	out := make([]Output, 0, 512)
	_, out = m.Write(epoch, make([]byte, 256<<10), out[:0])
	data := make([]byte, 1448)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		s.Ack = m.send.una.Add(len(data))
		out = m.Input(epoch, s, out[:0])
		_, out = m.Write(epoch, data, out[:0])
	}
}

// A hole and its end: twenty segments behind it wait.
func BenchmarkReassembly(b *testing.B) {
	b.ReportAllocs()
	m, s := established(b)
	s.Payload = make([]byte, 1448)
	out := make([]Output, 0, 16)
	start := s.Seq
	for b.Loop() {
		for i := range 20 {
			s.Seq = start.Add((i + 1) * len(s.Payload))
			out = m.Input(epoch, s, out[:0])
		}
		s.Seq = start
		out = m.Input(epoch, s, out[:0])
		out = m.Consume(epoch, m.Unread(), out[:0])
		start = m.recv.nxt
	}
}

func BenchmarkGate(b *testing.B) {
	for name, hex := range map[string]string{"request": "", "valid": gateCookie, "invalid": "1122334455667788"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			key, _ := cookie.ParseKey(gateKeys[0])
			g := NewGate(GateConfig{Enabled: true, Keyring: cookie.NewKeyring(cookie.RFC7413, key)})
			set := wire.OptionSet{FastOpen: wire.FastOpen{Present: true, Cookie: mustCookie(hex).Append(nil)}}
			for b.Loop() {
				if g.Admit(epoch, &set, 5, simClient, simServer).Data {
					g.Confirmed()
				}
			}
		})
	}
}

func BenchmarkISN(b *testing.B) {
	b.ReportAllocs()
	g := ISNGenerator{Secret: [16]byte{1}}
	for b.Loop() {
		g.ISN(epoch, issLocal, issRemote)
	}
}

// A machine's deadline is read after every call.
func BenchmarkDeadline(b *testing.B) {
	b.ReportAllocs()
	m, _ := established(b)
	m.Write(epoch, make([]byte, 100), nil)
	var at time.Time
	for b.Loop() {
		at = m.Deadline()
	}
	if at.IsZero() {
		b.Fatal("no deadline")
	}
}
