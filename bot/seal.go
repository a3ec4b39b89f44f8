package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	tgbot "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"tuidan/engine"
	"tuidan/refund"
)

func sealError(fail refund.Fail, format string, args ...any) error {
	return &engine.SealError{Fail: fail, Err: fmt.Errorf(format, args...)}
}

// Sealer fetches evidence and keeps it: Telegram is no archive, it lets its
// users delete.
type Sealer struct {
	Client *Client
	Dir    string // files go to Dir/evidence/CASE/SHA-256
	Now    func() time.Time
}

// downloadTimeout bounds the fetching of one file.
const downloadTimeout = 2 * time.Minute

// Seal fetches the file of a Seal job, or takes its forwarded text, and puts it
// on disk before it returns: written, synced, renamed. Sealing the same again
// gives the same file. Revision is 1; the step knows the right one. It fails
// with *engine.SealError, and with another error when the disk refuses.
// (Bot API: getFile)
func (s *Sealer) Seal(ctx context.Context, job refund.Job) (refund.Evidence, error) {
	evidence := refund.Evidence{
		Item:     job.Item,
		Message:  job.Message,
		Revision: 1,
		Kind:     refund.OtherKind,
		SentAt:   job.SentAt,
	}
	if _, ok := job.Case.Chat(); !ok || !plainPart(string(job.Case)) {
		return evidence, fmt.Errorf("seal: %q is no case", job.Case)
	}
	if job.File == nil && job.Text == "" {
		return evidence, sealError(refund.Unreadable, "neither file nor text")
	}
	dir := filepath.Join(s.Dir, "evidence", string(job.Case))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return evidence, fmt.Errorf("seal: %w", err)
	}
	part, err := os.CreateTemp(dir, ".part-*")
	if err != nil {
		return evidence, fmt.Errorf("seal: %w", err)
	}
	defer os.Remove(part.Name()) // nothing is left under this name on success
	defer part.Close()

	hash := sha256.New()
	into := io.MultiWriter(part, hash)
	if job.File == nil {
		evidence.Size = int64(len(job.Text))
		if _, err := io.WriteString(into, job.Text); err != nil {
			return evidence, fmt.Errorf("seal: %w", err)
		}
	} else {
		evidence.Kind, evidence.FileID, evidence.UniqueID = job.File.Kind, job.File.FileID, job.File.UniqueID
		if evidence.Size, err = s.fetch(ctx, *job.File, into); err != nil {
			return evidence, err
		}
		if evidence.Look, evidence.HasLook, err = lookAt(part, *job.File); err != nil {
			return evidence, err
		}
	}
	evidence.SHA256 = hex.EncodeToString(hash.Sum(nil))
	evidence.SealedAt = s.Now().UTC().Truncate(time.Second)
	return evidence, keep(part, dir, evidence.SHA256)
}

// keep makes the file durable under its name, so that no crash after it can
// leave a committed seal without its file.
func keep(part *os.File, dir, name string) error {
	if err := part.Sync(); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if err := part.Chmod(0o400); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if err := os.Rename(part.Name(), filepath.Join(dir, name)); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	// The directories' own entries too, up to the one that is there from the start.
	for _, path := range []string{dir, filepath.Dir(dir), filepath.Dir(filepath.Dir(dir))} {
		if err := syncDir(path); err != nil {
			return fmt.Errorf("seal: %w", err)
		}
	}
	return nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// fetch downloads a file of at most MaxFileBytes and returns its size.
func (s *Sealer) fetch(ctx context.Context, file refund.File, into io.Writer) (int64, error) {
	if file.Size > refund.MaxFileBytes {
		return 0, sealError(refund.TooBig, "%d bytes announced", file.Size)
	}
	var found models.File
	if err := s.Client.Call(ctx, "getFile", tgbot.GetFileParams{FileID: file.FileID}, &found); err != nil {
		refusal, ok := errors.AsType[*APIError](err)
		switch {
		case ok && refusal.Code == 400 && strings.Contains(strings.ToLower(refusal.Description), "too big"):
			return 0, &engine.SealError{Fail: refund.TooBig, Err: err}
		case ok && refusal.Code == 400 && !strings.Contains(strings.ToLower(refusal.Description), "temporarily"):
			return 0, &engine.SealError{Fail: refund.Unreadable, Err: err}
		}
		return 0, &engine.SealError{Fail: refund.Unreachable, Err: err}
	}
	if found.FileSize > refund.MaxFileBytes {
		return 0, sealError(refund.TooBig, "%d bytes announced", found.FileSize)
	}
	return s.Client.download(ctx, found.FilePath, into)
}

// download copies a file that getFile named into a writer and returns its size.
// It fails with *engine.SealError; the address holds the token and is in none.
func (c *Client) download(ctx context.Context, path string, into io.Writer) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	var escaped []string
	for _, part := range strings.Split(path, "/") {
		escaped = append(escaped, url.PathEscape(part))
	}
	address := c.base() + "/file/bot" + c.Token + "/" + strings.Join(escaped, "/")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, &engine.SealError{Fail: refund.Unreachable, Err: c.redact(err)}
	}
	response, err := c.http().Do(request)
	if err != nil {
		return 0, &engine.SealError{Fail: refund.Unreachable, Err: c.redact(err)}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, sealError(refund.Unreachable, "download: %s", response.Status)
	}
	body := &watched{reader: io.LimitReader(response.Body, refund.MaxFileBytes+1)}
	n, err := io.Copy(into, body)
	switch {
	case body.err != nil:
		return n, &engine.SealError{Fail: refund.Unreachable, Err: c.redact(body.err)}
	case err != nil:
		return n, fmt.Errorf("seal: %w", err) // the disk
	case n > refund.MaxFileBytes:
		return n, sealError(refund.TooBig, "more than %d bytes", refund.MaxFileBytes)
	case response.ContentLength > 0 && n < response.ContentLength:
		return n, sealError(refund.Unreachable, "download ended after %d of %d bytes", n, response.ContentLength)
	}
	return n, nil
}

// watched remembers a reader's error, to tell the network's from the disk's.
type watched struct {
	reader io.Reader
	err    error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.reader.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}
