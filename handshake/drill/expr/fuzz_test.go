package expr_test

import (
	"strings"
	"testing"

	"tfocraft/handshake/drill/expr"
)

// FuzzRun looks for panics, endless work, and errors on more than one line.
func FuzzRun(f *testing.F) {
	for _, test := range python {
		f.Add("x = " + test.code + "\nassert x, x")
	}
	f.Add("assert tcpi_retrans == 0, tcpi_retrans; x += 1 \\\n if y else 'a\\x41' % (z,) # end")
	f.Fuzz(func(t *testing.T, code string) {
		if len(code) > 1<<12 {
			return
		}
		env := expr.Env{Lookup: info}
		if err := env.Run(code); err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
		if v, err := env.Eval(code); err == nil && strings.Contains(v.String(), "\n") {
			t.Errorf("%q", v.String())
		}
	})
}
