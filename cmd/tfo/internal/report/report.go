// Package report writes a story as a page: one HTML file that needs nothing else, neither a network nor a server.
//
// Nothing that a packet carries can become markup or program. The story is data in a script element that browsers do
// not run, with every < in it escaped; the page's own script makes text of it and nothing else; and the page's
// Content-Security-Policy allows that one script and style, by their hashes, and no request at all.
package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"tfocraft/cmd/tfo/internal/story"
)

//go:embed page
var files embed.FS

// scripts are the parts of the page's program, in an order in which each finds what it needs when it starts.
var scripts = []string{
	"dom", "data", "words", "settings", "figures", "timeline", "room", "diagram", "player", "bytes", "fields", "states", "compare", "printing", "main",
}

// Write writes the page of a story to w.
func Write(w io.Writer, s *story.Story) error {
	page, err := template.ParseFS(files, "page/page.html")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	style, script := read("page.css"), program()
	err = page.Execute(w, struct {
		Policy, Title, About string
		Style                template.CSS
		Script               template.JS
		Data                 *pageStory
	}{policy(style, script), s.Title.En, s.About.En, template.CSS(style), template.JS(script), pack(s)})
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// read returns an embedded file; which there are is known when the program is built.
func read(name string) string {
	b, err := files.ReadFile("page/" + name)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// program joins the scripts in a scope of their own.
func program() string {
	var b strings.Builder
	b.WriteString("(() => {\n\"use strict\";\n")
	for _, name := range scripts {
		b.WriteString(read(name + ".js"))
	}
	b.WriteString("})();\n")
	return b.String()
}

// policy allows this style and this script, and nothing else.
func policy(style, script string) string {
	return fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action 'none'", hash(style), hash(script))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}
