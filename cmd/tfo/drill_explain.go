package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"tfocraft/handshake/drill"
	"tfocraft/handshake/drill/script"
)

// explainScripts prints scripts with what each line means behind it.
func explainScripts(w io.Writer, files []scriptFile, c drill.Config, defs map[string]string, remote bool) error {
	explain := drill.Explain
	if remote {
		explain = drill.ExplainRemote
	}
	for i := range files {
		s, err := drill.Read(files[i].name, files[i].text, c, defs)
		if err != nil {
			if e, ok := errors.AsType[*script.Error](err); ok {
				return withHint(err, "%s", strings.TrimRight(e.Caret(), "\n"))
			}
			return err
		}
		if len(files) > 1 {
			fmt.Fprintf(w, "%s:\n", files[i].name)
		}
		for k, text := range explain(s) {
			if _, err := fmt.Fprintf(w, "%4d  %s\n      %s\n", s.Events[k].Pos.Line, s.Events[k].Source, text); err != nil {
				return err
			}
		}
	}
	return nil
}
