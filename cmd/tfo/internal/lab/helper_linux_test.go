package lab

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// runHelper is what a child process of a test does instead of testing.
func runHelper(name string) (code int) {
	helpers := map[string]func(context.Context) error{
		"story":      helpStory,
		"hold":       helpHold,
		"block":      helpBlock,
		"signal":     helpSignal,
		"exit7":      func(context.Context) error { os.Exit(7); return nil },
		"nouserns":   helpNoUserNamespace,
		"nonetns":    helpNoNetNamespace,
		"powerless":  helpPowerless,
		"new":        helpNew,
		"descriptor": helpDescriptors,
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
	if err := helpers[name](ctx); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// helper returns this test binary as a child that runs a helper.
func helper(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Args = []string{"lab.test"}
	cmd.Env = append(os.Environ(), helperVariable+"="+name, "HOME=/nonexistent")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// asOrdinaryUser makes cmd run with no power at all, or skips.
func asOrdinaryUser(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 || os.Getenv(inUserNamespace) != "" {
		t.Skip("needs CAP_SETUID to become uid 65534")
	}
	cmd.Dir = "/"
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
}

func helpStory(ctx context.Context) error {
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

// helpHold makes a lab with a program in it, says so, and waits to be killed.
func helpHold(ctx context.Context) error {
	l, err := New(ctx, Config{Router: true})
	if err != nil {
		return err
	}
	defer l.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), helperVariable+"=block")
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

func helpBlock(context.Context) error {
	fmt.Println("ready")
	select {}
}

// helpSignal waits for the signal that Reexec sends when its context ends.
func helpSignal(ctx context.Context) error {
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println("cleaned up")
	return nil
}

// helpNoUserNamespace forbids further user namespaces inside its own and asks for one.
func helpNoUserNamespace(ctx context.Context) error {
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		return err
	}
	_, err := runLocked(userNamespaceCommand(ctx, nil))
	return err
}

// helpNoNetNamespace forbids further network namespaces inside its user namespace and asks for a lab.
func helpNoNetNamespace(ctx context.Context) error {
	if err := os.WriteFile("/proc/sys/user/max_net_namespaces", []byte("0"), 0); err != nil {
		return err
	}
	fmt.Println(Check())
	return helpNew(ctx)
}

func helpNew(ctx context.Context) error {
	l, err := New(ctx, Config{})
	if err == nil {
		l.Close()
	}
	return err
}

// helpPowerless is a program that was given a user namespace and finds itself without capabilities in it.
func helpPowerless(ctx context.Context) error {
	os.Setenv(inUserNamespace, "1")
	_, done, err := Reexec(ctx, nil, nil, nil, nil)
	fmt.Println("done", done)
	return err
}

// helpDescriptors counts what labs leave open in the process that made them.
func helpDescriptors(ctx context.Context) error {
	count := func() int {
		entries, _ := os.ReadDir("/proc/self/fd")
		return len(entries)
	}
	if err := helpNew(ctx); err != nil { // the runtime's own descriptors come with the first
		return err
	}
	before := count()
	for range 3 {
		if err := helpNew(ctx); err != nil {
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
