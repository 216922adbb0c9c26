package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
)

// shell returns how the commands of scripts are run where that is allowed. What they
// print goes to w.
func shell(ctx context.Context, w io.Writer) func(command string) error {
	return func(command string) error {
		var printed bytes.Buffer
		c := exec.CommandContext(ctx, "sh", "-c", command)
		c.Stdout, c.Stderr = &printed, &printed
		err := c.Run()
		if printed.Len() > 0 {
			fmt.Fprintf(w, "%s\n", bytes.TrimRight(printed.Bytes(), "\n"))
		}
		return err
	}
}
