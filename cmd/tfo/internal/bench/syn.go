package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"time"

	"tfocraft/wire"
)

// warmUp is how long a sender runs before its frames count.
const warmUp = 200 * time.Millisecond

// startUp bounds the time until a sender's first frame; scapy takes seconds on a slow machine.
const startUp = 20 * time.Second

func synSubject() subject {
	ring, batch := "tx ring bypass", "tx sendmmsg bypass"
	s := subject{
		name:    "syn",
		about:   "SYNs that left the interface by one core, by its counters",
		figures: []figure{{"", "frames/s", 0}},
		contenders: []contender{{
			name: "tfo load", against: []string{batch, ring, "trafgen", "hping3", "masscan", "nping", "scapy"},
			measure: sends(tfoLoad, fastOpenSyn),
		}},
	}
	for _, mode := range []string{"sendto", "sendmmsg", "ring"} {
		for _, path := range []string{"qdisc", "bypass"} {
			s.contenders = append(s.contenders, contender{name: "tx " + mode + " " + path, measure: sends(tx(mode, path), fastOpenSyn)})
		}
	}
	for _, tool := range []struct {
		name    string
		program string
		command sender
		is      func(wire.Packet) error
	}{
		{"trafgen", "trafgen", trafgen, fastOpenSyn},
		{"hping3", "hping3", hping3, anySyn},
		{"masscan", "masscan", masscan, anySyn},
		{"nping", "nping", nping, anySyn},
	} {
		s.contenders = append(s.contenders, contender{
			name: tool.name, missing: needsProgram(tool.program), measure: sends(tool.command, tool.is),
		})
	}
	s.contenders = append(s.contenders, contender{name: "scapy", missing: needsScapy, measure: sends(scapy, fastOpenSyn)})
	return s
}

// needsProgram is for contenders that somebody else has to install.
func needsProgram(name string) func(context.Context, *traffic) string {
	return func(context.Context, *traffic) string {
		if _, err := exec.LookPath(name); err != nil {
			return name + " is not installed (--install)"
		}
		return ""
	}
}

func needsScapy(context.Context, *traffic) string {
	if pythonWithScapy() == "" {
		return "scapy is not installed (--install)"
	}
	return ""
}

// pythonWithScapy finds an interpreter that has it: the distribution's need not be the first one in PATH.
func pythonWithScapy() string {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import scapy").Run() == nil {
			return python
		}
	}
	return ""
}

// A sender is a program that sends SYNs to nobody for at least some time.
type sender func(s *scene, lasts time.Duration) (program string, args []string)

func tfoLoad(s *scene, lasts time.Duration) (string, []string) {
	return s.t.program("tfo"), []string{"load", netip.AddrPortFrom(s.nobody, port).String(), "-i", s.Client.Interface,
		"--mode", "syn", "--rate", "max", "--duration", lasts.String(), "--clients", loadClients + "/16",
		"--cookies", "key", "--key", "000102030405060708090a0b0c0d0e0f", "--size", "64", "--json"}
}

func tx(mode, path string) sender {
	return func(s *scene, lasts time.Duration) (string, []string) {
		return s.t.program("tx"), []string{s.Client.Interface, s.nobodyMAC.String(), s.nobody.String(), mode, path,
			fmt.Sprint(lasts.Seconds())}
	}
}

func trafgen(s *scene, _ time.Duration) (string, []string) {
	// The frame of tx.c. Its own functions for headers know no option 34.
	frame := fmt.Sprintf("{ eth(da=%s, sa=%s, type=0x0800), ipv4(ihl=5, ttl=64, df, proto=6, sa=192.0.2.1, da=%s), "+
		"tcp(sp=12345, dp=%d, seq=1, doff=9, syn, win=65535), 2, 4, 5, 0xb4, 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1, fill('x', 48) }",
		s.nobodyMAC, s.Client.MAC, s.nobody, port)
	// It sends from a process of its own, which would go on for ever if both of us were killed: hence a number.
	return "trafgen", []string{"--out", s.Client.Interface, "--cpus", "1", "--no-sock-mem", "--num", "50000000", frame}
}

func hping3(s *scene, _ time.Duration) (string, []string) {
	return "hping3", []string{"--flood", "--quiet", "--numeric", "--interface", s.Client.Interface, "--syn",
		"--destport", fmt.Sprint(port), "--data", "64", s.nobody.String()}
}

// masscan sends a SYN to each of many addresses, so it needs many; all have the hardware address of nobody.
func masscan(s *scene, _ time.Duration) (string, []string) {
	return "masscan", []string{"198.18.0.0/15", "-p1-1000", "--rate", "100000000", "--interface", s.Client.Interface,
		"--adapter-ip", s.Client.Addr4.String(), "--adapter-mac", s.Client.MAC.String(), "--router-mac", s.nobodyMAC.String(),
		"--wait", "0"}
}

func nping(s *scene, _ time.Duration) (string, []string) {
	return "nping", []string{"--tcp", "--flags", "syn", "--dest-port", fmt.Sprint(port), "--rate", "10000000", "--count", "100000000",
		"--data-length", "64", "--hide-sent", "--no-capture", "--quiet", "--send-eth", "--interface", s.Client.Interface,
		"--source-mac", s.Client.MAC.String(), "--dest-mac", s.nobodyMAC.String(), s.nobody.String()}
}

// scapy makes each frame anew, as it has another client's address each time; it cannot compute a cookie.
func scapy(s *scene, _ time.Duration) (string, []string) {
	return pythonWithScapy(), []string{"-c", fmt.Sprintf(`
from itertools import count
from scapy.all import *
out = conf.L2socket(iface=%q)
for n in count():
    out.send(Ether(src=%q, dst=%q) / IP(src="198.18.%%d.%%d" %% (n >> 8 & 255, n & 255), dst=%q)
        / TCP(sport=12345, dport=%d, flags="S", options=[("MSS", 1460), (34, bytes(8))]) / (b"x" * 48))
`, s.Client.Interface, s.Client.MAC, s.nobodyMAC, s.nobody, port)}
}

// sends measures what a sender sends. Its first frame has to be what it should be.
func sends(command sender, is func(wire.Packet) error) func(context.Context, *traffic) ([]float64, error) {
	return func(ctx context.Context, t *traffic) ([]float64, error) {
		s, err := t.open(ctx)
		if err != nil {
			return nil, err
		}
		defer s.Close()
		frames, err := eavesdrop(s.Server)
		if err != nil {
			return nil, err
		}
		defer frames.Close()
		program, args := command(s, startUp+warmUp+t.duration)
		d, err := startDaemon(ctx, s.Client, pinned(ctx, clientCore, program, args...), "", true)
		if err != nil {
			return nil, err
		}
		defer d.kill()
		if err := firstFrame(frames, is); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", program, err, d.said)
		}
		frames.Close() // copies for it would count
		rate, err := s.sendRate(t.duration)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %s", program, err, d.said)
		}
		// One that was done before the time was up is not slow.
		if err := d.running(); err != nil {
			return nil, err
		}
		return []float64{rate}, nil
	}
}

// firstFrame waits for a TCP segment, and has it judged.
func firstFrame(frames *os.File, is func(wire.Packet) error) error {
	if err := frames.SetReadDeadline(time.Now().Add(startUp)); err != nil {
		return err
	}
	buf := make([]byte, 2048)
	n, err := frames.Read(buf)
	if err != nil {
		return fmt.Errorf("no frame: %w", err)
	}
	p, err := wire.ParseFrame(buf[:n])
	if err != nil {
		return err
	}
	return is(p)
}

// sendRate begins to count once the sender is at it: some pause after their first frame.
func (s *scene) sendRate(d time.Duration) (float64, error) {
	time.Sleep(warmUp)
	before, began, err := s.sentMore()
	if err != nil {
		return 0, err
	}
	time.Sleep(d)
	after, ended, err := sent(s.Client)
	if err != nil {
		return 0, err
	}
	return float64(after-before) / ended.Sub(began).Seconds(), nil
}

// sentMore waits for another frame.
func (s *scene) sentMore() (frames uint64, at time.Time, err error) {
	first, began, err := sent(s.Client)
	for frames = first; err == nil && frames == first; {
		if at.Sub(began) > startUp {
			return 0, at, errors.New("sends nothing more")
		}
		time.Sleep(time.Millisecond)
		frames, at, err = sent(s.Client)
	}
	return frames, at, err
}

func anySyn(p wire.Packet) error {
	if p.TCP.Flags != wire.SYN {
		return fmt.Errorf("sent %v, want a SYN", p.TCP)
	}
	return nil
}

// fastOpenSyn wants a cookie, data and right checksums as well.
func fastOpenSyn(p wire.Packet) error {
	if err := anySyn(p); err != nil {
		return err
	}
	if o, err := p.TCP.Options.Decode(); err != nil || len(o.FastOpen.Cookie) == 0 || len(p.TCP.Payload) == 0 {
		return fmt.Errorf("sent %v, want a cookie and data", p.TCP)
	}
	if !p.ChecksumsOK() {
		return errors.New("sent wrong checksums")
	}
	return nil
}
