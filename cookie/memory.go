package cookie

import (
	"sync"
	"time"
)

var _ Cache = (*Memory)(nil)

// Memory is a [Cache] in memory. Its methods return no error but that of Learn.
type Memory struct {
	hold time.Duration

	mu sync.Mutex
	// hosts holds cookies and MSS by pair of addresses, paths the blocks by path.
	hosts, paths *lru[Path, Entry]
}

// NewMemory returns an empty cache.
func NewMemory(l Limits) *Memory {
	l = l.WithDefaults()
	return &Memory{hold: l.Hold, hosts: newLRU[Path, Entry](l.Hosts), paths: newLRU[Path, Entry](l.Paths)}
}

// Lookup implements [Cache].
func (m *Memory) Lookup(now time.Time, p Path) (Hint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lookup(now, p.Unmap()), nil
}

// lookup is Lookup for a caller that holds m.mu and has unmapped p.
func (m *Memory) lookup(now time.Time, p Path) Hint {
	var hint Hint
	if host := m.hosts.use(p.AnyPort()); host != nil {
		host.Used = now
		hint = host.Hint
	}
	blocked := m.paths.use(p)
	if blocked == nil {
		return hint
	}
	if !blocked.Hint.BlockedAt(now) {
		m.paths.remove(p)
		return hint
	}
	blocked.Used = now
	hint.Blocked, hint.Until = blocked.Hint.Blocked, blocked.Hint.Until
	return hint
}

// Learn implements [Cache].
func (m *Memory) Learn(now time.Time, p Path, c Cookie, mss uint16, experimental bool) error {
	p = p.Unmap()
	m.mu.Lock()
	defer m.mu.Unlock()
	hint := m.lookup(now, p)
	err := hint.Learn(c, mss, experimental)
	m.keep(now, p, hint)
	return err
}

// LearnMSS implements [Cache].
func (m *Memory) LearnMSS(now time.Time, p Path, mss uint16) error {
	p = p.Unmap()
	m.mu.Lock()
	defer m.mu.Unlock()
	hint := m.lookup(now, p)
	hint.LearnMSS(mss)
	m.keep(now, p, hint)
	return nil
}

// keep stores what hint, which came from lookup and learnt something, now knows. The caller holds m.mu.
func (m *Memory) keep(now time.Time, p Path, hint Hint) {
	if hint.Blocked == "" {
		m.paths.remove(p)
	}
	hint.Blocked, hint.Until = "", time.Time{}
	if hint != (Hint{}) {
		p = p.AnyPort()
		*m.hosts.useOrAdd(p) = Entry{Path: p, Hint: hint, Used: now}
	}
}

// Block implements [Cache].
func (m *Memory) Block(now time.Time, p Path, why Reason) error {
	p = p.Unmap()
	m.mu.Lock()
	defer m.mu.Unlock()
	if why == "" {
		m.paths.remove(p)
		return nil
	}
	*m.paths.useOrAdd(p) = Entry{Path: p, Hint: Hint{Blocked: why, Until: now.Add(m.hold)}, Used: now}
	return nil
}

// Unblock implements [Cache].
func (m *Memory) Unblock(p Path) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.paths.remove(p.Unmap())
	return nil
}

// Forget implements [Cache].
func (m *Memory) Forget(p Path) error {
	p = p.Unmap().AnyPort()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hosts.remove(p)
	m.paths.removeIf(func(q Path) bool { return q.AnyPort() == p })
	return nil
}

// List implements [Cache].
func (m *Memory) List(now time.Time) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var entries []Entry
	for host := range m.hosts.all() {
		entries = append(entries, host)
	}
	for blocked := range m.paths.all() {
		if blocked.Hint.BlockedAt(now) {
			entries = append(entries, blocked)
		}
	}
	SortEntries(entries)
	return entries, nil
}

// Clear implements [Cache].
func (m *Memory) Clear() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hosts.clear()
	m.paths.clear()
	return nil
}
