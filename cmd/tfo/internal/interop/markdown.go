package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

const pageHead = `# Interoperability

What other people's programs and tfo make of each other, over IPv4 and IPv6. This page is the output of

    scripts/interop.sh --markdown > docs/interop.md

on %s with Linux %s. The script installs the programs from Debian's packages, starts each in
network namespaces of its own, opposite ` + "`tfo listen`, `tfo connect`" + ` or a small server or client of ours on the same endpoint, and has it make two
connections or more. What a program says of its Fast Open does not count: a capture of the wire is read by wire/follow, Wireshark has
to see the same, and the kernel below the program has to have counted the same.

- **cookie**: the first SYN asks for a cookie, and the SYN-ACK brings one.
- **SYN data**: every later SYN shows the cookie and carries data, all of which the SYN-ACK acknowledges; Wireshark finds as many
  SYNs with data, and the kernel's ` + "`TCPFastOpenActive` or `TCPFastOpenPassive`" + ` counted as many.
- **reply**: the right answer came back on every connection.
- **close**: each side's FIN is acknowledged, and no segment has RST.
- **no loss**: no segment was sent twice.

A cell that differs between the families has both, IPv4 first. A number leads to the reason below the table. The script fails when
a cell is no longer what its table of cases says, in either direction.

The kernels' tail loss probe is off, and their least retransmission time is 1 s: the path has no delay, and a program that waits a few
milliseconds for the processor would look like loss.
`

// reportMarkdown prints docs/interop.md.
func reportMarkdown(w io.Writer, rows []row) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, pageHead, osName(), kernelVersion())
	var notes []string
	for _, part := range []struct {
		role  role
		title string
	}{{client, "Clients that connect to our server"}, {server, "Servers that our client connects to"}} {
		fmt.Fprintf(b, "\n## %s\n\n| program | package | with | %s |\n|---|---|---%s|\n", part.title, joinChecks(" | "), strings.Repeat("|---", len(checks)))
		for i := 0; i+1 < len(rows); i += 2 {
			if rows[i].role == part.role {
				writeLine(b, &rows[i], &rows[i+1], &notes)
			}
		}
	}
	if len(notes) > 0 {
		fmt.Fprintf(b, "\n## Reasons\n\n")
	}
	for i, n := range notes {
		fmt.Fprintf(b, "%d. %s\n", i+1, n)
	}
	return b.Flush()
}

// writeLine prints a case with its cells for IPv4 and IPv6. Notes are numbered
// in the order in which they come up.
func writeLine(w io.Writer, four, six *row, notes *[]string) {
	fmt.Fprintf(w, "| %s | %s %s | %s |", four.name, four.pkg, four.version, four.how)
	for _, c := range checks {
		text := four.cell(c)
		if other := six.cell(c); other != text {
			text += "/" + other
		}
		if reason, ok := four.known[c]; ok {
			reason = four.name + ": " + reason + "."
			n := slices.Index(*notes, reason)
			if n < 0 {
				n = len(*notes)
				*notes = append(*notes, reason)
			}
			text += fmt.Sprintf(" (%d)", n+1)
		}
		fmt.Fprintf(w, " %s |", text)
	}
	fmt.Fprintln(w)
}

func joinChecks(with string) string {
	var names []string
	for _, c := range checks {
		names = append(names, string(c))
	}
	return strings.Join(names, with)
}

// osName is what the system calls itself.
func osName() string {
	b, _ := os.ReadFile("/etc/os-release") // without the file the name is unknown
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			return strings.Trim(strings.TrimSpace(name), `"`)
		}
	}
	return "an unknown system"
}

// kernelVersion is the first two numbers of the kernel's release.
func kernelVersion() string {
	b, _ := os.ReadFile("/proc/sys/kernel/osrelease") // likewise
	numbers := strings.SplitN(string(b), ".", 3)
	return strings.Join(numbers[:min(2, len(numbers))], ".")
}
