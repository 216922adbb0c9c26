package lru_test

import (
	"slices"
	"testing"

	"tfocraft/wire/internal/lru"
)

// What is read or written is used, what is only peeked at is not; what was used least recently is the first to go.
func TestMap(t *testing.T) {
	var m lru.Map[string, int]
	if _, ok := m.Get("a"); ok {
		t.Error("the empty map has a value")
	}
	if _, _, ok := m.Excess(0); ok {
		t.Error("the empty map has too many values")
	}
	for i, k := range []string{"a", "b", "c", "d"} {
		m.Put(k, i)
	}
	m.Get("a")
	m.Put("b", 10)
	if v, ok := m.Peek("c"); v != 2 || !ok {
		t.Errorf("c is %d, %v, want 2", v, ok)
	}
	if got, want := slices.Collect(m.Values()), []int{10, 0, 3, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, _, ok := m.Excess(4); ok {
		t.Error("four values are more than four")
	}
	if k, v, ok := m.Excess(3); k != "c" || v != 2 || !ok {
		t.Errorf("got %q, %d, %v, want c", k, v, ok)
	}
	m.Remove("b")
	m.Remove("b")
	if got, want := slices.Collect(m.Values()), []int{0, 3}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
