package dissect_test

import (
	"testing"

	"tfocraft/wire/puretest"
)

func TestPure(t *testing.T) {
	puretest.Check(t, puretest.Rules{Imports: []string{"tfocraft/wire/bilingual"}})
}
