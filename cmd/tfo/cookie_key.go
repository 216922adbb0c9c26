package main

import (
	"crypto/rand"
	"fmt"

	"github.com/spf13/cobra"

	"tfocraft/cookie"
	"tfocraft/cookie/store"
)

func newCookieKey() *cobra.Command {
	var from, out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "key",
		Short: "make a random key, or show one in another notation",
		Long: `Prints a key in sysctl form and as 32 hex digits. The groups of the sysctl form
are little-endian numbers: both notations name the same 16 bytes.`,
		Example: `  tfo cookie key --out server.key
  tfo cookie key --from a0bf63f7-ed803d81-cd641d30-cebc4a90`,
		Args: none,
	}
	cmd.Flags().StringVar(&from, "from", "", "show this `KEY` instead of a new one")
	cmd.Flags().StringVar(&out, "out", "", "write the key to a new `FILE` instead of printing it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	exclusive(cmd, "out", "json")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		key, err := keyFrom(from)
		switch {
		case err != nil:
			return err
		case out != "":
			return store.SaveKeyFile(out, []cookie.Key{key}, false)
		case asJSON:
			return printJSON(cmd.OutOrStdout(), struct {
				Sysctl string `json:"sysctl"`
				Hex    string `json:"hex"`
			}{key.Sysctl(), key.Hex()})
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "sysctl  %s\nhex     %s\n", key.Sysctl(), key.Hex())
		return err
	})
	return cmd
}

// keyFrom reads a key, or makes a random one.
func keyFrom(text string) (cookie.Key, error) {
	if text == "" {
		return cookie.NewKey(rand.Reader)
	}
	key, err := cookie.ParseKey(text)
	if err != nil {
		return key, usagef("--from: %w", err)
	}
	return key, nil
}
