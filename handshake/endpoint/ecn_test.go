package endpoint_test

import (
	"testing"
	"testing/synctest"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// What a connection may have marked is sent as ECT(0), and marks of what comes reach
// it. RFC 3168, Sections 5 and 6.1.3 (C-125, C-127).
func TestECNHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		ln := raw.listen(endpoint.ListenConfig{Machine: handshake.Config{ECN: handshake.ECNAnswer}})
		raw.sendText("SEW 0:0(0) win 9000 <mss 1460>", "")
		synAck := raw.next()
		if synAck.TCP.Flags != wire.SYN|wire.ACK|wire.ECE || synAck.ECN() != wire.NotECT {
			t.Errorf("got %v, ECN %d", &synAck, synAck.ECN())
		}
		iss := synAck.TCP.Seq
		ack := func(text, payload string, e wire.ECN) {
			p := raw.fromPeer(text, payload)
			p.TCP.Ack = p.TCP.Ack.Add(int(iss))
			p.SetECN(e)
			p.SetChecksums()
			raw.send(p.Append(nil))
		}
		ack(". 1:1(0) ack 1 win 9000", "", wire.NotECT)
		c, err := ln.AcceptTCP()
		if err != nil {
			t.Fatal(err)
		}
		c.Write([]byte("hello"))
		if p := raw.wantText(iss, "P. 1:6(5) ack 1 <...>"); p.ECN() != wire.ECT0 {
			t.Errorf("data: ECN %d", p.ECN())
		}
		ack("P. 1:6(5) ack 6 win 9000", "world", wire.CE)
		if p := raw.wantText(iss, ".E 6:6(0) ack 6 <...>"); p.ECN() != wire.NotECT {
			t.Errorf("acknowledgement: ECN %d", p.ECN())
		}
		if got := c.Info(); !got.ECN || !got.ECNSeen {
			t.Errorf("got ECN %v, seen %v", got.ECN, got.ECNSeen)
		}
		c.Abort()
	})
}
