package main

import (
	"net"
	"net/textproto"
	"strings"
)

// answerSMTP is a mail server of ours that accepts everything. It speaks first
// (RFC 5321, Section 3.1), and it offers what lets a client that knows it speak
// without waiting for that: Exim's early pipelining.
var answerSMTP = handle(func(_ *site, c net.Conn) error {
	t := textproto.NewConn(c)
	if err := t.PrintfLine("220 mx.example.test ESMTP"); err != nil {
		return err
	}
	for {
		line, err := t.ReadLine()
		if err != nil {
			return err
		}
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch verb {
		case "EHLO":
			err = t.PrintfLine("250-mx.example.test\r\n250-PIPELINING\r\n250-PIPECONNECT\r\n250 8BITMIME")
		case "DATA":
			if err = t.PrintfLine("354 go on"); err == nil {
				_, err = t.ReadDotBytes()
			}
			if err == nil {
				err = t.PrintfLine("250 taken")
			}
		case "QUIT":
			return t.PrintfLine("221 bye")
		default:
			err = t.PrintfLine("250 ok")
		}
		if err != nil {
			return err
		}
	}
})
