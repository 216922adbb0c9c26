package socket

import "net/netip"

// A Result is what a call returns.
type Result struct {
	Value int   // -1 with an Errno
	Errno Errno // empty if the call went well
	// Unsupported is what the call asks for that is not there, though Linux has it;
	// empty if there is nothing to complain about. Otherwise nothing was done.
	Unsupported string
	// What the call stores where its arguments point to:
	Addr   netip.AddrPort // accept, getsockname, getpeername
	Option []int          // getsockopt
	Ready  []int          // poll: revents, in the order of the request
	Events []EpollEvent   // epoll_wait
	// Flags and Control are what recvmsg tells.
	Flags   int
	Control []Control
}

// An Op is a call under way. It goes on when it is called, and reports false as
// long as the call has to wait. It is not called again once it is over.
type Op func() (Result, bool)

func value(n int) Result { return Result{Value: n} }

func fail(e Errno) Result { return Result{Value: -1, Errno: e} }

// result is 0, or a failure.
func result(e Errno) Result {
	if e != "" {
		return fail(e)
	}
	return value(0)
}

// done is the Op of a call that does not wait.
func done(r Result) Op { return func() (Result, bool) { return r, true } }

// failed is the Op of a call that fails at once.
func failed(e Errno) Op { return done(fail(e)) }

// Fail is a call that fails whatever there is.
func Fail(e Errno) Op { return failed(e) }

// Value is a call that returns a number at once.
func Value(n int) Op { return done(value(n)) }

// unsupported is the Op of a call for something that is not there.
func unsupported(what string) Op { return done(Result{Value: -1, Unsupported: what}) }

// status is the Op of a call that returns 0, or fails at once.
func status(e Errno) Op { return done(result(e)) }
