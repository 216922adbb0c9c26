package main

import (
	"context"
	"errors"
	"net/netip"

	"github.com/spf13/cobra"

	"tfocraft/cookie"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
	"tfocraft/wire/link"
)

// remoteFlags say which live host scripts are played against.
type remoteFlags struct {
	target      string
	ifname      string
	allowPublic bool
	keys        keyFlags
	guard       guardChoice
}

func (r *remoteFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&r.target, "remote", "", "play the network's side against the live host `HOST:PORT`")
	f.StringVarP(&r.ifname, "interface", "i", "", "with --remote: `INTERFACE` to use (default: the one that the route takes)")
	f.BoolVar(&r.allowPublic, "allow-public", false, "with --remote: allow a host with a public address")
	f.StringVar(&r.keys.key, "cookie-key", "", "with --remote: define TFO_COOKIE as the host with this `KEY` makes it: 32 hex digits,\nor in sysctl form (a-b-c-d)")
	f.StringVar(&r.keys.scheme, "scheme", "rfc7413", "with --cookie-key: as `NAME` does: rfc7413, linux, linux-aes or freebsd")
	choices(cmd, "scheme", "rfc7413", "linux", "linux-aes", "freebsd")
	r.guard.add(cmd)
}

// check finds flags that would have no effect, and bad ones.
func (r *remoteFlags) check(cmd *cobra.Command) error {
	changed := cmd.Flags().Changed
	if r.target == "" {
		for _, name := range []string{"interface", "allow-public", "cookie-key", "scheme", "guard", "backend"} {
			if changed(name) {
				return usagef("--%s works with --remote only", name)
			}
		}
		if changed("remote") {
			return usagef("--remote: %q is not HOST:PORT", r.target)
		}
		return nil
	}
	switch {
	case changed("profile"):
		return usagef("--profile has no effect with --remote")
	case changed("allow-commands"):
		return usagef("--allow-commands has no effect with --remote")
	case changed("scheme") && r.keys.key == "":
		return usagef("--scheme works with --cookie-key only")
	}
	return r.guard.check()
}

// keyring makes the host's cookies; nil if the key is not known.
func (r *remoteFlags) keyring() (*cookie.Keyring, error) {
	if r.keys.key == "" {
		return nil, nil
	}
	scheme, err := cookie.ParseScheme(r.keys.scheme)
	if err != nil {
		return nil, usagef("--scheme: %w", err)
	}
	keys, err := cookie.ParseKeys(r.keys.key)
	if err != nil {
		return nil, usagef("--cookie-key: %w", err)
	}
	return cookie.NewKeyring(scheme, keys[0], keys[1:]...), nil
}

// open finds the way to the host and opens what its packets come through. It is nil
// if no host was named. Network is ip, or ip4 or ip6 because of what the user wants.
func (r *remoteFlags) open(cmd *cobra.Command, network, want string) (*liveHost, error) {
	if r.target == "" {
		return nil, nil
	}
	ring, err := r.keyring()
	if err != nil {
		return nil, err
	}
	ctx := cmd.Context()
	addr, err := lookUp(ctx, r.target, network, want)
	if err != nil {
		return nil, err
	}
	if public(addr.Addr()) && !r.allowPublic {
		return nil, withHint(usagef("%s is a public address: what is strange in a script is for hosts of your own", addr.Addr()),
			"--allow-public plays against it all the same")
	}
	h := &liveHost{addr: addr}
	if err := h.route(ctx, r.ifname); err != nil {
		return nil, err
	}
	if ring != nil {
		h.cookie = ring.Mint(h.hop.Source, h.addr.Addr()).Hex()
	}
	if h.guard, err = r.guard.new(ctx, iptables.ModeRST, h.hop.Loopback); err != nil {
		return nil, err
	}
	if err := h.listen(); err != nil {
		return nil, err
	}
	return h, nil
}

// route finds the way to the host. From there on addresses have no zone.
func (h *liveHost) route(ctx context.Context, ifname string) error {
	resolver, err := link.NewResolver()
	if err != nil {
		return err
	}
	defer resolver.Close()
	if h.hop, err = resolver.Resolve(ctx, h.addr.Addr(), netip.Addr{}, ifname); err != nil {
		return err
	}
	h.hop.Source = h.hop.Source.WithZone("")
	h.addr = netip.AddrPortFrom(h.addr.Addr().WithZone(""), h.addr.Port())
	return nil
}

// listen opens the link and the kernel's ports, and closes everything if that
// fails.
func (h *liveHost) listen() (err error) {
	// There is no connection yet: the filter lets nothing of TCP in but what port 0
	// would get.
	if h.link, err = link.Open(h.hop.Interface, &link.Config{Filter: h.filter()}); err != nil {
		return errors.Join(err, h.close())
	}
	if h.ports, err = endpoint.OpenKernelPorts(); err != nil {
		return errors.Join(err, h.close())
	}
	return nil
}
