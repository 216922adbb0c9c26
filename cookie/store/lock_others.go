//go:build !linux

package store

import (
	"errors"
	"fmt"
	"os"
)

func tryLock(*os.File, bool) (bool, error) {
	return false, fmt.Errorf("lock the file: %w", errors.ErrUnsupported)
}

func unlock(*os.File) error { return fmt.Errorf("unlock the file: %w", errors.ErrUnsupported) }
