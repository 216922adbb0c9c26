// Package drill plays packetdrill scripts: what a program does by socket calls,
// what comes from the network, and what has to go out to it and when.
//
// [Run] plays a script against our own endpoint in virtual time. There is no
// kernel in it, no clock and no network: a script that waits for an hour takes
// microseconds, and every run is like the one before.
//
// [RunRemote] plays the network's side of one against a live host, in real time,
// over a network that the caller brings.
//
// What the language means is packetdrill's business, and where this package
// differs docs/drill.md says so.
package drill
