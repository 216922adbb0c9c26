package wire_test

import (
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"tfocraft/wire"
)

// wantValue reports an error if two values differ in any field.
func wantValue(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// wantParseError checks the sentinel and where in which layer it happened.
func wantParseError(t *testing.T, err, want error, layer string, offset int) {
	t.Helper()
	var e *wire.ParseError
	switch {
	case !errors.As(err, &e):
		t.Errorf("got error %v, want a ParseError", err)
	case !errors.Is(err, want) || e.Layer != layer || e.Offset != offset:
		t.Errorf("got %q, want %s, byte %d: %v", err, layer, offset, want)
	}
}

func hexByte(n int) string { return hex.EncodeToString([]byte{byte(n)}) }
