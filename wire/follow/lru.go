package follow

import "container/list"

// lru keeps values by key and knows which was used least recently. The zero lru is empty.
type lru[K comparable, V any] struct {
	elements map[K]*list.Element
	order    list.List // of lruEntry[K, V], the one used last in front
}

type lruEntry[K comparable, V any] struct {
	key   K
	value V
}

func (l *lru[K, V]) len() int { return len(l.elements) }

// peek returns a value without using it.
func (l *lru[K, V]) peek(k K) (v V, ok bool) {
	e := l.elements[k]
	if e == nil {
		return v, false
	}
	return e.Value.(lruEntry[K, V]).value, true
}

// get returns a value and uses it.
func (l *lru[K, V]) get(k K) (v V, ok bool) {
	v, ok = l.peek(k)
	if ok {
		l.order.MoveToFront(l.elements[k])
	}
	return v, ok
}

// put sets a value and uses it.
func (l *lru[K, V]) put(k K, v V) {
	if e := l.elements[k]; e != nil {
		e.Value = lruEntry[K, V]{k, v}
		l.order.MoveToFront(e)
		return
	}
	if l.elements == nil {
		l.elements = make(map[K]*list.Element)
	}
	l.elements[k] = l.order.PushFront(lruEntry[K, V]{k, v})
}

// drop removes the value used least recently; there must be one.
func (l *lru[K, V]) drop() (K, V) {
	e := l.order.Remove(l.order.Back()).(lruEntry[K, V])
	delete(l.elements, e.key)
	return e.key, e.value
}
