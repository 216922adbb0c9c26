package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A scriptFile is a script that was not parsed yet.
type scriptFile struct {
	name string
	text []byte
}

// readScripts reads the files named, and the scripts in the folders named.
func readScripts(names []string, stdin io.Reader) (scripts []scriptFile, err error) {
	for _, name := range names {
		files := []string{name}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			if files, err = scriptsIn(name); err != nil {
				return nil, err
			}
		}
		for _, file := range files {
			s := scriptFile{name: file}
			if file == "-" {
				s.name = "standard input"
				s.text, err = io.ReadAll(stdin)
			} else {
				s.text, err = os.ReadFile(file)
			}
			if err != nil {
				return nil, err
			}
			scripts = append(scripts, s)
		}
	}
	return scripts, nil
}

// scriptsIn returns the scripts in a folder and those below it, sorted.
func scriptsIn(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".pkt" {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: there is no script in this folder: their names end in .pkt", dir)
	}
	slices.Sort(files)
	return files, err
}
