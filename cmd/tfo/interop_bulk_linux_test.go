package main

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
)

// e2eBulk is a mebibyte that does not repeat.
func e2eBulk() []byte {
	b := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// A mebibyte goes each way, on a first and on a second connection, with the
// kernel's offloads off and on: then frames carry unfinished checksums and are
// longer than the MTU.
func TestInteropBulk(t *testing.T) {
	t.Parallel()
	for _, offload := range []bool{false, true} {
		name := map[bool]string{false: "offload off", true: "offload on"}[offload]
		t.Run(name, func(t *testing.T) {
			e2eFamilies(t, func(t *testing.T, ipv6 bool) {
				l := e2eNewLab(t, lab.Config{IPv6: ipv6, Offload: offload})
				// Only with offloads on our own captures have checksums to finish.
				capture := offload && !ipv6
				bulkToKernel(t, l, l.server(ipv6, e2ePort), capture)
				bulkFromKernel(t, l, l.server(ipv6, e2ePort+1), capture)
				bulkOurs(t, l, l.server(ipv6, e2ePort+2))
			})
		})
	}
}

func bulkToKernel(t *testing.T, l *e2eLab, addr netip.AddrPort, capture bool) {
	data := e2eBulk()
	server := e2eKernelServe(t, l.Server, addr, true, string(data))
	bulkConnect(t, l, addr, data)
	server.wantOnce(t, string(data))
	if !capture {
		bulkConnect(t, l, addr, data)
	} else {
		file := filepath.Join(t.TempDir(), "connect.pcapng")
		bulkConnect(t, l, addr, data, "--pcap", file)
		e2eDissect(t, file)
	}
	server.wantOnce(t, string(data))
	server.close()
}

// bulkConnect sends data with tfo connect and wants it back.
func bulkConnect(t *testing.T, l *e2eLab, addr netip.AddrPort, data []byte, more ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	r := e2eTfo(t, l.Client, append([]string{"connect", "--cache", l.cache, addr.String(), "-d", "@" + file}, more...)...)
	if r.code != exitDone || !bytes.Equal([]byte(r.stdout), data) {
		t.Errorf("tfo connect: exit code %d, %d bytes back, want %d and the same ones: %s", r.code, len(r.stdout), len(data), r.stderr)
	}
}

func bulkFromKernel(t *testing.T, l *e2eLab, addr netip.AddrPort, capture bool) {
	data := e2eBulk()
	args := []string{addr.String(), "--echo", "--exit-after", "2", "--key", e2eKey}
	file := filepath.Join(t.TempDir(), "listen.pcapng")
	if capture {
		args = append(args, "--pcap", file)
	}
	server := e2eServe(t, l.Server, args...)
	for range 2 {
		c := e2eKernelDial(t, l.Client, addr)
		if reply := e2eSendAll(t, c, string(data)); reply != string(data) {
			t.Errorf("kernel client: %d bytes back, want %d and the same ones", len(reply), len(data))
		}
		c.Close()
	}
	bulkServed(t, server.end(), len(data))
	if capture {
		e2eDissect(t, file)
	}
}

func bulkOurs(t *testing.T, l *e2eLab, addr netip.AddrPort) {
	data := e2eBulk()
	e2eTfo(t, l.Client, "cookie", "cache", "--cache", l.cache, "--clear").want(t, exitDone)
	server := e2eServe(t, l.Server, addr.String(), "--echo", "--exit-after", "2", "--key", e2eKey)
	for range 2 {
		bulkConnect(t, l, addr, data)
	}
	bulkServed(t, server.end(), len(data))
}

func bulkServed(t *testing.T, lines []served, n int) {
	t.Helper()
	if len(lines) != 2 || lines[0].SynData != 0 || lines[1].SynData == 0 {
		t.Errorf("tfo listen: %v, want two connections, the second with data in the SYN", lines)
	}
	for _, line := range lines {
		if int(line.Received) != n || int(line.Sent) != n || line.Close != "orderly" {
			t.Errorf("tfo listen: %v, want %d bytes each way", line, n)
		}
	}
}
