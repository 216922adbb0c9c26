package main

import "testing"

// The command in a page does the same when it is pasted into a shell, whatever its file is called, and tells no key.
func TestAgain(t *testing.T) {
	cmd := newExplain()
	newRoot().AddCommand(cmd)
	if err := cmd.ParseFlags([]string{"--key", "00112233445566778899aabbccddeeff", "--json", "--only-tfo", "--html", "/home/me/story.html"}); err != nil {
		t.Fatal(err)
	}
	got, want := again(cmd, "/home/me/story.html", `it's $(reboot).pcap`), `tfo explain 'it'\''s $(reboot).pcap' --only-tfo=true --key=KEY --html story.html`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for word, want := range map[string]string{"": "''", "-": "-", "a\nb": "'a\nb'", "--rtt=10ms": "--rtt=10ms"} {
		if got := shellWord(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}
