package drill

import (
	"time"

	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// controls compares control messages with those that the script says.
func (a *args) controls(list *script.Expr, got []socket.Control, slack time.Duration) error {
	for i := range list.Args {
		if i >= len(got) {
			return failf("recvmsg tells %d control messages, expected %d", len(got), len(list.Args))
		}
		want := fieldsOf(&list.Args[i])
		for name, n := range map[string]int{"cmsg_level": got[i].Level, "cmsg_type": got[i].Type} {
			if err := a.sameField(want, name, n); err != nil {
				return err
			}
		}
		if data := want["cmsg_data"]; data != nil && data.Kind != script.Ellipsis {
			if err := a.controlData(data, &got[i], slack); err != nil {
				return err
			}
		}
	}
	if len(got) != len(list.Args) {
		return failf("recvmsg tells %d control messages, expected %d", len(got), len(list.Args))
	}
	return a.err
}

// controlData compares what a message says.
func (a *args) controlData(data *script.Expr, got *socket.Control, slack time.Duration) error {
	if data.Kind != script.Struct {
		return a.sameField(map[string]*script.Expr{"cmsg_data": data}, "cmsg_data", got.Int)
	}
	want := fieldsOf(data)
	if want["scm_sec"] != nil || want["scm_nsec"] != nil {
		return a.sameStamp(want, got.Stamp.Sub(epoch), slack)
	}
	e := &got.Error
	for name, n := range map[string]int{
		"ee_errno": e.Errno.Number(), "ee_origin": e.Origin, "ee_type": e.Type, "ee_code": e.Code, "ee_info": int(e.Info), "ee_data": int(e.Data),
	} {
		if err := a.sameField(want, name, n); err != nil {
			return err
		}
	}
	return nil
}

// sameStamp compares a time, which counts from the beginning of the script.
func (a *args) sameStamp(want map[string]*script.Expr, got, slack time.Duration) error {
	var at time.Duration
	for name, unit := range map[string]time.Duration{"scm_sec": time.Second, "scm_nsec": 1} {
		switch v := want[name]; {
		case v == nil:
		case v.Kind == script.Ellipsis:
			return nil
		default:
			at += time.Duration(a.number(v)) * unit
		}
	}
	if a.err == nil && (at-got).Abs() > slack {
		return failf("recvmsg tells the timestamp %s, expected %s", seconds(got), seconds(at))
	}
	return a.err
}

// sameField compares a field that the script may say.
func (a *args) sameField(want map[string]*script.Expr, name string, got int) error {
	v := want[name]
	if v == nil || v.Kind == script.Ellipsis {
		return nil
	}
	if n := a.number(v); a.err == nil && n != got {
		return failf("%s tells %s=%d, expected %d", a.call.Name, name, got, n)
	}
	return a.err
}
