// Package bilingual holds what is said to people in English and in Chinese.
//
// The package is pure: no sockets, files, goroutines, logging or clock.
package bilingual

import "fmt"

// A Text is one statement in both languages, plain text without markup. The zero value says nothing.
type Text struct {
	En string `json:"en"`
	Zh string `json:"zh"`
}

// T returns a Text of the two languages.
func T(en, zh string) Text { return Text{en, zh} }

// Format fills both languages with the same values, as fmt.Sprintf does. Where the order differs, formats name the
// values by index (%[2]d). Values that are Texts themselves stand in each language in their own.
func Format(en, zh string, values ...any) Text {
	inEn, inZh := make([]any, len(values)), make([]any, len(values))
	for i, v := range values {
		inEn[i], inZh[i] = v, v
		if t, ok := v.(Text); ok {
			inEn[i], inZh[i] = t.En, t.Zh
		}
	}
	return Text{fmt.Sprintf(en, inEn...), fmt.Sprintf(zh, inZh...)}
}

// String returns the English.
func (t Text) String() string { return t.En }

// IsZero reports whether nothing is said.
func (t Text) IsZero() bool { return t == Text{} }

// Join puts texts one after the other with a semicolon between them, and leaves out those that say nothing.
func Join(texts ...Text) (all Text) {
	for _, t := range texts {
		switch {
		case t.IsZero():
		case all.IsZero():
			all = t
		default:
			all = Text{all.En + "; " + t.En, all.Zh + "；" + t.Zh}
		}
	}
	return all
}
