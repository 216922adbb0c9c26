// Package cookie makes, checks and remembers TCP Fast Open cookies (RFC 7413).
//
// A server holds a [Keyring]: it mints cookies by one [Scheme] and key, and accepts those of a few older keys, so that
// changing the key is not a cliff. A client holds a [Cache]: the newest cookie and the MSS of each server, and the paths
// on which Fast Open failed. [Memory] is a Cache in memory; the package cookie/store has one in a file.
//
// The package is pure: it opens nothing, starts nothing, logs nothing and reads no clock. The time comes in as an
// argument, randomness as an [io.Reader]. Cookies and keys are plain values of fixed size that alias no caller's memory;
// byte slices that come in are only read, and are not kept.
//
// Cookies and keys print redacted through package fmt and log/slog, because either lets whoever reads a log send data
// in a spoofed SYN. Hex and Sysctl give the bytes to those who ask for them by name.
package cookie
