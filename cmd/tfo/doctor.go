package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newDoctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "what works here, what does not, and the command that mends it",
		Long: `Checks privileges, namespaces, packet filters, leftovers, the kernel's own Fast
Open and useful programs. It changes nothing. The exit code is 3 if neither
tfo lab nor tfo connect can work.`,
		Args: none,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each check")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		works := map[string]bool{}
		for _, check := range checks {
			f := check.look(cmd.Context())
			f.Check = check.name
			works[check.name] = f.OK
			if err := f.print(cmd, asJSON); err != nil {
				return err
			}
		}
		if !works["lab"] && !works["raw sockets"] {
			return &failure{code: exitMissing, err: errSilent}
		}
		return nil
	})
	return cmd
}

// A finding is the outcome of one check.
type finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Cure   string `json:"cure,omitempty"` // one command, or a few words
}

func (f *finding) print(cmd *cobra.Command, asJSON bool) error {
	if asJSON {
		return printJSON(cmd.OutOrStdout(), f)
	}
	mark := "ok  "
	if !f.OK {
		mark = "--  "
	}
	text := fmt.Sprintf("%s%-18s %s\n", mark, f.Check, f.Detail)
	if f.Cure != "" {
		text += fmt.Sprintf("    %-18s > %s\n", "", f.Cure)
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), text)
	return err
}
