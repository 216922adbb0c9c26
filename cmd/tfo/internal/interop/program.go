package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"

	"tfocraft/cmd/tfo/internal/lab"
)

// A program is another program that runs on a host.
type program struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how, once done is closed
	out  syncBuffer
}

// launch starts a command on a host, with the words in braces filled in. The
// site ends it, together with everything that it starts itself.
func (s *site) launch(host *lab.Host, command []string) (*program, error) {
	args := s.fillAll(command)
	p := &program{cmd: exec.Command(args[0], args[1:]...), done: make(chan struct{})}
	p.cmd.Dir = s.dir
	p.cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+s.dir, "XDG_CACHE_HOME="+s.dir)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	contain(p.cmd)
	if err := host.Start(p.cmd); err != nil {
		return nil, err
	}
	s.programs = append(s.programs, p)
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *program) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the program and waits for its end.
func (p *program) kill() {
	if !p.ended() {
		p.cmd.Process.Kill() // that it has ended meanwhile is as good
		<-p.done
	}
}

// output returns what the program has printed up to now.
func (p *program) output() string { return strings.TrimSpace(p.out.String()) }

// A syncBuffer is a buffer that a program writes while others read it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
