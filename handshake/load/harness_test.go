package load

import (
	"net/netip"
	"testing"
	"time"

	"tfocraft/wire"
)

var (
	testServer = netip.MustParseAddrPort("198.18.0.2:8080")
	testHeader = []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0}
)

// An outbox keeps what an engine sends.
type outbox struct {
	buffer [2048]byte
	frames [][]byte
}

func (o *outbox) Buffer() []byte    { return o.buffer[:] }
func (o *outbox) Send(frame []byte) { o.frames = append(o.frames, append([]byte(nil), frame...)) }

// A discard forgets what an engine sends.
type discard struct{ buffer [2048]byte }

func (d *discard) Buffer() []byte { return d.buffer[:] }
func (d *discard) Send([]byte)    {}

// A harness is an engine and the time.
type harness struct {
	*Engine
	t      *testing.T
	out    outbox
	now    time.Duration
	client netip.AddrPort // of the last frame
	isn    wire.Seq       // of its SYN
}

const serverISN = 5000

// The first frames of a run of [small].
const (
	testSyn     = "S 0:13(13) win 65535 <mss 1460,FO 0102030405060708,nop,nop>"
	plainSyn    = "S 0:0(0) win 65535 <mss 1460>"
	testRequest = "S 0:0(0) win 65535 <mss 1460,FO,nop,nop>"
)

// small is a Config with options of four bytes.
func small(mode Mode) Config {
	form, err := ParseForm("mss 1460,FO")
	if err != nil {
		panic(err)
	}
	clients, err := ParseClients("198.18.1.0/24")
	if err != nil {
		panic(err)
	}
	return Config{
		Mode: mode, Server: testServer, Clients: clients, Header: testHeader, MSS: 1460, Form: form, Seed: 1,
		Cookies: Fixed{1, 2, 3, 4, 5, 6, 7, 8}, Payload: []byte("Hello, Server"), Sizes: SizeOf(13), Count: 1,
	}
}

func start(t *testing.T, c Config) *harness {
	t.Helper()
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{Engine: e, t: t}
	h.Advance(0, &h.out, 1000)
	return h
}

// begin starts an engine and wants the usual SYN with data from it, and nothing else.
func begin(t *testing.T, c Config) *harness {
	t.Helper()
	h := start(t, c)
	h.want(testSyn)
	return h
}

// accepted is an exchange whose data the server has taken in the SYN, but not answered: the client has nothing more to say.
func accepted(t *testing.T) *harness {
	t.Helper()
	h := begin(t, small(Exchange))
	h.server("S. 0:0(0) ack 14 win 65535 <mss 1460>")
	h.want("F. 14:14(0) ack 1 win 65535")
	return h
}

// advance lets time pass.
func (h *harness) advance(d time.Duration) {
	h.t.Helper()
	h.now += d
	h.Advance(h.now, &h.out, 1000)
}

// pop returns the next frame that was sent.
func (h *harness) pop() wire.Packet {
	h.t.Helper()
	if len(h.out.frames) == 0 {
		h.t.Fatal("nothing was sent")
	}
	p, err := wire.ParseFrame(h.out.frames[0])
	if err != nil {
		h.t.Fatal(err)
	}
	h.out.frames = h.out.frames[1:]
	if !p.ChecksumsOK() {
		h.t.Errorf("%v: checksums are wrong", &p)
	}
	h.client = p.Src()
	if p.TCP.Flags.Has(wire.SYN) {
		h.isn = p.TCP.Seq
	}
	return p
}

// want wants segments in the text form, with relative numbers, and no others.
func (h *harness) want(texts ...string) {
	h.t.Helper()
	for _, text := range texts {
		p := h.pop()
		base := wire.TextBase{SeqBase: h.isn, AckBase: serverISN}
		if got := string(wire.AppendText(nil, &p.TCP, base)); got != text {
			h.t.Errorf("sent %s, want %s", got, text)
		}
	}
	if n := len(h.out.frames); n > 0 {
		p := h.pop()
		h.t.Errorf("%d more frames were sent, the first: %v", n, &p)
	}
}

// server sends segments to the client that has sent last, with relative numbers.
func (h *harness) server(texts ...string) {
	h.t.Helper()
	for _, text := range texts {
		parsed, err := wire.ParseText(text)
		if err != nil {
			h.t.Fatal(err)
		}
		parsed.Segment.AddBase(wire.TextBase{SeqBase: serverISN, AckBase: h.isn})
		h.Input(h.now, h.now, frameOf(h.t, testServer, h.client, parsed.Segment), true)
	}
	h.Settle(h.now, &h.out)
}

func frameOf(t *testing.T, src, dst netip.AddrPort, s wire.Segment) []byte {
	t.Helper()
	p := wire.NewPacket(src, dst, s)
	p.HasEthernet, p.Ethernet = true, wire.Ethernet{EtherType: wire.EtherTypeIPv4}
	p.SetLengths()
	p.SetChecksums()
	return p.Append(nil)
}

// syns returns the frames of a run in mode Syn.
func syns(t *testing.T, c Config) [][]byte {
	t.Helper()
	h := start(t, c)
	h.advance(time.Hour)
	if !h.Done() {
		t.Fatal("it is not done")
	}
	return h.out.frames
}

// many is a Config of many SYNs, of many lengths and with cookies at random.
func many() Config {
	c := small(Syn)
	c.Sizes, _ = ParseSizes("0-100:3,1000-1400:1")
	c.Cookies = Random{Seed: 7}
	c.Count = 900
	return c
}

// wantCounters compares everything that was counted.
func (h *harness) wantCounters(want Counters) {
	h.t.Helper()
	if got := h.Counters(); got != want {
		h.t.Errorf("counted %+v,\nwant %+v", got, want)
	}
	if !h.Done() {
		h.t.Error("it is not done")
	}
}
