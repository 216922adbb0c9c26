package store

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"tfocraft/cookie"
)

const (
	recordVersion    = 1
	flagExperimental = 1 << 0

	hostHeaderLen = 1 + 1 + 2 + 8
	pathHeaderLen = 1 + 8 + 8
)

// appendPair appends the key of the addresses of p, which is also how the keys of its ports begin. No key is the
// beginning of another pair's.
func appendPair(dst []byte, p cookie.Path) ([]byte, error) {
	for _, a := range []netip.Addr{p.Client, p.Server} {
		b, err := a.MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("address %v: %w", a, err)
		}
		if len(b) > 255 {
			return nil, fmt.Errorf("address %v has a zone of %d bytes, too long to keep", a.WithZone(""), len(a.Zone()))
		}
		dst = append(append(dst, byte(len(b))), b...)
	}
	return dst, nil
}

// keysOf returns the keys of p in both tables.
func keysOf(p cookie.Path) (pair, path []byte, err error) {
	pair, err = appendPair(nil, p)
	if err != nil {
		return nil, nil, err
	}
	path = append([]byte(nil), pair...)
	return pair, binary.BigEndian.AppendUint16(path, p.Port), nil
}

// parsePair reads what appendPair wrote and returns what follows it.
func parsePair(key []byte) (p cookie.Path, rest []byte, err error) {
	for _, a := range []*netip.Addr{&p.Client, &p.Server} {
		if len(key) == 0 || len(key)-1 < int(key[0]) {
			return cookie.Path{}, nil, fmt.Errorf("%w: key %x ends early", ErrDamaged, key)
		}
		n := 1 + int(key[0])
		if err := a.UnmarshalBinary(key[1:n]); err != nil {
			return cookie.Path{}, nil, fmt.Errorf("%w: key holds no address: %w", ErrDamaged, err)
		}
		key = key[n:]
	}
	return p, key, nil
}

func appendHost(dst []byte, e cookie.Entry) []byte {
	var flags byte
	if e.Hint.Experimental {
		flags |= flagExperimental
	}
	dst = append(dst, recordVersion, flags)
	dst = binary.BigEndian.AppendUint16(dst, e.Hint.MSS)
	dst = appendTime(dst, e.Used)
	return e.Hint.Cookie.Append(dst)
}

// parseHost reads an entry of the table of hosts. It keeps no part of key and value.
func parseHost(key, value []byte) (cookie.Entry, error) {
	p, rest, err := parsePair(key)
	if err != nil {
		return cookie.Entry{}, err
	}
	if len(rest) != 0 {
		return cookie.Entry{}, fmt.Errorf("%w: key of a host is too long", ErrDamaged)
	}
	if err := checkRecord(value, hostHeaderLen); err != nil {
		return cookie.Entry{}, err
	}
	c, err := cookie.FromBytes(value[hostHeaderLen:])
	if err != nil || !c.IsZero() && !c.Legal() {
		return cookie.Entry{}, fmt.Errorf("%w: cookie of %d bytes", ErrDamaged, len(value)-hostHeaderLen)
	}
	flags := value[1]
	if flags&^flagExperimental != 0 {
		return cookie.Entry{}, fmt.Errorf("%w: flags %#x", ErrDamaged, flags)
	}
	hint := cookie.Hint{Cookie: c, MSS: binary.BigEndian.Uint16(value[2:]), Experimental: flags&flagExperimental != 0}
	return cookie.Entry{Path: p, Hint: hint, Used: parseTime(value[4:])}, nil
}

func appendBlocked(dst []byte, e cookie.Entry) []byte {
	dst = append(dst, recordVersion)
	dst = appendTime(dst, e.Used)
	dst = appendTime(dst, e.Hint.Until)
	return append(dst, e.Hint.Blocked...)
}

// parseBlocked reads an entry of the table of paths. It keeps no part of key and value.
func parseBlocked(key, value []byte) (cookie.Entry, error) {
	p, rest, err := parsePair(key)
	if err != nil {
		return cookie.Entry{}, err
	}
	if len(rest) != 2 {
		return cookie.Entry{}, fmt.Errorf("%w: key of a path has no port", ErrDamaged)
	}
	p.Port = binary.BigEndian.Uint16(rest)
	if err := checkRecord(value, pathHeaderLen); err != nil {
		return cookie.Entry{}, err
	}
	if len(value) == pathHeaderLen {
		return cookie.Entry{}, fmt.Errorf("%w: blocked path without a reason", ErrDamaged)
	}
	hint := cookie.Hint{Until: parseTime(value[9:]), Blocked: cookie.Reason(value[pathHeaderLen:])}
	return cookie.Entry{Path: p, Hint: hint, Used: parseTime(value[1:])}, nil
}

func checkRecord(value []byte, header int) error {
	if len(value) < header {
		return fmt.Errorf("%w: record of %d bytes", ErrDamaged, len(value))
	}
	if value[0] != recordVersion {
		return fmt.Errorf("%w: record has version %d, this program knows %d", ErrFormat, value[0], recordVersion)
	}
	return nil
}

func appendTime(dst []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(t.UnixMilli()))
}

func parseTime(b []byte) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b))).UTC()
}
