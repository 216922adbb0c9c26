package cookie

import (
	"container/list"
	"iter"
)

// lru is a map of bounded size that drops the entry unused for longest.
type lru[K comparable, V any] struct {
	limit int
	items map[K]*list.Element
	order *list.List // of *lruItem[K, V], the last used first
}

type lruItem[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](limit int) *lru[K, V] {
	return &lru[K, V]{limit: limit, items: make(map[K]*list.Element), order: list.New()}
}

// use returns the value of k, which counts as used now, or nil. The caller may change it.
func (l *lru[K, V]) use(k K) *V {
	e := l.items[k]
	if e == nil {
		return nil
	}
	l.order.MoveToFront(e)
	return &e.Value.(*lruItem[K, V]).value
}

// useOrAdd is use with a zero value for what is not there yet.
func (l *lru[K, V]) useOrAdd(k K) *V {
	if v := l.use(k); v != nil {
		return v
	}
	if l.order.Len() >= l.limit {
		l.remove(l.order.Back().Value.(*lruItem[K, V]).key)
	}
	item := &lruItem[K, V]{key: k}
	l.items[k] = l.order.PushFront(item)
	return &item.value
}

func (l *lru[K, V]) remove(k K) {
	if e := l.items[k]; e != nil {
		l.order.Remove(e)
		delete(l.items, k)
	}
}

func (l *lru[K, V]) removeIf(drop func(K) bool) {
	for k := range l.items {
		if drop(k) {
			l.remove(k)
		}
	}
}

func (l *lru[K, V]) clear() {
	clear(l.items)
	l.order.Init()
}

// all walks the values in no order, which does not count as use.
func (l *lru[K, V]) all() iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, e := range l.items {
			if !yield(e.Value.(*lruItem[K, V]).value) {
				return
			}
		}
	}
}
