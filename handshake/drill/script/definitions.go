package script

import "strings"

// definitions are symbols and their values. Those from outside count more than
// those of the script, as on packetdrill's command line.
type definitions struct{ outside, own map[string]string }

func (d *definitions) value(symbol string) (value string, ok bool) {
	if value, ok = d.outside[symbol]; !ok && d.own != nil {
		value, ok = d.own[symbol]
	}
	return value, ok
}

// define takes NAME=VALUE.
func (d *definitions) define(text string) {
	if d.own == nil {
		d.own = make(map[string]string)
	}
	name, value, _ := strings.Cut(text, "=")
	d.own[name] = value
}
