package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/handshake"
	"tfocraft/handshake/load"
)

// A loadPlan is what the flags say, before the network is looked at.
type loadPlan struct {
	load.Config
	flags    *loadFlags
	cookies  string // learn, key, random, none, or fixed
	cpus     []int
	max      bool // --rate max
	profile  handshake.Profile
	hasForm  bool // the options are given
	deaf     bool
	anyPorts bool
}

// plan checks the flags.
func (l *loadFlags) plan(cmd *cobra.Command) (*loadPlan, error) {
	p := &loadPlan{flags: l}
	p.Seed, p.Timeout, p.KeepOpen, p.Concurrency, p.Ramp = l.seed, l.timeout, l.keepOpen, l.concurrency, l.ramp
	if !cmd.Flags().Changed("seed") {
		p.Seed = uint64(rand.Uint32())
	}
	for _, step := range []func(*cobra.Command) error{p.setMode, p.setBounds, p.setRate, p.setClients, p.setSyn, p.setCookies, p.setData, p.setCPUs} {
		if err := step(cmd); err != nil {
			return nil, err
		}
	}
	return p, l.guard.check()
}

func (p *loadPlan) setMode(cmd *cobra.Command) (err error) {
	if p.Mode, err = load.ParseMode(p.flags.mode); err != nil {
		return usagef("--mode: %w", err)
	}
	idle := map[load.Mode][]string{
		load.Request: {"cookies", "scheme", "key", "key-file", "data", "size", "keep-open"},
		load.Syn:     {"concurrency", "timeout", "keep-open"},
	}
	for _, name := range idle[p.Mode] {
		if cmd.Flags().Changed(name) {
			return usagef("--%s has no effect with --mode %v", name, p.Mode)
		}
	}
	return nil
}

// maxLoadCount and maxLoadTime are more than anybody waits for.
const (
	maxLoadCount = 1e15
	maxLoadTime  = 10000 * time.Hour
)

func (p *loadPlan) setBounds(cmd *cobra.Command) error {
	l := p.flags
	counted := cmd.Flags().Changed("count")
	switch {
	case counted && (l.count == 0 || l.count > maxLoadCount):
		return usagef("--count: %d is not a number of exchanges from 1 to %g", l.count, maxLoadCount)
	case l.duration <= 0 || l.duration > maxLoadTime:
		return usagef("--duration: %v is not a time to send for", l.duration)
	case l.timeout <= 0 || l.timeout > maxLoadTime:
		return usagef("--timeout: %v is no time to wait for", l.timeout)
	case l.ramp < 0 || l.ramp > maxLoadTime:
		return usagef("--ramp: %v is no time", l.ramp)
	case !counted && l.ramp > l.duration:
		return usagef("--ramp: %v is longer than the %v of --duration", l.ramp, l.duration)
	case cmd.Flags().Changed("concurrency") && (l.concurrency < 1 || l.concurrency > load.MaxConcurrency):
		return usagef("--concurrency: %d is not a number of exchanges from 1 to %d", l.concurrency, load.MaxConcurrency)
	}
	if p.Count = l.count; !counted {
		p.Duration = l.duration
	}
	return nil
}

func (p *loadPlan) setRate(cmd *cobra.Command) error {
	text := p.flags.rate
	switch text {
	case "":
		if p.Mode == load.Syn && p.flags.pcapOut == "" {
			return usagef("--mode syn waits for nothing: --rate N or --rate max is needed")
		}
		return p.checkPcapOut(cmd)
	case "max":
		p.max = true
		if p.Ramp > 0 && p.Mode == load.Syn {
			return usagef("--ramp: there is no rate to grow to with --rate max")
		}
		// Nothing is awaited, so nothing is listened for.
		p.deaf = p.Mode == load.Syn
		return p.checkPcapOut(cmd)
	}
	rate, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsNaN(rate) || rate <= 0:
		return usagef("--rate: %q is neither a number of exchanges a second above 0 nor max", text)
	case rate > load.MaxRate:
		return usagef("--rate: %s a second is more than any machine can send (%.0g)", text, load.MaxRate)
	case rate < 0.001:
		return usagef("--rate: %s a second is less than one in a quarter of an hour", text)
	}
	p.Rate = rate
	return p.checkPcapOut(cmd)
}

// checkPcapOut wants a file to end.
func (p *loadPlan) checkPcapOut(cmd *cobra.Command) error {
	if cmd.Flags().Changed("pcap-out") && p.flags.pcapOut == "" {
		return usagef("--pcap-out: it is empty")
	}
	if p.flags.pcapOut == "" {
		return nil
	}
	for _, name := range idleWithFile {
		if cmd.Flags().Changed(name) {
			return usagef("--%s has no effect with --pcap-out: nothing is sent", name)
		}
	}
	frames := p.Rate * (p.Duration - p.Ramp/2).Seconds()
	switch {
	case p.Rate == 0 && p.Count == 0:
		return usagef("--pcap-out needs --count N, or --rate N")
	case p.Count == 0 && frames > maxFileFrames:
		return withHint(usagef("--pcap-out: --rate %s for %v is a file of %.0f SYNs, %g at most", p.flags.rate, p.Duration, frames, maxFileFrames),
			"--count says how many, also if they are more")
	}
	read := map[string]string{"--key-file": p.flags.keys.file}
	if name, ok := strings.CutPrefix(p.flags.data, "@"); ok {
		read["--data"] = name
	}
	for flag, name := range read {
		if name != "" && sameFile(name, p.flags.pcapOut) {
			return usagef("--pcap-out: %s is the file of %s, and would be written over", p.flags.pcapOut, flag)
		}
	}
	return nil
}

// idleWithFile are flags that are about sending.
var idleWithFile = []string{
	"concurrency", "timeout", "keep-open", "answer-arp", "allow-public", "interface", "guard", "backend", "verbose",
}

// maxFileFrames are what a file has without anybody saying so: more than a gigabyte.
const maxFileFrames = 1e7

// sameFile reports whether two names are of one file that is there.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	other, err2 := os.Stat(b)
	return errors.Join(err, err2) == nil && os.SameFile(one, other)
}

func (p *loadPlan) setClients(cmd *cobra.Command) (err error) {
	if cmd.Flags().Changed("clients") {
		if p.Clients, err = load.ParseClients(p.flags.clients); err != nil {
			return usagef("--clients: %w", err)
		}
	}
	if p.anyPorts = !cmd.Flags().Changed("ports"); p.anyPorts {
		return nil
	}
	if p.Ports, err = load.ParsePorts(p.flags.ports); err != nil {
		return usagef("--ports: %w", err)
	}
	return nil
}

// setSyn takes what the SYNs look like.
func (p *loadPlan) setSyn(cmd *cobra.Command) (err error) {
	if p.profile, err = handshake.ParseProfile(p.flags.profile); err != nil {
		return usagef("--profile: %w", err)
	}
	if p.hasForm = cmd.Flags().Changed("options"); p.hasForm {
		if p.Form, err = load.ParseForm(p.flags.options); err != nil {
			return usagef("--options: %w", err)
		}
	}
	if cmd.Flags().Changed("mutate") {
		p.Mutations, err = load.ParseMutations(p.flags.mutate)
		if err != nil {
			return withHint(usagef("--mutate: %w", err), "tfo load --mutate list shows them")
		}
	}
	return nil
}

// setCookies decides where cookies come from.
func (p *loadPlan) setCookies(cmd *cobra.Command) error {
	l := p.flags
	changed := cmd.Flags().Changed
	keyed := l.keys.key != "" || l.keys.file != ""
	p.cookies = l.cookies
	if !changed("cookies") {
		switch {
		case p.Mode == load.Request:
			p.cookies = "none"
		case len(p.Form.Cookie) > 0:
			p.cookies = "fixed"
		case keyed:
			p.cookies = "key"
		case l.pcapOut != "":
			p.cookies = "random"
		case p.hasForm && p.Form.NoFastOpen:
			p.cookies = "none"
		}
	}
	switch {
	case !slices.Contains([]string{"learn", "key", "random", "none", "fixed"}, p.cookies) || l.cookies == "fixed":
		return usagef("--cookies: unknown source %q: want learn, key, random or none", l.cookies)
	case changed("cookies") && len(p.Form.Cookie) > 0:
		return usagef("--cookies: the options have a cookie already")
	case p.cookies != "key" && (keyed || changed("scheme")):
		return usagef("--scheme, --key and --key-file are for --cookies key")
	case p.cookies == "learn" && l.pcapOut != "":
		return usagef("--cookies: there is no server to learn from with --pcap-out")
	}
	switch p.cookies {
	case "random":
		p.Cookies = load.Random{Seed: p.Seed}
	case "fixed":
		p.Cookies = load.Fixed(p.Form.Cookie)
	}
	return nil
}

// mint makes the cookies that the server would.
func (p *loadPlan) mint(server netip.Addr) error {
	if p.cookies != "key" {
		return nil
	}
	ring, err := p.flags.keys.keyring()
	if err != nil {
		return err
	}
	p.Cookies = load.Minted{Minter: ring.Scheme().Minter(ring.Keys()[0]), Server: server}
	return nil
}

func (p *loadPlan) setData(cmd *cobra.Command) (err error) {
	if p.Mode == load.Request {
		return nil
	}
	if p.Payload, err = readData(p.flags.data, cmd.InOrStdin()); err != nil {
		return err
	}
	if len(p.Payload) > load.MaxSize {
		return usagef("--data: %d bytes, %d at most", len(p.Payload), load.MaxSize)
	}
	p.Sizes = load.SizeOf(len(p.Payload))
	if !cmd.Flags().Changed("size") {
		return nil
	}
	if p.Sizes, err = load.ParseSizes(p.flags.size); err != nil {
		return usagef("--size: %w", err)
	}
	return nil
}

// maxCPU is more than Linux has.
const maxCPU = 1 << 13

// cpuDir has a directory for each processor of the machine.
const cpuDir = "/sys/devices/system/cpu"

func (p *loadPlan) setCPUs(cmd *cobra.Command) error {
	if !cmd.Flags().Changed("cpus") {
		return nil
	}
	_, err := os.Stat(cpuDir)
	known := err == nil
	for part := range strings.SplitSeq(p.flags.cpus, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		first, err := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if errors.Join(err, err2) != nil || first < 0 || last < first || last >= maxCPU {
			return usagef("--cpus: %q is not a list of processors such as 0,2-3", p.flags.cpus)
		}
		for cpu := first; cpu <= last; cpu++ {
			if slices.Contains(p.cpus, cpu) {
				return usagef("--cpus: %d is there twice", cpu)
			}
			if _, err := os.Stat(fmt.Sprintf("%s/cpu%d", cpuDir, cpu)); known && errors.Is(err, fs.ErrNotExist) {
				return usagef("--cpus: this machine has no processor %d", cpu)
			}
			p.cpus = append(p.cpus, cpu)
		}
	}
	return nil
}
