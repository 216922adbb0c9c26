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

// remove drops a value, if there is one.
func (l *lru[K, V]) remove(k K) {
	if e := l.elements[k]; e != nil {
		l.order.Remove(e)
		delete(l.elements, k)
	}
}

// excess removes the value used least recently if there are more than limit, and returns it.
func (l *lru[K, V]) excess(limit int) (k K, v V, ok bool) {
	if len(l.elements) <= limit {
		return k, v, false
	}
	e := l.order.Back().Value.(lruEntry[K, V])
	l.remove(e.key)
	return e.key, e.value, true
}

// each gives all values to visit, the one used last first.
func (l *lru[K, V]) each(visit func(V)) {
	for e := l.order.Front(); e != nil; e = e.Next() {
		visit(e.Value.(lruEntry[K, V]).value)
	}
}
