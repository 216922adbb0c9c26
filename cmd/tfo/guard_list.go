package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tfocraft/iptables"
)

func newGuardList() *cobra.Command {
	var flags guardFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "show the rules of all tfo processes, and who owns them",
		Args:  none,
	}
	flags.addBackend(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		backend, err := flags.parseBackend()
		if err != nil {
			return err
		}
		rules, err := iptables.List(cmd.Context(), backend)
		if err != nil {
			return err
		}
		for _, r := range rules {
			if err := printRule(cmd, r, asJSON); err != nil {
				return err
			}
		}
		return nil
	})
	return cmd
}

func printRule(cmd *cobra.Command, r iptables.Installed, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "%-8v  %v  %d packets  %v (%v)\n", r.Backend, r.Scope, r.Packets, r.Tag, r.Owner)
		return err
	}
	line := struct {
		Backend string `json:"backend"`
		Mode    string `json:"mode"`
		Local   string `json:"local"`
		Remote  string `json:"remote,omitempty"`
		Tag     string `json:"tag"`
		Owner   string `json:"owner"`
		Packets uint64 `json:"packets"`
	}{Backend: r.Backend.String(), Mode: r.Scope.Mode.String(), Local: r.Scope.Local.String(), Tag: r.Tag.String(), Owner: r.Owner.String(), Packets: r.Packets}
	if r.Scope.Remote.IsValid() {
		line.Remote = r.Scope.Remote.String()
	}
	return printJSON(cmd.OutOrStdout(), line)
}
