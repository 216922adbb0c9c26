package drill

import (
	"errors"
	"iter"
	"strings"

	"tfocraft/handshake/drill/socket"
)

// command plays the part of the shell for the few programs that scripts start. A
// command that fails ends the script, as in packetdrill.
func (p *player) command(text string) error {
	for line := range shellLines(text) {
		for part := range strings.SplitSeq(line, "||") {
			// What follows is for a kernel that lacks a setting.
			unknown := len(p.result.Notes)
			if err := p.run(words(part)); err != nil {
				return err
			}
			if len(p.result.Notes) == unknown {
				break
			}
		}
	}
	return nil
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
		case strings.HasSuffix(word, ">") && i+1 < len(all) && all[i+1] == "/dev/null":
			i++
		case strings.HasSuffix(word, ">/dev/null"), word == "2>&1":
		default:
			words = append(words, word)
		}
	}
	return words
}

// shellWords splits a line at blanks that no quotes enclose, and takes the quotes
// off.
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
	case name == "defaults.sh", strings.HasPrefix(name, "sysctl_restore_"), name == "sleep", name == "true":
		return nil // what they would do is done, or makes no difference
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

// sysctl takes settings, PATH=VALUE.
func (p *player) sysctl(args []string) error {
	for _, arg := range args {
		path, value, ok := strings.Cut(arg, "=")
		if strings.HasPrefix(arg, "-") {
			continue
		}
		if !ok {
			return failf("sysctl: %q is not NAME=VALUE", arg)
		}
		if err := p.set(path, strings.Trim(value, `"'`)); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) set(path, value string) error {
	err := p.host.Set(path, value)
	if errors.Is(err, socket.ErrUnknownSetting) {
		p.note("setting " + path + " makes no difference here")
		return nil
	}
	if err != nil {
		return failf("%v", err)
	}
	return nil
}

// echo takes "echo VALUE > /proc/sys/...".
func (p *player) echo(args []string) error {
	if len(args) >= 3 && args[len(args)-2] == ">" {
		return p.set(args[len(args)-1], strings.Trim(strings.Join(args[:len(args)-2], " "), `"'`))
	}
	return nil
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
		if strings.HasPrefix(pattern, "-") {
			continue
		}
		if counted(&before, &p.baseline, strings.Trim(pattern, `"'`)) {
			return nil
		}
		return failf("nstat: %s has not been counted", pattern)
	}
	return unsupportedf("this use of grep is not supported")
}
