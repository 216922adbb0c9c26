package main

import (
	"os/exec"
	"syscall"
)

// contain gives a program a PID namespace: what it forks, also behind the back
// of its process group, ends with it.
func contain(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
}
