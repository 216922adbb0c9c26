//go:build !linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
)

var errUnsupported = fmt.Errorf("bench: network namespaces: %w", errors.ErrUnsupported)

func steer(context.Context, *lab.Host, int) error { return errUnsupported }

func sent(*lab.Host) (frames uint64, at time.Time, err error) { return 0, time.Time{}, errUnsupported }

func eavesdrop(*lab.Host) (*os.File, error) { return nil, errUnsupported }
