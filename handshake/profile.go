package handshake

import (
	"errors"

	"tfocraft/wire"
)

// A Profile is what stacks do differently on purpose, where no RFC decides: the
// order and the padding of options, the size of buffers, the pace of SYNs.
type Profile uint8

// The profiles.
const (
	Linux   Profile = iota // the default
	FreeBSD                // FreeBSD 12 and later, as far as packets show it
)

var profileNames = [...]string{Linux: "linux", FreeBSD: "freebsd"}

func (p Profile) String() string { return profileNames[p] }

// ErrProfile is what [ParseProfile] returns for a name that it does not know.
var ErrProfile = errors.New("handshake: unknown profile, want linux or freebsd")

// ParseProfile reads the name of a profile.
func ParseProfile(name string) (Profile, error) {
	for p, known := range profileNames {
		if name == known {
			return Profile(p), nil
		}
	}
	return 0, ErrProfile
}

// setDefaults fills in what the profile has other defaults for. Those of FreeBSD
// are net.inet.tcp.recvspace and sendspace, kern.ipc.maxsockbuf, and five SYNs a
// second apart.
func (p Profile) setDefaults(c *Config) {
	begin, limit := 256<<10, 4<<20
	send := begin
	if p == FreeBSD {
		begin, send, limit = 64<<10, 32<<10, 2<<20
		setDefault(&c.SynLinear, 4)
		setDefault(&c.SynRetries, 10)
	}
	setBuffer(&c.RecvBuffer, &c.MaxRecvBuffer, begin, limit)
	setBuffer(&c.SendBuffer, &c.MaxSendBuffer, send, limit)
}

// appendLinuxSyn appends the options of a SYN in Linux's order. SACK-permitted
// and the Timestamps fill four bytes with each other, or with NOPs.
func (m *Machine) appendLinuxSyn(b []byte, mss uint16, ts, sack, scale bool, now instant) []byte {
	b = wire.AppendMSS(b, mss)
	switch {
	case ts && sack:
		b = wire.AppendTimestamps(wire.AppendSACKPermitted(b), m.timestampsNow(now))
	case ts:
		b = wire.AppendTimestamps(wire.AppendNOP(b, 2), m.timestampsNow(now))
	case sack:
		b = wire.AppendSACKPermitted(wire.AppendNOP(b, 2))
	}
	if scale {
		b = wire.AppendWindowScale(wire.AppendNOP(b, 1), m.recv.wantShift())
	}
	return b
}

// appendFreeBSDSyn is the same in FreeBSD's order: each option stands where its
// value is aligned, and nothing is padded but the end.
func (m *Machine) appendFreeBSDSyn(b []byte, mss uint16, ts, sack, scale bool, now instant) []byte {
	start := len(b)
	b = wire.AppendMSS(b, mss)
	if scale {
		b = wire.AppendWindowScale(wire.AppendNOP(b, 1), m.recv.wantShift())
	}
	if sack {
		b = wire.AppendSACKPermitted(b)
	}
	if ts {
		if (len(b)-start)%4 == 0 {
			b = wire.AppendNOP(b, 2)
		}
		b = wire.AppendTimestamps(b, m.timestampsNow(now))
	}
	return b
}

// pad closes the options that begin at b[start]: with NOPs, or in FreeBSD with
// the end of the list and zeros.
func (p Profile) pad(b []byte, start int) []byte {
	if p != FreeBSD {
		return wire.Pad(b, start)
	}
	for (len(b)-start)%4 != 0 {
		b = append(b, byte(wire.KindEOL))
	}
	return b
}

// synDataOptions is how many bytes the options take from the data of a SYN. In
// Linux it is all that a header can have, whatever this SYN carries, since
// middleboxes may put some in; in FreeBSD what there is.
func (m *Machine) synDataOptions(fo wire.FastOpen) int {
	if m.config.Profile != FreeBSD {
		return optionSpace
	}
	kept := len(m.scratch)
	options, _ := m.synOptions(0, false, fo)
	m.scratch = m.scratch[:kept]
	return len(options)
}

// fitBuffer makes the receive buffer a whole number of segments, as FreeBSD does
// once it knows their size.
func (m *Machine) fitBuffer() {
	r, size := &m.recv, min(m.handshake.pathMSS, m.peerMSS())
	if m.config.Profile == FreeBSD && r.limit > size {
		r.limit = min((r.limit+size-1)/size*size, r.most)
	}
}
