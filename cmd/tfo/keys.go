package main

import (
	"net/netip"

	"github.com/spf13/pflag"

	"tfocraft/cookie"
	"tfocraft/cookie/store"
)

// keyFlags are the flags that choose how cookies are made.
type keyFlags struct {
	scheme, key, file string
}

func (k *keyFlags) add(f *pflag.FlagSet) {
	f.StringVar(&k.scheme, "scheme", "rfc7413", "how cookies are computed: rfc7413, linux, linux-aes or freebsd")
	f.StringVar(&k.key, "key", "", "key as 32 hex digits or in sysctl form (a-b-c-d); more after commas, the first one mints")
	f.StringVar(&k.file, "key-file", "", "read the keys from `FILE`, in sysctl form")
}

// given reports whether there is a key on the command line.
func (k *keyFlags) given() bool { return k.key != "" || k.file != "" }

// keyring returns the scheme with the keys of the command line.
func (k *keyFlags) keyring() (*cookie.Keyring, error) {
	scheme, err := cookie.ParseScheme(k.scheme)
	if err != nil {
		return nil, usagef("%w", err)
	}
	keys, err := k.keys()
	if err != nil {
		return nil, err
	}
	return cookie.NewKeyring(scheme, keys[0], keys[1:]...), nil
}

func (k *keyFlags) keys() ([]cookie.Key, error) {
	switch {
	case k.key != "" && k.file != "":
		return nil, usagef("--key and --key-file exclude each other")
	case k.file != "":
		return store.LoadKeyFile(k.file)
	case k.key == "":
		return nil, usagef("a key is needed: --key HEX or --key-file FILE")
	}
	keys, err := cookie.ParseKeys(k.key)
	if err != nil {
		return nil, usagef("%w", err)
	}
	return keys, nil
}

// parseAddr reads an address of either family, IPv4-mapped ones as IPv4.
func parseAddr(name, text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return a, usagef("%s: %q is not an IP address", name, text)
	}
	return a.Unmap(), nil
}
