// Package path emulates a network path: delay, jitter, loss, duplication,
// reordering, corruption, a bottleneck with a queue, an MTU, and middleboxes that
// know too much about TCP. A [Path] is both ways of it. Package bridge puts one
// between links.
//
// Everything random follows from the seed. Each direction has a stream of its
// own and draws the same number of values for every frame, so the fate of frame n
// depends on neither the time, nor the other direction, nor on what befell the
// frames before it (except for runs of loss, see [Way.LossBurst]); and with a
// higher loss rate, the frames that were lost before are lost again.
//
// What concerns one wire rather than a path (frames that are not IP such as ARP,
// and IPv6 neighbour and multicast-listener discovery) is delayed and nothing else,
// and takes nothing from the random stream.
//
// A frame is a frame: one that is longer than the MTU is too big, also when it is
// a super-frame that a sender has left to its device to cut (TSO, GSO) or that a
// receiver has put together (GRO). A loss of 64 KiB at once would not be what a
// path does. Who feeds a path from a kernel switches these off at the sender's
// interface (package offload).
//
// It is a path that looks like a wire: hop limits and hardware addresses stay as
// they are.
//
// The package is pure: no sockets, files, goroutines or clock. Buffers are used
// again; in the steady state a frame costs no allocation.
package path
