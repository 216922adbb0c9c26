package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tfocraft/cookie"
	"tfocraft/wire"
)

// ErrMutation is wrapped by what is wrong with the name of a mutation.
var ErrMutation = errors.New("load: unknown mutation")

// A Mutation is a way in which a SYN is wrong on purpose.
type Mutation struct {
	Name string
	What string // in words
	bend func(m *bent)
	// always means that it changes SYNs without a Fast Open option, too.
	always bool
}

// plain is the SYN as it is.
const plain = "none"

// A bent SYN is what a mutation changes.
type bent struct {
	form *Form
	// cookie is the client's own, and other that of another client; both may be
	// empty.
	cookie, other []byte
	fastOpen      []byte // what stands in the place of the option
	first         bool   // the option goes before all others
	unpadded      bool   // the last word of the header is not filled up: the header ends, by its length, too early
	flags         wire.Flags
	ack           wire.Seq
	badChecksum   bool
}

// Mutations returns all of them, cookies of every length as one with N for the
// length.
func Mutations() []Mutation {
	return append([]Mutation{
		{plain, "nothing is wrong; to mix right SYNs in", func(*bent) {}, true},
		{"cookie-N", "the cookie cut, or made longer, to N bytes, from 0 (a request, with data) to 38; RFC 7413 allows 4 to 16, even", nil, false},
	}, mutations...)
}

var mutations = []Mutation{
	{"cookie-bit", "one bit of the cookie is wrong", func(m *bent) { m.recook(func(b []byte) { b[len(b)-1] ^= 1 }) }, false},
	{"cookie-zero", "every byte of the cookie is zero", func(m *bent) { m.recook(func(b []byte) { clear(b) }) }, false},
	{"cookie-other", "the cookie of another client", func(m *bent) { m.fastOpen = m.form.option(m.fastOpen[:0], m.other) }, false},
	{"no-cookie", "data without any Fast Open option", func(m *bent) { m.fastOpen = m.fastOpen[:0] }, true},
	{"twice", "the option twice, the second with a wrong cookie", func(m *bent) {
		m.fastOpen = m.form.option(m.fastOpen, m.wrong())
	}, false},
	{"twice-first-wrong", "the option twice, the first with a wrong cookie", func(m *bent) {
		m.fastOpen = m.form.option(m.form.option(m.fastOpen[:0], m.wrong()), m.cookie)
	}, false},
	{"truncated", "the length of the option runs past the header", func(m *bent) { m.fastOpen[1] = 40 }, false},
	{"length-0", "the option says that it has a length of 0", func(m *bent) { m.fastOpen[1] = 0 }, false},
	{"length-1", "the option says that it has a length of 1", func(m *bent) { m.fastOpen[1] = 1 }, false},
	{"unpadded", "the option is not padded: it runs past the end of the header", func(m *bent) { m.unpadded = true }, false},
	{"first", "the option stands before all others", func(m *bent) { m.first = true }, false},
	{"experimental", "kind 254 with the identifier of Fast Open instead of kind 34", func(m *bent) {
		m.fastOpen = wire.FastOpen{Present: true, Experimental: true, Cookie: m.cookie}.Append(m.fastOpen[:0])
	}, false},
	{"experimental-other", "kind 254 with an identifier that is not Fast Open's", func(m *bent) {
		content := binary.BigEndian.AppendUint16(nil, wire.FastOpenExID^1)
		m.fastOpen = wire.AppendOption(m.fastOpen[:0], wire.KindExperiment2, append(content, m.cookie...))
	}, false},
	{"bad-checksum", "the TCP checksum is wrong", func(m *bent) { m.badChecksum = true }, true},
	{"fin", "FIN beside SYN", func(m *bent) { m.flags |= wire.FIN }, true},
	{"reserved", "the reserved bits of the header are set", func(m *bent) { m.flags |= wire.ReservedFlags }, true},
	{"ack-number", "an acknowledgement number without its flag", func(m *bent) { m.ack = 0x01020304 }, true},
}

// recook changes the cookie; a client without one has nothing to change.
func (m *bent) recook(change func(b []byte)) {
	if len(m.cookie) == 0 {
		return
	}
	b := append([]byte(nil), m.cookie...)
	change(b)
	m.fastOpen = m.form.option(m.fastOpen[:0], b)
}

// wrong is a cookie that no server has given this client.
func (m *bent) wrong() []byte {
	b := append([]byte(nil), m.cookie...)
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}

// resize makes the cookie n bytes long.
func resize(n int) func(m *bent) {
	return func(m *bent) {
		b := make([]byte, n)
		for i := copy(b, m.cookie); i < n; i++ {
			b[i] = byte(i)
		}
		m.fastOpen = m.form.option(m.fastOpen[:0], b)
	}
}

// ParseMutations reads names joined by commas.
func ParseMutations(text string) ([]Mutation, error) {
	var all []Mutation
	for name := range strings.SplitSeq(text, ",") {
		m, err := parseMutation(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func parseMutation(name string) (Mutation, error) {
	if digits, ok := strings.CutPrefix(name, "cookie-"); ok {
		if n, err := strconv.Atoi(digits); err == nil && n >= 0 {
			if n > cookie.Capacity {
				return Mutation{}, fmt.Errorf("%w: %s: a header has no room for more than %d bytes", ErrMutation, name, cookie.Capacity)
			}
			return Mutation{name, fmt.Sprintf("a cookie of %d bytes", n), resize(n), false}, nil
		}
	}
	for _, m := range Mutations() {
		if m.Name == name && m.bend != nil {
			return m, nil
		}
	}
	return Mutation{}, fmt.Errorf("%w: %q", ErrMutation, name)
}

// appendOptions adds the options of the SYN.
func (m *bent) appendOptions(dst []byte) []byte {
	f := *m.form
	if m.first {
		f.After = append(f.Before[:len(f.Before):len(f.Before)], f.After...)
		f.Before = nil
	}
	if m.unpadded {
		return append(append(append(dst, f.Before...), m.fastOpen...), f.After...)
	}
	return f.appendOptions(dst, m.fastOpen)
}
