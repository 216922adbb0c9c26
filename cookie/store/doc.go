// Package store keeps a client's Fast Open cookies in a file, and a server's keys in another.
//
// A [Store] is a [cookie.Cache], so that two runs of a program are a first and a second connection. Any number of
// processes and goroutines may use one file at once: every call opens it, locks it, does its work in one transaction
// and closes it again. Between calls the file is not held, and what one process learnt the next call of another sees.
//
// A file that is damaged, cut short, of another format or not a cookie cache is reported and never written to. Before the
// database maps a file into memory, every page that it would follow is checked, because it takes its own files on trust.
//
// # The file
//
// It is a bbolt database with the bucket "tfocraft cookie cache", where the key "format" has the value "1", and the
// buckets "hosts" and "paths". Numbers are big-endian; times are milliseconds since 1970 in 8 bytes.
//
//	hosts  key    client, server
//	       value  version 1 (1 byte), flags (1; bit 0: cookie in the form of option 254), MSS (2), used (8),
//	              cookie (0, or 4 to 16 and even)
//	paths  key    client, server, port (2)
//	       value  version 1 (1 byte), used (8), until (8), reason (the rest, text)
//
// An address is its length (1 byte), then 4 bytes, or 16 and the zone. Mapped addresses are stored as IPv4.
//
// The cookies are no secret of the server's, but they let whoever reads them pose as this client for the data of one
// SYN: the file has mode 0600, and a directory made for it 0700.
package store
