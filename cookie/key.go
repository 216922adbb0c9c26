package cookie

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

// KeyLen is the length of a key in bytes.
const KeyLen = 16

// MaxKeys is the most keys that [ParseKeys] takes and that a [Keyring] holds: FreeBSD's limit. Linux holds two.
const MaxKeys = 10

var (
	// ErrKeyLength says that a key has not 16 bytes, or that there are too many keys.
	ErrKeyLength = errors.New("key has a wrong length")
	// ErrKeySyntax says that text is a key in neither of the two notations.
	ErrKeySyntax = errors.New("key is malformed")
)

// A Key is the secret that cookies are made with, in the byte order that the ciphers use. It is also what
// setsockopt(TCP_FASTOPEN_KEY) takes.
type Key [KeyLen]byte

// NewKey reads a key from random, such as crypto/rand.Reader.
func NewKey(random io.Reader) (Key, error) {
	var k Key
	if _, err := io.ReadFull(random, k[:]); err != nil {
		return Key{}, fmt.Errorf("cookie: make a key: %w", err)
	}
	return k, nil
}

// ParseKey reads a key in one of two notations:
//
//   - 32 hexadecimal digits, the 16 bytes in order;
//   - that of Linux's sysctl net.ipv4.tcp_fastopen_key: four groups of 1 to 8 hexadecimal digits joined by dashes, each
//     a 32-bit number that is stored least significant byte first.
//
// Errors wrap [ErrKeyLength] or [ErrKeySyntax] and never hold the text, which may be most of a secret.
func ParseKey(text string) (Key, error) {
	k, err := parseKey(text)
	if err != nil {
		return Key{}, fmt.Errorf("cookie: %w", err)
	}
	return k, nil
}

func parseKey(text string) (Key, error) {
	if strings.Contains(text, "-") {
		return parseSysctlKey(text)
	}
	if i := strings.IndexFunc(text, notHex); i >= 0 {
		return Key{}, fmt.Errorf("character %d is not a hex digit: %w", i+1, ErrKeySyntax)
	}
	if len(text) != 2*KeyLen {
		return Key{}, fmt.Errorf("%d hex digits, want %d or four groups a-b-c-d: %w", len(text), 2*KeyLen, ErrKeyLength)
	}
	var k Key
	if _, err := hex.Decode(k[:], []byte(text)); err != nil {
		return Key{}, ErrKeySyntax
	}
	return k, nil
}

func parseSysctlKey(text string) (Key, error) {
	groups := strings.Split(text, "-")
	if len(groups) != 4 {
		return Key{}, fmt.Errorf("%d groups, want 4: %w", len(groups), ErrKeyLength)
	}
	var k Key
	for i, group := range groups {
		if group == "" || strings.ContainsFunc(group, notHex) {
			return Key{}, fmt.Errorf("group %d is not a hex number: %w", i+1, ErrKeySyntax)
		}
		if len(group) > 8 {
			return Key{}, fmt.Errorf("group %d has %d hex digits, at most 8 fit: %w", i+1, len(group), ErrKeyLength)
		}
		word, err := strconv.ParseUint(group, 16, 32)
		if err != nil {
			return Key{}, fmt.Errorf("group %d: %w", i+1, ErrKeySyntax)
		}
		binary.LittleEndian.PutUint32(k[4*i:], uint32(word))
	}
	return k, nil
}

func notHex(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'f') && (r < 'A' || r > 'F')
}

// ParseKeys reads 1 to [MaxKeys] keys joined by commas, the minting one first, as "primary,backup" in Linux's sysctl.
// Errors are those of [ParseKey], with the number of the key.
func ParseKeys(text string) ([]Key, error) {
	fields := strings.Split(text, ",")
	if len(fields) > MaxKeys {
		return nil, fmt.Errorf("cookie: %d keys, at most %d: %w", len(fields), MaxKeys, ErrKeyLength)
	}
	keys := make([]Key, 0, len(fields))
	for i, field := range fields {
		k, err := parseKey(field)
		if err != nil {
			return nil, fmt.Errorf("cookie: key %d of %d: %w", i+1, len(fields), err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// FormatKeys writes keys in sysctl notation joined by commas, as [ParseKeys] reads them. It shows them.
func FormatKeys(keys []Key) string {
	texts := make([]string, len(keys))
	for i, k := range keys {
		texts[i] = k.Sysctl()
	}
	return strings.Join(texts, ",")
}

// Hex returns the 16 bytes of k as 32 lower-case hexadecimal digits. Unlike String it shows them.
func (k Key) Hex() string { return hex.EncodeToString(k[:]) }

// Sysctl returns k as Linux prints net.ipv4.tcp_fastopen_key: four groups of 8 digits. Unlike String it shows the key.
func (k Key) Sysctl() string {
	return fmt.Sprintf("%08x-%08x-%08x-%08x", binary.LittleEndian.Uint32(k[0:]), binary.LittleEndian.Uint32(k[4:]),
		binary.LittleEndian.Uint32(k[8:]), binary.LittleEndian.Uint32(k[12:]))
}

// String returns "key(16 bytes)" and hides the bytes.
func (k Key) String() string { return fmt.Sprintf("key(%d bytes)", len(k)) }

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (k Key) Format(f fmt.State, _ rune) { writeRedacted(f, k.String()) }

// LogValue implements [slog.LogValuer] with what String returns.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText writes what String returns, so that encoding a struct as JSON does not give a key away. There is no way
// back: use Hex or Sysctl to write a key on purpose.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
