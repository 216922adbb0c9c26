package endpoint

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"tfocraft/handshake"
)

// An ICMP error becomes the errno that Linux has for its code.
func TestICMPErrno(t *testing.T) {
	for _, test := range []struct {
		version, kind, code uint8
		want                syscall.Errno
	}{
		{4, 3, 0, syscall.ENETUNREACH}, {4, 3, 1, syscall.EHOSTUNREACH}, {4, 3, 2, syscall.ENOPROTOOPT},
		{4, 3, 3, syscall.ECONNREFUSED}, {4, 3, 13, syscall.EHOSTUNREACH}, {4, 3, 16, syscall.EHOSTUNREACH},
		{4, 11, 0, syscall.EHOSTUNREACH}, {4, 12, 0, syscall.EPROTO},
		{6, 1, 0, syscall.ENETUNREACH}, {6, 1, 1, syscall.EACCES}, {6, 1, 3, syscall.EHOSTUNREACH},
		{6, 1, 4, syscall.ECONNREFUSED}, {6, 1, 7, syscall.EPROTO},
		{6, 3, 0, syscall.EHOSTUNREACH}, {6, 4, 0, syscall.EPROTO},
	} {
		e := &handshake.UnreachableError{IPVersion: test.version, Type: test.kind, Code: test.code}
		got := errno(e)
		if cause, _ := errors.AsType[*handshake.UnreachableError](got); !errors.Is(got, test.want) || cause != e {
			t.Errorf("%+v: got %v because of %+v, want %v", *e, got, cause, test.want)
		}
	}
	if got := errno(fmt.Errorf("wrapped: %w", handshake.ErrUnreachable)); got != syscall.EHOSTUNREACH {
		t.Errorf("without a code: got %v, want %v", got, syscall.EHOSTUNREACH)
	}
}
