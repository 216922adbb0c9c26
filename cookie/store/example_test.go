package store_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"tfocraft/cookie"
	"tfocraft/cookie/store"
)

// The second run of a client knows the cookie that the first was granted.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := cookie.Path{Client: netip.MustParseAddr("192.0.2.1"), Server: netip.MustParseAddr("192.0.2.2"), Port: 80}
	granted, _ := cookie.Parse("a24e1d399638e060")

	for run := range 2 {
		cache, err := store.Open(filepath.Join(dir, "cookies.db"), nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		hint, err := cache.Lookup(time.Now(), path)
		fmt.Printf("run %d: %q %v\n", run+1, hint.Cookie.Hex(), err)
		if err := cache.Learn(time.Now(), path, granted, 1460, false); err != nil {
			fmt.Println(err)
		}
		_ = cache.Close()
	}
	// Output:
	// run 1: "" <nil>
	// run 2: "a24e1d399638e060" <nil>
}
