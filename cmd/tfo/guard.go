package main

import (
	"fmt"
	"net/netip"

	"github.com/spf13/cobra"

	"tfocraft/iptables"
)

func newGuard() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "guard",
		Short: "keep the kernel from resetting userspace connections",
		Long: `The kernel knows nothing of a userspace connection and answers its segments with
resets. A guard is one packet filter rule that stops this for exactly one address
and port. tfo listen and tfo connect install and remove theirs by themselves;
these commands are for other programs, and for looking.`,
	}
	cmd.AddCommand(newGuardAdd(), newGuardRemove(), newGuardList(), newGuardPrint(), newGuardSweep())
	return cmd
}

// guardFlags choose a scope and a backend.
type guardFlags struct {
	backend, mode, remote string
}

func (g *guardFlags) addBackend(cmd *cobra.Command) {
	cmd.Flags().StringVar(&g.backend, "backend", "auto", "auto, iptables or nft")
}

func (g *guardFlags) add(cmd *cobra.Command) {
	g.addBackend(cmd)
	cmd.Flags().StringVar(&g.mode, "mode", "rst", "rst: drop the kernel's resets; inbound: hide the segments from the kernel")
	cmd.Flags().StringVar(&g.remote, "remote", "", "only for this peer, `ADDR:PORT`")
}

func (g *guardFlags) parse(local string) (iptables.Backend, iptables.Scope, error) {
	var scope iptables.Scope
	backend, err := iptables.ParseBackend(g.backend)
	if err != nil {
		return backend, scope, usagef("%w", err)
	}
	if scope.Mode, err = iptables.ParseMode(g.mode); err != nil {
		return backend, scope, usagef("%w", err)
	}
	if scope.Local, err = netip.ParseAddrPort(local); err != nil {
		return backend, scope, usagef("%q is not ADDR:PORT", local)
	}
	if g.remote != "" {
		if scope.Remote, err = netip.ParseAddrPort(g.remote); err != nil {
			return backend, scope, usagef("--remote: %q is not ADDR:PORT", g.remote)
		}
	}
	if err := scope.Validate(); err != nil {
		return backend, scope, usagef("%w", err)
	}
	return backend, scope, nil
}

func newGuardAdd() *cobra.Command {
	var flags guardFlags
	cmd := &cobra.Command{
		Use:     "add ADDR:PORT",
		Short:   "install a rule that stays until it is removed",
		Example: `  tfo guard add 192.0.2.1:8080 --mode inbound`,
		Args:    cobra.ExactArgs(1),
	}
	flags.add(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		backend, scope, err := flags.parse(args[0])
		if err != nil {
			return err
		}
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
		Args:    cobra.ExactArgs(1),
	}
	flags.add(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		backend, scope, err := flags.parse(args[0])
		if err != nil {
			return err
		}
		return iptables.Uninstall(cmd.Context(), backend, scope)
	})
	return cmd
}

func newGuardList() *cobra.Command {
	var flags guardFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "show the rules of all tfo processes, and who owns them",
		Args:  cobra.NoArgs,
	}
	flags.addBackend(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		backend, err := iptables.ParseBackend(flags.backend)
		if err != nil {
			return usagef("%w", err)
		}
		rules, err := iptables.List(cmd.Context(), backend)
		if err != nil {
			return err
		}
		for _, r := range rules {
			if err := printRule(cmd, r, asJSON); err != nil {
				return err
			}
		}
		return nil
	})
	return cmd
}

func printRule(cmd *cobra.Command, r iptables.Installed, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "%-8v  %v  %v (%v)  %d packets\n", r.Backend, r.Scope, r.Tag, r.Owner, r.Packets)
		return err
	}
	line := struct {
		Backend string `json:"backend"`
		Mode    string `json:"mode"`
		Local   string `json:"local"`
		Remote  string `json:"remote,omitempty"`
		Tag     string `json:"tag"`
		Owner   string `json:"owner"`
		Packets uint64 `json:"packets"`
	}{Backend: r.Backend.String(), Mode: r.Scope.Mode.String(), Local: r.Scope.Local.String(), Tag: r.Tag.String(), Owner: r.Owner.String(), Packets: r.Packets}
	if r.Scope.Remote.IsValid() {
		line.Remote = r.Scope.Remote.String()
	}
	return printJSON(cmd.OutOrStdout(), line)
}

func newGuardPrint() *cobra.Command {
	var flags guardFlags
	cmd := &cobra.Command{
		Use:   "print ADDR:PORT",
		Short: "show the commands for a rule and change nothing",
		Example: `  tfo guard print 192.0.2.1:8080
  tfo guard print 192.0.2.1:8080 --mode inbound --backend nft`,
		Args: cobra.ExactArgs(1),
	}
	flags.add(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		backend, scope, err := flags.parse(args[0])
		if err != nil {
			return err
		}
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
		Args:  cobra.NoArgs,
	}
	flags.addBackend(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "those that were added by hand as well")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		backend, err := iptables.ParseBackend(flags.backend)
		if err != nil {
			return usagef("%w", err)
		}
		sweep := iptables.Sweep
		if all {
			sweep = iptables.SweepAll
		}
		n, err := sweep(cmd.Context(), backend)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "removed %d rules\n", n)
		return err
	})
	return cmd
}
