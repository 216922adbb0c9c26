package drill

import (
	"slices"
	"strconv"
	"time"

	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// device is what packetdrill calls its interface.
const device = "tun0"

func setsockopt(p *player, a *args) *pendingCall {
	fd, level, name := a.fd(0), a.int(1, 0), a.int(2, 0)
	v := a.at(3)
	if e := a.badOption(level, name); e != "" {
		return a.refused(e)
	}
	switch {
	case level == socket.SOL_SOCKET && name == socket.SO_LINGER:
		f := structOf(a, v)
		return plain(p.host.SetLinger(fd, f[0] != 0, f[1]))
	case level == socket.SOL_SOCKET && (name == socket.SO_RCVTIMEO || name == socket.SO_SNDTIMEO):
		f := structOf(a, v)
		return plain(p.host.SetTimeout(fd, name, time.Duration(f[0])*time.Second+time.Duration(f[1])*time.Microsecond))
	case level == socket.SOL_SOCKET && name == socket.SO_BINDTODEVICE && (v.Text == "" || v.Text == device):
		return a.refused("") // the host has no other
	case level == socket.SOL_TCP && name == socket.TCP_FASTOPEN_KEY:
		key := v.Text
		if n := a.int(4, 0); n >= 0 && n < len(key) {
			key = key[:n]
		}
		return plain(p.host.SetFastOpenKey(fd, []byte(key)))
	case level == socket.SOL_TCP && name == socket.TCP_CONGESTION:
		return plain(p.host.SetCongestion(fd, v.Text))
	case level == socket.SOL_SOCKET && name == socket.SO_MAX_PACING_RATE && a.element(3) != -1:
		p.ignore("SO_MAX_PACING_RATE was accepted, but nothing is paced")
	case level == socket.SOL_TCP && name == socket.TCP_FUNCTION_BLK:
		return a.functionBlock(v)
	case !socket.KnownOption(level, name):
		a.fail(a.noOption())
		return plain(nil)
	}
	op := p.host.SetOption(fd, level, name, a.element(3))
	return plain(func() (socket.Result, bool) {
		r, over := op()
		if r.Unsupported != "" {
			r.Unsupported += " of " + written(a.at(2))
		}
		return r, over
	})
}

// functionBlock is TCP_FUNCTION_BLK: FreeBSD's own TCP, of several that it may have, is
// the one that is here.
func (a *args) functionBlock(v *script.Expr) *pendingCall {
	name := fieldsOf(v)["function_set_name"]
	if name == nil || name.Text != "freebsd" {
		a.fail(unsupportedf("another TCP than that of FreeBSD itself (TCP_FUNCTION_BLK) is not supported"))
		return plain(nil)
	}
	return a.refused("")
}

// lengths are those of options that are more than a number; 0 for a text.
var lengths = map[[2]int]int{
	{socket.SOL_SOCKET, socket.SO_LINGER}: 8, {socket.SOL_SOCKET, socket.SO_RCVTIMEO}: 16, {socket.SOL_SOCKET, socket.SO_SNDTIMEO}: 16,
	{socket.SOL_TCP, socket.TCP_FASTOPEN_KEY}: 0, {socket.SOL_TCP, socket.TCP_CONGESTION}: 1,
	{socket.SOL_SOCKET, socket.SO_BINDTODEVICE}: 0,
}

// badOption says what is wrong with a value for setsockopt and its length. A byte is
// enough for options of IP.
func (a *args) badOption(level, name int) socket.Errno {
	least, ok := lengths[[2]int{level, name}]
	if !ok && level != socket.SOL_IP && socket.KnownOption(level, name) {
		least = 4
	}
	switch {
	case level == socket.SOL_SOCKET && name == socket.SO_ERROR, level == socket.SOL_TCP && name == socket.TCP_INFO:
		return socket.ENOPROTOOPT // it can only be asked for
	case a.has(4) && a.int(4, 0) < least:
		return socket.EINVAL
	case a.null(3):
		return socket.EFAULT
	}
	return ""
}

// noOption says that an option is not supported.
func (a *args) noOption() error {
	return unsupportedf("the socket option %s of %s is not supported", written(a.at(2)), written(a.at(1)))
}

// written is a name or a number as a script has it.
func written(e *script.Expr) string {
	if e.Kind == script.Integer {
		return strconv.FormatInt(e.Int, 10)
	}
	return e.Text
}

// structOf returns the first two numbers of a struct such as linger or timeval.
func structOf(a *args, e *script.Expr) (n [2]int) {
	if e.Kind == script.Array && len(e.Args) == 1 {
		e = &e.Args[0]
	}
	for i := range min(len(e.Fields), 2) {
		n[i] = a.number(&e.Fields[i].Value)
	}
	return n
}

func getsockopt(p *player, a *args) *pendingCall {
	fd, level, name := a.fd(0), a.int(1, 0), a.int(2, 0)
	if level == socket.SOL_TCP && name == socket.TCP_INFO {
		return a.tellsInfo(3, a.refused(""))
	}
	if c := p.getStruct(a, level, name); c != nil {
		return c
	}
	if (level != socket.SOL_SOCKET || name != socket.SO_ERROR) && !socket.KnownOption(level, name) {
		a.fail(a.noOption())
		return plain(nil)
	}
	if e := a.badLength(3, 4); e != "" {
		return a.refused(e)
	}
	c := plain(p.host.Option(fd, level, name))
	if a.has(3) {
		want := a.element(3)
		c.check = func(r socket.Result) error { return sameOption("getsockopt", want, r) }
	}
	return c
}

// note keeps what makes no difference here, once.
func (p *player) note(text string) {
	if slices.Contains(p.result.Notes, text) {
		return
	}
	p.result.Notes = append(p.result.Notes, text)
}
