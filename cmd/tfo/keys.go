package main

import (
	"crypto/rand"

	"github.com/spf13/cobra"

	"tfocraft/cookie"
	"tfocraft/cookie/store"
)

// keyFlags are the flags that choose how cookies are made.
type keyFlags struct {
	scheme, key, file string
}

func (k *keyFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&k.scheme, "scheme", "rfc7413", "compute cookies as `NAME` does: rfc7413, linux, linux-aes or freebsd")
	f.StringVar(&k.key, "key", "", "`KEY` as 32 hex digits or in sysctl form (a-b-c-d); more after commas, the first one mints")
	f.StringVar(&k.file, "key-file", "", "read the keys from `FILE`, in the same notations")
	choices(cmd, "scheme", "rfc7413", "linux", "linux-aes", "freebsd")
}

// keyring returns the scheme with the keys of the command line.
func (k *keyFlags) keyring() (*cookie.Keyring, error) {
	scheme, err := cookie.ParseScheme(k.scheme)
	if err != nil {
		return nil, usagef("--scheme: %w", err)
	}
	keys, err := k.keys()
	if err != nil {
		return nil, err
	}
	return cookie.NewKeyring(scheme, keys[0], keys[1:]...), nil
}

// given reports whether there is a key on the command line.
func (k *keyFlags) given() bool { return k.key != "" || k.file != "" }

// keyringOrRandom returns the same with a random key if there is none.
func (k *keyFlags) keyringOrRandom() (*cookie.Keyring, error) {
	if k.given() {
		return k.keyring()
	}
	scheme, err := cookie.ParseScheme(k.scheme)
	if err != nil {
		return nil, usagef("--scheme: %w", err)
	}
	key, err := cookie.NewKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return cookie.NewKeyring(scheme, key), nil
}

// warnExposed tells the user of a key file that is no secret.
func (k *keyFlags) warnExposed(cmd *cobra.Command) {
	if exposed, err := store.KeyFileExposed(k.file); k.file != "" && err == nil && exposed {
		complain(cmd.ErrOrStderr(), "others can read the keys: chmod 600 %s", k.file)
	}
}

func (k *keyFlags) keys() ([]cookie.Key, error) {
	switch {
	case k.file != "":
		return store.LoadKeyFile(k.file)
	case k.key == "":
		return nil, usagef("a key is needed: --key HEX or --key-file FILE")
	}
	keys, err := cookie.ParseKeys(k.key)
	if err != nil {
		return nil, usagef("--key: %w", err)
	}
	return keys, nil
}
