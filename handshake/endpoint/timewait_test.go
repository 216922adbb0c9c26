package endpoint_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// A server that closes first is in TIME-WAIT, and its client may use the port
// again at once: with a SYN behind the old connection it gets a new one, Fast
// Open included. The old SYN opens nothing. C-97, C-98, L-19.
func TestTimeWaitReuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newRawPeer(t, nil)
		ln := raw.listen(endpoint.ListenConfig{FastOpen: fastOpen()})
		fo := "win 1000 <mss 1460,FO " + keyring().Mint(server4, client4).Hex() + ",nop,nop>"
		raw.sendText("S 0:5(5) "+fo, "first")
		old := accept(t, ln)
		iss := raw.next().TCP.Seq
		closeFirst(t, raw, old, iss)

		raw.sendText("S 0:5(5) "+fo, "first")
		raw.wantText(iss, ". 2:2(0) ack 7")

		raw.sendText("S 1000:1006(6) "+fo, "second")
		synAck := raw.next().TCP
		if want := iss.Add(2 + 65537); synAck.Seq.Less(want) || synAck.Ack != 1007 || !synAck.Flags.Has(wire.SYN|wire.ACK) {
			t.Errorf("got %v, want a SYN-ACK that begins at %d or later and acknowledges 1007", synAck, want)
		}
		c := accept(t, ln)
		if got := read(t, c, 6); got != "second" {
			t.Errorf("read %q, want %q", got, "second")
		}
		if n, err := old.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("the old connection reads %d bytes, %v; want EOF", n, err)
		}
	})
}

// closeFirst brings a connection that has taken five bytes to TIME-WAIT, without
// an end to reading from it.
func closeFirst(t *testing.T, raw *rawPeer, c *endpoint.Conn, iss wire.Seq) {
	t.Helper()
	read(t, c, 5)
	send := func(text string) {
		p := raw.fromPeer(text, "")
		p.TCP.Ack += iss
		p.SetChecksums()
		raw.send(p.Append(nil))
	}
	c.CloseWrite()
	send(". 6:6(0) ack 1 win 1000")
	raw.wantText(iss, "F. 1:1(0) ack 6")
	send("F. 6:6(0) ack 2 win 1000")
	raw.wantText(iss, ". 2:2(0) ack 7")
}

// Without a listener, or where it has no place left, TIME-WAIT goes on.
func TestTimeWaitKept(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(*endpoint.Listener, *rawPeer)
	}{
		{"listener closed", func(ln *endpoint.Listener, _ *rawPeer) { ln.Close() }},
		{"backlog full", func(_ *endpoint.Listener, raw *rawPeer) {
			p := raw.fromPeer("S 0:0(0) win 1000", "")
			p.TCP.SrcPort = 5001
			p.SetChecksums()
			raw.send(p.Append(nil))
			raw.next()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				raw := newRawPeer(t, nil)
				ln := raw.listen(endpoint.ListenConfig{FastOpen: fastOpen(), Backlog: 1})
				raw.sendText("S 0:5(5) win 1000 <mss 1460,FO "+keyring().Mint(server4, client4).Hex()+",nop,nop>", "first")
				old := accept(t, ln)
				iss := raw.next().TCP.Seq
				closeFirst(t, raw, old, iss)
				c.before(ln, raw)
				raw.sendText("S 1000:1000(0) win 1000", "")
				raw.wantText(iss, ". 2:2(0) ack 7")
			})
		})
	}
}
