package path

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tfocraft/wire/bilingual"
)

// A Middlebox is what stands in the path, as text names it. It is a value: what a middlebox remembers belongs to the path
// that is made of it. Segments that it does not speak of, and frames that are not TCP, pass as they are.
type Middlebox struct {
	Name string
	N    int // what some have to be told, in bytes
}

// A MiddleboxInfo is what a list of them says about one.
type MiddleboxInfo struct {
	Name  string // what ParseMiddlebox reads, "=N" for a number
	About bilingual.Text
}

// kind is a middlebox that there is.
type kind struct {
	name  string
	about bilingual.Text
	// least and most bound the number, and fallback is what it is without one; a kind without a number has most 0.
	least, most, fallback int
	// build makes one that has met nobody. The far end has this many hosts.
	build func(n, hosts int) box
}

// Middleboxes returns all that there are.
func Middleboxes() (all []MiddleboxInfo) {
	for _, k := range kinds() {
		name := k.name
		if k.most > 0 {
			name += "=N"
		}
		all = append(all, MiddleboxInfo{name, k.about})
	}
	return all
}

// String returns the text that [ParseMiddlebox] reads.
func (m Middlebox) String() string {
	if k := m.kind(); k != nil && k.most > 0 {
		return m.Name + "=" + strconv.Itoa(m.N)
	}
	return m.Name
}

// About says in one line what it does.
func (m Middlebox) About() bilingual.Text {
	if k := m.kind(); k != nil {
		return k.about
	}
	return bilingual.Text{}
}

// kind returns nil if there is no such middlebox.
func (m Middlebox) kind() *kind {
	all := kinds()
	if i := slices.IndexFunc(all, func(k kind) bool { return k.name == m.Name }); i >= 0 {
		return &all[i]
	}
	return nil
}

func (m Middlebox) check() error {
	k := m.kind()
	switch {
	case k == nil:
		var names []string
		for _, info := range Middleboxes() {
			names = append(names, info.Name)
		}
		return fmt.Errorf("path: middlebox %q is none of %s", m.Name, strings.Join(names, ", "))
	case k.most == 0 && m.N != 0:
		return fmt.Errorf("path: middlebox %s takes no number", m.Name)
	case m.N < k.least || m.N > k.most:
		return fmt.Errorf("path: middlebox %s: %d is not from %d to %d", m.Name, m.N, k.least, k.most)
	}
	return nil
}

// ParseMiddlebox reads one of the names of [Middleboxes], such as "strip-option" or "clamp-mss=1200".
func ParseMiddlebox(text string) (Middlebox, error) {
	name, number, numbered := strings.Cut(text, "=")
	m := Middlebox{Name: name}
	k := m.kind()
	switch {
	case numbered:
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || k != nil && k.most == 0 {
			return Middlebox{}, fmt.Errorf("path: middlebox %q: no number of bytes is wanted there, or it is none", text)
		}
		m.N = int(n)
	case k != nil:
		m.N = k.fallback
	}
	return m, m.check()
}

// ParseMiddleboxes reads several with commas between, from the near end to the far one; none from an empty text.
func ParseMiddleboxes(text string) (all []Middlebox, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		m, err := ParseMiddlebox(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}
