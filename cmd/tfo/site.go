package main

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"
)

// A site is a directory whose files a server gives away. A nil site is none.
type site struct{ root *os.Root }

// openSite opens the directory of --http, or returns nil if there is none.
func openSite(dir string) (*site, error) {
	if dir == "" {
		return nil, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, usagef("--http: %w", err)
	}
	return &site{root}, nil
}

func (s *site) close() error {
	if s == nil {
		return nil
	}
	return s.root.Close()
}

func (s *site) describe() string {
	if s == nil {
		return ""
	}
	return ", serving the files of " + s.root.Name()
}

// handler serves the files with ranges and conditional requests. It takes
// nothing but GET and HEAD: a request in a SYN can arrive twice (RFC 7413,
// section 2.1), and these two may (RFC 9110, section 9.2.1). log gets every
// request that was answered; it may be nil.
func (s *site) handler(log func(*http.Request, *answered)) http.Handler {
	files := http.FileServerFS(s)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if log != nil {
			a := &answered{ResponseWriter: w, began: time.Now()}
			defer func() { log(r, a) }()
			w = a
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "405 only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		files.ServeHTTP(w, r)
	})
}

// Open implements [fs.FS]. Whatever leads out of the directory is not there,
// and neither is what is no file: to open a named pipe would wait for a writer.
func (s *site) Open(name string) (fs.File, error) {
	info, err := s.root.Stat(name)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, err
	case err != nil, !info.IsDir() && !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return s.root.Open(name)
}

// answered is a response that remembers what it was.
type answered struct {
	http.ResponseWriter
	began  time.Time
	status int
	bytes  int64 // of the body
}

func (a *answered) WriteHeader(status int) {
	// Those before 200 are not the answer yet.
	if a.status < http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(b []byte) (int, error) {
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] through.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// accessLog writes a line for each request.
func accessLog(w io.Writer) func(*http.Request, *answered) {
	return func(r *http.Request, a *answered) {
		complain(w, "%s %q %d, %d bytes, %s", r.RemoteAddr, r.Method+" "+r.RequestURI, cmp.Or(a.status, http.StatusOK), a.bytes,
			milliseconds(time.Since(a.began).Microseconds()))
	}
}
