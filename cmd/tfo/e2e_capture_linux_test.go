package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/wire"
	"tfocraft/wire/link"
	"tfocraft/wire/pcapng"
)

// An e2eFrame is a frame that was seen on a cable.
type e2eFrame struct {
	data []byte
	at   time.Time
	out  bool
}

// An e2eTap sees every frame of an interface, in both directions.
type e2eTap struct {
	t      *testing.T
	link   *link.Packet
	done   sync.WaitGroup
	mu     sync.Mutex
	grown  sync.Cond
	frames []e2eFrame
	ended  bool
}

func e2eOpenTap(t *testing.T, host *lab.Host, ifname string) *e2eTap {
	t.Helper()
	tap := &e2eTap{t: t}
	tap.grown.L = &tap.mu
	err := host.Do(func() (err error) {
		tap.link, err = link.Open(ifname, &link.Config{Tap: true, ReceiveBuffer: 64 << 20})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tap.done.Go(tap.read)
	t.Cleanup(func() { tap.stop() })
	return tap
}

func (tap *e2eTap) read() {
	var batch [64]link.Frame
	for {
		n, err := tap.link.ReadFrames(batch[:])
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				tap.t.Error(err)
			}
			tap.mu.Lock()
			defer tap.mu.Unlock()
			tap.ended = true
			tap.grown.Broadcast()
			return
		}
		tap.mu.Lock()
		for _, f := range batch[:n] {
			data := bytes.Clone(f.Data)
			if f.Partial {
				data = link.Complete(nil, f.Data)
			}
			tap.frames = append(tap.frames, e2eFrame{data, f.Time, f.Outgoing})
		}
		tap.grown.Broadcast()
		tap.mu.Unlock()
	}
}

// await waits until a frame is what the test waits for, and takes all frames up
// to it away.
func (tap *e2eTap) await(what string, is func(e2eFrame) bool) e2eFrame {
	tap.t.Helper()
	timeout := time.AfterFunc(e2ePatience, func() { tap.link.Close() })
	defer timeout.Stop()
	tap.mu.Lock()
	defer tap.mu.Unlock()
	for {
		for i, f := range tap.frames {
			if is(f) {
				tap.frames = tap.frames[i+1:]
				return f
			}
		}
		if tap.ended {
			tap.t.Fatalf("the cable did not see %s", what)
		}
		tap.grown.Wait()
	}
}

// stop ends the tap and returns what it has seen.
func (tap *e2eTap) stop() []e2eFrame {
	tap.link.Close()
	tap.done.Wait()
	tap.mu.Lock()
	defer tap.mu.Unlock()
	return tap.frames
}

// judge looks at every frame of the lab: all sums are right, Wireshark has
// nothing to complain about, and nobody has reset a connection that lives. A
// capture of it all stays in the directory of the test's artifacts.
func (l *e2eLab) judge(frames []e2eFrame) {
	l.t.Helper()
	file := filepath.Join(l.t.ArtifactDir(), "cable.pcapng")
	if err := e2eWriteCapture(file, frames); err != nil {
		l.t.Error(err)
		return
	}
	fins := make(map[[2]netip.AddrPort]bool) // sent from the first to the second
	for _, f := range frames {
		p, err := wire.ParseFrame(f.data)
		if err != nil {
			continue // ARP, neighbour discovery
		}
		if !l.odd && !p.ChecksumsOK() {
			l.t.Errorf("wrong checksum on the cable: %v", &p)
		}
		there, back := [2]netip.AddrPort{p.Src(), p.Dst()}, [2]netip.AddrPort{p.Dst(), p.Src()}
		switch {
		case p.TCP.Flags.Has(wire.SYN):
			delete(fins, there)
			delete(fins, back)
		case p.TCP.Flags.Has(wire.FIN):
			fins[there] = true
		}
		// Once both sides have closed, a reset is the answer to a copy that
		// crossed the last acknowledgment.
		if !l.resets && p.TCP.Flags.Has(wire.RST) && !(fins[there] && fins[back]) {
			l.t.Errorf("reset on the cable: %v", &p)
		}
	}
	if !l.odd {
		e2eDissect(l.t, file)
	}
}

func e2eWriteCapture(file string, frames []e2eFrame) error {
	var b bytes.Buffer
	w, err := pcapng.NewWriter(&b, pcapng.Interface{Name: "cable", LinkType: wire.LinkEthernet})
	if err != nil {
		return err
	}
	for _, f := range frames {
		direction := pcapng.In
		if f.out {
			direction = pcapng.Out
		}
		if err := w.Write(f.data, f.at, 0, direction); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// An e2eDissection is what Wireshark says of a frame.
type e2eDissection struct {
	number   int
	syn, ack bool
	option   string // the Fast Open option, as in the JSON: none, request or cookie
	cookie   string // hex
	data     int    // bytes of TCP payload
}

// e2eSeverityWarning is that of a warning in Wireshark; an error has more.
const e2eSeverityWarning = 0x600000

// e2eHarmless are warnings about the exchange and not about the frames: a test
// may lose segments and reset connections on purpose, and judges that itself.
var e2eHarmless = []string{
	"Connection reset (RST)", "Previous segment(s) not captured", "ACKed segment that wasn't captured", "TCP window specified by the receiver is now completely full",
	"TCP Zero Window segment", "A new tcp session is started with the same ports", "4 NOP in a row",
	// So Wireshark calls data of a SYN that goes again, in a longer segment.
	"This frame is a (suspected) out-of-order segment", "D-SACK Sequence", e2eSumOfZero,
}

// e2eDissect lets tshark read a capture, fails the test for every frame that is
// malformed, has a wrong checksum or deserves a warning, and returns what it
// says of the TCP segments. Without tshark it logs that and returns nil.
func e2eDissect(t *testing.T, file string) []e2eDissection {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Log("not checked with Wireshark: needs the program tshark")
		return nil
	}
	fields := []string{
		"frame.number", "tcp.flags.syn", "tcp.flags.ack", "tcp.len", "tcp.options.tfo.cookie", "tcp.options.tfo.request",
		"tcp.checksum.status", "ip.checksum.status", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message",
	}
	args := []string{"-r", file, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=|", "-E", "aggregator=;",
		// It would take what is sent to these ports for HTTP.
		"-d", "tcp.port==1-65535,data"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	// Cleanup functions run after the end of the test's context.
	if t.Context().Err() != nil {
		cmd = exec.Command(path, args...)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("tshark: %v: %s", err, &stderr)
		return nil
	}
	var all []e2eDissection
	complaints := 0
	for line := range strings.Lines(string(out)) {
		values := strings.Split(strings.TrimRight(line, "\n"), "|")
		if len(values) != len(fields) {
			t.Errorf("tshark: %d fields, want %d: %q", len(values), len(fields), line)
			continue
		}
		if complaint := e2eComplaint(values[6:]); complaint != "" {
			if complaints++; complaints <= 3 {
				t.Errorf("tshark: frame %s of %s: %s", values[0], filepath.Base(file), complaint)
			}
		}
		if values[1] == "" {
			continue
		}
		d := e2eDissection{syn: values[1] == "1", ack: values[2] == "1", option: "none", cookie: values[4]}
		d.number, _ = strconv.Atoi(values[0])
		d.data, _ = strconv.Atoi(values[3])
		switch {
		case values[4] != "":
			d.option = "cookie"
		case values[5] != "":
			d.option = "request"
		}
		all = append(all, d)
	}
	if complaints > 3 {
		t.Errorf("tshark complains of %d frames of %s", complaints, file)
	}
	return all
}

// e2eSumOfZero is what Wireshark says of the sum that a kernel writes where it is
// zero: all ones, which stands for the same number (RFC 1624, Section 3).
const e2eSumOfZero = "0xffff instead of 0x0000"

// e2eComplaint takes the statuses of the checksums, whether the frame is
// malformed, and severities and messages of the remarks.
func e2eComplaint(values []string) string {
	tcpSum, ipSum, malformed := values[0], values[1], values[2]
	switch {
	case tcpSum != "" && tcpSum != "1" && !strings.Contains(values[4], e2eSumOfZero):
		return "TCP checksum status " + tcpSum
	case ipSum != "" && ipSum != "1":
		return "IP checksum status " + ipSum
	case malformed != "":
		return "malformed"
	}
	message := values[4]
	// Wireshark only notes options that it cannot read.
	severe := strings.Contains(message, "option length") || strings.Contains(message, "Unknown option")
	for s := range strings.SplitSeq(values[3], ";") {
		n, err := strconv.ParseInt(s, 0, 64)
		severe = severe || err == nil && n >= e2eSeverityWarning
	}
	for _, harmless := range e2eHarmless {
		if strings.Contains(message, harmless) {
			return ""
		}
	}
	if severe {
		return message
	}
	return ""
}

// e2eAgree fails the test unless Wireshark and our JSON tell the same of the
// first SYN and the last SYN-ACK of every connection of a capture.
func e2eAgree(t *testing.T, file string, results []result) {
	t.Helper()
	e2eNeed(t, "tshark")
	var syns, synAcks []e2eDissection
	for _, d := range e2eDissect(t, file) {
		switch {
		case d.syn && d.ack:
			synAcks = append(synAcks, d)
		case d.syn:
			syns = append(syns, d)
		}
	}
	if len(syns) != len(results) || len(synAcks) != len(results) {
		t.Fatalf("%s: %d SYNs and %d SYN-ACKs, want %d of each", file, len(syns), len(synAcks), len(results))
	}
	for i, r := range results {
		got := fmt.Sprint(syns[i].option, syns[i].cookie, syns[i].data, synAcks[i].option, synAcks[i].cookie, synAcks[i].data)
		want := fmt.Sprint(r.SynOption, r.SynCookie, r.SynData, r.SynAckOption, r.SynAckCookie, r.SynAckData)
		if got != want {
			t.Errorf("connection %d: tshark says %s, JSON says %s", i+1, got, want)
		}
	}
}

// e2eIP cuts the IP packet out of a frame.
func e2eIP(frame []byte) string { return hex.EncodeToString(frame[wire.EthernetLen:]) }
