package drill_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tfocraft/handshake/drill"
)

// What a command changes that makes no difference is listed, once, and so are options.
// A setting of which nothing is known stands in the result itself.
func TestNotes(t *testing.T) {
	r := play(t, drill.Config{}, "--no_such_option\n"+opened+"+0 `sysctl -q net.ipv4.tcp_tso_rtt_log=2 net.core.somaxconn=5; sysctl -q net.core.somaxconn=6\nethtool -K tun0 tso off`\n")
	want := []string{
		"option --no_such_option makes no difference here",
		"the setting net.ipv4.tcp_tso_rtt_log makes no difference here: it is about how segments get to the network card, which cuts them",
		"what the network card does itself (ethtool -K) makes no difference here: it gets single segments",
	}
	if r.Verdict != drill.Pass || !slices.Equal(r.Notes, want) || !slices.Equal(r.Unknown, []string{"net.core.somaxconn"}) {
		t.Errorf("got %v, notes %q", r, r.Notes)
	}
	if text := "the setting net.core.somaxconn is not known here"; !strings.Contains(r.String(), text) {
		t.Errorf("got %v, want %q", r, text)
	}
	r = play(t, drill.Config{}, opened+"+0 `sysctl -q net.ipv4.tcp_sack=yes`")
	if r.Verdict != drill.Fail || !strings.Contains(r.Message, `"yes" is not a number`) {
		t.Errorf("got %v", r)
	}
}

// A setting of TCP that cannot be changed is named, unless it is as the script wants it,
// and the script goes on.
func TestFixedSettings(t *testing.T) {
	for command, want := range map[string]string{
		"sysctl -q net.ipv4.tcp_fastopen_blackhole_timeout_sec=0":                                 "",
		"sysctl -q net.ipv4.tcp_fastopen_blackhole_timeout_sec=3600":                              "the setting net.ipv4.tcp_fastopen_blackhole_timeout_sec=3600 is not supported: it is 0 here",
		"set_sysctls.py /proc/sys/net/ipv4/tcp_early_retrans=4 /proc/sys/net/ipv4/tcp_recovery=1": "",
		"set_sysctls.py /proc/sys/net/ipv4/tcp_app_win=5":                                         "the setting net.ipv4.tcp_app_win=5 is not supported: it is 31 here",
		"echo 0 > /proc/sys/net/ipv4/tcp_tso_win_divisor":                                         "the setting net.ipv4.tcp_tso_win_divisor=0 is not supported",
		"sysctl -q net.ipv4.tcp_app_win=4 net.ipv4.tcp_sack=0":                                    "the setting net.ipv4.tcp_app_win=4 is not supported: it is 31 here",
		"sysctl -q net.ipv4.tcp_app_win=4 2>/dev/null || no_such_one":                             "the command `no_such_one` was not run",
		"no_such_one || sysctl -q net.ipv4.tcp_app_win=4 &> /dev/null":                            "the command `no_such_one` was not run",
		"nstat > /dev/null; nstat | grep -q TcpRetransSegs || sysctl -q net.ipv4.tcp_app_win=4":   "the setting net.ipv4.tcp_app_win=4 is not supported: it is 31 here",
	} {
		r := play(t, drill.Config{}, opened+"+0 `"+command+"`")
		if got := strings.Join(r.Ignored, ", "); r.Verdict != drill.Pass || got != want || len(r.Unknown) > 0 {
			t.Errorf("%s: got %v, ignored %q, want %q", command, r, got, want)
		}
	}
}

// A command that is not interpreted is named and not run, and the script goes on.
func TestForeignCommands(t *testing.T) {
	for _, command := range []string{
		"tc qdisc add dev tun0 root netem",
		"echo 1 >/etc/hosts",
		"echo 1 >> /proc/sys/net/ipv4/tcp_sack",
		"echo 0 | tee /proc/sys/net/ipv4/tcp_sack",
		"echo a#b|tee /proc/sys/net/ipv4/tcp_sack",
		"sleep 1 &",
		"(sleep 1)",
		"dd if=/dev/urandom of=/tmp/f bs=1 count=1",
		"sysctl -n net.ipv4.tcp_sack",
		"sysctl -q -w net.ipv4.tcp_sack = 1",
	} {
		r := play(t, drill.Config{}, opened+"+0 `"+command+"`\n+0 close(4) = 0")
		if want := []string{"the command `" + command + "` was not run"}; r.Verdict != drill.Pass || !slices.Equal(r.Ignored, want) {
			t.Errorf("%s: got %v", command, r)
		}
		if !strings.Contains(r.String(), command) {
			t.Errorf("%q does not name the command", r)
		}
	}
}

// Whose fault it is if a script fails without what it has asked for is not known.
func TestFailureWithoutCommand(t *testing.T) {
	for before, want := range map[string]string{
		"+0 `tc qdisc add dev tun0 root netem`\n": "the command `tc qdisc add dev tun0 root netem` was not run; without that: ",
		"+0 `sysctl -q net.ipv4.tcp_rfc1337=0`\n": "the setting net.ipv4.tcp_rfc1337=0 is not supported: it is 1 here; without that: ",
	} {
		r := play(t, drill.Config{}, opened+before+"+0 > P. 1:11(10) ack 1")
		if r.Verdict != drill.Unsupported || !strings.HasPrefix(r.Message, want) {
			t.Errorf("got %v, want %q", r, want)
		}
	}
}

// Commands that are allowed are run, a loop in one piece, and may fail.
func TestAllowedCommands(t *testing.T) {
	var run []string
	config := drill.Config{Command: func(command string) error {
		run = append(run, command)
		if command == "bad" {
			return errors.New("exit status 3")
		}
		return nil
	}}
	r := play(t, config, opened+"+0 `for i in 1 2; do date; done`\n+0 `sysctl -q net.ipv4.tcp_sack=1; good \"x y\"`\n+0 `bad || good`\n+0 `true; bad`")
	want := []string{"for i in 1 2; do date; done", `good "x y"`, "bad || good", "bad"}
	if r.Verdict != drill.Fail || r.Message != "the command `bad`: exit status 3" || !slices.Equal(run, want) {
		t.Errorf("got %v, ran %q, want %q", r, run, want)
	}
}

// What stands after || is for systems without what stands before it.
func TestCommandAlternatives(t *testing.T) {
	for command, wants := range map[string][]string{
		"sysctl -q net.no_such_setting=1 &> /dev/null || ip tcp_metrics flush all &> /dev/null": nil,
		"sysctl -q net.ipv4.tcp_sack=1 || no_such_program":                                      nil,
		"sysctl -q net.ipv4.tcp_no_such_setting=1 || sysctl -q net.ipv4.tcp_sack=1": {
			"the setting net.ipv4.tcp_no_such_setting=1 is not supported; what is for kernels without it was done instead",
		},
	} {
		if r := play(t, drill.Config{}, opened+"+0 `"+command+"`"); r.Verdict != drill.Pass || !slices.Equal(r.Notes, wants) {
			t.Errorf("%s: got %v, notes %q, want %q", command, r, r.Notes, wants)
		}
	}
}

// A program that sleeps takes time: what the host does meanwhile is done, and what
// should have happened meanwhile comes too late. Before the first time there is no
// clock.
func TestSleep(t *testing.T) {
	const retransmitted = "+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n"
	for script, want := range map[string]string{
		retransmitted + "+0 `sleep 0.5`\n+.201 > P. 1:11(10) ack 1\n+.299 write(4, ..., 10) = 10":                                "",
		retransmitted + "+0 `sleep 0.5`\n+.201 > P. 1:11(10) ack 1\n+0 write(4, ..., 10) = 10":                                   "what was before it took too long",
		"+0 `sleep 1 .5s 0.5m`\n+31.5 write(4, ..., 10) = 10":                                                                    "",
		"+0 `sleep 1m`\n+1 write(4, ..., 10) = 10":                                                                               "what was before it took too long",
		"+0 fcntl(4, F_SETFL, O_RDWR) = 0\n+0...5 read(4, ..., 10) = -1 EAGAIN\n+0 `sleep 1; true`\n+.5 < R. 1:1(0) ack 1 win 9": "what was before it took too long",
		"+0 `sleep`":               "sleep needs a time",
		"+0 `sleep -1`":            `sleep: "-1" is not a time`,
		"+0 `sleep nan`":           `sleep: "nan" is not a time`,
		"+0 `sleep 9d; sleep 99d`": `sleep: "99d" is not a time`,
	} {
		r := play(t, drill.Config{}, opened+script)
		if (r.Verdict == drill.Pass) != (want == "") || !strings.Contains(r.Message, want) {
			t.Errorf("%s: got %v, want %q", script, r, want)
		}
	}
	if r := play(t, drill.Config{}, strings.Replace(opened, "`sysctl", "`sleep 3; sysctl", 1)); r.Verdict != drill.Pass {
		t.Errorf("before the first time: got %v", r)
	}
}

// The bounds of the retransmission timeout are those of the settings.
func TestTimeoutSettings(t *testing.T) {
	const again = " > P. 1:11(10) ack 1\n"
	script := "+0 write(4, ..., 10) = 10\n+0" + again + "0~.15" + again + strings.Repeat("*"+again, 5) + "+1" + again + "+1" + again
	bounded := strings.Replace(opened, "sysctl -q", "sysctl -q net.ipv4.tcp_rto_min_us=100000 net.ipv4.tcp_rto_max_ms=1000", 1)
	if r := play(t, drill.Config{}, bounded+script); r.Verdict != drill.Pass {
		t.Errorf("got %v", r)
	}
	if r := play(t, drill.Config{}, opened+script); r.Verdict != drill.Fail {
		t.Errorf("without the settings: got %v", r)
	}
}
