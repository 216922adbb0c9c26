package lab

import (
	"log/slog"
	"net/netip"
	"time"
)

// DefaultTimeout bounds one connection of a kernel peer whose configuration gives no other bound.
const DefaultTimeout = 30 * time.Second

// KernelServerConfig describes a server on Linux's own TCP.
type KernelServerConfig struct {
	// Listen is an address of the host and a port; port 0 lets the kernel choose.
	Listen netip.AddrPort
	// Key is the cookie key in the notation of net.ipv4.tcp_fastopen_key: 32 hex digits in four groups, or two keys
	// with a comma between. Empty leaves the host's key, which the kernel draws at random.
	Key string
	// MaxPending bounds the Fast Open connections whose handshake is unfinished (PendingFastOpenRequests of RFC 7413,
	// Section 5.1). Zero means 16; negative leaves Fast Open off.
	MaxPending int
	// Reply makes the answer out of what was read of a connection: see Await. Calls come from several goroutines. The
	// request's capacity is the buffer that was made for it. Nil answers nothing.
	Reply func(remote netip.AddrPort, request []byte) []byte
	// Await is how many bytes of a request are read before it is answered. Zero means whatever the first read gives.
	Await int
	// AwaitEnd holds the answer back until the client has ended its side, so that the client is the one who closes first.
	AwaitEnd bool
	// Timeout bounds each connection from accept to close. Zero means DefaultTimeout.
	Timeout time.Duration
	// Logger gets the errors of single connections. Nil logs nowhere.
	Logger *slog.Logger
}

// KernelClient sends requests through Linux's own TCP. Whether a request goes into the SYN is the kernel's decision: it
// does once the host has a cookie of the server.
type KernelClient struct {
	Host *Host
	// Source is the local address and port. The zero value lets the kernel choose.
	Source netip.AddrPort
	// NoFastOpen connects with a three-way handshake, and sends the request then.
	NoFastOpen bool
	// CloseFirst ends the sending side behind the request, so that the server is the one that forgets the connection.
	CloseFirst bool
	// Timeout bounds an exchange. Zero means DefaultTimeout.
	Timeout time.Duration
}

// KernelExchange is what an exchange of a KernelClient came to.
type KernelExchange struct {
	Local netip.AddrPort
	Reply []byte
	// FirstByte is when the reply began to come; the zero time if it did not.
	FirstByte time.Time
	// SynDataAcked is the kernel's own word (TCP_INFO) that the SYN carried data and all of it was acknowledged.
	SynDataAcked bool
}
