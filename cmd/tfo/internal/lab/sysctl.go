package lab

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Sysctl writes a network setting of the host, such as "net.ipv4.tcp_fastopen". Only names below net. are taken: the
// others belong to the machine. The error does not repeat the value, which may be a key.
func (h *Host) Sysctl(name, value string) error {
	return h.Do(func() error { return writeSysctl(name, value) })
}

// ReadSysctl reads a network setting of the host.
func (h *Host) ReadSysctl(name string) (value string, err error) {
	err = h.Do(func() error {
		value, err = readSysctl(name)
		return err
	})
	return value, err
}

// writeSysctl acts on the namespace of the calling thread: /proc/sys/net shows a different tree to each.
func writeSysctl(name, value string) error {
	path, err := sysctlPath(name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("sysctl %s: %w; a container needs a writable /proc/sys (--privileged)", name, err)
	}
	if err != nil {
		return fmt.Errorf("sysctl %s: %w", name, err)
	}
	defer f.Close()
	if _, err := f.WriteString(value); err != nil {
		return fmt.Errorf("sysctl %s: %w", name, err)
	}
	return nil
}

func readSysctl(name string) (string, error) {
	path, err := sysctlPath(name)
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("sysctl %s: %w", name, err)
	}
	return string(bytes.TrimSpace(b)), nil
}

func sysctlPath(name string) (string, error) {
	if !strings.HasPrefix(name, "net.") || strings.Contains(name, "/") {
		return "", fmt.Errorf("sysctl %q: not a network setting in dotted form", name)
	}
	return "/proc/sys/" + strings.ReplaceAll(name, ".", "/"), nil
}
