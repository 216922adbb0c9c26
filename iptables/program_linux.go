package iptables

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	goiptables "github.com/coreos/go-iptables/iptables"
)

// iptProgram is iptables or ip6tables, of either variant. It runs on the calling
// thread, and so in its network namespace.
type iptProgram struct {
	*goiptables.IPTables
	path   string
	is4    bool
	legacy bool
}

func programName(is4 bool) string {
	if is4 {
		return "iptables"
	}
	return "ip6tables"
}

// iptPrograms are the programs of both families, each looked for when it is first
// needed: a machine may have one of the two.
type iptPrograms struct {
	lockWait time.Duration
	opened   map[bool]*iptProgram // true is IPv4
}

func newPrograms(lockWait time.Duration) *iptPrograms {
	return &iptPrograms{lockWait: lockWait, opened: make(map[bool]*iptProgram, 2)}
}

// of returns the program of a family. The error wraps ErrNoBackend if there is none.
func (s *iptPrograms) of(is4 bool) (*iptProgram, error) {
	if p := s.opened[is4]; p != nil {
		return p, nil
	}
	p, err := openProgram(is4, s.lockWait)
	if err == nil {
		s.opened[is4] = p
	}
	return p, err
}

func openProgram(is4 bool, lockWait time.Duration) (*iptProgram, error) {
	path := findProgram(programName(is4))
	_, legacy, err := iptVersion(context.Background(), path)
	if err != nil {
		return nil, fmt.Errorf("iptables: %s: %w: %w", programName(is4), err, ErrNoBackend)
	}
	family := goiptables.ProtocolIPv6
	if is4 {
		family = goiptables.ProtocolIPv4
	}
	ipt, err := goiptables.New(goiptables.Path(path), goiptables.IPFamily(family), goiptables.Timeout(int(lockWait.Seconds())))
	if err != nil {
		return nil, fmt.Errorf("iptables: %s: %w: %w", path, err, ErrNoBackend)
	}
	return &iptProgram{IPTables: ipt, path: path, is4: is4, legacy: legacy}, nil
}

// iptVersion returns what a program says of itself, such as "iptables v1.8.9
// (nf_tables)". Only the legacy variant, and every program before 1.8, which does
// not name one, works on the old tables.
func iptVersion(ctx context.Context, path string) (version string, legacy bool, err error) {
	if path == "" {
		return "", false, exec.ErrNotFound
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "", false, err
	}
	version = strings.TrimSpace(string(out))
	return version, !strings.Contains(version, "nf_tables"), nil
}

func (p *iptProgram) add(r Rule) error {
	return p.failed("-A", r, p.Append(r.Table(), r.Chain(), r.Args()...))
}

// addOnce adds the rule unless it is there.
func (p *iptProgram) addOnce(r Rule) error {
	return p.failed("-A", r, p.AppendUnique(r.Table(), r.Chain(), r.Args()...))
}

// remove deletes every copy of a rule and returns their number.
func (p *iptProgram) remove(r Rule) (removed int, err error) {
	for {
		err := p.Delete(r.Table(), r.Chain(), r.Args()...)
		if e, ok := errors.AsType[*goiptables.Error](err); ok && e.IsNotExist() {
			return removed, nil
		}
		if err != nil {
			return removed, p.failed("-D", r, err)
		}
		removed++
	}
}

// list returns the tagged rules of the program's family.
func (p *iptProgram) list() ([]Installed, error) {
	var found []Installed
	for _, place := range []Rule{{Scope: Scope{Mode: ModeRST}}, {Scope: Scope{Mode: ModeInbound}}} {
		if !p.loaded(place.Table()) {
			continue
		}
		lines, err := p.ListWithCounters(place.Table(), place.Chain())
		if err != nil {
			return nil, p.error([]string{p.path, "-t", place.Table(), "-S", place.Chain()}, err)
		}
		for _, line := range lines {
			if r, packets, ok := parseSaved(line, p.is4); ok {
				found = append(found, Installed{Rule: r, Backend: BackendIPTables, Owner: judge(r.Tag), Packets: packets})
			}
		}
	}
	return found, nil
}

// loaded reports whether a table exists. To list one with the legacy variant would
// create it, with its hooks on every packet.
func (p *iptProgram) loaded(table string) bool {
	if !p.legacy {
		return true
	}
	names := "/proc/thread-self/net/ip6_tables_names"
	if p.is4 {
		names = "/proc/thread-self/net/ip_tables_names"
	}
	text, err := os.ReadFile(names)
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	return slices.Contains(strings.Fields(string(text)), table)
}

func (p *iptProgram) failed(action string, r Rule, err error) error {
	return p.error(append([]string{p.path, "-t", r.Table(), action, r.Chain()}, r.Args()...), err)
}

// error gives a failed command its reason. iptables has but one exit status for a
// missing right, a held lock and a lock file that cannot be opened, so
// its words have to tell them apart.
func (p *iptProgram) error(args []string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Args: args, ExitCode: -1}
	failed, ok := errors.AsType[*goiptables.Error](err)
	if !ok {
		e.Err = err
		return e
	}
	e.ExitCode = failed.ExitStatus()
	_, e.Output, _ = strings.Cut(failed.Error(), fmt.Sprintf(": exit status %d: ", e.ExitCode))
	e.Output = strings.TrimSpace(e.Output)
	switch {
	case strings.Contains(e.Output, "lock file"):
		e.Err = ErrLockFile
	case strings.Contains(e.Output, "xtables lock"):
		e.Err = ErrLocked
	case strings.Contains(e.Output, "Permission denied"), strings.Contains(e.Output, "you must be root"):
		e.Err = ErrPrivilege
	}
	return e
}
