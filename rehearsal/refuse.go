package rehearsal

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// maxScript is the largest script of somebody else, in bytes.
const maxScript = 4 << 20

// ErrRefused is returned for a script that does more than a script may. It was
// not run.
var ErrRefused = errors.New("refused")

// borrowed are testscript's own commands that a script may use: they only look
// at what was printed or at the script's own files.
var borrowed = []string{"stdout", "stderr", "cmp", "grep", "skip", "stop"}

// probing are the conditions that look at the machine or at go test.
var probing = []string{"short", "net", "link", "symlink"}

// Refuse reports everything in a script that is outside the table of commands
// and testscript's stdout, stderr, cmp, grep, skip and stop, and every path that
// leads out of the script's own folder. The error joins one ErrRefused for each,
// with "name:line". A script from somebody else is data, not a program.
func Refuse(name string, script []byte) error {
	var faults []error
	refuse := func(line int, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s:%d: %w: %s", name, line, ErrRefused, fmt.Sprintf(format, args...)))
	}
	if len(script) > maxScript {
		refuse(1, "the script has %d bytes, at most %d are taken", len(script), maxScript)
		return errors.Join(faults...)
	}
	archive, err := parseArchive(script)
	if err != nil {
		refuse(1, "%v", err)
		return errors.Join(faults...)
	}
	lines := strings.Split(strings.TrimSuffix(string(archive.Comment), "\n"), "\n")
	for i, line := range lines {
		if why := refuseLine(line); why != "" {
			refuse(i+1, "%s", why)
		}
	}
	at := strings.Count(string(archive.Comment), "\n")
	for _, file := range archive.Files {
		at++ // the "-- name --" line, exact while no file lacks its last newline
		if !local(file.Name) || strings.Contains(file.Name, "$") {
			refuse(at, "file %q lies outside the script's folder", file.Name)
		}
		at += strings.Count(string(file.Data), "\n")
	}
	return errors.Join(faults...)
}

// parseArchive reads a txtar archive. The library's reader panics on a marker
// without a name, "-- --".
func parseArchive(script []byte) (archive *txtar.Archive, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("this is no txtar archive: a file has no name")
		}
	}()
	return txtar.Parse(script), nil
}

// refuseLine says what is wrong with one line; "" when nothing is.
func refuseLine(line string) string {
	words, err := splitLine(line)
	if err != nil {
		return err.Error()
	}
	for _, w := range words {
		if strings.Contains(w.plain, "$") {
			return fmt.Sprintf("%q would be expanded from the environment; put it in quotes", w.text)
		}
	}
	args := texts(words)
	for len(args) > 0 && strings.HasPrefix(args[0], "[") && strings.HasSuffix(args[0], "]") {
		condition := strings.TrimLeft(args[0][1:len(args[0])-1], "! ")
		if strings.HasPrefix(condition, "exec:") || slices.Contains(probing, condition) {
			return fmt.Sprintf("condition %q looks at the machine", args[0])
		}
		args = args[1:]
	}
	if len(args) > 0 && args[0] == "!" {
		args = args[1:]
	}
	if len(args) == 0 {
		return ""
	}
	name, args := args[0], args[1:]
	if _, ok := commands[name]; !ok && !slices.Contains(borrowed, name) {
		return fmt.Sprintf("command %q is not in the table of commands", name)
	}
	for _, path := range paths(name, args) {
		if !local(path) {
			return fmt.Sprintf("path %q leads out of the script's folder", path)
		}
	}
	return ""
}

// paths returns the arguments of a command that name files.
func paths(name string, args []string) []string {
	switch name {
	case "cmp":
		return slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "stdout" || arg == "stderr" })
	case "grep", "stdout", "stderr":
		if len(args) > 0 && strings.HasPrefix(args[0], "-count=") {
			args = args[1:]
		}
		if len(args) > 1 {
			return args[1:] // behind the regular expression
		}
	case "picture", "policy":
		if len(args) > 0 {
			return args[:1]
		}
	case "buyer", "stranger", "merchant":
		if len(args) > 2 && args[1] == "in" {
			args = args[2:] // the order stands in place of the name
		}
		if len(args) > 2 && args[1] == "photo" {
			return args[2:3]
		}
		if len(args) > 2 && args[1] == "album" {
			if at := slices.Index(args, "caption"); at > 0 && at == len(args)-2 {
				args = args[:at]
			}
			return args[2:]
		}
	}
	return nil
}

// local reports whether a path stays in its folder, on every system. No part of
// it begins with a dot: ".." leads out, and in ".tmp" is the desk's own data, which
// a script could otherwise make up or write over while the desk has it mapped.
func local(path string) bool {
	return filepath.IsLocal(path) && !strings.ContainsAny(path, "\\:\x00") && !strings.HasPrefix(path, "/") &&
		path == strings.TrimSpace(path) &&
		!slices.ContainsFunc(strings.Split(path, "/"), func(part string) bool { return strings.HasPrefix(part, ".") })
}
