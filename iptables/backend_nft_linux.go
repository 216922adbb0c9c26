package iptables

import (
	"errors"
	"log/slog"

	"golang.org/x/sys/unix"
)

// nftEngine keeps a guard's rules in a table of their own.
type nftEngine struct {
	conn    *nftConn
	tag     Tag
	watcher *watcher        // nil if the kernel owns the table, or nothing can watch
	handles map[Rule]uint64 // of the rules: to look for one among many takes long
}

func openNFTEngine(tag Tag, owned bool, config Config) (engine, error) {
	conn, err := dialOwner()
	if err != nil {
		return nil, err
	}
	e := &nftEngine{conn: conn, tag: tag, handles: make(map[Rule]uint64)}
	var flags uint32
	if owned {
		flags = nftTableOwner
	} else {
		// Before the table, so that no moment is without a watcher.
		e.watch(config.Logger)
	}
	if err := conn.createTable(tag, flags, true); err != nil {
		e.watcher.stop(true)
		conn.close()
		return nil, nftError("create table", err)
	}
	return e, nil
}

func (e *nftEngine) watch(log *slog.Logger) {
	path := findProgram("nft")
	if path == "" {
		log.Warn("rules of a killed process stay until the next sweep", "reason", nftUnguarded)
		return
	}
	w, err := startWatcher(nftWatcherScript, path, e.tag.table())
	if err != nil {
		log.Warn("rules of a killed process stay until the next sweep", "err", err)
	}
	e.watcher = w
}

func (e *nftEngine) add(r Rule) error {
	handle, err := e.conn.add(r)
	if errors.Is(err, unix.ENOENT) { // there is no chain yet
		if err = e.conn.addChain(r); err == nil {
			handle, err = e.conn.add(r)
		}
	}
	if err == nil && handle != 0 {
		e.handles[r] = handle
	}
	return err
}

func (e *nftEngine) remove(r Rule) error {
	handle := e.handles[r]
	if handle == 0 {
		_, _, err := e.conn.remove(r)
		return err
	}
	err := e.conn.removeHandle(r, handle)
	if err == nil {
		delete(e.handles, r)
	}
	return err
}

func (e *nftEngine) close() error {
	err := e.conn.deleteTable(e.tag)
	e.watcher.stop(err == nil)
	if closeErr := e.conn.close(); err == nil {
		err = closeErr
	}
	return err
}

// nftStore is nf_tables as seen from outside of any guard.
type nftStore struct{ *nftConn }

func (s nftStore) list() ([]Installed, error) {
	tables, err := s.tables()
	if err != nil {
		return nil, err
	}
	var found []Installed
	for _, t := range tables {
		rules, err := s.rules(t.tag)
		if err != nil {
			return nil, err
		}
		for _, r := range rules {
			found = append(found, Installed{Rule: r.Rule, Backend: BackendNFT, Owner: t.owner(), Packets: r.packets})
		}
	}
	return found, nil
}

// owner judges a table. One with the owner flag cannot outlive its owner, wherever
// that lives.
func (t taggedTable) owner() Owner {
	if t.owned {
		return OwnerAlive
	}
	return judge(t.tag)
}

func (s nftStore) sweep(gone func(Owner) bool) (removed int, err error) {
	tables, err := s.tables()
	if err != nil {
		return 0, err
	}
	for _, t := range tables {
		if !gone(t.owner()) {
			continue
		}
		rules, err := s.rules(t.tag)
		if err != nil {
			return removed, err
		}
		if err := s.deleteTable(t.tag); err != nil {
			return removed, err
		}
		removed += len(rules)
	}
	return removed, nil
}

func (s nftStore) install(r Rule) error {
	rules, err := s.rules(r.Tag)
	if err != nil {
		return err
	}
	for _, there := range rules {
		if there.Rule == r {
			return nil
		}
	}
	s.AddTable(nftTable(r.Tag))
	if err := s.addChain(r); err != nil {
		return err
	}
	_, err = s.add(r)
	return err
}

func (s nftStore) uninstall(r Rule) (removed int, err error) {
	removed, left, err := s.remove(r)
	if err == nil && removed > 0 && left == 0 {
		err = s.deleteTable(r.Tag)
	}
	return removed, err
}
