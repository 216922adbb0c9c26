package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/cookie"
	"tfocraft/cookie/store"
)

func newCookieCache() *cobra.Command {
	var file, forget string
	var clear, asJSON bool
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "list, forget or clear the cookies that tfo connect has learnt",
		Example: `  tfo cookie cache
  tfo cookie cache --forget 192.0.2.2
  tfo cookie cache --clear`,
		Args: none,
	}
	cmd.Flags().StringVar(&file, "cache", "", "cache `FILE` (default: tfocraft/cookies.db in the user's cache directory)")
	cmd.Flags().StringVar(&forget, "forget", "", "forget everything about this server `ADDR`")
	cmd.Flags().BoolVar(&clear, "clear", false, "forget everything")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	exclusive(cmd, "forget", "clear")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		cache, err := existingCache(file)
		if err != nil || cache == nil {
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

// existingCache opens a cache without making one. It is nil if nothing was
// learnt yet; a file that the user names has to be there.
func existingCache(file string) (*store.Store, error) {
	path := file
	if path == "" {
		var err error
		if path, err = store.DefaultPath(); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && file == "" {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return openCache(path)
}

// openCache opens the cache file, the default one if there is no name.
func openCache(file string) (*store.Store, error) {
	if file != "" {
		return store.Open(file, nil)
	}
	path, err := store.DefaultPath()
	if err != nil {
		return nil, withHint(err, "--cache FILE uses another cookie cache")
	}
	cache, err := store.Open(path, nil)
	if err != nil {
		return nil, withHint(err, "--cache FILE uses another cookie cache")
	}
	return cache, nil
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
