package drill_test

import "testing"

// callScripts are about calls, and not about rules of TCP: each shows what Linux
// does in one corner of them.
const callScripts = "testdata/calls"

func TestCallScripts(t *testing.T) { eachPasses(t, callScripts) }
