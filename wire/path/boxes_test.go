package path_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/path"
	"tfocraft/wire/wiretest"
)

const cookied = "S 7:12(5) win 64240 <mss 1460,sackOK,FO 01020304,nop,nop>"

func TestResetOnOption(t *testing.T) {
	onStreets(t, "reset-on-option", func(s *street) {
		s.send(path.Near, cookied, "near R. 0:0(0) ack 13 win 0")
		s.send(path.Far, "S 7:7(0) win 9 <FOEXP,nop,nop>", "far R. 0:0(0) ack 8 win 0")
		s.send(path.Near, "S 7:7(0) win 9 <mss 1460>", "far S 7:7(0) win 9 <mss 1460>")
		s.wantFates("taken by reset-on-option", "arrived, made by reset-on-option",
			"taken by reset-on-option", "arrived, made by reset-on-option", "arrived")
	})
}

// The one SYN-ACK of that number is dropped, whichever way it goes.
func TestDropSynAck(t *testing.T) {
	const synAck = "S. 9:9(0) ack 8 win 9"
	onStreets(t, "drop-syn-ack=2", func(s *street) {
		s.send(path.Near, "S 7:7(0) win 9", "far S 7:7(0) win 9")
		s.send(path.Far, synAck, "near "+synAck)
		s.send(path.Far, ". 10:10(0) ack 8 win 9", "near . 10:10(0) ack 8 win 9")
		s.send(path.Far, synAck)
		s.send(path.Far, synAck, "near "+synAck)
	})
}

// Data passes when the client has acknowledged the server's SYN, and not before; and in a connection that is older than the box.
func TestDropDataUntilEstablished(t *testing.T) {
	onStreets(t, "drop-data-until-established", func(s *street) {
		s.send(path.Near, "P. 900:905(5) ack 1 win 9", "far P. 900:905(5) ack 1 win 9")
		s.send(path.Near, cookied)
		s.send(path.Near, "S 7:7(0) win 9", "far S 7:7(0) win 9")
		s.send(path.Near, "P. 8:13(5) ack 10 win 9")
		s.send(path.Far, "S. 9:12(3) ack 8 win 9")
		s.send(path.Near, ". 8:8(0) ack 10 win 9", "far . 8:8(0) ack 10 win 9") // of a SYN-ACK that was dropped: no handshake
		s.send(path.Near, "P. 8:13(5) ack 10 win 9")
		s.send(path.Far, "S. 9:9(0) ack 8 win 9", "near S. 9:9(0) ack 8 win 9")
		s.send(path.Far, "P. 10:13(3) ack 8 win 9")
		s.send(path.Near, "P. 8:13(5) ack 10 win 9", "far P. 8:13(5) ack 10 win 9")
		s.send(path.Far, "P. 10:13(3) ack 8 win 9", "near P. 10:13(3) ack 8 win 9")
		s.send(path.Near, "S 99:104(5) win 9")
	})
}

// The client is told that it is connected before the server is asked, without Fast Open; what it says until then waits for the
// server, and the numbers fit on both sides.
func TestAnswerSyn(t *testing.T) {
	onStreets(t, "answer-syn", func(s *street) {
		// The number of its own SYN follows from the connection.
		s.path.Send(epoch, path.Near, frameOf(t, [2]string{s.client, s.server}, "S 7:7(0) win 9"))
		p, err := wire.ParseFrame(s.path.Deliver(epoch)[path.Near][0])
		if err != nil {
			t.Fatal(err)
		}
		n := func(offset int) uint32 { return uint32(p.TCP.Seq.Add(offset)) }
		synAck := fmt.Sprintf("near S. %d:%d(0) ack 8 win 65535 <mss 1460>", n(0), n(0))
		s.send(path.Near, cookied, synAck, "far S 7:7(0) win 9 <mss 1460>")
		s.send(path.Near, fmt.Sprintf(". 8:8(0) ack %d win 9", n(1)))
		s.send(path.Near, fmt.Sprintf("P. 8:13(5) ack %d win 9", n(1)))
		s.send(path.Far, ". 100:100(0) ack 8 win 9")
		s.send(path.Far, "S. 500:500(0) ack 8 win 9 <mss 1400>", "far . 8:8(0) ack 501 win 9", "far P. 8:13(5) ack 501 win 9")
		s.send(path.Far, "S. 500:500(0) ack 8 win 9 <mss 1400>", "far . 8:8(0) ack 501 win 9") // again
		s.send(path.Far, "P. 501:504(3) ack 13 win 9", fmt.Sprintf("near P. %d:%d(3) ack 13 win 9", n(1), n(4)))
		s.send(path.Near, fmt.Sprintf("F. 13:13(0) ack %d win 9", n(4)), "far F. 13:13(0) ack 504 win 9")
	})
}

// A server that refuses ends the connection that the client believes it has.
func TestAnswerSynRefused(t *testing.T) {
	onStreets(t, "answer-syn", func(s *street) {
		s.path.Send(epoch, path.Near, frameOf(t, [2]string{s.client, s.server}, cookied))
		p, err := wire.ParseFrame(s.path.Deliver(epoch)[path.Near][0])
		if err != nil {
			t.Fatal(err)
		}
		seq := uint32(p.TCP.Seq.Add(1))
		s.send(path.Far, "R. 0:0(0) ack 8 win 0", fmt.Sprintf("near R. %d:%d(0) ack 8 win 0", seq, seq))
	})
}

// What waits for the server is bounded.
func TestAnswerSynHolds(t *testing.T) {
	onStreets(t, "answer-syn", func(s *street) {
		ends := [2]string{s.client, s.server}
		s.path.Send(epoch, path.Near, frameOf(t, ends, cookied))
		for range 20 {
			s.path.Send(epoch, path.Near, frameOf(t, ends, "P. 8:13(5) ack 1 win 9"))
		}
		s.path.Deliver(epoch)
		s.path.Send(epoch, path.Far, frameOf(t, [2]string{s.server, s.client}, "S. 500:500(0) ack 8 win 9"))
		if got := len(s.path.Deliver(epoch)[path.Far]); got != 1+16 {
			t.Errorf("got %d frames, want an ACK and what 16 have waited", got)
		}
	})
}

// The address of a connection is another one behind nat, and the way back leads to the client.
func TestNAT(t *testing.T) {
	outside := map[string][2]string{"192.0.2.1:1234": {"192.0.2.100:1234", "192.0.2.2:80"}, "[2001:db8::1]:1234": {"[2001:db8::100]:1234", "[2001:db8::2]:80"}}
	onStreets(t, "nat", func(s *street) {
		far := outside[s.client]
		s.send(path.Near, cookied, "far "+far[0]+" > "+far[1]+" "+textOf(t, cookied))
		s.send(path.Near, ". 8:8(0) ack 10 win 9", "far "+far[0]+" > "+far[1]+" . 8:8(0) ack 10 win 9")
		inside := s.client
		s.client = far[0]
		s.send(path.Far, "S. 9:9(0) ack 8 win 9", "near "+s.server+" > "+inside+" S. 9:9(0) ack 8 win 9")
		s.client = netip.AddrPortFrom(netip.MustParseAddrPort(inside).Addr(), 999).String()
		s.send(path.Near, ". 8:8(0) ack 10 win 9") // of no connection that it knows
	})
}

func textOf(t *testing.T, text string) string {
	t.Helper()
	s := wiretest.Segment(t, text)
	return string(wire.AppendText(nil, &s, wire.TextBase{}))
}

// Each connection of nat-pool comes from the next address; a SYN that is sent again does not.
func TestNATPool(t *testing.T) {
	onStreets(t, "nat-pool", func(s *street) {
		var got []string
		for i, isn := range []string{"S 1:1(0) win 9", "S 1:1(0) win 9", "S 2:2(0) win 9", "S 3:3(0) win 9", "S 4:4(0) win 9", "S 5:5(0) win 9"} {
			s.path.Send(epoch, path.Near, frameOf(t, [2]string{s.client, s.server}, isn))
			p, err := wire.ParseFrame(s.path.Deliver(epoch)[path.Far][0])
			if err != nil || !p.ChecksumsOK() {
				t.Fatal(i, err)
			}
			got = append(got, p.Src().Addr().String())
		}
		want := []string{"192.0.2.101", "192.0.2.101", "192.0.2.102", "192.0.2.103", "192.0.2.104", "192.0.2.101"}
		if p := netip.MustParseAddrPort(s.client); p.Addr().Is6() {
			want = []string{"2001:db8::101", "2001:db8::101", "2001:db8::102", "2001:db8::103", "2001:db8::104", "2001:db8::101"}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// Behind nat two clients may have the same port, and then one gets another.
func TestNATPorts(t *testing.T) {
	onStreets(t, "nat", func(s *street) {
		other := netip.MustParseAddrPort(s.client)
		second := netip.AddrPortFrom(other.Addr().Next().Next(), other.Port()).String()
		ports := make(map[uint16]bool)
		for _, client := range []string{s.client, second} {
			s.path.Send(epoch, path.Near, frameOf(t, [2]string{client, s.server}, "S 1:1(0) win 9"))
			p, err := wire.ParseFrame(s.path.Deliver(epoch)[path.Far][0])
			if err != nil {
				t.Fatal(err)
			}
			ports[p.TCP.SrcPort] = true
			s.client = p.Src().String()
			s.send(path.Far, "S. 5:5(0) ack 2 win 9", "near "+s.server+" > "+client+" S. 5:5(0) ack 2 win 9")
		}
		if len(ports) != 2 {
			t.Errorf("got ports %v, want two", ports)
		}
	})
}

// A connection that is used in one direction alone stays known in both, however many others there are and however long it is
// idle between (RFC 5382, Section 5, REQ-5); of one that is not used neither half stays.
func TestNATAgesAsOne(t *testing.T) {
	const (
		ours, theirs = ". 8:8(0) ack 10 win 9", "S. 9:9(0) ack 8 win 9"
		used, unused = "192.0.2.1:65001", "192.0.2.1:65002"
		outside      = "192.0.2.100:65001"
		far          = "192.0.2.2:80"
	)
	for name, use := range map[string]func(s *street){
		"by the client": func(s *street) {
			s.client = used
			s.send(path.Near, ours, "far "+outside+" > "+far+" "+ours)
		},
		"by the server": func(s *street) {
			s.client = outside
			s.send(path.Far, theirs, "near "+far+" > "+used+" "+theirs)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &street{t: t, server: far}
			s.path, _ = path.New(&path.Config{Middleboxes: parseBoxes(t, "nat")})
			s.fill(65001, 65002)
			for round := range 3 {
				s.fill(1+5000*round, 4094+5000*round)
				s.now += 3 * time.Hour
				use(s)
			}
			s.client = used
			s.send(path.Near, ours, "far "+outside+" > "+far+" "+ours)
			s.client = outside
			s.send(path.Far, theirs, "near "+far+" > "+used+" "+theirs)
			s.client = unused
			s.send(path.Near, ours)
			s.client = "192.0.2.100:65002"
			s.send(path.Far, theirs)
		})
	}
}

// A new connection between the same ports takes the place of the one before: what the server still says to that is for nobody.
func TestNATReopened(t *testing.T) {
	onStreets(t, "nat-pool", func(s *street) {
		inside, server := s.client, s.server
		var outside []string
		for _, syn := range []string{"S 1:1(0) win 9", "S 2:2(0) win 9"} {
			s.path.Send(epoch, path.Near, frameOf(t, [2]string{inside, server}, syn))
			p, err := wire.ParseFrame(s.path.Deliver(epoch)[path.Far][0])
			if err != nil {
				t.Fatal(err)
			}
			outside = append(outside, p.Src().String())
		}
		s.client = outside[0]
		s.send(path.Far, "S. 9:9(0) ack 2 win 9")
		s.client = outside[1]
		s.send(path.Far, "S. 9:9(0) ack 3 win 9", "near "+server+" > "+inside+" S. 9:9(0) ack 3 win 9")
	})
}

// The far end's questions for an address of the box are answered with the hardware address of who is behind it; those for others pass.
func TestNATNeighbours(t *testing.T) {
	for name, c := range map[string]struct {
		syn              [2]string
		question, answer string
	}{
		"ARP": {families["IPv4"],
			"ffffffffffff 020000000002 0806 0001 0800 06 04 0001 020000000002 c0000202 000000000000 c0000264",
			"020000000002 020000000001 0806 0001 0800 06 04 0002 020000000001 c0000264 020000000002 c0000202"},
		"solicitation": {families["IPv6"],
			`3333ff000100 020000000002 86dd 60000000 0020 3a ff 20010db8000000000000000000000002 ff0200000000000000000001ff000100
			 87 00 0000 00000000 20010db8000000000000000000000100 01 01 020000000002`,
			`020000000002 020000000001 86dd 60000000 0020 3a ff 20010db8000000000000000000000100 20010db8000000000000000000000002
			 88 00 8875 60000000 20010db8000000000000000000000100 02 01 020000000001`},
	} {
		t.Run(name, func(t *testing.T) {
			d := newOneWay(t, path.Way{}, 1, 0, path.Middlebox{Name: "nat"})
			question := wiretest.Unhex(t, c.question)
			d.Path.Send(epoch, path.Far, question)
			if out := d.Path.Deliver(epoch); len(out[path.Near]) != 1 || len(out[path.Far]) != 0 {
				t.Errorf("before there is a connection: got %x", out)
			}
			d.Send(epoch, frameOf(t, c.syn, "S 1:1(0) win 9"))
			d.Deliver(epoch)
			d.Path.Send(epoch, path.Far, question)
			out := d.Path.Deliver(epoch)
			if len(out[path.Near]) != 0 || len(out[path.Far]) != 1 {
				t.Fatalf("got %x, want an answer to the far end", out)
			}
			wiretest.WantBytes(t, out[path.Far][0], wiretest.Unhex(t, c.answer))
		})
	}
}

func TestBalance(t *testing.T) {
	onStreets(t, "balance", func(s *street) {
		s.send(path.Near, "S 1:1(0) win 9", "far S 1:1(0) win 9")
		s.send(path.Near, "S 1:1(0) win 9", "far S 1:1(0) win 9")
		s.send(path.Near, ". 2:2(0) ack 9 win 9", "far . 2:2(0) ack 9 win 9")
		s.send(path.Near, "S 5:5(0) win 9", "far2 S 5:5(0) win 9")
		s.send(path.Near, ". 6:6(0) ack 9 win 9", "far2 . 6:6(0) ack 9 win 9")
		s.send(path.Near, "S 9:9(0) win 9", "far S 9:9(0) win 9")
	})
}

// Boxes stand in a row: what one makes passes those between it and the end that it goes to.
func TestBoxesInARow(t *testing.T) {
	onStreets(t, "nat,reset-on-option", func(s *street) {
		s.send(path.Near, cookied, "near R. 0:0(0) ack 13 win 0")
	})
}

// A box forgets the connection that was not used for longest.
func TestBoxForgets(t *testing.T) {
	s := &street{t: t, server: "192.0.2.2:80"}
	s.path, _ = path.New(&path.Config{Middleboxes: parseBoxes(t, "drop-data-until-established")})
	s.fill(1, 4096)
	s.client = "192.0.2.1:2"
	s.send(path.Near, "P. 8:13(5) ack 10 win 9")
	s.fill(4097, 4097)
	s.client = "192.0.2.1:1" // is not known any more, so that it passes as older than the box
	s.send(path.Near, "P. 8:13(5) ack 10 win 9", "far P. 8:13(5) ack 10 win 9")
	for _, s.client = range []string{"192.0.2.1:2", "192.0.2.1:3", "192.0.2.1:4097"} {
		s.send(path.Near, "P. 8:13(5) ack 10 win 9")
	}
}

// fill opens a connection from each of the client's ports.
func (s *street) fill(first, last int) {
	s.t.Helper()
	for port := first; port <= last; port++ {
		s.path.Send(epoch.Add(s.now), path.Near, frameOf(s.t, [2]string{fmt.Sprintf("192.0.2.1:%d", port), s.server}, "S 7:7(0) win 9"))
	}
	s.path.Deliver(epoch.Add(s.now))
}
