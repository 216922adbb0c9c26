//go:build !linux

package lab

import (
	"context"
	"io"
)

// Reexec is for Linux.
func Reexec(context.Context, []string, io.Reader, io.Writer, io.Writer) (code int, done bool, err error) {
	return 0, true, errUnsupported
}

// Check is for Linux.
func Check() error { return errUnsupported }
