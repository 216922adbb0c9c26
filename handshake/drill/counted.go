package drill

import (
	"reflect"
	"strings"

	"tfocraft/handshake/endpoint"
)

// counted reports whether a counter whose name in nstat has the pattern in it has
// moved.
func counted(before, after *endpoint.Counters, pattern string) bool {
	a, b := reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem()
	for i := range b.NumField() {
		if b.Field(i).Uint() == a.Field(i).Uint() {
			continue
		}
		name := b.Type().Field(i).Name
		for _, group := range []string{"Tcp", "TcpExt"} {
			if strings.Contains(group+name, pattern) {
				return true
			}
		}
	}
	return false
}
