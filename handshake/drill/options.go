package drill

import (
	"net/netip"
	"strconv"
	"time"

	"tfocraft/handshake/drill/script"
)

// option takes an option of the script.
func (p *player) option(o *script.Option, mtu *int) error {
	switch o.Name {
	case "tolerance_usecs":
		return microseconds(o, &p.tolerance)
	case "tcp_ts_tick_usecs":
		return microseconds(o, &p.tick)
	case "tolerance_percent":
		n, err := strconv.ParseFloat(o.Value, 64)
		if err != nil || !(n >= 0 && n <= 100) {
			return failf("--%s: %q is not a percentage", o.Name, o.Value)
		}
		p.percent = n
	case "tcp_ts_ecr_scaled":
		p.scaled = true
	case "strict_segments":
		p.whole = true
	case "mtu":
		n, err := strconv.Atoi(o.Value)
		if err != nil || n < 68 || n > 65535 {
			return failf("--%s: %q is not an MTU", o.Name, o.Value)
		}
		*mtu = n
	case "local_ip":
		return p.ipOption(o, &p.local)
	case "remote_ip":
		return p.ipOption(o, &p.remote)
	case "bind_port":
		err := portOption(o, &p.bindPort)
		p.nextBind, p.bindFixed = p.bindPort, true
		return err
	case "connect_port":
		return portOption(o, &p.toPort)
	case "ip_version", "define":
	default:
		p.note("option --" + o.Name + " makes no difference here")
	}
	return nil
}

func microseconds(o *script.Option, d *time.Duration) error {
	n, err := strconv.Atoi(o.Value)
	if err != nil || n < 0 {
		return failf("--%s: %q is not a number of microseconds", o.Name, o.Value)
	}
	*d = time.Duration(n) * time.Microsecond
	return nil
}

// ipOption takes an address. The length of the prefix that may stand behind it is for
// a route, and here one leads everywhere.
func (p *player) ipOption(o *script.Option, addr *netip.Addr) error {
	prefix, err := netip.ParsePrefix(o.Value)
	a := prefix.Addr()
	if err != nil {
		a, err = netip.ParseAddr(o.Value)
	}
	if err != nil || a.Is6() != p.config.IPv6 {
		return failf("--%s: %q is not an address of the family that is tested", o.Name, o.Value)
	}
	*addr = a
	return nil
}

func portOption(o *script.Option, port *uint16) error {
	n, err := strconv.ParseUint(o.Value, 10, 16)
	if err != nil || n == 0 {
		return failf("--%s: %q is not a port", o.Name, o.Value)
	}
	*port = uint16(n)
	return nil
}
