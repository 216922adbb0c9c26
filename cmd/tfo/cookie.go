package main

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/cookie"
	"tfocraft/cookie/store"
)

func newCookie() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cookie",
		Short: "make and verify cookies and keys, look at the client's cache",
	}
	cmd.AddCommand(newCookieMake(), newCookieVerify(), newCookieKey(), newCookieCache())
	return cmd
}

// cookieFlags are what a cookie depends on.
type cookieFlags struct {
	keyFlags
	client, server string
	json           bool
}

func (c *cookieFlags) add(cmd *cobra.Command) {
	c.keyFlags.add(cmd.Flags())
	cmd.Flags().StringVar(&c.client, "client", "", "client address")
	cmd.Flags().StringVar(&c.server, "server", "", "server address; only the linux schemes need it")
	cmd.Flags().BoolVar(&c.json, "json", false, "print one JSON object")
	cmd.MarkFlagRequired("client")
}

func (c *cookieFlags) resolve() (ring *cookie.Keyring, client, server netip.Addr, err error) {
	if ring, err = c.keyring(); err != nil {
		return
	}
	if client, err = parseAddr("--client", c.client); err != nil {
		return
	}
	needsServer := ring.Scheme() == cookie.Linux || ring.Scheme() == cookie.LinuxAES
	switch {
	case c.server == "" && needsServer:
		err = usagef("scheme %s needs --server as well", ring.Scheme())
		return
	case c.server == "":
		return ring, client, client, nil
	}
	if server, err = parseAddr("--server", c.server); err == nil && client.Is4() != server.Is4() {
		err = usagef("%s and %s are not of one family", client, server)
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
		Args: cobra.NoArgs,
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
		Args: cobra.ExactArgs(1),
	}
	flags.add(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		got, err := cookie.Parse(args[0])
		if err != nil {
			return usagef("%w", err)
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

func newCookieKey() *cobra.Command {
	var from, out string
	cmd := &cobra.Command{
		Use:   "key",
		Short: "make a random key, or show one in another notation",
		Long: `Prints a key in sysctl form and as 32 hex digits. The groups of the sysctl form
are little-endian numbers: both notations name the same 16 bytes.`,
		Example: `  tfo cookie key --out server.key
  tfo cookie key --from a0bf63f7-ed803d81-cd641d30-cebc4a90`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&from, "from", "", "show this key instead of a new one")
	cmd.Flags().StringVar(&out, "out", "", "write the key to a new `FILE` instead of printing it")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		key, err := cookie.NewKey(rand.Reader)
		if err == nil && from != "" {
			key, err = cookie.ParseKey(from)
		}
		if err != nil {
			return usagef("%w", err)
		}
		if out != "" {
			return store.SaveKeyFile(out, []cookie.Key{key}, false)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "sysctl  %s\nhex     %s\n", key.Sysctl(), key.Hex())
		return err
	})
	return cmd
}

func newCookieCache() *cobra.Command {
	var file, forget string
	var clear, asJSON bool
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "list, forget or clear the cookies that tfo connect has learnt",
		Example: `  tfo cookie cache
  tfo cookie cache --forget 192.0.2.2
  tfo cookie cache --clear`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&file, "cache", "", "cache `FILE` (default: tfocraft/cookies.db in the user's cache directory)")
	cmd.Flags().StringVar(&forget, "forget", "", "forget everything about this server `ADDR`")
	cmd.Flags().BoolVar(&clear, "clear", false, "forget everything")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		cache, err := openCache(file)
		if err != nil {
			return err
		}
		switch {
		case clear:
			return cache.Clear()
		case forget != "":
			return forgetServer(cache, forget)
		}
		return listCache(cmd, cache, asJSON)
	})
	return cmd
}

// openCache opens the cache file, the default one if there is no name.
func openCache(file string) (*store.Store, error) {
	if file == "" {
		var err error
		if file, err = store.DefaultPath(); err != nil {
			return nil, err
		}
	}
	return store.Open(file, nil)
}

func forgetServer(cache cookie.Cache, server string) error {
	addr, err := parseAddr("--forget", server)
	if err != nil {
		return err
	}
	entries, err := cache.List(time.Now())
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Path.Server == addr {
			if err := cache.Forget(e.Path); err != nil {
				return err
			}
		}
	}
	return nil
}

// cacheLine is an entry of the cache in JSON.
type cacheLine struct {
	Client       string `json:"client"`
	Server       string `json:"server"`
	Port         uint16 `json:"port,omitempty"`
	Cookie       string `json:"cookie,omitempty"`
	MSS          uint16 `json:"mss,omitempty"`
	Experimental bool   `json:"experimental,omitempty"`
	Blocked      string `json:"blocked,omitempty"`
	Until        string `json:"until,omitempty"`
}

func listCache(cmd *cobra.Command, cache cookie.Cache, asJSON bool) error {
	entries, err := cache.List(time.Now())
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	for _, e := range entries {
		line := cacheLine{
			Client: e.Path.Client.String(), Server: e.Path.Server.String(), Port: e.Path.Port, Cookie: e.Hint.Cookie.Hex(),
			MSS: e.Hint.MSS, Experimental: e.Hint.Experimental, Blocked: string(e.Hint.Blocked),
		}
		if e.Hint.Blocked != "" {
			line.Until = e.Hint.Until.UTC().Format(time.RFC3339)
		}
		if asJSON {
			err = printJSON(w, line)
		} else {
			_, err = fmt.Fprintln(w, line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l cacheLine) String() string {
	if l.Blocked != "" {
		return fmt.Sprintf("%s > %s  Fast Open off until %s: %s", l.Client, netip.AddrPortFrom(netip.MustParseAddr(l.Server), l.Port), l.Until, l.Blocked)
	}
	form := ""
	if l.Experimental {
		form = " (experimental option)"
	}
	return fmt.Sprintf("%s > %s  cookie %s  mss %d%s", l.Client, l.Server, l.Cookie, l.MSS, form)
}
