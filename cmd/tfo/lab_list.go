package main

import (
	"fmt"
	"io"

	"tfocraft/cmd/tfo/internal/scenario"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/path"
)

// printList tells which scenarios and which middleboxes there are.
func (l *labFlags) printList(w io.Writer) error {
	if l.json {
		return printScenarios(w)
	}
	rows := [][]string{{"scenario", "client", "server", "about"}}
	for _, sc := range scenario.All() {
		rows = append(rows, []string{sc.Name, string(sc.Sides[0].Client), string(sc.Sides[0].Server), sc.Title.En})
	}
	rows = append(rows, []string{"saves", "both", "both", savesTitle.En})
	if err := printTable(w, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "\nClient and server are those that a scenario is played with unless --client or --server says otherwise.")
	if err != nil {
		return err
	}
	boxes := [][]string{{""}, {"middlebox", "what it does"}}
	for _, m := range path.Middleboxes() {
		boxes = append(boxes, []string{m.Name, m.About.En})
	}
	return printTable(w, boxes)
}

func printScenarios(w io.Writer) error {
	for _, sc := range scenario.All() {
		line := struct {
			Type  string         `json:"type"`
			Name  string         `json:"name"`
			Title bilingual.Text `json:"title"`
			About bilingual.Text `json:"about"`
			Sides [][2]string    `json:"sides"` // client and server, the default first
		}{Type: "scenario", Name: sc.Name, Title: sc.Title, About: sc.About}
		for _, s := range sc.Sides {
			line.Sides = append(line.Sides, [2]string{string(s.Client), string(s.Server)})
		}
		if err := printJSON(w, line); err != nil {
			return err
		}
	}
	err := printJSON(w, struct {
		Type  string         `json:"type"`
		Name  string         `json:"name"`
		Title bilingual.Text `json:"title"`
		About bilingual.Text `json:"about"`
	}{"measurement", "saves", savesTitle, savesAbout})
	if err != nil {
		return err
	}
	for _, m := range path.Middleboxes() {
		err := printJSON(w, struct {
			Type  string         `json:"type"`
			Name  string         `json:"name"`
			About bilingual.Text `json:"about"`
		}{"middlebox", m.Name, m.About})
		if err != nil {
			return err
		}
	}
	return nil
}
