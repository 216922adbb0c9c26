package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tfoListen runs tfo listen, which answers every connection with a text.
func tfoListen(reply string) starter {
	return func(s *site) error {
		p, err := s.launch(s.lab.Server, []string{s.tfo, "listen", "{ADDR}", "--reply", reply})
		if err != nil {
			return err
		}
		for deadline := time.Now().Add(patience); !strings.Contains(p.output(), "listening on"); time.Sleep(5 * time.Millisecond) {
			if p.ended() || time.Now().After(deadline) || s.ctx.Err() != nil {
				return fmt.Errorf("tfo listen is not ready: %s", p.output())
			}
		}
		return nil
	}
}

// tfoConnect sends a request by tfo connect and returns the reply.
func tfoConnect(request string, flags ...string) visitor {
	return func(s *site) (string, error) {
		name := filepath.Join(s.dir, "request")
		if err := os.WriteFile(name, []byte(request), 0o644); err != nil {
			return "", err
		}
		return s.run(s.lab.Client, append([]string{s.tfo, "connect", "{ADDR}", "--cache", "{DIR}/cookies.db", "-d", "@" + name}, flags...))
	}
}

// command runs another program on the client's host.
func command(args ...string) visitor {
	return func(s *site) (string, error) { return s.run(s.lab.Client, args) }
}
