package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// runChild is what a child process of a test does instead of testing.
func runChild(name string) (code int) {
	roles := map[string]func(context.Context) error{
		"story":      childStory,
		"hold":       childHold,
		"block":      childBlock,
		"signal":     childSignal,
		"exit7":      func(context.Context) error { os.Exit(7); return nil },
		"nouserns":   childNoUserNamespace,
		"nonetns":    childNoNetNamespace,
		"powerless":  childPowerless,
		"new":        childNew,
		"descriptor": childDescriptors,
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if name != "block" && name != "new" && name != "powerless" {
		code, done, err := Reexec(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
		if err != nil {
			fmt.Println(err)
			return 3
		}
		if done {
			return code
		}
	}
	if err := roles[name](ctx); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// child returns this test binary as a process that plays a role.
func child(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Args = []string{"lab.test"}
	cmd.Env = append(os.Environ(), childVariable+"="+name, "HOME=/nonexistent")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// asOrdinaryUser makes cmd run with no power at all, or skips.
func asOrdinaryUser(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	nobody := &syscall.Credential{Uid: 65534, Gid: 65534}
	// The path is no program: exec fails, but only after the change of user.
	try := exec.Cmd{Path: "/proc/self/exe/none", SysProcAttr: &syscall.SysProcAttr{Credential: nobody}}
	if err := try.Start(); !errors.Is(err, syscall.ENOTDIR) {
		t.Skipf("needs CAP_SETUID to become uid 65534: %v", err)
	}
	cmd.Dir = "/"
	cmd.SysProcAttr.Credential = nobody
}

func childStory(ctx context.Context) error {
	l, err := New(ctx, Config{IPv6: true})
	if err != nil {
		return err
	}
	defer l.Close()
	for _, ipv6 := range []bool{false, true} {
		if err := tellStory(ctx, l, ipv6); err != nil {
			return err
		}
	}
	return nil
}

// tellStory runs two connections between kernels and prints whether data went in the SYN.
func tellStory(ctx context.Context, l *Lab, ipv6 bool) error {
	_, addr := l.Addresses(ipv6)
	s, err := ListenKernel(l.Server, KernelServerConfig{Listen: netip.AddrPortFrom(addr, 80), Reply: upper})
	if err != nil {
		return err
	}
	defer s.Close()
	go s.Serve(ctx)
	client := KernelClient{Host: l.Client}
	for range 2 {
		x, err := client.Exchange(ctx, s.Addr(), []byte("hello"))
		if err != nil {
			return err
		}
		fmt.Printf("%s %s %t\n", addr, x.Reply, x.SynDataAcked)
	}
	return nil
}

const story = `192.0.2.2 HELLO false
192.0.2.2 HELLO true
2001:db8::2 HELLO false
2001:db8::2 HELLO true
`

func upper(_ netip.AddrPort, request []byte) []byte {
	return []byte(strings.ToUpper(string(request)))
}

// childHold makes a lab with a program in it, says so, and waits to be killed.
func childHold(ctx context.Context) error {
	l, err := New(ctx, Config{Router: true})
	if err != nil {
		return err
	}
	defer l.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childVariable+"=block")
	cmd.Stdout = os.Stdout
	if err := l.Server.Start(cmd); err != nil {
		return err
	}
	<-ctx.Done()
	l.Close()
	cmd.Wait()
	fmt.Println("closed")
	return nil
}

func childBlock(context.Context) error {
	fmt.Println("ready")
	select {}
}

// childSignal waits for the signal that Reexec sends when its context ends.
func childSignal(ctx context.Context) error {
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println("cleaned up")
	return nil
}

// childNoUserNamespace forbids further user namespaces inside its own and asks for one.
func childNoUserNamespace(ctx context.Context) error {
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		return err
	}
	_, err := runLocked(userNamespaceCommand(ctx, nil))
	return err
}

// childNoNetNamespace forbids further network namespaces inside its user namespace and asks for a lab.
func childNoNetNamespace(ctx context.Context) error {
	if err := os.WriteFile("/proc/sys/user/max_net_namespaces", []byte("0"), 0); err != nil {
		return err
	}
	fmt.Println(Check())
	return childNew(ctx)
}

func childNew(ctx context.Context) error {
	l, err := New(ctx, Config{})
	if err == nil {
		l.Close()
	}
	return err
}

// childPowerless is a program that was given a user namespace and finds itself without capabilities in it.
func childPowerless(ctx context.Context) error {
	os.Setenv(inUserNamespace, "1")
	_, done, err := Reexec(ctx, nil, nil, nil, nil)
	fmt.Println("done", done)
	return err
}

// childDescriptors counts what labs leave open in the process that made them.
func childDescriptors(ctx context.Context) error {
	count := func() int {
		entries, _ := os.ReadDir("/proc/self/fd")
		return len(entries)
	}
	if err := childNew(ctx); err != nil { // the runtime's own descriptors come with the first
		return err
	}
	before := count()
	for range 3 {
		if err := childNew(ctx); err != nil {
			return err
		}
	}
	fmt.Println(count() - before)
	return nil
}

// links lists the interfaces of the namespace of the calling thread.
func links(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/thread-self/net/dev")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(b)) {
		if name, _, ok := strings.Cut(line, ":"); ok {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return strings.Join(names, " ")
}
