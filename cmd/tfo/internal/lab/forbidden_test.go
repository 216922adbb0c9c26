package lab

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

func TestDiagnose(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		proc map[string]string
		want string
	}{
		{"user namespaces off", syscall.ENOSPC, map[string]string{"sys/user/max_user_namespaces": "0\n", "sys/user/max_net_namespaces": "9"},
			`user.max_user_namespaces=0; run "sysctl -w user.max_user_namespaces=15000" as root`},
		{"network namespaces off", syscall.ENOSPC, map[string]string{"sys/user/max_user_namespaces": "9", "sys/user/max_net_namespaces": "0"},
			`user.max_net_namespaces=0; run "sysctl -w user.max_net_namespaces=15000" as root`},
		{"limit reached", syscall.ENOSPC, map[string]string{"sys/user/max_user_namespaces": "9", "sys/user/max_net_namespaces": "8"},
			"a limit that is reached (user.max_user_namespaces=9, user.max_net_namespaces=8"},
		{"debian", syscall.EPERM, map[string]string{"sys/kernel/unprivileged_userns_clone": "0", "self/status": "Seccomp:\t2\n"},
			`run "sysctl -w kernel.unprivileged_userns_clone=1" as root`},
		{"ubuntu", syscall.EACCES, map[string]string{"sys/kernel/unprivileged_userns_clone": "1", "sys/kernel/apparmor_restrict_unprivileged_userns": "1"},
			`run "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" as root`},
		{"container", syscall.EPERM, map[string]string{"self/status": "Name:\ttfo\nSeccomp:\t2\nSeccomp_filters:\t1\n"}, "seccomp"},
		{"unknown", syscall.EPERM, map[string]string{"self/status": "Seccomp:\t0\n", "sys/user/max_user_namespaces": "0"}, "security module"},
		{"nothing readable", syscall.EPERM, nil, "security module"},
		{"old kernel", syscall.EINVAL, nil, "CONFIG_USER_NS"},
		{"another error", syscall.ENOENT, map[string]string{"sys/user/max_user_namespaces": "0"}, ""},
		{"none", nil, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			proc := fstest.MapFS{}
			for path, content := range test.proc {
				proc[path] = &fstest.MapFile{Data: []byte(content)}
			}
			got := diagnose(proc, test.err)
			if !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("diagnose = %q, want %q in it", got, test.want)
			}
			if wrapped := diagnose(proc, fmt.Errorf("clone: %w", test.err)); test.err != nil && wrapped != got {
				t.Errorf("diagnose of the wrapped error = %q, want %q", wrapped, got)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	err := refused("user namespace", syscall.ENOSPC)
	if !errors.Is(err, ErrForbidden) || !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "\n") {
		t.Errorf("refused = %q, want one line that wraps %q and %q", err, ErrForbidden, syscall.ENOSPC)
	}
	if err := refused("user namespace", syscall.ENOENT); errors.Is(err, ErrForbidden) || !errors.Is(err, syscall.ENOENT) {
		t.Errorf("refused = %q, want one that wraps %q only", err, syscall.ENOENT)
	}
}
