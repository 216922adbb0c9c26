package handshake

import "testing"

// reserve fills the room for data without queueing it, and returns how much that is.
func (h *harness) reserve(data string) int {
	h.t.Helper()
	a, b := h.m.Reserve(len(data))
	n := len(a) + len(b)
	copy(b, data[copy(a, data):n])
	return n
}

// What is being filled in may be overtaken by an acknowledgement of everything
// before it, and is none of the machine's business until it is queued.
func TestReserveWhileAcknowledged(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.write("before")
	h.want("P. 1:7(6) ack 1")
	n := h.reserve("behind")
	h.in(". 1:1(0) ack 7", "")
	h.wantIdle()
	if !h.m.Commit(n) {
		t.Fatal("not queued")
	}
	h.take(h.m.Push(h.now, h.out[:0]))
	if s := h.want("P. 7:13(6) ack 1"); string(s.Payload) != "behind" {
		t.Errorf("sent %q", s.Payload)
	}
	h.in(". 1:1(0) ack 13", "")
	if held := h.m.send.store.Cap(); held != 0 {
		t.Errorf("%d bytes are held for nothing", held)
	}
}

// What is filled in when the sending side closes comes too late, and leaves no
// memory behind.
func TestReserveWhileClosed(t *testing.T) {
	for name, end := range map[string]func(h *harness){
		"FIN": func(h *harness) {
			h.closeWrite()
			h.want("F. 1:1(0) ack 1")
		},
		"reset": func(h *harness) { h.in("R. 1:1(0) ack 1", "") },
		"abort": func(h *harness) {
			h.abort()
			h.want("R. 1:1(0) ack 1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := connect(t, plainConfig(), "")
			n := h.reserve("too late")
			if n != 8 {
				t.Fatalf("room for %d bytes", n)
			}
			end(h)
			if h.m.Commit(n) {
				t.Error("queued")
			}
			h.take(h.m.Push(h.now, h.out[:0]))
			h.wantIdle()
			if got := h.m.Unsent(); got != 0 {
				t.Errorf("%d bytes are to be sent", got)
			}
			if held := h.m.send.store.Cap(); held != 0 {
				t.Errorf("%d bytes are held for nothing", held)
			}
			if a, b := h.m.Reserve(8); a != nil || b != nil {
				t.Error("there is room on a closed side")
			}
		})
	}
}
