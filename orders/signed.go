package orders

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// MinSecret is the least length of a secret that both sides sign with, in bytes.
const MinSecret = 32

// signedWeb makes calls by the contracts of our own: both sides sign, and an answer is
// believed only when it was signed for this very request. So nobody on the way can
// say that a top-up failed, and no old answer can be shown again.
type signedWeb struct {
	web    *web
	secret []byte
	now    func() time.Time
}

// newSigned fails when the address or the secret is not usable.
func newSigned(base string, secret []byte, now func() time.Time) (signedWeb, error) {
	w, err := newWeb(base)
	if err == nil && len(secret) < MinSecret {
		err = fmt.Errorf("the secret that both sides sign with has at least %d characters", MinSecret)
	}
	return signedWeb{web: w, secret: secret, now: now}, err
}

// ask makes one signed request; target begins with a slash and may have a query.
func (s signedWeb) ask(ctx context.Context, method, target string, body []byte) (answer, error) {
	const timestampHeader, nonceHeader, signatureHeader = "Tuidan-Timestamp", "Tuidan-Nonce", "Tuidan-Signature"
	full, err := url.Parse(s.web.base + target)
	if err != nil {
		return answer{}, errors.New("the request cannot be written")
	}
	timestamp, nonce := strconv.FormatInt(s.now().Unix(), 10), rand.Text()
	got, err := s.web.call(ctx, method, target, http.Header{
		timestampHeader: {timestamp}, nonceHeader: {nonce},
		signatureHeader: {s.sign(method, full.RequestURI(), timestamp, nonce, digest(body))},
	}, body)
	if err != nil {
		return answer{}, err
	}
	want := s.sign(strconv.Itoa(got.status), nonce, digest(got.body))
	if !hmac.Equal([]byte(want), []byte(strings.ToLower(got.header.Get(signatureHeader)))) {
		if got.status == http.StatusUnauthorized {
			return answer{}, fmt.Errorf("our signature is refused (401): the secret or one of the clocks is wrong: %w", ErrAnswer)
		}
		return answer{}, fmt.Errorf("status %d without the other side's signature: %w", got.status, ErrAnswer)
	}
	got.body = bytes.ReplaceAll(got.body, s.secret, []byte(removed)) // now that nothing hangs on its bytes
	return got, nil
}

// ping asks whether the other side is there and takes our signature.
func (s signedWeb) ping(ctx context.Context) error {
	got, err := s.ask(ctx, http.MethodGet, "/ping", nil)
	if err == nil && got.status != http.StatusOK {
		err = strange(got)
	}
	return err
}

// sign is the hex HMAC-SHA256 of lines.
func (s signedWeb) sign(lines ...string) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(mac.Sum(nil))
}

// digest is the hex SHA-256 of a body.
func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// strange says that an answer's status is none that ends its call.
func strange(got answer) error {
	return fmt.Errorf("status %d: %w", got.status, ErrAnswer)
}
