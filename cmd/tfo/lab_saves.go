package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/cmd/tfo/internal/scenario"
	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/path"
)

// savesFlags say over which paths, and between whom, it is measured what Fast Open saves.
type savesFlags struct {
	rtts   []time.Duration
	stacks []string
	runs   int
	ipv6   bool
	path   pathFlags
	html   string
	json   bool
}

// A measurement stays within minutes, unless somebody wants it long in both ways.
const (
	maxRuns = 1000
	maxRTT  = 10 * time.Second
)

var (
	savesTitle = bilingual.T("What Fast Open saves, measured at several round-trip times", "在几种往返时间下测量 Fast Open 节省了什么")
	savesAbout = bilingual.T("The same request with a three-way handshake and with Fast Open, between two stacks of the same kind. Times are medians, "+
		"from the departure of the SYN: when the first byte of the request has come to the server, and when that of the response has come to the client.",
		"同一请求分别经三次握手和 Fast Open 发送，两端协议栈相同。时间为中位数，从 SYN 离开时起计：请求的第一个字节到达服务器、响应的第一个字节到达客户端的时刻。")
)

func newLabSaves() *cobra.Command {
	var flags savesFlags
	cmd := &cobra.Command{
		Use:   "saves",
		Short: "what Fast Open saves, measured at several round-trip times",
		Long: `Sends the same request with a three-way handshake and with Fast Open, over paths
of several round-trip times, between two kernels and between two stacks of ours,
and measures from the departure of the SYN: when the first byte of the request
has come to the server, and when that of the response has come to the client.
Times are taken from the frames at both ends of the path, and are medians.

Expected is that Fast Open saves one round trip in both, within 3 % of it, and
that the applications see the same, within 10 %; the exit code is 1 if not. If a
busy machine spoils the medians there are up to four times as many exchanges. At
round-trip times below 10 ms, where the hosts' own time counts, nothing is
expected.`,
		Example: `  tfo lab saves --html saves.html
  tfo lab saves --rtt 20ms,80ms --runs 21 --stack kernel
  tfo lab saves --rtt 50ms --middlebox strip-option`,
		Args: none,
	}
	f := cmd.Flags()
	f.DurationSliceVar(&flags.rtts, "rtt", []time.Duration{0, 10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond},
		"round-trip `TIMES` of the path")
	f.StringSliceVar(&flags.stacks, "stack", []string{"ours", "kernel"}, "`WHOSE` TCP both sides have: ours, kernel or both")
	f.IntVar(&flags.runs, "runs", 5, "`NUMBER` of exchanges of each kind for each round-trip time")
	f.BoolVarP(&flags.ipv6, "ipv6", "6", false, "use IPv6")
	flags.path.addOthers(cmd)
	f.StringVar(&flags.html, "html", "", "write a page with the table and a chart to `FILE`, for a browser")
	f.BoolVar(&flags.json, "json", false, "print one JSON object for each stack and round-trip time, and for each check")
	choices(cmd, "stack", "ours", "kernel")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) })
	return cmd
}

func (s *savesFlags) run(cmd *cobra.Command) error {
	cfg, err := s.config(cmd)
	if err != nil {
		return err
	}
	if done, err := elsewhere(cmd, []string{"lab", "saves"}); done || err != nil {
		return err
	}
	bar := newSavesBar(cmd.ErrOrStderr(), len(cfg.Stacks)*len(cfg.RTTs)*cfg.Runs)
	cfg.Done = bar.done
	all, err := scenario.Saves(cmd.Context(), cfg)
	bar.end()
	if err != nil {
		return err
	}
	page := savesStory(all)
	page.Command = again(cmd, s.html)
	if err := errors.Join(s.print(cmd.OutOrStdout(), all, page.Checks), writePage(s.html, page)); err != nil {
		return err
	}
	for _, c := range page.Checks {
		if !c.OK {
			return &failure{code: exitFailed, err: errSilent}
		}
	}
	return nil
}

// savesStory is what was measured, without frames.
func savesStory(all []scenario.Measurement) *story.Story {
	s := &story.Story{Name: "saves", Title: savesTitle, About: savesAbout}
	for i := range all {
		s.Savings = append(s.Savings, all[i].Saving())
		s.Checks = append(s.Checks, all[i].Checks()...)
	}
	return s
}

// config is what the flags ask for. Errors are of usage.
func (s *savesFlags) config(cmd *cobra.Command) (cfg scenario.SavesConfig, err error) {
	if s.runs < 1 || s.runs > maxRuns {
		return cfg, usagef("--runs: %d is not in 1..%d", s.runs, maxRuns)
	}
	cfg = scenario.SavesConfig{RTTs: s.rtts, IPv6: s.ipv6, Runs: s.runs}
	for _, name := range s.stacks {
		if name != string(scenario.Ours) && name != string(scenario.Kernel) {
			return cfg, usagef("--stack: %q is neither ours nor kernel", name)
		}
		cfg.Stacks = append(cfg.Stacks, scenario.Side(name))
	}
	if len(cfg.Stacks) == 0 || len(cfg.RTTs) == 0 {
		return cfg, usagef("--stack and --rtt: nothing is to be measured")
	}
	if cfg.Path, err = s.path.over(*path.Both(1, path.Way{TooBig: path.TooBigICMP}), cmd.Flags().Changed); err != nil {
		return cfg, err
	}
	for _, rtt := range cfg.RTTs {
		if rtt < 0 || rtt > maxRTT {
			return cfg, usagef("--rtt: %v is not in 0..%v", rtt, maxRTT)
		}
	}
	return cfg, nil
}
