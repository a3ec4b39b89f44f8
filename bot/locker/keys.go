// Package locker keeps evidence encrypted at rest. (R61)
//
// A file that a buyer sent lies in DIR/evidence/CASE under the SHA-256 of its
// content and the ending .sealed; what is on disk is encrypted from the first byte
// on. A card secret that a buyer wrote is small enough to be kept sealed in its
// case's record. Both are opened with the keys of one key file.
package locker

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/streamingaead"
	"github.com/tink-crypto/tink-go/v2/streamingaead/aesgcmhkdf"
	"github.com/tink-crypto/tink-go/v2/tink"

	"tuidan/refund"
)

// ErrDamaged is returned for what does not open. A cipher cannot tell which of
// the causes it is.
var ErrDamaged = errors.New("it was changed or cut off, or its key is not in the key file")

// Keys seal with the newest of a set of keys and open with every one of them. Marks
// are made with one that is derived from the oldest, which stays, so that what is
// marked before and after a rotation agrees. They never show themselves in a log or an error, and are safe for concurrent use.
type Keys struct {
	handle *keyset.Handle
	stream tink.StreamingAEAD
	marks  []byte // the key of Mark
}

// NewKeys makes a set of one key, which is gone with the process unless it is
// written to a file.
func NewKeys() (*Keys, error) {
	handle, err := keyset.NewHandle(streamingaead.AES256GCMHKDF4KBKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return keysOf(handle)
}

func keysOf(handle *keyset.Handle) (*Keys, error) {
	stream, err := streamingaead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use the keys: %w", err)
	}
	marks, err := markKey(handle)
	if err != nil {
		return nil, fmt.Errorf("use the keys: %w", err)
	}
	return &Keys{handle, stream, marks}, nil
}

// markKey derives the key of marks from the oldest key of the set.
func markKey(handle *keyset.Handle) ([]byte, error) {
	oldest, err := handle.Entry(0)
	if err != nil {
		return nil, err
	}
	own, ok := oldest.Key().(*aesgcmhkdf.Key)
	if !ok {
		return nil, errors.New("a key of another kind")
	}
	return hkdf.Key(sha256.New, own.KeyBytes().Data(insecuresecretdataaccess.Token{}), nil, "tuidan marks", sha256.Size)
}

// Mark hashes a value of a shop with a key that no rotation changes, so that equal
// ones can be counted without being kept.
func (k *Keys) Mark(kind string, shop refund.ShopID, value string) string {
	mac := hmac.New(sha256.New, k.marks)
	for _, part := range []string{kind, string(shop), value} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part))) // so that no two are written alike
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// String hides the keys.
func (*Keys) String() string { return "[redacted]" }

// GoString hides the keys.
func (*Keys) GoString() string { return "[redacted]" }

// CreateKeyFile makes a key file that only its owner can read. It fails with
// fs.ErrExist, wrapped, where there is a file already: whoever loses a key loses
// what was sealed with it.
func CreateKeyFile(path string) error {
	keys, err := NewKeys()
	if err != nil {
		return err
	}
	part, err := keys.write(path)
	if err != nil {
		return err
	}
	defer os.Remove(part)
	// A link never replaces a file, and the key is whole when its name appears.
	if err := os.Link(part, path); err != nil {
		return fmt.Errorf("make the key file: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// RotateKeyFile adds a key to the file, with which everything is sealed from then
// on; the old ones still open what they sealed. The desk takes it at its next
// start.
func RotateKeyFile(path string) error {
	keys, err := OpenKeyFile(path)
	if err != nil {
		return err
	}
	manager := keyset.NewManagerFromHandle(keys.handle)
	id, err := manager.Add(streamingaead.AES256GCMHKDF4KBKeyTemplate())
	if err == nil {
		err = manager.SetPrimary(id)
	}
	if err == nil {
		keys.handle, err = manager.Handle()
	}
	if err != nil {
		return fmt.Errorf("add a key: %w", err)
	}
	part, err := keys.write(path)
	if err != nil {
		return err
	}
	defer os.Remove(part) // nothing is left under this name on success
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("replace the key file: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// write puts the keys on disk beside a path and returns where.
func (k *Keys) write(path string) (part string, err error) {
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(k.handle, keyset.NewJSONWriter(&text)); err != nil {
		return "", fmt.Errorf("write the keys: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // 0600
	if err != nil {
		return "", fmt.Errorf("write the keys: %w", err)
	}
	_, err = file.Write(append(text.Bytes(), '\n'))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return "", fmt.Errorf("write the keys: %w", err)
	}
	return file.Name(), nil
}

// OpenKeyFile reads a key file. It fails with fs.ErrNotExist, wrapped, where there
// is none.
func OpenKeyFile(path string) (*Keys, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		// What the parser says of it could show a part of a key.
		return nil, fmt.Errorf("%s is no key file", path)
	}
	keys, err := keysOf(handle)
	if err != nil {
		return nil, fmt.Errorf("%s is a key file for something else", path)
	}
	return keys, nil
}

// OpenOrCreate reads a key file and makes it where there is none: for a desk that
// nothing depends on.
func OpenOrCreate(path string) (*Keys, error) {
	keys, err := OpenKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if err := CreateKeyFile(path); err != nil {
		return nil, err
	}
	return OpenKeyFile(path)
}

// SecretLabel is the label of a secret that stood in a message.
func SecretLabel(chat refund.ChatID, message int) string {
	return fmt.Sprintf("secret %d/%d", chat, message)
}

// Seal encrypts a short text. It opens only with the same label, which ties it to
// its place.
func (k *Keys) Seal(text, label string) ([]byte, error) {
	var sealed bytes.Buffer
	w, err := k.stream.NewEncryptingWriter(&sealed, []byte(label))
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("seal a text: %w", err)
	}
	return sealed.Bytes(), nil
}

// Open decrypts what Seal made. It fails with ErrDamaged.
func (k *Keys) Open(sealed []byte, label string) (string, error) {
	r, err := k.stream.NewDecryptingReader(bytes.NewReader(sealed), []byte(label))
	if err != nil {
		return "", ErrDamaged
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return "", ErrDamaged
	}
	return string(text), nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
