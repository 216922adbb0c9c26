package cookie

import (
	"fmt"
	"io"
)

// writeRedacted answers every verb of package fmt, %x and %#v included, with the same harmless text.
func writeRedacted(w fmt.State, text string) {
	// A failing writer is reported by the fmt call itself.
	_, _ = io.WriteString(w, text)
}
