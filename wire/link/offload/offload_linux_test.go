package offload_test

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"tfocraft/wire/link/hosttest"
	"tfocraft/wire/link/offload"
)

func TestDisableNoInterface(t *testing.T) {
	hosttest.New(t).Do(func() error {
		if err := offload.Disable("eth9"); !errors.Is(err, unix.ENODEV) {
			t.Errorf("Disable = %v, want %v", err, unix.ENODEV)
		}
		return nil
	})
}
