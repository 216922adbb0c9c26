package main

import (
	"context"
	"io"
	"strings"
)

// A key is what somebody who steps through a story wants.
type key int

const (
	keyNone key = iota
	keyNext
	keyBack
	keyFirst
	keyLast
	keyUp
	keyDown
	keyPageUp
	keyPageDown
	keyQuit
)

// stepKeys are the bytes that terminals send.
var stepKeys = map[string]key{
	" ": keyNext, "\r": keyNext, "\n": keyNext, "n": keyNext, "l": keyNext, "\x1b[C": keyNext, "\x1bOC": keyNext,
	"b": keyBack, "p": keyBack, "h": keyBack, "\x7f": keyBack, "\b": keyBack, "\x1b[D": keyBack, "\x1bOD": keyBack,
	"g": keyFirst, "\x1b[H": keyFirst, "\x1bOH": keyFirst, "\x1b[1~": keyFirst,
	"G": keyLast, "\x1b[F": keyLast, "\x1bOF": keyLast, "\x1b[4~": keyLast,
	"k": keyUp, "\x1b[A": keyUp, "\x1bOA": keyUp, "j": keyDown, "\x1b[B": keyDown, "\x1bOB": keyDown,
	"\x1b[5~": keyPageUp, "\x1b[6~": keyPageDown,
	"q": keyQuit, "Q": keyQuit, "\x03": keyQuit, "\x04": keyQuit, "\x1b": keyQuit,
}

// nextKey takes the first key off what was read; one that means nothing is keyNone.
func nextKey(read string) (k key, rest string) {
	n := 1
	if strings.HasPrefix(read, "\x1b[") || strings.HasPrefix(read, "\x1bO") {
		// A sequence ends with a letter or a tilde (ECMA-48, Section 5.4).
		n = 2
		for n < len(read) && (read[n] < '@' || read[n] > '~') {
			n++
		}
		n = min(n+1, len(read))
	}
	return stepKeys[read[:n]], read[n:]
}

// readKeys tells of keys until there are no more, or nobody wants them. Terminals send the sequence of a key at once.
func readKeys(ctx context.Context, r io.Reader, pressed chan<- key) {
	defer close(pressed)
	buf := make([]byte, 64)
	for {
		n, err := r.Read(buf)
		if err != nil {
			return
		}
		for read := string(buf[:n]); read != ""; {
			var k key
			if k, read = nextKey(read); k == keyNone {
				continue
			}
			select {
			case pressed <- k:
			case <-ctx.Done():
				return
			}
		}
	}
}
