package endpoint_test

import (
	"testing"
	"testing/synctest"
)

// Buffers are there from the arrival of data to its Read, and from Write to the acknowledgement; idle connections have none.
func TestBuffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		client, server := joined(l)
		want := func(client, server bool, when string) {
			t.Helper()
			synctest.Wait()
			if n := l.client.Buffered(); n > 0 != client {
				t.Errorf("%s: the client holds %d bytes", when, n)
			}
			if n := l.server.Buffered(); n > 0 != server || server && n < 5 {
				t.Errorf("%s: the server holds %d bytes", when, n)
			}
		}
		want(false, false, "idle")
		write(t, client, "hello")
		want(true, true, "not read, the acknowledgement delayed")
		read(t, server, 5)
		write(t, server, "hello") // and the acknowledgement
		want(true, true, "answered")
		read(t, client, 5)
		client.Close()
		server.Close()
		want(false, false, "closed")
	})
}
