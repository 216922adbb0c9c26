package iptables

import (
	"io"
	"os"
	"os/exec"
	"syscall"
)

// A watcher is a shell that waits for the end of its standard input. This process
// holds the only other end of that pipe: it closes when the process ends, in whatever
// way. The shell then cleans up, unless it was told that there is nothing to do. It has
// a session of its own, so that Ctrl-C does not reach it, and ignores the signals
// that a service manager or a closing terminal sends to everybody.
type watcher struct {
	pipe io.WriteCloser
	cmd  *exec.Cmd
}

// watcherSignals are ignored by the watchers.
const watcherSignals = "trap '' HUP INT QUIT TERM PIPE\n"

// What a watcher is told, one a line.
const (
	watcherPlace  = "place " // and "TABLE CHAIN PROGRAM": clean there
	watcherAdding = "adding" // a program is about to add a rule
	watcherAdded  = "added"  // it has ended
	watcherDone   = "done"   // nothing is left to clean
)

// iptWatcherScript takes the tag and the seconds to wait for the xtables lock. Rules
// are found by their comment, which has no space or quote in it. Nothing read from the
// packet filter is evaluated: it is split at spaces, without globbing, and handed to the
// program. A rule is tried again after a lost race for the lock or against another change.
//
// A program that was adding a rule when the guard's process was killed lives on, and may
// wait for the lock until after the cleaning: hence a second one when its wait is over.
const iptWatcherScript = watcherSignals + `
set -f
tag=$1 wait=$2 places= adding=
while read -r word place; do
	case $word in
	place) places="$places$place
" ;;
	adding) adding=yes ;;
	added) adding= ;;
	done) exit 0 ;;
	esac
done
clean() {
	rules=$("$3" -t "$1" -S "$2" -w "$wait") || return 1
	printf '%s\n' "$rules" | while read -r rule; do
		case $rule in
		*" --comment \"$tag\" "* | *" --comment $tag "*) ;;
		*) continue ;;
		esac
		before=${rule%% --comment *} after=${rule#* --comment }
		"$3" -t "$1" -D ${before#-A } --comment "$tag" ${after#* } -w "$wait" </dev/null || exit 1
	done
}
clean_all() {
	printf '%s' "$places" | while read -r table chain program; do
		try=0
		until clean "$table" "$chain" "$program"; do
			try=$((try + 1))
			[ "$try" -ge 10 ] && break
			sleep 1
		done
	done
}
clean_all
[ -n "$adding" ] && sleep $((wait + 1)) && clean_all
exit 0
`

// nftWatcherScript takes the path of nft and the name of the table.
const nftWatcherScript = watcherSignals + `
read -r line && exit 0
exec "$1" delete table ` + nftFamily + ` "$2"
`

// startWatcher starts a script in the network namespace of the calling thread.
func startWatcher(script string, args ...string) (*watcher, error) {
	cmd := exec.Command("/bin/sh", append([]string{"-c", script, "tfocraft-watcher"}, args...)...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd.Stdin = r
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return &watcher{pipe: w, cmd: cmd}, nil
}

// tell sends a line. A nil watcher is told nothing.
func (w *watcher) tell(line string) error {
	if w == nil {
		return nil
	}
	_, err := io.WriteString(w.pipe, line+"\n")
	return err
}

// stop ends the watcher. If nothing is left for it to do it is waited for; otherwise
// it does its work, and may take its time.
func (w *watcher) stop(nothingLeft bool) {
	if w == nil {
		return
	}
	if nothingLeft {
		// A watcher that cannot be told has ended already.
		_ = w.tell(watcherDone)
	}
	w.pipe.Close()
	if nothingLeft {
		_ = w.cmd.Wait()
		return
	}
	go func() { _ = w.cmd.Wait() }()
}
