package script_test

import (
	"slices"
	"strings"
	"testing"

	"tfocraft/handshake/drill/script"
)

// A client that asks for a cookie, with everything that a script can have.
const whole = `// Ask for a cookie.
--ip_version=ipv4 --tolerance_usecs=4000 // milliseconds, really
--verbose
--define=NAME="a b"  /* not used */
` + "`prepare --all \\\n  \"a // b\"`" + `

 0      socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0      connect(3,   ...,	...) = 0 // at once
+.1     > S 0:0(0) <mss 1460, FO> /* here
                                     the kernel waits */
+0      %{ assert tcpi_state == TCP_SYN_SENT,
           tcpi_state }%
+0...1  write(3, ..., 10) =
            10
` + "+0      `ip link`" + `
*       > icmp unreachable
` + "`clean up`"

func TestWhole(t *testing.T) {
	s := parse(t, whole, nil)
	var options []string
	for _, o := range s.Options {
		options = append(options, o.Pos.String()+" "+o.Name+"="+o.Value)
	}
	if want := []string{"2:1 ip_version=ipv4", "2:19 tolerance_usecs=4000", "3:1 verbose=", `4:1 define=NAME="a b"`}; !slices.Equal(options, want) {
		t.Errorf("options:\n got %q\nwant %q", options, want)
	}
	var events []string
	for _, e := range s.Events {
		events = append(events, e.Pos.String()+" "+kind(e)+" "+e.Source)
	}
	want := []string{
		"5:1 command `prepare --all \\ \"a // b\"`",
		"8:2 call 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3",
		"9:1 call +0 connect(3, ..., ...) = 0",
		"10:1 packet +.1 > S 0:0(0) <mss 1460, FO>",
		"12:1 code +0 %{ assert tcpi_state == TCP_SYN_SENT, tcpi_state }%",
		"14:1 call +0...1 write(3, ..., 10) = 10",
		"16:1 command +0 `ip link`",
		"17:1 icmp * > icmp unreachable",
		"18:1 command `clean up`",
	}
	if !slices.Equal(events, want) {
		t.Errorf("events:\n got %s\nwant %s", strings.Join(events, "\n     "), strings.Join(want, "\n     "))
	}
	if got, want := s.Events[0].Command.Text, "prepare --all \\\n  \"a // b\""; got != want {
		t.Errorf("command:\n got %q\nwant %q", got, want)
	}
	if got, want := *s.Events[4].Code, (script.Code{Pos: script.Pos{Line: 12, Column: 12}, Text: "assert tcpi_state == TCP_SYN_SENT,\n           tcpi_state"}); got != want {
		t.Errorf("code:\n got %+v\nwant %+v", got, want)
	}
}

// kind names which of the parts of an event is set; it must be one.
func kind(e script.Event) string {
	var kinds []string
	for name, set := range map[string]bool{
		"packet": e.Packet != nil, "icmp": e.ICMP != nil, "call": e.Call != nil, "command": e.Command != nil, "code": e.Code != nil,
		"unsupported": e.Unsupported != nil,
	} {
		if set {
			kinds = append(kinds, name)
		}
	}
	return strings.Join(kinds, "+")
}

func TestStructureErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "1:1: expected an event, its time first",
		"// nothing\n":                      "2:1: expected an event, its time first",
		"`only this`":                       "1:12: expected an event, its time first",
		"`one` `two`":                       "1:7: expected a time: only a command before all events or after them has none",
		"+0 `a`\n`b`\n+0 `c`":               "2:1: expected a time: only a command before all events or after them has none",
		"close(3) = 0":                      "1:1: expected a time: 1.5, +1.5, 1~2, +1~+2 or *",
		"+0 `a`\n# b":                       "2:1: expected a time: 1.5, +1.5, 1~2, +1~+2 or *; a comment begins with // or /*",
		"+0 `a`\n--late=1":                  "2:1: expected a time: 1.5, +1.5, 1~2, +1~+2 or *",
		"+0\n":                              "2:1: expected what happens: a packet after \"<\" or \">\", a call, a command in backquotes or %{ code }%",
		"+0 5":                              "1:4: expected what happens: a packet after \"<\" or \">\", a call, a command in backquotes or %{ code }%",
		"--name=":                           "1:8: expected a value after \"=\"",
		"+0 `a`\n+0 `b\n+0 c()":             "2:4: expected a closing ` for the command that begins here",
		"+0 `a\\`":                          "1:4: expected a closing ` for the command that begins here",
		"+0 f(\"a\n) = 0":                   "1:6: expected a closing \" for the string that begins here",
		"+0 `a`\n  +0 %{ assert\n":          "2:6: expected a closing }% for the code that begins here",
		"+0 `a` /* more\n// */ /* and more": "2:7: expected a closing */ for the comment that begins here",
		"+0 `ä` ö":                          "1:8: expected a time: 1.5, +1.5, 1~2, +1~+2 or *",
	} {
		wantError(t, text, nil, want)
	}
}

func TestCaret(t *testing.T) {
	_, err := script.Parse("test.pkt", []byte("+0 `ä`\n\t+0 > S. 0:5(6)\n"), nil)
	if got, want := caret(t, err), " +0 > S. 0:5(6)\n           ^ expected 6, the start plus the length 6"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOptionValues(t *testing.T) {
	for text, want := range map[string]string{
		"--a":                      "",
		"--a=5":                    "5",
		"--a = -5":                 "-5",
		"--a=ipv6":                 "ipv6",
		"--a=192.168.0.3//comment": "192.168.0.3",
		"--a=fd3d:0a0b:17d6::1":    "fd3d:0a0b:17d6::1",
		`--a="one two"`:            "one two",
		"--a=B=`one two`":          "B=`one two`",
		`--a=B="one two"`:          `B="one two"`,
		"--a=../x.sh":              "../x.sh",
	} {
		s := parse(t, text+"\n+0 `true`", nil)
		if len(s.Options) != 1 || len(s.Events) != 1 || s.Options[0].Value != want {
			t.Errorf("%s:\n got %+v\nwant %q", text, s.Options, want)
		}
	}
}

func TestDefinitions(t *testing.T) {
	const text = `--define=FLAG=MSG_MORE --define=FLAG=MSG_FASTOPEN --define=SIZE=10
+0 sendto(3, "x", SIZE, FLAG|MSG_MORE, ADDR, FLAG) = SIZE ERR (note FLAG)
+0 > S 0:10(10) <mss MSS,FO COOKIE,FOEXP COOKIE>
+0 < S. 0:0(0) ack 11 win WIN
+0 < icmp TYPE CODE
+0 CMD
END`
	defs := map[string]string{
		"SIZE": "0x10", "ADDR": `{sa_family = AF_INET}`, "COOKIE": "0a0b0c0d", "MSS": "1460", "WIN": "100", "ERR": "EAGAIN", "FO": "never",
		"TYPE": "unreachable", "CODE": "host_unreachable", "CMD": "`true`", "END": "`false`", "S": "never",
	}
	s := parse(t, text, defs)
	call := s.Events[0].Call
	if got, want := showAll(call.Args)+" = "+show(call.Result)+" "+call.Errno+" "+call.Note,
		`3 "x" 16 (| MSG_FASTOPEN MSG_MORE) {sa_family=AF_INET} MSG_FASTOPEN = 16 EAGAIN note FLAG`; got != want {
		t.Errorf("call:\n got %s\nwant %s", got, want)
	}
	if got, want := call.Args[4].Pos, (script.Pos{Line: 2, Column: 40}); got != want {
		t.Errorf("place of a defined value: got %v, want %v", got, want)
	}
	if got, want := s.Events[1].Packet.Text, "S 0:10(10) <mss 1460,FO 0a0b0c0d,FOEXP 0a0b0c0d>"; got != want {
		t.Errorf("packet:\n got %s\nwant %s", got, want)
	}
	if got, want := s.Events[2].Packet.Segment.Window, uint16(100); got != want {
		t.Errorf("window: got %d, want %d", got, want)
	}
	if got, want := s.Events[3].ICMP.Type+" "+s.Events[3].ICMP.Code, "unreachable host_unreachable"; got != want {
		t.Errorf("ICMP: got %s, want %s", got, want)
	}
	if s.Events[4].Command.Text != "true" || s.Events[5].Command.Text != "false" {
		t.Errorf("commands: got %+v and %+v", s.Events[4].Command, s.Events[5].Command)
	}
	if got, want := s.Events[1].Source, "+0 > S 0:10(10) <mss MSS,FO COOKIE,FOEXP COOKIE>"; got != want {
		t.Errorf("source, as it is written:\n got %s\nwant %s", got, want)
	}
}

func TestDefinitionErrors(t *testing.T) {
	defs := map[string]string{"SIZE": "10 20", "QUOTE": `"`, "COOKIE": "0a0b0c0d", "BAD": "xyz", "NUL": ""}
	for text, want := range map[string]string{
		"+0 read(3, ..., SIZE) = 0":                      `1:17: expected SIZE to be defined as a value, not as "10 20"`,
		"+0 read(3, ..., QUOTE) = 0":                     `1:17: expected QUOTE to be defined as a value, not as "\""`,
		"+0 read(3, ..., NUL) = 0":                       `1:17: expected NUL to be defined as a value, not as ""`,
		"+0 > S 0:0(0) <FO  COOKIE,nop,FO BAD,mss 1460>": "1:34: expected bytes in hex, two digits each",
		"+0 > S 0:0(0) <FO  COOKIE,nop, mss z>":          "1:36: expected an MSS",
		"+0 > S 0:0(0) <FO  COOKIE x>":                   `1:27: expected "," or ">" after an option`,
	} {
		wantError(t, text, defs, want)
	}
}

func TestUnsupported(t *testing.T) {
	for text, want := range map[string]string{
		"+0 > udp (100)":                                                 "a UDP packet",
		"+0 > [ect0] 1000 > 2000 udp (100)":                              "a UDP packet",
		"+0 < sctp: INIT[flgs=0, tag=1,\n   a_rwnd=1500,\n 5]":           "an SCTP packet",
		"+0 > GREv0: 1 > 2 . 1:1(0)":                                     "a packet in GRE",
		"+0 > mpls (label 0, tc 0, [S], ttl 0): S 0:0(0)":                "a packet in MPLS",
		"+0 > ipv4 192.0.2.1 > 192.0.2.2: . 1:1(0)":                      "a packet in IPv4",
		"+0 > ipv6 fd00::1 > fd00::2: . 1:1(0)":                          "a packet in IPv6",
		"+0 < icmp echo_request id 5":                                    "an ICMP echo",
		"+0 < icmp unreachable port_unreachable [udp (100)]":             "a UDP packet",
		"+0 > icmp unreachable port_unreachable [raw (100)]":             "an ICMP error that quotes raw IP",
		"+0 < . 1:1(0) ack 1 win 5 {mut tcp mss}":                        "a packet that is changed at random",
		"+0 > . ...(10) ack 1":                                           "a packet with any sequence number",
		"+0 > . 1:1(0)! ack 1":                                           "a packet with absolute sequence numbers",
		"+0 > S 0:0(0) <mss 1460,ECN e1b 1 ceb 0 e0b 1,nop>":             "the TCP option ECN",
		"+0 > S 0:0(0) <exp-FO>":                                         "the TCP option exp",
		"+0 > S 0:0(0) <mpcapable v1 flags[flag_h] nokey>":               "the TCP option mpcapable",
		"+0 > . 1:1(0) ack 1 <nop,nop,TS val ... ecr 1>":                 "a TCP option with any value",
		"+0 > . 1:1(0) ack 1 <nop,nop,TS val 1 ecr 2!>":                  "a TCP option with an absolute value",
		"+0 < [dscp CS1] . 1:1(0)":                                       "a packet with a DSCP",
		"+0 ioctl(3, X, {(label 0, tc 0, [S], ttl 0)}) = 0":              "a stack of MPLS labels",
		"+0 ioctl(3, X, {flags [none], sum 0, off 0, key 0, seq 0}) = 0": "a GRE header",
	} {
		s := parse(t, text+" // so\n1.5 close(3) = 0\n", nil)
		if len(s.Events) != 2 || s.Events[0].Unsupported == nil || s.Events[1].Call == nil {
			t.Errorf("%s:\n got %+v\nwant something unsupported and a call", text, s.Events)
			continue
		}
		if got := s.Events[0].Unsupported.What; got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
		if got, want := s.Events[0].Source, strings.Join(strings.Fields(text), " "); got != want {
			t.Errorf("source:\n got %s\nwant %s", got, want)
		}
	}
}

func TestOtherProjects(t *testing.T) {
	scripts := otherScripts(t)
	if len(scripts) == 0 {
		t.Skip("no scripts of other projects: set TFO_DRILL_SCRIPTS to a folder that has some")
	}
	for file, text := range scripts {
		s, err := script.Parse(file, text, otherDefs)
		if err != nil {
			t.Errorf("%v\n%s", err, caret(t, err))
			continue
		}
		for _, e := range s.Events {
			if e.Unsupported != nil {
				t.Errorf("%s:%v: unsupported: %s", file, e.Pos, e.Unsupported.What)
			}
		}
	}
	t.Logf("%d scripts", len(scripts))
}
