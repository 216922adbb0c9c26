//go:build !linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"tfocraft/wire/path"
	"tfocraft/wire/path/bridge"
)

var errUnsupported = fmt.Errorf("lab: network namespaces: %w", errors.ErrUnsupported)

type namespace struct{}

func (*namespace) do(func() error) error { return errUnsupported }

func (*namespace) run(context.Context, func(context.Context) error) func() error {
	return func() error { return errUnsupported }
}

func (*namespace) start(*exec.Cmd) error { return errUnsupported }

func (*namespace) close() {}

func build(context.Context, Config, topology) error { return errUnsupported }

func joinPath(*Host, *path.Config) (*bridge.Bridge, error) { return nil, errUnsupported }
