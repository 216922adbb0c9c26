package scenario

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
)

// What hosts say to each other where it does not matter, and where.
const (
	defaultPort = 8080
	Request     = "Hello, Server"
	Reply       = "Hello, Client"
)

// requestSize is how much room a server makes for a request, in bytes.
const requestSize = 64 << 10

// ServerConfig describes a server.
type ServerConfig struct {
	Host       int    // which of the servers behind the address
	Port       uint16 // 0 means 8080
	NoFastOpen bool
	// MaxPending is PendingFastOpenRequests of RFC 7413, Section 5.1; 0 means 16.
	MaxPending int
	// Await is how many bytes make a request; 0 means whatever comes first.
	Await int
	// AwaitEnd holds the answer back until the client has ended its side.
	AwaitEnd bool
	// Think is how long the application takes to answer.
	Think time.Duration
	// Gate and Machine are for a server of ours.
	Gate    handshake.GateConfig
	Machine handshake.Config
}

// A Server answers each connection once, ends it, and notes what it was asked. It is on the server's side of the scene,
// and Linux's or ours as the scene says.
type Server struct {
	Addr netip.AddrPort

	scene    *Scene
	host     *lab.Host
	cfg      ServerConfig
	keys     []cookie.Key // the minting one first
	keyring  *cookie.Keyring
	listener *endpoint.Listener // nil for the kernel's
	kernel   *lab.KernelServer  // nil for ours

	mu         sync.Mutex
	requests   []string
	heard      time.Time // the last of them
	busy, peak load      // what is being served, and at most
}

// A load is what an application has to serve at once.
type load struct {
	requests int
	buffers  int // the memory that was made for them, in bytes
}

// Serve starts a server.
func (s *Scene) Serve(cfg ServerConfig) *Server {
	if s.over() {
		return &Server{scene: s}
	}
	v := s.newServer(cfg)
	if s.Sides.Server == Kernel {
		s.fail(v.serveKernel())
	} else {
		s.fail(v.serveOurs())
	}
	return v
}

func (s *Scene) newServer(cfg ServerConfig) *Server {
	if cfg.Port == 0 {
		cfg.Port = defaultPort
	}
	if cfg.MaxPending == 0 {
		cfg.MaxPending = 16
	}
	return &Server{scene: s, host: s.lab.Servers[cfg.Host], cfg: cfg, Addr: s.remote(cfg.Port), keys: []cookie.Key{s.newKey()}}
}

func (s *Scene) newKey() cookie.Key {
	key, err := cookie.NewKey(rand.Reader)
	if err != nil {
		s.fail(err)
	}
	return key
}

// Requests returns what the application behind the server was asked so far.
func (v *Server) Requests() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.requests)
}

// Peak returns the most that the application had to serve at once.
func (v *Server) Peak() load {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.peak
}

// serving is what the application has to serve now.
func (v *Server) serving() load {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.busy
}

// Heard returns when the application got its last request.
func (v *Server) Heard() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.heard
}

// reply notes a request and answers it.
func (v *Server) reply(request []byte) []byte {
	v.mu.Lock()
	v.requests, v.heard = append(v.requests, string(request)), time.Now()
	v.busy.requests++
	v.busy.buffers += cap(request)
	v.peak = load{max(v.peak.requests, v.busy.requests), max(v.peak.buffers, v.busy.buffers)}
	v.mu.Unlock()
	v.scene.wait(v.cfg.Think)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.busy.requests--
	v.busy.buffers -= cap(request)
	return []byte(Reply)
}

// Cookie is the one that the server gives the client of the scene.
func (v *Server) Cookie() cookie.Cookie {
	if v.scene.over() {
		return cookie.Cookie{}
	}
	return v.scheme().Minter(v.keys[0]).Mint(v.scene.lab.Client.Addr(v.scene.IPv6), v.Addr.Addr())
}

func (v *Server) scheme() cookie.Scheme {
	if v.scene.Sides.Server == Kernel {
		return cookie.Linux
	}
	return cookie.RFC7413
}

// Rotate gives the server a new key. It goes on taking the cookies of the old one if that is kept.
func (v *Server) Rotate(keepOld bool) {
	next := v.scene.newKey()
	switch {
	case v.scene.over():
	case !keepOld:
		v.setKeys(next)
	case v.keyring != nil:
		v.keys = []cookie.Key{next, v.keys[0]}
		v.keyring.Rotate(next)
	default:
		v.setKeys(next, v.keys[0])
	}
}

// ShareKey gives the server the key of another, in the place of its own.
func (v *Server) ShareKey(with *Server) {
	if !v.scene.over() {
		v.setKeys(with.keys[0])
	}
}

// setKeys replaces all keys.
func (v *Server) setKeys(keys ...cookie.Key) {
	v.keys = keys
	if v.scene.Sides.Server == Kernel {
		v.scene.fail(v.host.Sysctl("net.ipv4.tcp_fastopen_key", v.sysctl()))
		return
	}
	v.keyring = cookie.NewKeyring(v.scheme(), keys[0], keys[1:]...)
	v.scene.fail(v.listener.SetFastOpen(v.gate()))
}

// sysctl is what net.ipv4.tcp_fastopen_key has to be.
func (v *Server) sysctl() string {
	var texts []string
	for _, k := range v.keys {
		texts = append(texts, k.Sysctl())
	}
	return strings.Join(texts, ",")
}

func (v *Server) gate() handshake.GateConfig {
	g := v.cfg.Gate
	g.Enabled, g.Keyring, g.MaxPending = !v.cfg.NoFastOpen, v.keyring, v.cfg.MaxPending
	return g
}

// kernelConfig is the server for Linux's TCP.
func (v *Server) kernelConfig() lab.KernelServerConfig {
	cfg := lab.KernelServerConfig{
		Listen: v.Addr, Key: v.sysctl(), MaxPending: v.cfg.MaxPending, Await: v.cfg.Await, AwaitEnd: v.cfg.AwaitEnd, Timeout: v.scene.patience(),
		Reply: func(_ netip.AddrPort, request []byte) []byte { return v.reply(request) },
	}
	if v.cfg.NoFastOpen {
		cfg.MaxPending = -1
	}
	return cfg
}

func (v *Server) serveKernel() error {
	k, err := lab.ListenKernel(v.host, v.kernelConfig())
	if err != nil {
		return err
	}
	v.kernel = k
	ctx, cancel := context.WithCancel(v.scene.ctx)
	var serving sync.WaitGroup
	serving.Go(func() { k.Serve(ctx) })
	v.scene.atEnd(func() error {
		cancel()
		serving.Wait()
		return k.Close()
	})
	return nil
}

func (v *Server) serveOurs() error {
	ln, err := v.listenOurs()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(v.scene.ctx)
	var serving sync.WaitGroup
	serving.Go(func() { v.accept(ctx, &serving) })
	v.scene.atEnd(func() error {
		err := ln.Close()
		cancel()
		serving.Wait()
		return err
	})
	return nil
}

// listenOurs opens a listener on our stack.
func (v *Server) listenOurs() (ln *endpoint.Listener, err error) {
	st := v.scene.stack(v.host, iptables.ModeInbound)
	if st == nil {
		return nil, v.scene.err
	}
	v.keyring = cookie.NewKeyring(v.scheme(), v.keys[0])
	lc := endpoint.ListenConfig{Stack: st.Stack, FastOpen: v.gate(), Machine: v.cfg.Machine}
	lc.Machine.TimeWait = v.scene.timeWait()
	v.listener, err = lc.Listen(v.scene.ctx, "tcp", v.Addr.String())
	return v.listener, err
}

func (v *Server) accept(ctx context.Context, serving *sync.WaitGroup) {
	for {
		c, err := v.listener.AcceptTCP()
		if err != nil {
			return
		}
		serving.Go(func() { v.answer(ctx, c) })
	}
}

// answer serves one connection in a goroutine of its own, as most servers do, so that its SYN-ACK is sent before its
// answer. What goes wrong is seen in the segments.
func (v *Server) answer(ctx context.Context, c *endpoint.Conn) {
	defer c.Close()
	defer interrupt(ctx, c)()
	c.SetDeadline(time.Now().Add(v.scene.patience()))
	request := make([]byte, requestSize)
	n, err := io.ReadAtLeast(c, request, max(v.cfg.Await, 1))
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		return
	}
	answer := v.reply(request[:n])
	if v.cfg.AwaitEnd {
		if _, err := io.Copy(io.Discard, c); err != nil {
			return
		}
	}
	if _, err := c.Write(answer); err != nil {
		return
	}
	if c.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, c)
	}
}

// interrupt ends what a connection waits for at the end of ctx, until stop is called.
func interrupt(ctx context.Context, c *endpoint.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
}
