package main

import (
	"runtime"
	"runtime/debug"
)

// version says what was built: the module's version, or the commit, and the Go release.
func version() string {
	text := "(devel)"
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Version != "" {
		text = info.Main.Version
	}
	return text + " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}
