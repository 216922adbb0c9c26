package iptables

import (
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

func kernelRule(r Rule) *nftables.Rule {
	return &nftables.Rule{Chain: &nftables.Chain{Name: r.nftChain()}, Exprs: encodeRule(r), UserData: encodeComment(r.Tag.String()), Handle: 7}
}

func TestDecodeRule(t *testing.T) {
	for _, scope := range scopes() {
		want := Rule{Scope: scope, Tag: testTag()}
		got, ok := decodeRule(kernelRule(want))
		if !ok || got.Rule != want || got.handle != 7 {
			t.Errorf("got %+v, %v, want %+v", got, ok, want)
		}
	}
}

// TestDecodeRuleRefuses: a rule with anything added, changed or missing is not ours.
func TestDecodeRuleRefuses(t *testing.T) {
	for _, scope := range scopes() {
		whole := kernelRule(Rule{Scope: scope, Tag: testTag()})
		for i, e := range whole.Exprs {
			if _, counter := e.(*expr.Counter); counter {
				continue
			}
			broken := *whole
			broken.Exprs = append(append([]expr.Any{}, whole.Exprs[:i]...), whole.Exprs[i+1:]...)
			if got, ok := decodeRule(&broken); ok && got.Scope == scope {
				t.Errorf("%v without expression %d: got %+v, want refusal or another scope", scope, i, got)
			}
		}
		foreign := *whole
		foreign.UserData = encodeComment("mine")
		if got, ok := decodeRule(&foreign); ok {
			t.Errorf("foreign comment: got %+v, want refusal", got)
		}
	}
}
