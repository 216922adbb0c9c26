package drill

import (
	"errors"
	"iter"
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
		err = p.run(words(program))
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

// shellLines yields the commands of a text. A backslash at the end of a line joins
// the next one.
func shellLines(text string) iter.Seq[string] {
	text = strings.ReplaceAll(text, "\\\n", " ")
	text = strings.ReplaceAll(text, "&&", "\n")
	return strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == ';' })
}

// words are those of a command without redirections to where nobody looks.
func words(line string) (words []string) {
	all := shellWords(line)
	for i := 0; i < len(all); i++ {
		switch word := all[i]; {
		case strings.HasPrefix(word, "#"):
			return words
		case strings.HasSuffix(word, ">") && i+1 < len(all) && slices.Contains([]string{"/dev/null", "&1", "&2"}, all[i+1]):
			i++
		default:
			words = append(words, word)
		}
	}
	return words
}

// shellWords splits a line at blanks that no quotes enclose, and behind a >, which
// is a word with the descriptor in front of it, as in 2>. It takes the quotes off.
func shellWords(line string) (words []string) {
	var word []byte
	quote, begun := byte(0), false
	for i := range len(line) {
		switch c := line[i]; {
		case c == quote && quote != 0:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, begun = c, true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\r'):
			if begun {
				words = append(words, string(word))
			}
			word, begun = word[:0], false
		case quote == 0 && c == '>':
			if d := string(word); begun && d != "1" && d != "2" && d != "&" {
				words, word = append(words, d), word[:0]
			}
			words = append(words, string(append(word, c)))
			word, begun = word[:0], false
		default:
			word, begun = append(word, c), true
		}
	}
	if begun {
		words = append(words, string(word))
	}
	return words
}

// run starts a program.
func (p *player) run(words []string) error {
	if len(words) == 0 {
		return nil
	}
	name := words[0][strings.LastIndexByte(words[0], '/')+1:]
	args := words[1:]
	switch {
	case name == "defaults.sh", strings.HasPrefix(name, "sysctl_restore_"), name == "true":
		return nil // what they would do is done, or makes no difference
	case name == "sleep":
		return p.sleep(args)
	case name == "set_sysctls.py", name == "sysctl":
		return p.sysctl(args)
	case name == "nstat":
		return p.nstat(args)
	case name == "ip" && strings.HasPrefix(strings.Join(args, " "), "tcp_metrics flush"), name == "ip" && strings.HasPrefix(strings.Join(args, " "), "tcp_metrics delete"):
		p.host.FlushCookies()
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
			return failf("sysctl: %q is not NAME=VALUE", arg)
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
