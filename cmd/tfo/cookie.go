package main

import "github.com/spf13/cobra"

func newCookie() *cobra.Command {
	return groupOf(&cobra.Command{
		Use:   "cookie",
		Short: "make and verify cookies and keys, look at the client's cache",
		Long: `Cookies are what a server gives its clients in order to know them again (RFC
7413, section 4.1). These commands compute and check them, make keys, and show
what tfo connect has learnt. They send nothing and need no privilege.`,
	}, newCookieMake(), newCookieVerify(), newCookieKey(), newCookieCache())
}
