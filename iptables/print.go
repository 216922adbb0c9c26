package iptables

import (
	"fmt"
	"io"
	"slices"
)

// Print writes the shell commands that install the scopes' rules by hand, one a
// line and none twice, with the tag of manual rules: List shows them and
// Uninstall removes them. BackendAuto prints those of iptables. Nothing changes
// in the system. The error wraps ErrScope, or is w's.
func Print(w io.Writer, scopes []Scope, backend Backend) error {
	var commands []string
	for _, scope := range scopes {
		rules, err := Rules(scope, Tag{Manual: true})
		if err != nil {
			return err
		}
		for _, rule := range rules {
			for _, command := range rule.commands(backend) {
				if !slices.Contains(commands, command) {
					commands = append(commands, command)
				}
			}
		}
	}
	for _, command := range commands {
		if _, err := fmt.Fprintln(w, command); err != nil {
			return err
		}
	}
	return nil
}

func (r Rule) commands(backend Backend) []string {
	if backend == BackendNFT {
		return r.NFTCommands()
	}
	return []string{r.Command()}
}
