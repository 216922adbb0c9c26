package script_test

import (
	"strings"
	"testing"
)

func TestCall(t *testing.T) {
	for text, want := range map[string]string{
		"getpid() = 5":                       "getpid() = 5",
		"close(3) = 0":                       "close(3) = 0",
		"socket(..., SOCK_STREAM, 6) = 3":    "socket(... SOCK_STREAM 6) = 3",
		"write(3, ..., 1) = -1 EAGAIN":       "write(3 ... 1) = -1 EAGAIN",
		"w(3) = -1 ECONNRESET(Reset by it)":  "w(3) = -1 ECONNRESET (Reset by it)",
		"w(3) = -1 EPIPE (broken\n  pipe )":  "w(3) = -1 EPIPE (broken pipe)",
		"w(3) = -1 (Invalid Argument)":       "w(3) = -1 (Invalid Argument)",
		"f(3, F_GETFL) = 0x2 (flags O_RDWR)": "f(3 F_GETFL) = 2 (flags O_RDWR)",
		"f(3) = O_RDWR|O_SYNC (flags)":       "f(3) = (| O_RDWR O_SYNC) (flags)",
		"f(3) = O_RDWR (flags)":              "f(3) = O_RDWR (flags)",
		"f(3) = [g(1)] (flags)":              "f(3) = [g(1)] (flags)",
		"read(3, ..., 10) = ...":             "read(3 ... 10) = ...",
	} {
		c := parseEvent(t, "+0 "+text).Call
		got := c.Name + "(" + showAll(c.Args) + ") = " + show(c.Result)
		if c.Errno != "" {
			got += " " + c.Errno
		}
		if c.Note != "" {
			got += " (" + c.Note + ")"
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestExpressions(t *testing.T) {
	for text, want := range map[string]string{
		"...":                    "...",
		"-1":                     "-1",
		"0x1F":                   "31",
		"0xffffffffffffffff":     "-1",
		"010":                    "10", // as in packetdrill
		"-9223372036854775808":   "-9223372036854775808",
		"AF_INET":                "AF_INET",
		"3021b9d8":               "3021b9d8", // a key in hex is a word
		"[]":                     "[]",
		"[1]":                    "[1]",
		"[[1, 2], [...], \"x\"]": `[[1 2] [...] "x"]`,
		"{}":                     "{}",
		"A|B|C":                  "(| (| A B) C)",
		"A|B&C^D<<1":             "(| A (^ (& B C) (<< D 1)))",
		"1<<2>>3":                "(>> (<< 1 2) 3)",
		"~A&-B|!C":               "(| (& (~ A) (- B)) (! C))",
		"~-!1":                   "(~ (- (! 1)))",
		"htons(8080)":            "htons(8080)",
		"f(g(), [1])":            "f(g() [1])",
		"X = 5":                  "(= X 5)",
		"[X = Y = 5]":            "[(= X (= Y 5))]",
		"{fd=4, events=POLLIN|POLLOUT, revents=0}":                                                                                                "{fd=4 events=(| POLLIN POLLOUT) revents=0}",
		`{sa_family = AF_INET, sin_port = htons(8080), sin_addr = inet_addr("192.0.2.1")}`:                                                        `{sa_family=AF_INET sin_port=htons(8080) sin_addr=inet_addr("192.0.2.1")}`,
		"{msg_name(...)=..., msg_iov(2)=[{..., 2600}, {...,400}],\nmsg_flags=MSG_EOR, msg_control=[{cmsg_level=SOL_IP, cmsg_data={ee_errno=5}}]}": "{msg_name(...)=... msg_iov(2)=[{... 2600} {... 400}] msg_flags=MSG_EOR msg_control=[{cmsg_level=SOL_IP cmsg_data={ee_errno=5}}]}",
		"{events=EPOLLIN, ptr=0}":       "{events=EPOLLIN ptr=0}",
		"{flags=5}":                     "{flags=5}",
		"{flags, 5}":                    "{flags 5}",
		"{onoff=1, linger=0}":           "{onoff=1 linger=0}",
		`""`:                            `""`,
		`"abc"...`:                      `"abc"`,
		`"a" "b"`:                       `"ab"`,
		`"\xa1\xA12\0\x41\101\"\\\n\t"`: `"\xa1\xa12\x00AA\"\\\n\t"`,
		`"\1234\477"`:                   `"S4'7"`,
		"\"two\nlines // \"":            `"two\nlines // "`,
	} {
		call := parseEvent(t, "+0 f("+text+", 7) = 0").Call
		if len(call.Args) != 2 {
			t.Errorf("%s: got %s, want two arguments", text, showAll(call.Args))
			continue
		}
		if got := show(call.Args[0]); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	call := parseEvent(t, "+0 f(1,\n  [A|B], \"é\", {c=g(2)})\n = -1").Call
	args := call.Args
	for what, place := range map[string]string{
		"name 1:4":    "name " + call.Pos.String(),
		"1 1:6":       "1 " + args[0].Pos.String(),
		"array 2:3":   "array " + args[1].Pos.String(),
		"| 2:5":       "| " + args[1].Args[0].Pos.String(),
		"B 2:6":       "B " + args[1].Args[0].Args[1].Pos.String(),
		"string 2:10": "string " + args[2].Pos.String(),
		"struct 2:15": "struct " + args[3].Pos.String(),
		"g 2:18":      "g " + args[3].Fields[0].Value.Pos.String(),
		"result 3:4":  "result " + call.Result.Pos.String(),
	} {
		if what != place {
			t.Errorf("got %s, want %s", place, what)
		}
	}
}

func TestCallErrors(t *testing.T) {
	const value = "expected a value: ..., a number, a name, a string, [elements] or {fields}"
	for text, want := range map[string]string{
		"close":                          `1:9: expected "(" before the arguments of close`,
		"close(":                         "1:10: " + value,
		"close(3":                        `1:11: expected "," or ")" after the arguments`,
		"close(3,)":                      "1:12: " + value,
		"close(3 4)":                     `1:12: expected "," or ")" after the arguments`,
		"close(3)":                       `1:12: expected "=" and the result after the call`,
		"close(3) =":                     "1:14: " + value,
		"close(3) =\n+0 close(4)":        "2:1: " + value,
		"close(3) = -1 E (no end":        `1:20: expected a closing ")" for the note that begins here`,
		"close(3) = 0 0":                 "1:18: expected what happens: a packet after \"<\" or \">\", a call, a command in backquotes or %{ code }%",
		"f([1, 2) = 0":                   `1:11: expected "," or "]" after the elements`,
		"f({a=1, b) = 0":                 `1:13: expected "=", "," or "}" after a field`,
		"f({1=2}) = 0":                   `1:8: expected a name before "="`,
		"f(htons(1) = 0":                 `1:18: expected "," or ")" after the arguments`,
		"f(htons(1 = 0":                  `1:14: expected "," or ")" after the arguments of htons`,
		"f(A|) = 0":                      "1:8: " + value,
		"f(1.5) = 0":                     "1:6: " + value,
		"f(9223372036854775808) = 0":     "1:6: expected a number of 64 bits at most",
		"f(0x1ffffffffffffffff) = 0":     "1:6: expected a number of 64 bits at most",
		`f("ok\q") = 0`:                  `1:9: expected an escape of C: \n, \", \0, \x1f, ...`,
		`f("\x") = 0`:                    `1:7: expected an escape of C: \n, \", \0, \x1f, ...`,
		"f(" + strings.Repeat("[", 200):  "1:106: expected an expression that nests less deep",
		"f(" + strings.Repeat("~", 200):  "1:106: expected an expression that nests less deep",
		"f(" + strings.Repeat("a=", 200): "1:206: expected an expression that nests less deep",
	} {
		wantError(t, "+0 "+text, nil, want)
	}
}
