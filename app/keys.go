package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"tuidan/bot/locker"
	"tuidan/refund"
)

// runKeys is `tuidan keys new` and `tuidan keys rotate`.
func runKeys(command, fresh, rotated string, stdout io.Writer) error {
	if strings.HasPrefix(command, "rotate") {
		if err := locker.RotateKeyFile(rotated); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%s has a new key. The desk seals with it from its next start on; keep a copy of the file.\n", rotated)
		return nil
	}
	err := locker.CreateKeyFile(fresh)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already and stays as it is: without it nothing opens that it sealed. For a new key use `tuidan keys rotate`", fresh)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s is made. Name it as evidence_key_file in the config, and keep a copy apart from the data.\n", fresh)
	return nil
}

// openEvidence is `tuidan evidence`.
func openEvidence(file, config string, environment []string, stdout, stderr io.Writer) error {
	setup, err := LoadConfig(config, environment)
	if err != nil {
		return tellProblems(err, stderr)
	}
	if setup.Keys == nil {
		return fmt.Errorf("%s names no evidence_key_file", config)
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	folder, name := filepath.Split(absolute)
	folder = filepath.Clean(folder)
	safe := locker.Locker{Keys: setup.Keys, Dir: filepath.Dir(filepath.Dir(folder))}
	content, err := safe.Open(refund.CaseID(filepath.Base(folder)), strings.TrimSuffix(name, locker.Ending))
	if err != nil {
		return err
	}
	_, err = stdout.Write(content)
	return err
}
