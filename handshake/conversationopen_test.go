package handshake

import (
	"time"

	"tfocraft/wire"
)

// configure decides what both sides are like.
func (c *conversation) configure() {
	kind := c.byte()
	c.config = Config{
		LocalPort: 1000, RemotePort: 80,
		NoTimestamps: kind&1 != 0, NoSACK: kind&2 != 0, NoWindowScale: kind&4 != 0,
		IPv6: kind&8 != 0, Nagle: kind&16 != 0, NoDataBeforeAck: kind&32 != 0,
	}
	c.config.ISS = choose[wire.Seq](c, ourISS, 0, 0x7fff_ff00)
	c.irs = choose[wire.Seq](c, theirISS, 0xffff_ffff, 0x7fff_fff0)
	c.config.MSS = choose(c, 1460, 1460, 536, 100, 8960)
	c.config.RecvBuffer = choose(c, 8000, 65535, 20000, 0, 500, 3, 200_000)
	c.config.SendBuffer = choose(c, 0, 8000, 30000, 100)
	if c.rarely(3) {
		c.config.Burst = 64 << 10
	}
	if c.rarely(4) {
		c.config.Congestion = NewReno
	}
	c.config.DelayedAck = choose[time.Duration](c, 0, 0, -1)
	switch kind := c.byte(); kind % 8 {
	case 1:
		c.config.TimeWait = -1
	case 2:
		c.config.KeepAlive = KeepAlive{Idle: time.Minute, Interval: 10 * time.Second, Count: 3}
	case 3:
		c.config.UserTimeout = 5 * time.Second
	case 4:
		c.config.Retries, c.config.SynRetries, c.config.SynAckRetries = -1, -1, -1
	case 5:
		c.config.SynAckHold = 50 * time.Millisecond
	case 6:
		c.config.DeferAccept = 2
	}
	c.tsBase = choose[uint32](c, 1000, 0xffff_ff00, 0)
	c.endsInOrder = c.rarely(2)
	c.loses, c.lastWindow = !c.rarely(2), choose[uint16](c, 65535, 600, 20)
}

// openings are the first moves.
var openings = []move{
	{"client", 1, func(c *conversation) { c.openClient(ClientFastOpen{}, 0) }},
	{"client asks for a cookie", 1, func(c *conversation) {
		c.openClient(ClientFastOpen{Mode: ClientOn, Experimental: c.rarely(4)}, c.below(2000))
	}},
	{"client with a cookie and data", 1, func(c *conversation) {
		c.openClient(ClientFastOpen{Mode: ClientOn, Cookie: mustCookie("0102030405060708"), MSS: choose[uint16](c, 1460, 0, 30)}, 1+c.below(3000))
	}},
	{"client with data and no cookie", 1, func(c *conversation) {
		c.openClient(ClientFastOpen{Mode: ClientNoCookie}, c.below(3000))
	}},
	{"client that has nothing to write", 1, func(c *conversation) {
		c.newClient(ClientFastOpen{Mode: ClientOn, Cookie: mustCookie("0102030405060708")})
		c.closeWrite()
		c.take(c.m.Open(c.now, nil))
	}},
	{"server", 1, func(c *conversation) { c.openServer(Admission{Outcome: OutcomeNotAsked}, 0) }},
	{"server takes data", 1, func(c *conversation) {
		c.openServer(Admission{Data: true, Outcome: Accepted, Why: WhyCookieValid}, c.below(3000))
	}},
	{"server leaves data", 1, func(c *conversation) {
		c.openServer(Admission{Outcome: Rejected, Why: WhyCookieInvalid, Reply: mustCookie("0102030405060708")}, 1+c.below(3000))
	}},
	{"server by a SYN cookie", 1, (*conversation).restoreServer},
}

func (c *conversation) newClient(fo ClientFastOpen) {
	c.config.FastOpen = fo
	c.m = NewClient(c.config)
}

func (c *conversation) openClient(fo ClientFastOpen, data int) {
	c.newClient(fo)
	c.write(data)
	c.take(c.m.Open(c.now, nil))
}

func (c *conversation) openServer(a Admission, data int) {
	c.m = NewServer(c.config)
	syn := wire.Segment{SrcPort: 80, DstPort: 1000, Seq: c.irs, Flags: wire.SYN, Window: c.window, Options: c.synOptions()}
	syn.Payload = c.theirBytes(syn.DataSeq(), data)
	c.logSegment("<", &syn, wire.TextBase{SeqBase: c.irs})
	before := c.moment()
	out := c.m.Accept(c.now, syn, a, nil)
	if a.Data {
		c.promises.arrive(0, syn.Payload[:min(data, c.m.recv.synWindow())])
	}
	c.learnPeer(&syn, &before)
	c.take(out)
}

// restoreServer begins with the ACK that ends a handshake which nobody remembers.
func (c *conversation) restoreServer() {
	syn := wire.Segment{SrcPort: 80, DstPort: 1000, Seq: c.irs, Flags: wire.SYN, Window: c.window, Options: c.synOptions()}
	ack := wire.Segment{SrcPort: 80, DstPort: 1000, Seq: c.irs.Add(1), Ack: c.config.ISS.Add(1), Flags: wire.ACK, Window: c.window}
	if set, _ := syn.Options.Decode(); set.HasTimestamps {
		ack.Options = wire.AppendTimestamps(wire.AppendNOP(nil, 2), c.timestamps())
	}
	ack.Payload = c.theirBytes(ack.Seq, choose(c, 0, 100, 2000))
	if c.rarely(4) {
		ack.Flags |= wire.FIN
	}
	c.logSegment("<", &ack, wire.TextBase{SeqBase: c.irs, AckBase: c.config.ISS})
	c.promises.state = SynReceived
	c.promises.acked, c.promises.hasAcked = c.irs.Add(1), true // by the SYN-ACK with the cookie
	var out []Output
	c.m, out = RestoreServer(c.now, c.config, syn, ack, nil)
	start := c.irs.Add(1)
	before := moment{state: SynReceived, nxt: start, edge: start.Add(c.m.recv.synWindow()), una: c.config.ISS, end: c.config.ISS.Add(1)}
	c.learnPeer(&syn, &before)
	c.arrived(&ack, &before, out)
	c.take(out)
}

// synOptions are what the peer's SYN or SYN-ACK offers.
func (c *conversation) synOptions() wire.Options {
	kind := c.byte() // by default everything
	var b []byte
	if kind&1 == 0 {
		b = wire.AppendMSS(b, choose[uint16](c, 1460, 1460, 536, 100, 10, 9000))
	}
	if kind&2 == 0 {
		b = wire.AppendSACKPermitted(b)
	}
	if kind&4 == 0 {
		b = wire.AppendTimestamps(b, c.timestamps())
	}
	if kind&8 == 0 {
		b = wire.AppendWindowScale(b, choose[uint8](c, 2, 0, 7, 14, 200))
	}
	if kind&16 != 0 {
		n := choose(c, 8, 0, 16, 3)
		b = wire.FastOpen{Present: true, Experimental: kind&32 != 0 && n < 16, Cookie: []byte("0123456789abcdef")[:n]}.Append(b)
	}
	return wire.Pad(b, 0)
}
