package store

import (
	"errors"
	"os"
	"path/filepath"
)

// publish has fill write a new file of mode 0600, and gives it the name path once it is whole and on disk. Where there is
// a file of that name it fails with an error that wraps [fs.ErrExist], unless it may replace it.
func publish(path string, replace bool, fill func(*os.File) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	temporary := file.Name()
	defer func() {
		// After a rename there is nothing to remove.
		_ = os.Remove(temporary)
	}()
	if err := errors.Join(fill(file), file.Sync(), file.Close()); err != nil {
		return err
	}
	if replace {
		return os.Rename(temporary, path)
	}
	// Unlike a rename, a link never takes the place of a file.
	return os.Link(temporary, path)
}
