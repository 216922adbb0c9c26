package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/iptables"
)

// newHosts makes two hosts, or skips the test where that is forbidden. When the
// test ends the client must have no rule left.
func newHosts(t *testing.T) *lab.Lab {
	t.Helper()
	hosts, err := lab.New(t.Context(), lab.Config{IPv6: true})
	if errors.Is(err, lab.ErrForbidden) {
		t.Skipf("needs CAP_SYS_ADMIN and CAP_NET_ADMIN, or user namespaces: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		hosts.Client.Do(func() error {
			if rules, err := iptables.List(context.Background(), iptables.BackendAuto); err != nil || len(rules) > 0 {
				t.Errorf("rules left: %v, %v", rules, err)
			}
			return nil
		})
		hosts.Close()
	})
	return hosts
}

// on runs a command in this process, on a host.
func on(t *testing.T, host *lab.Host, args ...string) outcome {
	t.Helper()
	r := e2eTfo(t, host, args...)
	return outcome{r.code, r.stdout, r.stderr}
}

// asNobody runs a command on a host as an ordinary user.
func asNobody(t *testing.T, host *lab.Host, args ...string) outcome {
	t.Helper()
	if os.Getuid() != 0 || e2eInUserNamespace() {
		t.Skip("needs CAP_SETUID to become uid 65534")
	}
	r := e2eAsNobody(t, e2eCommand(args...)).start(t, host).wait()
	return outcome{r.code, r.stdout, r.stderr}
}

// kernelListens lets the kernel of a host have a port.
func kernelListens(t *testing.T, host *lab.Host, address string) {
	t.Helper()
	err := host.Do(func() error {
		ln, err := net.Listen("tcp", address)
		if err == nil {
			t.Cleanup(func() { ln.Close() })
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestBadNetwork(t *testing.T) {
	hosts := newHosts(t)
	kernelListens(t, hosts.Client, "192.0.2.1:7000")
	kernelListens(t, hosts.Client, "[::]:7001")
	cache := filepath.Join(t.TempDir(), "cookies.db")
	for _, test := range []struct {
		args string
		want string
	}{
		{"connect 192.0.2.2:80 -i eth9", `no such interface: "eth9"; there are: lo, eth0`},
		{"connect 198.51.100.1:80", "no route to 198.51.100.1: network is unreachable"},
		{"connect [2001:db9::1]:80", "no route to 2001:db9::1"},
		{"connect 192.0.2.77:80 --timeout 200ms", "192.0.2.77"}, // nobody there
		{"connect 192.0.2.2:80 --source 192.0.2.99", "--source: no such interface has the address 192.0.2.99; there are: 127.0.0.1, 192.0.2.1,"},
		{"connect 192.0.2.2:80 --source 192.0.2.99", "\n     if the network brings that address's packets to this host"},
		{"connect 8.8.8.8:80 --source 1.2.3.4 --guard none", "--source: no such interface has the address 1.2.3.4"},
		{"connect 192.0.2.2:80 --source 192.0.2.1:7000", "port 7000 of 192.0.2.1 is taken by the kernel or by another program"},
		{"connect 192.0.2.2:80 --pcap /no/such/dir/x.pcapng", "--pcap: open /no/such/dir/x.pcapng: no such file or directory"},
		{"connect 192.0.2.2:80 -d @/no/such/file", "--data: open /no/such/file: no such file or directory"},
		{"listen 192.0.2.1:7000", "port 7000 of 192.0.2.1 is taken by the kernel or by another program"},
		{"listen :7000", "port 7000"},
		{"listen 192.0.2.1:7001", "port 7001 of 192.0.2.1 is taken"},
		{"listen [2001:db8::1]:7001", "port 7001 of 2001:db8::1 is taken"},
		{"listen 192.0.2.99:80", "no such interface has the address 192.0.2.99; there are: "},
		{"listen :80 -i eth9", `no such interface: "eth9"; there are: lo, eth0`},
		{"listen :80 --pcap /no/such/dir/x.pcapng", "--pcap: open /no/such/dir/x.pcapng"},
		{"listen :80 --metrics 192.0.2.1:7000", "--metrics 192.0.2.1:7000: bind: address already in use"},
		{"listen :80 --metrics 198.51.100.1:80", "--metrics 198.51.100.1:80: bind: cannot assign requested address"},
		{"craft S --dst 198.51.100.1:80 --send", "no route to 198.51.100.1"},
		{"craft S --dst 192.0.2.2:80 --send -i eth9", `no such interface: "eth9"`},
		{"guard remove 192.0.2.1:80", "no such rule"},
	} {
		t.Run(test.args, func(t *testing.T) {
			args := strings.Fields(test.args)
			switch args[0] {
			case "connect":
				args = append(args, "--cache", cache)
			case "craft":
				args[1] = "S 0:0(0)"
			}
			got := on(t, hosts.Client, args...)
			got.failed(t, exitFailed, test.want)
			if got.stdout != "" {
				t.Errorf("stdout: %s", got.stdout)
			}
			if args[0] != "connect" {
				return
			}
			// The same is in the line of JSON.
			got = on(t, hosts.Client, append(args, "--json")...)
			var r result
			if err := json.Unmarshal([]byte(got.stdout), &r); err != nil || got.code != exitFailed || r.Error == "" || r.FastOpen == "" || r.Reason == "" {
				t.Errorf("exit code %d, %v: %s", got.code, err, got.stdout)
			}
		})
	}
}

// A port that another tfo has is as taken as one of the kernel's.
func TestBadPortOfAnother(t *testing.T) {
	hosts := newHosts(t)
	server := e2eServe(t, hosts.Client, "192.0.2.1:7000")
	precious := filepath.Join(t.TempDir(), "precious.pcapng")
	if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"listen 192.0.2.1:7000", "listen :7000", "listen 192.0.2.1:7000 --pcap " + precious,
		"connect 192.0.2.2:80 --source 192.0.2.1:7000 --cache " + filepath.Join(t.TempDir(), "c.db"),
	} {
		on(t, hosts.Client, strings.Fields(args)...).failed(t, exitFailed, "is taken by the kernel or by another program")
	}
	server.stop()
	if b, err := os.ReadFile(precious); string(b) != "precious" {
		t.Errorf("--pcap of a command that did not begin has changed the file: %q, %v", b, err)
	}
}

func TestBadPrivilege(t *testing.T) {
	hosts := newHosts(t)
	dir := t.TempDir()
	for _, test := range []struct {
		args string
		want string
	}{
		{"connect 192.0.2.2:80", "needs CAP_NET_ADMIN"},
		{"connect 192.0.2.2:80 --guard none", "needs CAP_NET_RAW"},
		{"connect 192.0.2.2:80 --json", "needs CAP_NET_ADMIN"},
		{"listen :8080", "needs CAP_NET_ADMIN"},
		{"listen :8080 --guard none", "needs CAP_NET_RAW"},
		{"listen 127.0.0.1:8080 --guard none --pcap x.pcapng", "x.pcapng"},
		{"craft S --send", "needs CAP_NET_RAW"},
		{"guard add 192.0.2.1:80", "needs CAP_NET_ADMIN"},
		{"guard remove 192.0.2.1:80", "needs CAP_NET_ADMIN"},
		{"guard list", "needs CAP_NET_ADMIN"},
		{"guard sweep", "needs CAP_NET_ADMIN"},
	} {
		t.Run(test.args, func(t *testing.T) {
			args := strings.Fields(test.args)
			if args[0] == "craft" {
				args[1] = "S 0:0(0)"
			}
			if strings.Contains(test.args, "x.pcapng") {
				// A place where the user may write.
				open := filepath.Join(dir, "open")
				if err := errors.Join(os.MkdirAll(open, 0o777), os.Chmod(open, 0o777), os.Chmod(dir, 0o755)); err != nil {
					t.Fatal(err)
				}
				args[len(args)-1] = filepath.Join(open, "x.pcapng")
				got := asNobody(t, hosts.Client, args...)
				if left, _ := os.ReadDir(open); len(left) > 0 || got.code == exitDone {
					t.Errorf("exit code %d, left: %v", got.code, left)
				}
				return
			}
			got := asNobody(t, hosts.Client, args...)
			got.failed(t, exitMissing, test.want, "\n     run as root, or ")
			if !strings.Contains(test.args, "--json") {
				return
			}
			var r result
			if err := json.Unmarshal([]byte(got.stdout), &r); err != nil || !strings.Contains(r.Error, test.want) {
				t.Errorf("%v: %s", err, got.stdout)
			}
		})
	}
}

// A cookie cache that cannot be used is said to be so, and stays as it is.
func TestBadCache(t *testing.T) {
	hosts := newHosts(t)
	for name, content := range badCaches(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file, capture := filepath.Join(dir, "cookies.db"), filepath.Join(dir, "x.pcapng")
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			got := on(t, hosts.Client, "connect", "192.0.2.2:80", "--json", "--cache", file, "--pcap", capture)
			got.failed(t, exitFailed, file)
			var r result
			if err := json.Unmarshal([]byte(got.stdout), &r); err != nil || !strings.Contains(r.Error, file) {
				t.Errorf("%v: %s", err, got.stdout)
			}
			if after, _ := os.ReadFile(file); !bytes.Equal(after, content) {
				t.Error("the file has changed")
			}
			if _, err := os.Stat(capture); !os.IsNotExist(err) {
				t.Errorf("a capture is left: %v", err)
			}
		})
	}
}

// withoutNamespaces runs a command without capabilities, where user namespaces
// are forbidden by a setting: of a user namespace, not of the machine.
func withoutNamespaces(t *testing.T, args ...string) outcome {
	t.Helper()
	e2eNeed(t, "setpriv", "sh")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := `echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all "$0" "$@"`
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", script, program}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	err = cmd.Run()
	if cmd.ProcessState == nil || strings.Contains(stderr.String(), "max_user_namespaces: ") {
		t.Skipf("needs user namespaces and a writable /proc/sys: %v: %s", err, &stderr)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func TestBadNamespaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.pcapng")
	for _, args := range []string{"lab", "lab --json", "lab -6 --client kernel --pcap " + file} {
		got := withoutNamespaces(t, strings.Fields(args)...)
		got.failed(t, exitMissing, "new user namespace: forbidden by user.max_user_namespaces=0\n     run \"sysctl -w user.max_user_namespaces=")
		if got.stdout != "" {
			t.Errorf("stdout: %s", got.stdout)
		}
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("a capture is left: %v", err)
	}
	doctor := withoutNamespaces(t, "doctor", "--json")
	if doctor.code != exitMissing || !strings.HasPrefix(doctor.stdout, `{"check":"lab","ok":false,"detail":"new user namespace: forbidden by user.max_user_namespaces=0","cure":"run \"sysctl`) {
		t.Errorf("doctor: exit code %d:\n%s", doctor.code, doctor.stdout)
	}
}

func TestBadLabCapture(t *testing.T) {
	newHosts(t) // or skip
	on(t, nil, "lab", "--pcap", filepath.Join(t.TempDir(), "missing", "x.pcapng")).failed(t, exitFailed, "--pcap: open ", "no such file")
}

// A crafted SYN that waits for its answer gets it, and the kernel of its host
// does not spoil it with a reset: the lab's judge looks at every frame.
func TestCraftWait(t *testing.T) {
	l := e2eNewLab(t, lab.Config{})
	l.resets = true // of the last part only, see below
	kernelListens(t, l.Server, "192.0.2.2:80")
	got := on(t, l.Client, "craft", "S 0:0(0) <mss 1460>", "--dst", "192.0.2.2:80", "--src", "192.0.2.1:40000", "--send", "--wait", "200ms")
	lines := strings.Split(got.done(t), "\n")
	if len(lines) != 3 || lines[0] != "sent      192.0.2.1:40000 > 192.0.2.2:80 S 0:0(0) win 65535 <mss 1460>" ||
		!strings.HasPrefix(lines[1], "received  192.0.2.2:80 > 192.0.2.1:40000 S. ") {
		t.Errorf("got:\n%s", got.stdout)
	}
	if rules := on(t, l.Client, "guard", "list").done(t); rules != "" {
		t.Errorf("rules left:\n%s", rules)
	}
	closed := on(t, l.Client, "craft", "S 0:0(0)", "--dst", "192.0.2.2:81", "--send", "--wait", "100ms").done(t)
	if !strings.Contains(closed, "received  192.0.2.2:81 > ") || !strings.Contains(closed, " R. ") {
		t.Errorf("from a closed port:\n%s", closed)
	}
	silent := on(t, l.Client, "craft", "--dst", "192.0.2.2:80", "--send", "--wait", "100ms", "--", "- 0:0(0)")
	if silent.code != exitDone || silent.stderr != "tfo: nothing came back within 100ms\n" {
		t.Errorf("got %+v", silent)
	}
	forged := on(t, l.Client, "craft", "S 0:0(0)", "--src", "198.18.0.1:9", "--dst", "192.0.2.2:80", "--send").done(t)
	if want := "sent      198.18.0.1:9 > 192.0.2.2:80 S 0:0(0) win 65535\n"; forged != want {
		t.Errorf("a forged source in a lab: got %s, want %s", forged, want)
	}
}

// tfo listen :0 has one port on every interface, and says which.
func TestListenAnyPort(t *testing.T) {
	hosts := newHosts(t)
	s := e2eServe(t, hosts.Client, ":0", "--exit-after", "1")
	text := s.stderr.String()
	_, port, _ := strings.Cut(strings.Fields(text)[3], ":")
	if port == "0" || port == "" {
		t.Fatalf("listens on: %s", text)
	}
	address := netip.AddrPortFrom(hosts.Client.Addr4, 0).Addr().String() + ":" + port
	on(t, hosts.Server, "connect", address, "--no-fast-open", "-d", "x")
	s.one()
}
