package locker

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tuidan/refund"
)

func put(t *testing.T, l *Locker, id refund.CaseID, content string) string {
	t.Helper()
	f, err := l.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Discard()
	if _, err := io.WriteString(f, content); err != nil {
		t.Fatal(err)
	}
	if err := f.Finish(); err != nil {
		t.Fatal(err)
	}
	sum, err := f.Keep()
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func open(t *testing.T, path string) *Keys {
	t.Helper()
	keys, err := OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestRotation keeps files and texts readable that were sealed before the key
// changed, and seals with the new key.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys")
	if err := CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	first := open(t, path)
	before := put(t, &Locker{Keys: first, Dir: dir}, "1.1", "before")
	sealed, err := first.Seal("ABCD-EFGH", "place")
	if err != nil {
		t.Fatal(err)
	}
	if err := RotateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	second := open(t, path)
	if first.Mark("account", "star", "138") != second.Mark("account", "star", "138") {
		t.Error("a rotation changes marks")
	}
	l := &Locker{Keys: second, Dir: dir}
	after := put(t, l, "1.1", "after")
	for sum, want := range map[string]string{before: "before", after: "after"} {
		if got, err := l.Open("1.1", sum); err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	if text, err := second.Open(sealed, "place"); text != "ABCD-EFGH" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := (&Locker{Keys: first, Dir: dir}).Open("1.1", after); !errors.Is(err, ErrDamaged) {
		t.Errorf("the old key opens what the new one sealed: %v", err)
	}
}

// TestMark makes different marks of what differs, also where the parts join.
func TestMark(t *testing.T) {
	keys, err1 := NewKeys()
	others, err2 := NewKeys()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, mark := range []string{keys.Mark("account", "star", "138"), keys.Mark("accounts", "tar", "138"), keys.Mark("account", "star1", "38"),
		keys.Mark("account", "", "star138"), keys.Mark("case", "star", "138"), others.Mark("account", "star", "138")} {
		if seen[mark] || strings.Contains(mark, "138") {
			t.Errorf("%s", mark)
		}
		seen[mark] = true
	}
}

// TestShred removes the files of one case, once or again, and nothing else.
func TestShred(t *testing.T) {
	dir := t.TempDir()
	keys, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	l := &Locker{Keys: keys, Dir: dir}
	if err := l.Shred(t.Context(), "1.1"); err != nil {
		t.Errorf("before there is any: %v", err)
	}
	gone, stays := put(t, l, "1.1", "gone"), put(t, l, "1.11", "stays")
	for range 2 {
		if err := l.Shred(t.Context(), "1.1"); err != nil {
			t.Error(err)
		}
	}
	if _, err := l.Open("1.1", gone); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was removed: %v", err)
	}
	if _, err := l.Open("1.11", stays); err != nil {
		t.Error(err)
	}
	for _, id := range []refund.CaseID{"", "..", "../1.11", "1.1/..", "x"} {
		if err := l.Shred(t.Context(), id); err == nil {
			t.Errorf("%q was removed", id)
		}
	}
}

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys")
	if err := CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	was, _ := os.ReadFile(path)
	if err := CreateKeyFile(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(was, now) {
		t.Error("the file was replaced")
	}
	for range 2 {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		if err := RotateKeyFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".keys-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if keys := open(t, path); strings.Contains(fmt.Sprintf("%v %+v %#v %s", keys, keys, keys, keys), "stream") {
		t.Error("keys show themselves")
	}
	if _, err := OpenKeyFile(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte(`{"primaryKeyId":1,"key":[{"keyData":{"value":"c2VjcmV0"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{RotateKeyFile(bad), func() error { _, err := OpenKeyFile(bad); return err }()} {
		if err == nil || strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("a bad file: %v", err)
		}
	}
}

func TestDamage(t *testing.T) {
	keys, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	l := &Locker{Keys: keys, Dir: t.TempDir()}
	content := strings.Repeat("a picture ", 2000)
	sum := put(t, l, "1.1", content)
	path := filepath.Join(l.Dir, "evidence", "1.1", sum+Ending)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(whole, []byte("picture")) {
		t.Error("the content can be read on disk")
	}
	changed := bytes.Clone(whole)
	changed[len(changed)/2] ^= 1
	damage := func(content []byte) {
		t.Helper()
		if err := errors.Join(os.Remove(path), os.WriteFile(path, content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string][]byte{
		"changed": changed, "cut": whole[:len(whole)-1], "cut at a segment": whole[:4096], "header": whole[:10], "empty": {}, "longer": append(bytes.Clone(whole), 0),
	} {
		damage(content)
		if got, err := l.Open("1.1", sum); !errors.Is(err, ErrDamaged) || got != nil {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	damage(whole)
	if got, err := l.Open("1.1", sum); string(got) != content || err != nil {
		t.Errorf("whole: %d bytes, %v", len(got), err)
	}
	// A file of another case, and one under another name.
	other := put(t, l, "1.2", "another file")
	from := filepath.Join(l.Dir, "evidence", "1.2", other+Ending)
	if err := os.Rename(from, filepath.Join(l.Dir, "evidence", "1.1", other+Ending)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Open("1.1", other); !errors.Is(err, ErrDamaged) {
		t.Errorf("another case's: %v", err)
	}
	swapped := strings.Repeat("0", 64)
	if err := os.Rename(path, filepath.Join(filepath.Dir(path), swapped+Ending)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Open("1.1", swapped); !errors.Is(err, ErrDamaged) {
		t.Errorf("under another name: %v", err)
	}
	if _, err := l.Open("1.1", sum); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	text, err := keys.Seal("ABCD", "here")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{text[:len(text)-1], nil} {
		if _, err := keys.Open(bad, "here"); !errors.Is(err, ErrDamaged) {
			t.Errorf("a bad text: %v", err)
		}
	}
	if _, err := keys.Open(text, "there"); !errors.Is(err, ErrDamaged) {
		t.Errorf("a text from elsewhere: %v", err)
	}
}

// TestKeptBeforeSealing reads a file from the time when files were not sealed, as
// long as it is what its name says.
func TestKeptBeforeSealing(t *testing.T) {
	keys, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	l := &Locker{Keys: keys, Dir: t.TempDir()}
	hash := sha256.Sum256([]byte("old"))
	sum := hex.EncodeToString(hash[:])
	path := filepath.Join(l.Dir, "evidence", "1.1", sum)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("old"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Open("1.1", sum); string(got) != "old" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Open("1.1", sum); !errors.Is(err, ErrDamaged) {
		t.Errorf("changed: %v", err)
	}
}

func TestNoCase(t *testing.T) {
	l := &Locker{Dir: t.TempDir()}
	for _, id := range []refund.CaseID{"", "../../etc", "1/2.1", "1.1/../../.."} {
		if _, err := l.Create(id); err == nil {
			t.Errorf("case %q was sealed", id)
		}
	}
}
