package main

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// e2eWantOneLine wants a tfo connect to have failed with one clear line.
func e2eWantOneLine(t *testing.T, r e2eRun, words ...string) {
	t.Helper()
	r.want(t, exitFailed)
	if strings.Count(r.stderr, "\n") != 1 || !strings.HasSuffix(r.stderr, "\n") {
		t.Errorf("want one line on stderr: %v", r)
	}
	for _, w := range words {
		if !strings.Contains(r.stderr, w) {
			t.Errorf("no %q in %v", w, r)
		}
	}
}

// A connection that fails ends tfo connect with exit code 1 and one line,
// whatever the peer does wrong, and says so in the JSON.
func TestInteropBadPeers(t *testing.T) {
	t.Parallel()
	e2eNeed(t, "nft")
	peers := []struct {
		name  string
		serve func(t *testing.T, l *e2eLab, addr netip.AddrPort)
		words []string
		args  []string
	}{
		{"closed port", func(*testing.T, *e2eLab, netip.AddrPort) {}, []string{"connection refused"}, nil},
		{"silent", e2eSilent, []string{"timed out"}, []string{"--timeout", "1200ms"}},
		{"closes at once", e2eCloser(false), []string{"connection reset"}, nil},
		{"resets after the handshake", e2eCloser(true), []string{"connection reset"}, nil},
		{"never closes", e2eNeverCloses, []string{"timed out"}, []string{"--timeout", "1200ms"}},
	}
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			e2eFamilies(t, func(t *testing.T, ipv6 bool) {
				l := e2eNewLab(t, lab.Config{IPv6: ipv6})
				l.resets = true
				addr := l.server(ipv6, e2ePort)
				p.serve(t, l, addr)
				args := append([]string{"connect", "--cache", l.cache, addr.String(), "-d", e2eData, "--no-fast-open"}, p.args...)
				e2eWantOneLine(t, e2eTfo(t, l.Client, args...), p.words...)
				got := l.connect(exitFailed, append([]string{addr.String(), "-d", e2eData}, p.args...)...)
				for _, w := range p.words {
					if !strings.Contains(got.Error, w) {
						t.Errorf("error = %q, want %q in it", got.Error, w)
					}
				}
			})
		})
	}
}

func e2eSilent(t *testing.T, l *e2eLab, _ netip.AddrPort) {
	e2eSh(t, l.Server, `nft "add table inet mute; add chain inet mute in { type filter hook input priority 0; };
		add rule inet mute in meta l4proto tcp drop"`)
}

// e2eCloser is a server that closes each connection with the request unread,
// for which a kernel resets it.
func e2eCloser(reset bool) func(t *testing.T, l *e2eLab, addr netip.AddrPort) {
	return func(t *testing.T, l *e2eLab, addr netip.AddrPort) {
		listener := e2eKernelListen(t, l.Server, addr, true)
		go func() {
			for {
				c, err := listener.Accept()
				if err != nil {
					return
				}
				// Wait for the request, so that it is there unread.
				one := make([]byte, 1)
				if _, err := c.Read(one); err == nil && reset {
					c.(*net.TCPConn).SetLinger(0)
				}
				c.Close()
			}
		}()
	}
}

// e2eNeverCloses is a server of the host that has the address.
func e2eNeverCloses(t *testing.T, l *e2eLab, addr netip.AddrPort) {
	host := l.Server
	if addr.Addr() == l.Client.Addr(addr.Addr().Is6()) {
		host = l.Client
	}
	listener := e2eKernelListen(t, host, addr, true)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
		}
	}()
}

// A server that has nothing to say and closes is no failure.
func TestInteropEmptyReply(t *testing.T) {
	t.Parallel()
	e2eFamilies(t, func(t *testing.T, ipv6 bool) {
		l := e2eNewLab(t, lab.Config{IPv6: ipv6})
		addr := l.server(ipv6, e2ePort)
		server := e2eKernelServe(t, l.Server, addr, true, "")
		for range 2 {
			if got := l.connect(exitDone, addr.String(), "-d", "ping"); got.Received != 0 || len(got.Reply) != 0 || got.Error != "" {
				t.Errorf("tfo connect: %+v, want an empty reply", got)
			}
			server.wantOnce(t, "ping")
			l.connect(exitDone, addr.String())
			server.wantOnce(t, "")
		}
	})
}

// Answers that make no sense never help nor crash the client: it gives up in
// time. None of them acknowledges its SYN.
func TestInteropGarbage(t *testing.T) {
	t.Parallel()
	e2eNeed(t, "nft")
	answers := []struct{ name, text string }{
		{"acknowledges nothing", "S. 0:0(0) ack 0 win 65535 <mss 1460>"},
		{"acknowledges too much", "S. 0:0(0) ack 100000 win 65535 <mss 1460>"},
		{"no SYN", ". 0:0(0) ack 1 win 65535"},
		{"no flags", "- 0:0(0) win 65535"},
		{"all flags", "SFRPUEWA 0:0(0) ack 0 win 65535"},
		{"bad checksum", "S. 0:0(0) ack 1 win 65535 <mss 1460,FO 0102030405060708>"},
		{"random", ""},
	}
	for i, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			ipv6 := i%2 == 1
			l := e2eNewLab(t, lab.Config{IPv6: ipv6})
			l.resets, l.odd = true, true
			e2eAnswer(t, l.Server, func(syn *wire.Packet) []byte { return e2eGarbage(t, syn, a.text) })
			addr := l.server(ipv6, e2ePort)
			r := e2eTfo(t, l.Client, "connect", "--cache", l.cache, addr.String(), "-d", e2eData, "--timeout", "1200ms")
			e2eWantOneLine(t, r, "timed out")
		})
	}
}

// A SYN-ACK with options that cannot be read is one all the same, and the data
// that follows is answered with nonsense or not at all.
func TestInteropGarbageOptions(t *testing.T) {
	t.Parallel()
	e2eNeed(t, "nft")
	for i, options := range []string{"raw 22", "raw 2200", "raw 22ff0102", "raw fe03f989", "raw 0204,raw 00ffffff", "FO,FO 01,FO 0102030405060708", "mss 0,wscale 255"} {
		t.Run(options, func(t *testing.T) {
			t.Parallel()
			ipv6 := i%2 == 1
			l := e2eNewLab(t, lab.Config{IPv6: ipv6})
			l.resets, l.odd = true, true
			e2eAnswer(t, l.Server, func(p *wire.Packet) []byte {
				if p.TCP.Flags.Has(wire.SYN) {
					return e2eGarbage(t, p, "S. 0:0(0) ack 1 win 65535 <"+options+">")
				}
				return e2eGarbage(t, p, "")
			})
			addr := l.server(ipv6, e2ePort)
			r := e2eTfo(t, l.Client, "connect", "--cache", l.cache, addr.String(), "-d", e2eData, "--timeout", "1200ms")
			e2eWantOneLine(t, r, "timed out")
		})
	}
}

// e2eGarbage is an answer to a packet: a segment that a text describes, with
// numbers relative to the client's, or noise in the shape of a segment.
func e2eGarbage(t *testing.T, to *wire.Packet, text string) []byte {
	answer := *to
	answer.Ethernet = to.Ethernet.Reversed()
	answer.IPv4.Src, answer.IPv4.Dst = to.IPv4.Dst, to.IPv4.Src
	answer.IPv6.Src, answer.IPv6.Dst = to.IPv6.Dst, to.IPv6.Src
	if text == "" {
		answer.TCP = wire.Segment{Seq: 99, Ack: 77, DataOffset: 5, Flags: 0x5a, Options: nil, Payload: []byte("\xff\x00noise")}
	} else {
		parsed, err := wire.ParseText(text)
		if err != nil {
			t.Error(err)
			return nil
		}
		answer.TCP = parsed.Segment
		answer.TCP.Ack = to.TCP.Seq.Add(int(parsed.Segment.Ack))
		answer.TCP.Options = wire.Pad(answer.TCP.Options, 0)
		answer.TCP.SetDataOffset()
	}
	answer.TCP.SrcPort, answer.TCP.DstPort = to.TCP.DstPort, to.TCP.SrcPort
	answer.SetLengths()
	answer.SetChecksums()
	if strings.Contains(text, "ack 1 win 65535 <mss 1460,FO") {
		answer.TCP.Checksum++
	}
	return answer.Append(nil)
}

// e2eAnswer answers every TCP packet that comes to a host in place of its
// kernel, which is made silent.
func e2eAnswer(t *testing.T, host *lab.Host, answer func(*wire.Packet) []byte) {
	t.Helper()
	e2eSh(t, host, `nft "add table inet mute; add chain inet mute in { type filter hook input priority 0; };
		add rule inet mute in meta l4proto tcp drop"`)
	var l *link.Packet
	err := host.Do(func() (err error) {
		l, err = link.Open(host.Interface, nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		var batch [1]link.Frame
		for {
			if _, err := l.ReadFrames(batch[:]); err != nil {
				return
			}
			p, err := wire.ParseFrame(batch[0].Data)
			if err != nil {
				continue
			}
			if _, err := l.WriteFrames([][]byte{answer(&p)}); err != nil && !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
	}()
}
