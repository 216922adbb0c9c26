package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"tfocraft/cookie"
)

// maxKeyFile is the most that is read of a key file: far more than its keys and some comments need.
const maxKeyFile = 64 << 10

// LoadKeyFile reads the keys of a server from a file, the minting one first. The file has one line of keys as
// [cookie.ParseKeys] reads them: 32 hex digits each, or as Linux prints net.ipv4.tcp_fastopen_key. Empty lines and those
// that begin with # are ignored. The line ends in a newline, unless its last key has all its digits: otherwise nobody
// could tell a file that was cut short from a key with leading zeros left out.
//
// Errors wrap [ErrDamaged], [cookie.ErrKeyLength], [cookie.ErrKeySyntax] or those of package os, and show no part of a
// key.
func LoadKeyFile(path string) ([]cookie.Key, error) {
	text, err := readKeyFile(path)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	keys, err := parseKeyFile(string(text))
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return keys, nil
}

func readKeyFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxKeyFile {
		return nil, fmt.Errorf("%s: more than %d bytes, this is no key file: %w", path, maxKeyFile, cookie.ErrKeySyntax)
	}
	return text, nil
}

func parseKeyFile(text string) ([]cookie.Key, error) {
	var keys []cookie.Key
	number := 0
	for line := range strings.Lines(text) {
		number++
		content := strings.TrimSpace(line)
		if content == "" || strings.HasPrefix(content, "#") {
			continue
		}
		if keys != nil {
			return nil, fmt.Errorf("line %d: a second line of keys, want one with commas: %w", number, cookie.ErrKeySyntax)
		}
		var err error
		if keys, err = cookie.ParseKeys(content); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if !strings.HasSuffix(line, "\n") && !fullWidth(content) {
			return nil, fmt.Errorf("line %d: %w: want all 8 digits or a newline at its end", number, ErrDamaged)
		}
	}
	if keys == nil {
		return nil, fmt.Errorf("%w: it holds no key", ErrDamaged)
	}
	return keys, nil
}

// fullWidth reports whether the last of some well-formed keys has all its digits, so that it is not the first part of one
// that was cut off.
func fullWidth(keys string) bool {
	last := keys[strings.LastIndexAny(keys, "-,")+1:]
	return len(last) == 8 || len(last) == 2*cookie.KeyLen
}

// SaveKeyFile writes keys, the minting one first, to a new file of mode 0600 as [LoadKeyFile] reads them. The file appears
// whole or not at all. If there is a file at path, it is replaced only where replace says so; otherwise the error wraps
// [fs.ErrExist].
func SaveKeyFile(path string, keys []cookie.Key, replace bool) error {
	if len(keys) == 0 || len(keys) > cookie.MaxKeys {
		return fmt.Errorf("key file %s: %d keys, want 1 to %d: %w", path, len(keys), cookie.MaxKeys, cookie.ErrKeyLength)
	}
	var text bytes.Buffer
	text.WriteString("# TCP Fast Open keys, as in net.ipv4.tcp_fastopen_key: the one that mints, then those still accepted.\n")
	text.WriteString(cookie.FormatKeys(keys) + "\n")
	err := publish(path, replace, func(file *os.File) error {
		_, err := file.Write(text.Bytes())
		return err
	})
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("key file %s: there is one, which is kept: %w", path, fs.ErrExist)
	}
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	return nil
}

// KeyFileExposed reports whether others than its owner may read or write the file. LoadKeyFile does not mind; whoever runs
// a server should be told.
func KeyFileExposed(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, fmt.Errorf("key file: %w", err)
	}
	return info.Mode().Perm()&0o077 != 0, nil
}
