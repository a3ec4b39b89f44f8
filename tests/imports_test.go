package tests

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "tuidan"

// mayImport is design.md's table of rooms: which rooms of this module each room
// may import. A room's subfolders belong to it.
var mayImport = map[string][]string{
	"":          {"app"}, // main.go
	"app":       {"refund", "intents", "policy", "dialogs", "engine", "storage", "bot", "orders", "payouts", "locales", "reports", "simulator", "rehearsal"},
	"refund":    {},
	"intents":   {"refund"},
	"policy":    {"refund"},
	"dialogs":   {"refund", "policy"},
	"engine":    {"refund", "dialogs", "policy", "intents"},
	"storage":   {"refund"},
	"bot":       {"refund", "engine", "locales"},
	"orders":    {"refund"},
	"payouts":   {"refund"},
	"locales":   {"refund"},
	"reports":   {"refund"},
	"simulator": {},
	"rehearsal": {"refund", "simulator", "orders", "payouts"},
	"tests":     {"app", "refund", "intents", "policy", "dialogs", "engine", "storage", "bot", "orders", "payouts", "locales", "reports", "simulator", "rehearsal"},
}

// standardOnly are the rooms without a library from outside.
var standardOnly = []string{"refund"}

// adapters connect the desk to the world; none knows another. They are joined
// in app alone.
var adapters = []string{"bot", "storage", "orders", "payouts", "intents", "simulator"}

// forbidden are names that say nothing of what a package does.
var forbidden = []string{"utils", "util", "common", "helpers", "helper", "models", "model", "manager", "managers", "misc", "base"}

// goFile is one file's place and imports.
type goFile struct {
	path    string // from the module's root, with slashes
	room    string
	name    string // of its package
	test    bool
	imports []string
}

func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); path != ".." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || hasModule(path)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		local := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))
		file := goFile{path: local, name: parsed.Name.Name, test: strings.HasSuffix(local, "_test.go")}
		if room, _, inside := strings.Cut(local, "/"); inside {
			file.room = room
		}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			file.imports = append(file.imports, name)
		}
		files = append(files, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d files found: the test looks in the wrong place", len(files))
	}
	return files
}

// hasModule reports a module of its own, which the table does not speak about.
func hasModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return folder != ".." && err == nil
}

// TestImports holds every file against the table. Tests inside a room may use
// other rooms as their world, but no adapter another adapter; the sample shop and
// the store's model are such worlds too.
func TestImports(t *testing.T) {
	for _, file := range goFiles(t) {
		allowed, known := mayImport[file.room]
		if !known {
			t.Errorf("%s: the table has no room %q", file.path, file.room)
			continue
		}
		for _, name := range file.imports {
			first, rest, inside := strings.Cut(name, "/")
			if first != module {
				checkOutside(t, file, name)
				continue
			}
			room, _, _ := strings.Cut(rest, "/")
			switch {
			case !inside:
				t.Errorf("%s imports the command %s", file.path, name)
			case room == file.room:
			case slices.Contains(adapters, file.room) && slices.Contains(adapters, room):
				t.Errorf("%s imports %s: adapters never import each other", file.path, name)
			case !slices.Contains(allowed, room) && (!file.test || room == "app"):
				t.Errorf("%s imports %s, which the table does not allow", file.path, name)
			}
		}
	}
}

func checkOutside(t *testing.T, file goFile, name string) {
	t.Helper()
	host, _, _ := strings.Cut(name, "/")
	library := strings.Contains(host, ".")
	switch {
	case strings.Contains(name, "spago") && file.room != "intents":
		t.Errorf("%s imports %s: only intents may", file.path, name)
	case library && !file.test && slices.Contains(standardOnly, file.room):
		t.Errorf("%s imports %s: %s has the standard library only", file.path, name, file.room)
	case library && !file.test && file.room == "simulator" && name != "github.com/go-telegram/bot/models":
		t.Errorf("%s imports %s: the simulator has the standard library and the Bot API's types only", file.path, name)
	case file.room == "dialogs" && !file.test && slices.Contains([]string{"os", "net", "net/http", "log", "log/slog", "io", "math/rand", "math/rand/v2", "sync", "context"}, name):
		t.Errorf("%s imports %s: a step is pure", file.path, name)
	case file.room == "policy" && !file.test && slices.Contains([]string{"os", "net", "net/http", "log", "log/slog", "math/rand", "math/rand/v2"}, name):
		t.Errorf("%s imports %s: a decision is pure", file.path, name)
	}
}

// TestNames keeps packages that are called after nothing out of the house.
func TestNames(t *testing.T) {
	for _, file := range goFiles(t) {
		folders := strings.Split(file.path, "/")
		for _, name := range append(folders[:len(folders)-1], strings.TrimSuffix(file.name, "_test")) {
			if slices.Contains(forbidden, name) {
				t.Errorf("%s: no package is called %s", file.path, name)
			}
		}
	}
}

// TestMainIsSmall keeps the command line out of main.go.
func TestMainIsSmall(t *testing.T) {
	text, err := os.ReadFile("../main.go")
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(text, []byte("\n")); lines > 80 {
		t.Errorf("main.go has %d lines, at most 80", lines)
	}
}
