package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// again is the command that makes a page again, as one pastes it into a shell. It goes wherever the page goes: it tells
// no key, and not in which directory the page was.
func again(cmd *cobra.Command, page string, args ...string) string {
	words := slices.Concat(args, changed(cmd.Flags(), "html", "key", "pcap", "json", "bytes", "verbose", "step", "color", "lang"))
	if cmd.Flags().Changed("key") {
		words = append(words, "--key=KEY")
	}
	words = append(words, "--html", filepath.Base(page))
	for i, w := range words {
		words[i] = shellWord(w)
	}
	return cmd.CommandPath() + " " + strings.Join(words, " ")
}

var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// shellWord quotes what a shell would not take as it stands: a capture may have any name.
func shellWord(w string) string {
	if plainWord.MatchString(w) {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
