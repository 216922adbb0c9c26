package drill

import (
	"errors"
	"slices"
	"strings"

	"tfocraft/handshake/drill/socket"
)

// command plays the part of the shell for the few programs that scripts start. A
// command that fails ends the script, as in packetdrill.
func (p *player) command(text string) error {
	if p.config.Command != nil && !interpreted(text) {
		return p.foreign(text) // in one piece, for it may be a loop
	}
	for line := range shellLines(text) {
		if err := p.either(strings.Split(line, "||")); err != nil {
			return err
		}
	}
	return nil
}

// interpreted reports whether a part of a text is for this host.
func interpreted(text string) bool {
	for line := range shellLines(text) {
		for program := range strings.SplitSeq(line, "||") {
			if w := words(program); len(w) > 0 && programNamed(w[0]) != nil {
				return true
			}
		}
	}
	return false
}

// either runs programs until one does not fail. A setting that cannot be changed
// here fails as on a kernel that lacks it: what follows is for those.
func (p *player) either(programs []string) error {
	var lacks, err error
	for _, program := range programs {
		unknown := p.unknown
		err = p.runLine(program)
		switch {
		case errors.Is(err, socket.ErrFixedSetting):
			lacks = err
			continue
		case isUnsupported(err):
			return err
		case err == nil && p.unknown > unknown:
			continue
		case err == nil && lacks != nil:
			p.note(lacks.Error() + "; what is for kernels without it was done instead")
		}
		if err == nil {
			return nil
		}
	}
	if errors.Is(err, socket.ErrFixedSetting) {
		p.ignore(err.Error())
		return nil
	}
	return err
}

// runLine starts what a line says.
func (p *player) runLine(line string) error {
	w := words(line)
	if sign := operator(line); sign != 0 && !(sign == '|' && len(w) > 0 && w[0] == "nstat") {
		return p.foreign(line)
	}
	if len(w) == 0 {
		return nil
	}
	if run := programNamed(w[0]); run != nil {
		if err := run(p, w[1:]); err != errForeign {
			return err
		}
	}
	return p.foreign(line)
}

// programNamed returns the one of programs that a word starts; nil if there is none.
func programNamed(word string) func(p *player, args []string) error {
	name := word[strings.LastIndexByte(word, '/')+1:]
	if strings.HasPrefix(name, "sysctl_restore_") {
		return idleProgram // what a script has changed is gone with its host
	}
	return programs[name]
}

// errForeign is what a program returns that was started in a way that is not
// interpreted.
var errForeign = errors.New("not interpreted")

// programs are those that are interpreted.
var programs = map[string]func(p *player, args []string) error{
	"true":           idleProgram,
	":":              idleProgram,
	"defaults.sh":    idleProgram, // what it would do is done
	"false":          func(*player, []string) error { return failf("the command is false") },
	"sleep":          (*player).sleep,
	"sysctl":         (*player).sysctl,
	"set_sysctls.py": (*player).sysctl,
	"nstat":          (*player).nstat,
	"ip":             (*player).ip,
	"ethtool":        (*player).ethtool,
	"echo":           (*player).echo,
	"dd":             (*player).dd,
	"truncate":       (*player).truncate,
	"rm":             (*player).remove,
	"tc":             (*player).tc,
	"kldload":        (*player).kldload,
}

func idleProgram(*player, []string) error { return nil }

// ip flushes what is remembered of paths.
func (p *player) ip(args []string) error {
	text := strings.Join(args, " ")
	if !strings.HasPrefix(text, "tcp_metrics flush") && !strings.HasPrefix(text, "tcp_metrics delete") {
		return errForeign
	}
	p.host.FlushCookies()
	return nil
}

func (p *player) ethtool(args []string) error {
	if len(args) == 0 || args[0] != "-K" {
		return errForeign
	}
	p.note("what the network card does itself (ethtool -K) makes no difference here: it gets single segments")
	return nil
}

// tc sets up queues, in which no packet has to wait.
func (p *player) tc(args []string) error {
	if !plainQueue(args) {
		return errForeign
	}
	p.note("the queue of the network card (tc qdisc) makes no difference here: nothing waits in it")
	return nil
}

// kldload loads what a program has to ask for by itself before it makes a difference.
func (p *player) kldload(args []string) error {
	for _, module := range args {
		if module != "-n" && !strings.HasPrefix(module, "cc_") && !strings.HasPrefix(module, "tcp_") {
			return errForeign
		}
	}
	p.note("modules of the kernel (kldload) are not loaded: those that a script asks for are there, or named")
	return nil
}

// sysctl takes settings, PATH=VALUE. As sysctl does, it goes on behind one that
// cannot be changed.
func (p *player) sysctl(args []string) error {
	args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool {
		return slices.Contains([]string{"-q", "-w", "-qw", "-wq", "-e"}, arg)
	})
	if slices.ContainsFunc(args, func(arg string) bool { return !strings.Contains(arg, "=") }) {
		return errForeign
	}
	var lacks error
	for _, arg := range args {
		path, value, _ := strings.Cut(arg, "=")
		err := p.set(path, strings.Trim(value, `"'`))
		switch {
		case errors.Is(err, socket.ErrFixedSetting):
			lacks = err
		case err != nil:
			return err
		}
	}
	return lacks
}

// set changes a setting. The error wraps [socket.ErrFixedSetting] if it cannot be
// changed although it may be what the script is about.
func (p *player) set(path, value string) error {
	err := p.host.Set(path, value)
	switch {
	case err == nil, errors.Is(err, socket.ErrFixedSetting):
		return err
	case errors.Is(err, socket.ErrIdleSetting):
		p.note(err.Error())
		return nil
	case errors.Is(err, socket.ErrUnknownSetting):
		p.unknown++
		if !slices.Contains(p.result.Unknown, path) {
			p.result.Unknown = append(p.result.Unknown, path)
		}
		return nil
	}
	return failf("%v", err)
}

// echo takes "echo VALUE > /proc/sys/...", and words that nobody reads.
func (p *player) echo(args []string) error {
	to := slices.IndexFunc(args, func(arg string) bool { return strings.HasSuffix(arg, ">") })
	switch {
	case to < 0:
		return nil
	case args[to] != ">" || to != len(args)-2 || !strings.HasPrefix(args[to+1], "/proc/sys/"):
		return errForeign
	}
	return p.set(args[to+1], strings.Join(args[:to], " "))
}

// nstat shows what was counted since it was last started. Scripts look for a
// counter in it: "nstat | grep -q NAME".
func (p *player) nstat(args []string) error {
	before := p.baseline
	p.baseline = p.host.Counters()
	grep := -1
	for i, a := range args {
		if a == "grep" {
			grep = i
		}
	}
	if grep < 0 {
		return nil
	}
	for _, pattern := range args[grep+1:] {
		if pattern == "-q" {
			continue
		}
		if strings.HasPrefix(pattern, "-") {
			break
		}
		if counted(&before, &p.baseline, strings.Trim(pattern, `"'`)) {
			return nil
		}
		return failf("nstat: %s has not been counted", pattern)
	}
	return unsupportedf("this use of grep is not supported")
}
