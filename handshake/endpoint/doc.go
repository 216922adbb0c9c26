// Package endpoint joins clock, link and machine: connections with TCP Fast
// Open (RFC 7413) over raw frames, as a [net.Conn] and a [net.Listener].
//
// A [Stack] owns a link and all connections over it. It has one goroutine, its
// loop: that alone drives the machines, reads and writes frames, and sleeps
// until the next frame or the next timer. Goroutines of the application touch
// a connection through its buffers only, and a connection costs no goroutine.
// Stacks share nothing, so a host with several interfaces or queues runs
// several of them.
//
// A [Dialer] opens connections: connect and write in one call (RFC 7413,
// Appendix A.1). A [ListenConfig] opens a [Listener], whose Accept returns a
// connection as soon as the data in its SYN was admitted, which is before the
// handshake is over (Appendix A.2). [Conn.FastOpen] tells what became of Fast
// Open, and why.
//
// Fast Open is off unless it is asked for, on either side, because the data in
// a SYN can reach the application twice: see [Dialer].
//
// The kernel on the same host knows nothing of these connections and answers
// their segments with resets. A [Guard] keeps it from that, [Ports] keeps it
// from giving the same port to somebody else.
//
// What an application passes in is copied; nothing that it gets is used by the
// package afterwards. Functions that it passes in a [Config] run in the loop
// and must not call back into the package.
package endpoint
