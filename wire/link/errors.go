package link

import "errors"

// What a caller can act on. Errors of this package wrap one of these, or the
// errno of the system call.
var (
	// ErrPrivilege means that the program lacks CAP_NET_RAW.
	ErrPrivilege = errors.New("needs CAP_NET_RAW: run as root, or give the program the capability with setcap cap_net_raw,cap_net_admin+ep")
	// ErrXDPPrivilege means that the program lacks what [Config.XDP] takes besides.
	ErrXDPPrivilege = errors.New("XDP needs CAP_BPF and CAP_NET_ADMIN: run as root, or give the program the capabilities with setcap cap_net_raw,cap_net_admin,cap_bpf+ep")
	// ErrNoInterface means that no interface has this name or address.
	ErrNoInterface = errors.New("no such interface")
	// ErrNoRoute means that the kernel has no usable route to the destination.
	ErrNoRoute = errors.New("no route")
	// ErrUnreachable means that the next hop did not tell its hardware address.
	ErrUnreachable = errors.New("next hop does not answer")
	// ErrGone means that the interface was removed while the link was open.
	ErrGone = errors.New("interface is gone")
	// ErrFilter means that a filter cannot be expressed as a socket filter.
	ErrFilter = errors.New("impossible filter")
)
