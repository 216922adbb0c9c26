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
	for line := range shellLines(text) {
		if err := p.either(strings.Split(line, "||")); err != nil {
			return err
		}
	}
	return nil
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
		return unsupportedf("%v", err)
	}
	return err
}

// runLine starts what a line says.
func (p *player) runLine(line string) error {
	w := words(line)
	if sign := operator(line); sign != 0 && !(sign == '|' && len(w) > 0 && w[0] == "nstat") {
		return unsupportedf("the sign %c of the shell is not supported in a command", sign)
	}
	return p.run(w)
}

// run starts a program.
func (p *player) run(words []string) error {
	if len(words) == 0 {
		return nil
	}
	name := words[0][strings.LastIndexByte(words[0], '/')+1:]
	args := words[1:]
	switch {
	case name == "defaults.sh", strings.HasPrefix(name, "sysctl_restore_"), name == "true", name == ":":
		return nil // what they would do is done, or makes no difference
	case name == "false":
		return failf("the command is false")
	case name == "sleep":
		return p.sleep(args)
	case name == "set_sysctls.py", name == "sysctl":
		return p.sysctl(args)
	case name == "nstat":
		return p.nstat(args)
	case name == "ip" && strings.HasPrefix(strings.Join(args, " "), "tcp_metrics flush"), name == "ip" && strings.HasPrefix(strings.Join(args, " "), "tcp_metrics delete"):
		p.host.FlushCookies()
		return nil
	case name == "ethtool" && len(args) > 0 && args[0] == "-K":
		p.note("what the network card does itself (ethtool -K) makes no difference here: it gets single segments")
		return nil
	case name == "echo":
		return p.echo(args)
	}
	return unsupportedf("the program %s is not supported in a command", words[0])
}

// sysctl takes settings, PATH=VALUE. As sysctl does, it goes on behind one that
// cannot be changed.
func (p *player) sysctl(args []string) error {
	var lacks error
	for _, arg := range args {
		path, value, ok := strings.Cut(arg, "=")
		if arg == "-q" || arg == "-w" || arg == "-qw" || arg == "-wq" || arg == "-e" {
			continue
		}
		if !ok {
			return unsupportedf("sysctl with %q is not supported: NAME=VALUE is, and -q, -w and -e", arg)
		}
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
		return unsupportedf("this use of echo is not supported")
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
