package main

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cmd/tfo/internal/report"
	"tfocraft/cmd/tfo/internal/scenario"
	"tfocraft/cmd/tfo/internal/story"
)

// labFlags say which scenario to play, between whom, and how it is told.
type labFlags struct {
	client, server string
	ipv6           bool
	path           pathFlags
	pcap, html     string
	list, step     bool
	json           bool
	verbose        bool
}

func newLab() *cobra.Command {
	var flags labFlags
	cmd := &cobra.Command{
		Use:   "lab [SCENARIO]",
		Short: "what can happen to Fast Open, played on this machine and explained",
		Long: `Makes two hosts (network namespaces joined by an emulated path) that exist only
while it runs, plays a scenario between them, and tells what each segment is for
and whether what was expected was seen. Without a name it is first-and-second:
the first connection asks for a cookie, the second sends its request in the SYN.

Everything that is printed is read from the path, from the counters of a kernel
or from what an application got. --client kernel and --server kernel put Linux's
own TCP on that side. It needs no root where user namespaces are allowed, and
leaves nothing behind. The exit code is 1 if something expected was not seen.`,
		Example: `  tfo lab
  tfo lab --list
  tfo lab wrong-cookie --server kernel -6 --html story.html
  tfo lab --client kernel --rtt 100ms --json
  tfo lab big-request --step`,
		Args:              optional("SCENARIO"),
		ValidArgsFunction: completeScenarios,
	}
	f := cmd.Flags()
	f.StringVar(&flags.client, "client", "", "`WHOSE` TCP the client has: ours or kernel (default: the scenario's)")
	f.StringVar(&flags.server, "server", "", "`WHOSE` TCP the server has: ours or kernel (default: the scenario's)")
	f.BoolVarP(&flags.ipv6, "ipv6", "6", false, "use IPv6")
	flags.path.add(cmd)
	f.StringVar(&flags.pcap, "pcap", "", "keep every frame in `FILE` (pcapng, for Wireshark)")
	f.StringVar(&flags.html, "html", "", "write a page about it to `FILE`, for a browser")
	f.BoolVar(&flags.step, "step", false, "play it to its end, then go through it in the terminal: a key for each segment, b goes back, q leaves")
	f.BoolVar(&flags.list, "list", false, "list the scenarios and the middleboxes")
	f.BoolVar(&flags.json, "json", false, "print one JSON object for each segment, connection and check")
	f.BoolVarP(&flags.verbose, "verbose", "v", false, "show every option of the segments")
	choices(cmd, "client", "ours", "kernel")
	choices(cmd, "server", "ours", "kernel")
	exclusive(cmd, "verbose", "json")
	exclusive(cmd, "step", "json")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error { return flags.run(cmd, args) })
	cmd.AddCommand(newLabSaves())
	return cmd
}

func completeScenarios(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
	for _, sc := range scenario.All() {
		names = append(names, sc.Name+"\t"+sc.Title.En)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (l *labFlags) run(cmd *cobra.Command, args []string) error {
	if l.list && len(args) > 0 {
		return usagef("--list and a scenario exclude each other")
	}
	if l.list {
		return l.printList(cmd.OutOrStdout())
	}
	sc, cfg, err := l.choose(cmd.Flags(), args)
	if err != nil {
		return err
	}
	if l.step {
		if _, _, err := stepTerminal(cmd.InOrStdin(), cmd.OutOrStdout()); err != nil {
			return err
		}
	}
	if done, err := elsewhere(cmd, append([]string{"lab"}, args...)); done || err != nil {
		return err
	}
	return l.play(cmd, sc, cfg)
}

// elsewhere runs a command with its flags in a user namespace, if it has to be there.
func elsewhere(cmd *cobra.Command, args []string) (done bool, err error) {
	code, done, err := lab.Reexec(cmd.Context(), append(args, changed(cmd.Flags())...), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
	switch {
	case err != nil:
		return done, err
	case code == 128+int(syscall.SIGPIPE):
		// Nobody reads any more, as behind "| head".
		return done, &failure{code: exitFailed, err: errSilent}
	case code > exitMissing:
		return done, fmt.Errorf("the lab's own process ended with code %d", code)
	case code != 0:
		return done, &failure{code: code, err: errSilent}
	}
	return done, nil
}

// changed are the flags that were given, but for some, to give them again.
func changed(f *pflag.FlagSet, but ...string) (args []string) {
	f.Visit(func(flag *pflag.Flag) {
		if slices.Contains(but, flag.Name) {
			return
		}
		if values, ok := flag.Value.(pflag.SliceValue); ok {
			args = append(args, "--"+flag.Name+"="+strings.Join(values.GetSlice(), ","))
			return
		}
		args = append(args, "--"+flag.Name+"="+flag.Value.String())
	})
	return args
}

// choose finds the scenario, and says how it is played.
func (l *labFlags) choose(f *pflag.FlagSet, args []string) (sc *scenario.Scenario, cfg scenario.Config, err error) {
	for _, side := range []string{l.client, l.server} {
		if side != "" && side != "ours" && side != "kernel" {
			return nil, cfg, usagef("--client and --server: %q is neither ours nor kernel", side)
		}
	}
	sc = scenario.All()[0]
	if len(args) > 0 {
		if sc, err = scenario.Find(args[0]); err != nil {
			return nil, cfg, withHint(usagef("%w", err), `"tfo lab --list" says what they are about`)
		}
	}
	cfg.IPv6 = l.ipv6
	if cfg.Sides, err = sc.Choose(scenario.Side(l.client), scenario.Side(l.server)); err != nil {
		return nil, cfg, usagef("%w", err)
	}
	cfg.Path, err = l.path.over(sc.Way(), f.Changed)
	return sc, cfg, err
}

// writePage writes the page, if one is wanted, when there is nothing left to print: a file that cannot be written does not
// keep anything from being told.
func writePage(file string, s *story.Story) error {
	if file == "" {
		return nil
	}
	if err := writeOutput(file, nil, func(w io.Writer) error { return report.Write(w, s) }); err != nil {
		return fmt.Errorf("--html: %w", err)
	}
	return nil
}

// play plays the scenario and tells of it.
func (l *labFlags) play(cmd *cobra.Command, sc *scenario.Scenario, cfg scenario.Config) (err error) {
	for _, program := range sc.Needs[cfg.Sides.Client] {
		if _, err := exec.LookPath(program); err != nil {
			return &failure{code: exitMissing, err: fmt.Errorf("%s needs the program %s", sc.Name, program), hint: "apt install " + program}
		}
	}
	keep := observeFlags{pcap: l.pcap}
	file, err := keep.open(nil, "client")
	if err != nil {
		return err
	}
	t := newTeller(cmd.OutOrStdout(), l, sc, cfg)
	cfg.Tell = func(e scenario.Event) {
		if frame := file.frame(); frame != nil && e.Frame != nil {
			if data, at := e.Frame.AtClient(); data != nil {
				frame(data, at, e.Frame.FromClient())
			}
		}
		if !l.step {
			t.event(&e)
		}
	}
	if l.step {
		complain(cmd.ErrOrStderr(), "%s is played to its end first", sc.Name)
	}
	result, err := sc.Run(cmd.Context(), cfg)
	if err != nil {
		return errors.Join(err, t.failed, file.discard(), file.close())
	}
	result.Story.Command = again(cmd, l.html, sc.Name)
	if l.step {
		keys, screen, err := stepTerminal(cmd.InOrStdin(), cmd.OutOrStdout())
		if err == nil {
			err = stepThrough(cmd.Context(), keys, screen, paperFlags{color: "auto"}, result.Story)
		}
		if err != nil {
			return errors.Join(err, file.close())
		}
	}
	if err := errors.Join(t.finish(result), file.close(), writePage(l.html, result.Story)); err != nil {
		return err
	}
	if !result.OK() {
		return &failure{code: exitFailed, err: errSilent}
	}
	return nil
}
