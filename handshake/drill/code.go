package drill

import (
	"errors"
	"fmt"

	"tfocraft/handshake/drill/expr"
	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// code runs the Python between %{ and }%: assertions about tcp_info of the socket
// under test.
func (p *player) code(c *script.Code) error {
	var missing error
	p.env.Lookup = func(name string) (expr.Value, bool) {
		n, ok, err := p.name(name)
		if err != nil {
			missing = err
		}
		return expr.Int(n), ok
	}
	err := p.env.Run(c.Text)
	if missing != nil {
		return missing
	}
	if a, ok := errors.AsType[*expr.AssertError](err); ok {
		f := &failure{verdict: Fail, message: "assertion failed: " + a.Expr}
		for _, v := range a.Values {
			f.detail = append(f.detail, fmt.Sprintf("%s = %v", v.Name, v.Value))
		}
		return f
	}
	if u, ok := errors.AsType[*expr.UnsupportedError](err); ok {
		return unsupportedf("%s is not supported in an assertion", u.What)
	}
	if n, ok := errors.AsType[*expr.NameError](err); ok {
		return unsupportedf("the name %s is not supported in an assertion", n.Name)
	}
	if err != nil {
		return failf("%v", err)
	}
	return nil
}

// name returns what a name in an assertion stands for.
func (p *player) name(name string) (n int64, ok bool, err error) {
	if n, ok := infoConstants[name]; ok {
		return n, true, nil
	}
	if !socket.IsInfo(name) {
		return 0, false, nil
	}
	fd := p.subject.fd
	if f := p.subject.child; f != nil {
		f.find(p)
		fd = f.fd
	} else if fd < 0 {
		return 0, false, failf("there is no socket yet that %s could tell of", name)
	}
	switch n, ok = p.host.Info(fd, name); {
	case n == socket.UnknownInfo:
		return 0, false, unsupportedf("what Linux tells of %s by now is not supported", name)
	case !ok:
		return 0, false, failf("the socket under test, of which %s should tell, was not accepted, or is closed", name)
	}
	return n, true, nil
}

// infoConstants are the names of values in tcp_info.
var infoConstants = map[string]int64{
	"TCP_ESTABLISHED": 1, "TCP_SYN_SENT": 2, "TCP_SYN_RECV": 3, "TCP_FIN_WAIT1": 4, "TCP_FIN_WAIT2": 5, "TCP_TIME_WAIT": 6,
	"TCP_CLOSE": 7, "TCP_CLOSE_WAIT": 8, "TCP_LAST_ACK": 9, "TCP_LISTEN": 10, "TCP_CLOSING": 11,
	"TCP_CA_Open": 0, "TCP_CA_Disorder": 1, "TCP_CA_CWR": 2, "TCP_CA_Recovery": 3, "TCP_CA_Loss": 4,
	"TCPI_OPT_TIMESTAMPS": 1, "TCPI_OPT_SACK": 2, "TCPI_OPT_WSCALE": 4, "TCPI_OPT_ECN": 8, "TCPI_OPT_ECN_SEEN": 16,
	"TCPI_OPT_SYN_DATA": 32, "TCPI_OPT_USEC_TS": 64,
}
