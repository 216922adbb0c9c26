package main

import (
	"fmt"
	"strings"

	"tfocraft/cmd/tfo/internal/lab"
)

// A role is what the other program is.
type role string

const (
	client role = "client" // it connects to our server
	server role = "server" // our client connects to it
)

// A testCase is one program in one role. Its strings may hold the words in
// braces that [site.fill] knows.
type testCase struct {
	name    string
	role    role
	pkg     string // Debian package
	program string // what must be there to run
	how     string // what makes it use Fast Open, for people

	files   map[string]string // written to {DIR} before anything starts
	daemons []daemon          // started in this order
	serve   starter           // our server; nil where the program is the server
	visit   visitor           // makes one connection and returns what came back
	visits  int               // how many; 0 means 2
	want    func(output string) error

	// known are the checks that are known to fail, with the reason. A case whose
	// outcome is another one than this fails, in either direction.
	known map[check]string
	// sometimes are those of known that depend on who is faster.
	sometimes []check
	// refusal is what a program prints that does not get to connect, as known.
	refusal string
}

// A starter starts our server at s.addr on the server's host.
type starter func(s *site) error

// A visitor makes a connection and returns what the server answered.
type visitor func(s *site) (output string, err error)

// A daemon is a program that runs until the case is over.
type daemon struct {
	on      func(*lab.Lab) *lab.Host
	command []string
	port    uint16 // it is ready when it listens here
}

func onClient(l *lab.Lab) *lab.Host { return l.Client }
func onServer(l *lab.Lab) *lab.Host { return l.Server }

// A check is a column of the table.
type check string

const (
	gotCookie check = "cookie"   // a connection asks for a cookie and gets one
	dataTaken check = "SYN data" // a later one has data in its SYN, which is taken; the kernel counts the same
	goodReply check = "reply"    // every connection gets the right answer
	closed    check = "close"    // every connection ends with a FIN each way, and no reset is seen
	noRepeats check = "no loss"  // nothing is retransmitted
)

var checks = []check{gotCookie, dataTaken, goodReply, closed, noRepeats}

// noFastOpen is known of a program that cannot use Fast Open but connects.
func noFastOpen(reason string) map[check]string {
	return map[check]string{gotCookie: reason, dataTaken: reason}
}

// nothingWorks is known of a program that does not get to connect.
func nothingWorks(reason string) map[check]string {
	known := make(map[check]string)
	for _, c := range checks {
		known[c] = reason
	}
	return known
}

// contains wants a text in the output.
func contains(text string) func(string) error {
	return func(output string) error {
		if !strings.Contains(output, text) {
			return fmt.Errorf("no %q in the reply %.300q", text, output)
		}
		return nil
	}
}

func allCases() []testCase {
	return append(clientCases(), serverCases()...)
}
