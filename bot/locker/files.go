package locker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tuidan/refund"
)

// Ending marks a sealed file. One without it was kept before files were sealed: it
// is read as it is, and its name still tells whether it was changed.
const Ending = ".sealed"

// Locker is the folder of sealed files.
type Locker struct {
	Keys *Keys
	Dir  string // files go to Dir/evidence/CASE/SHA-256.sealed
}

// label ties a file to its case, and so to its shop; to its content it is tied by
// the name that Open holds it against.
func label(id refund.CaseID) []byte { return []byte("evidence " + string(id)) }

// File is one that is being sealed. Write it, Finish it, look at it, then Keep it;
// Discard what was not kept.
type File struct {
	locker *Locker
	id     refund.CaseID
	dir    string
	part   *os.File
	hash   hash.Hash
	into   io.WriteCloser
}

// Create begins a file of a case. An id that is no case's is an error.
func (l *Locker) Create(id refund.CaseID) (*File, error) {
	dir, err := l.folder(id)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	part, err := os.CreateTemp(dir, ".part-*")
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	f := &File{locker: l, id: id, dir: dir, part: part, hash: sha256.New()}
	if f.into, err = l.Keys.stream.NewEncryptingWriter(part, label(id)); err != nil {
		f.Discard()
		return nil, fmt.Errorf("seal: %w", err)
	}
	return f, nil
}

// folder is where the files of a case lie. An id that is no case's is an error.
func (l *Locker) folder(id refund.CaseID) (string, error) {
	if _, ok := id.Chat(); !ok || !filepath.IsLocal(string(id)) || strings.ContainsAny(string(id), `/\`) {
		return "", fmt.Errorf("%q is no case", id)
	}
	return filepath.Join(l.Dir, "evidence", string(id)), nil
}

// Shred removes all files of a case, whose buyer was erased. That there are none is
// no error.
func (l *Locker) Shred(_ context.Context, id refund.CaseID) error {
	dir, err := l.folder(id)
	if err != nil {
		return fmt.Errorf("remove evidence: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove evidence: %w", err)
	}
	if err := syncDir(filepath.Dir(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove evidence: %w", err)
	}
	return nil
}

// Write seals more of the content.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.into.Write(p)
	f.hash.Write(p[:n])
	return n, err
}

// Finish ends the content.
func (f *File) Finish() error {
	if err := f.into.Close(); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	return nil
}

// Reader reads the finished content from its beginning.
func (f *File) Reader() (io.Reader, error) {
	return f.locker.Keys.stream.NewDecryptingReader(io.NewSectionReader(f.part, 0, 1<<40), label(f.id))
}

// Keep makes the file durable under its name, so that no crash after it can leave
// a committed seal without its file, and returns the SHA-256 of its content. The
// same content again gives the same name.
func (f *File) Keep() (sum string, err error) {
	sum = hex.EncodeToString(f.hash.Sum(nil))
	err = f.part.Sync()
	if err == nil {
		err = f.part.Chmod(0o400)
	}
	if err == nil {
		err = os.Rename(f.part.Name(), filepath.Join(f.dir, sum+Ending))
	}
	// The directories' own entries too, up to the one that is there from the start.
	for _, path := range []string{f.dir, filepath.Dir(f.dir), filepath.Dir(filepath.Dir(f.dir))} {
		if err == nil {
			err = syncDir(path)
		}
	}
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return sum, nil
}

// Discard ends the work on a file and removes what was not kept of it.
func (f *File) Discard() {
	_ = f.part.Close()
	_ = os.Remove(f.part.Name()) // nothing is left under this name when it was kept
}

// Open returns the content of a case's file by the SHA-256 of it. It fails with
// fs.ErrNotExist, wrapped, where there is none, and with ErrDamaged, wrapped, when
// it is not what was sealed.
func (l *Locker) Open(id refund.CaseID, sum string) ([]byte, error) {
	path := filepath.Join(l.Dir, "evidence", string(id), sum)
	content, err := l.read(path+Ending, id)
	if errors.Is(err, fs.ErrNotExist) {
		content, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open evidence %s of case %s: %w", sum, id, err)
	}
	if got := sha256.Sum256(content); hex.EncodeToString(got[:]) != sum {
		return nil, fmt.Errorf("open evidence %s of case %s: %w", sum, id, ErrDamaged)
	}
	return content, nil
}

func (l *Locker) read(path string, id refund.CaseID) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := l.Keys.stream.NewDecryptingReader(file, label(id))
	if err != nil {
		return nil, ErrDamaged
	}
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, ErrDamaged
	}
	return content, nil
}
