package main

import (
	"fmt"
	"net/netip"

	"github.com/spf13/cobra"

	"tfocraft/iptables"
)

func newGuard() *cobra.Command {
	return groupOf(&cobra.Command{
		Use:   "guard",
		Short: "keep the kernel from resetting userspace connections",
		Long: `The kernel knows nothing of a userspace connection and answers its segments with
resets. A guard is one packet filter rule that stops this for exactly one address
and port. tfo listen and tfo connect install and remove theirs by themselves;
these commands are for other programs, and for looking.`,
	}, newGuardAdd(), newGuardRemove(), newGuardList(), newGuardPrint(), newGuardSweep())
}

// guardFlags choose a scope and a backend.
type guardFlags struct {
	backend, mode, remote string
}

func (g *guardFlags) addBackend(cmd *cobra.Command) {
	cmd.Flags().StringVar(&g.backend, "backend", "auto", "`NAME` auto, iptables or nft")
	choices(cmd, "backend", "auto", "iptables", "nft")
}

func (g *guardFlags) add(cmd *cobra.Command) {
	g.addBackend(cmd)
	cmd.Flags().StringVar(&g.mode, "mode", "rst", "`MODE` rst drops the kernel's resets, inbound hides the segments from the kernel")
	cmd.Flags().StringVar(&g.remote, "remote", "", "only for this peer, `ADDR:PORT`")
	choices(cmd, "mode", "rst", "inbound")
}

func (g *guardFlags) parseBackend() (iptables.Backend, error) {
	backend, err := iptables.ParseBackend(g.backend)
	if err != nil {
		return backend, usagef("--backend: %w", err)
	}
	return backend, nil
}

func (g *guardFlags) parse(local string) (backend iptables.Backend, scope iptables.Scope, err error) {
	if backend, err = g.parseBackend(); err != nil {
		return backend, scope, err
	}
	if scope.Mode, err = iptables.ParseMode(g.mode); err != nil || scope.Mode == iptables.ModeNone {
		return backend, scope, usagef("--mode: unknown mode %q: want rst or inbound", g.mode)
	}
	if scope.Local, err = netip.ParseAddrPort(local); err != nil {
		return backend, scope, usagef("%q is not ADDR:PORT", local)
	}
	if g.remote != "" {
		if scope.Remote, err = parseAddrPort("--remote", g.remote); err != nil {
			return backend, scope, err
		}
	}
	if err := scope.Validate(); err != nil {
		return backend, scope, usagef("%w", err)
	}
	return backend, scope, nil
}

// runOn makes cmd do something with the backend and the scope that its flags
// and its argument name.
func (g *guardFlags) runOn(cmd *cobra.Command, do func(iptables.Backend, iptables.Scope) error) {
	g.add(cmd)
	cmd.RunE = action(func(_ *cobra.Command, args []string) error {
		backend, scope, err := g.parse(args[0])
		if err != nil {
			return err
		}
		return do(backend, scope)
	})
}

func newGuardAdd() *cobra.Command {
	var flags guardFlags
	cmd := &cobra.Command{
		Use:     "add ADDR:PORT",
		Short:   "install a rule that stays until it is removed",
		Example: `  tfo guard add 192.0.2.1:8080 --mode inbound`,
		Args:    one("ADDR:PORT"),
	}
	flags.runOn(cmd, func(backend iptables.Backend, scope iptables.Scope) error {
		used, err := iptables.Install(cmd.Context(), backend, scope)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "added with %v: %v\n", used, scope)
		return err
	})
	return cmd
}

func newGuardRemove() *cobra.Command {
	var flags guardFlags
	cmd := &cobra.Command{
		Use:     "remove ADDR:PORT",
		Short:   "remove a rule that was added by hand",
		Example: `  tfo guard remove 192.0.2.1:8080 --mode inbound`,
		Args:    one("ADDR:PORT"),
	}
	flags.runOn(cmd, func(backend iptables.Backend, scope iptables.Scope) error {
		if err := iptables.Uninstall(cmd.Context(), backend, scope); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "removed: %v\n", scope)
		return err
	})
	return cmd
}

func newGuardPrint() *cobra.Command {
	var flags guardFlags
	cmd := &cobra.Command{
		Use:   "print ADDR:PORT",
		Short: "show the commands for a rule and change nothing",
		Example: `  tfo guard print 192.0.2.1:8080
  tfo guard print 192.0.2.1:8080 --mode inbound --backend nft`,
		Args: one("ADDR:PORT"),
	}
	flags.runOn(cmd, func(backend iptables.Backend, scope iptables.Scope) error {
		return iptables.Print(cmd.OutOrStdout(), []iptables.Scope{scope}, backend)
	})
	return cmd
}

func newGuardSweep() *cobra.Command {
	var flags guardFlags
	var all bool
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "remove rules whose process is gone",
		Args:  none,
	}
	flags.addBackend(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "those that were added by hand as well")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		backend, err := flags.parseBackend()
		if err != nil {
			return err
		}
		sweep := iptables.Sweep
		if all {
			sweep = iptables.SweepAll
		}
		n, err := sweep(cmd.Context(), backend)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "rules removed: %d\n", n)
		return err
	})
	return cmd
}
