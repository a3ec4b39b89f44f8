package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	tgbot "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"tuidan/bot/locker"
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
	Locker *locker.Locker
	Now    func() time.Time
}

// downloadTimeout bounds the fetching of one file.
const downloadTimeout = 2 * time.Minute

// Seal fetches the file of a Seal job, or takes its forwarded text, and puts it
// into the locker before it returns. Sealing the same again gives the same file.
// Revision is 1; the step knows the right one. It fails with *engine.SealError,
// and with another error when the disk refuses. (Bot API: getFile)
func (s *Sealer) Seal(ctx context.Context, job refund.Job) (refund.Evidence, error) {
	evidence := refund.Evidence{
		Item:     job.Item,
		Message:  job.Message,
		Revision: 1,
		Kind:     refund.OtherKind,
		SentAt:   job.SentAt,
	}
	if job.File == nil && job.Text == "" {
		return evidence, sealError(refund.Unreadable, "neither file nor text")
	}
	file, err := s.Locker.Create(job.Case)
	if err != nil {
		return evidence, err
	}
	defer file.Discard()
	if job.File == nil {
		evidence.Size = int64(len(job.Text))
		if _, err := io.WriteString(file, job.Text); err != nil {
			return evidence, fmt.Errorf("seal: %w", err)
		}
	} else {
		evidence.Kind, evidence.FileID, evidence.UniqueID = job.File.Kind, job.File.FileID, job.File.UniqueID
		if evidence.Size, err = s.fetch(ctx, *job.File, file); err != nil {
			return evidence, err
		}
	}
	if err := file.Finish(); err != nil {
		return evidence, err
	}
	if job.File != nil {
		if evidence.Look, evidence.HasLook, err = lookAt(file.Reader, *job.File); err != nil {
			return evidence, err
		}
	}
	evidence.SealedAt = s.Now().UTC().Truncate(time.Second)
	evidence.SHA256, err = file.Keep()
	return evidence, err
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
