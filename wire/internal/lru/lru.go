// Package lru has a map that knows which of its values was used least recently, for those who watch connections and can
// remember only so many.
//
// The package is pure: no sockets, files, goroutines, logging or clock.
package lru

import (
	"container/list"
	"iter"
)

// A Map keeps values by key. The zero Map is empty. It has one owner.
type Map[K comparable, V any] struct {
	elements map[K]*list.Element
	order    list.List // of entry[K, V], the one used last in front
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// Peek returns a value without using it.
func (m *Map[K, V]) Peek(k K) (v V, ok bool) {
	e := m.elements[k]
	if e == nil {
		return v, false
	}
	return e.Value.(entry[K, V]).value, true
}

// Get returns a value and uses it.
func (m *Map[K, V]) Get(k K) (v V, ok bool) {
	v, ok = m.Peek(k)
	if ok {
		m.order.MoveToFront(m.elements[k])
	}
	return v, ok
}

// Put sets a value and uses it.
func (m *Map[K, V]) Put(k K, v V) {
	if e := m.elements[k]; e != nil {
		e.Value = entry[K, V]{k, v}
		m.order.MoveToFront(e)
		return
	}
	if m.elements == nil {
		m.elements = make(map[K]*list.Element)
	}
	m.elements[k] = m.order.PushFront(entry[K, V]{k, v})
}

// Remove drops a value, if there is one.
func (m *Map[K, V]) Remove(k K) {
	if e := m.elements[k]; e != nil {
		m.order.Remove(e)
		delete(m.elements, k)
	}
}

// Excess removes the value used least recently if there are more than limit, and returns it.
func (m *Map[K, V]) Excess(limit int) (k K, v V, ok bool) {
	if len(m.elements) <= limit {
		return k, v, false
	}
	e := m.order.Back().Value.(entry[K, V])
	m.Remove(e.key)
	return e.key, e.value, true
}

// Values yields all values, the one used last first. The Map must not change meanwhile.
func (m *Map[K, V]) Values() iter.Seq[V] {
	return func(yield func(V) bool) {
		for e := m.order.Front(); e != nil; e = e.Next() {
			if !yield(e.Value.(entry[K, V]).value) {
				return
			}
		}
	}
}
