package main

import (
	"fmt"
	"net/netip"

	"github.com/spf13/cobra"

	"tfocraft/cookie"
)

// cookieFlags are what a cookie depends on.
type cookieFlags struct {
	keyFlags
	client, server string
	json           bool
}

func (c *cookieFlags) add(cmd *cobra.Command) {
	c.keyFlags.add(cmd)
	cmd.Flags().StringVar(&c.client, "client", "", "`ADDR` of the client")
	cmd.Flags().StringVar(&c.server, "server", "", "`ADDR` of the server; only the linux schemes need it")
	cmd.Flags().BoolVar(&c.json, "json", false, "print one JSON object")
	exclusive(cmd, "key", "key-file")
}

func (c *cookieFlags) resolve() (ring *cookie.Keyring, client, server netip.Addr, err error) {
	if c.client == "" {
		err = usagef("--client ADDR is missing")
		return
	}
	if ring, err = c.keyring(); err != nil {
		return
	}
	if client, err = parseAddr("--client", c.client); err != nil {
		return
	}
	needsServer := ring.Scheme() == cookie.Linux || ring.Scheme() == cookie.LinuxAES
	switch {
	case c.server == "" && needsServer:
		err = usagef("--server ADDR is missing: cookies by %s depend on it", ring.Scheme())
		return
	case c.server == "":
		return ring, client, client, nil
	}
	if server, err = parseAddr("--server", c.server); err == nil && client.Is4() != server.Is4() {
		err = usagef("--client %s and --server %s are not of one family", client, server)
	}
	return
}

func newCookieMake() *cobra.Command {
	var flags cookieFlags
	cmd := &cobra.Command{
		Use:   "make",
		Short: "compute the cookie of a client",
		Long: `Computes the cookie that a server with this key gives to a client: what is in
option 34 of its SYN-ACK, in hex as on the wire.`,
		Example: `  tfo cookie make --key 000102030405060708090a0b0c0d0e0f --client 192.0.2.1
  tfo cookie make --scheme linux --key "$(sysctl -n net.ipv4.tcp_fastopen_key)" --client 192.0.2.1 --server 192.0.2.2`,
		Args: none,
	}
	flags.add(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		ring, client, server, err := flags.resolve()
		if err != nil {
			return err
		}
		c := ring.Mint(client, server)
		if !flags.json {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), c.Hex())
			return err
		}
		return printJSON(cmd.OutOrStdout(), struct {
			Scheme string `json:"scheme"`
			Client string `json:"client"`
			Server string `json:"server,omitempty"`
			Cookie string `json:"cookie"`
		}{ring.Scheme().Name(), client.String(), flags.server, c.Hex()})
	})
	return cmd
}

func newCookieVerify() *cobra.Command {
	var flags cookieFlags
	cmd := &cobra.Command{
		Use:   "verify COOKIE",
		Short: "check a cookie against a key; exit code 1 if it is invalid",
		Example: `  tfo cookie verify b52d0a13dde9a6ba --key 000102030405060708090a0b0c0d0e0f --client 192.0.2.1
  tfo cookie verify 228fa362b22a08fb --scheme linux --key NEW,OLD --client 192.0.2.17 --server 192.0.2.34`,
		Args: one("COOKIE"),
	}
	flags.add(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		got, err := cookie.Parse(args[0])
		if err != nil {
			return usagef("COOKIE: %w", err)
		}
		ring, client, server, err := flags.resolve()
		if err != nil {
			return err
		}
		verdict, fresh := ring.Check(got.Append(nil), client, server)
		if flags.json {
			err = printJSON(cmd.OutOrStdout(), struct {
				Verdict string `json:"verdict"`
				Fresh   string `json:"fresh"`
			}{verdict.String(), fresh.Hex()})
		} else {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), verdict)
		}
		if err == nil && !verdict.Valid() {
			err = errSilent
		}
		return err
	})
	return cmd
}
