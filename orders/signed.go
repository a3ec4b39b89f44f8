package orders

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// signedWeb makes calls by the contracts of our own: both sides sign, and an answer is
// believed only when it was signed for this very request. So nobody on the way can
// say that a top-up failed, and no old answer can be shown again.
type signedWeb struct {
	web    *web
	secret []byte
	now    func() time.Time
}

// ask makes one signed request; target begins with a slash and may have a query.
func (s signedWeb) ask(ctx context.Context, method, target string, body []byte) (answer, error) {
	const timestampHeader, nonceHeader, signatureHeader = "Tuidan-Timestamp", "Tuidan-Nonce", "Tuidan-Signature"
	full, err := url.Parse(s.web.base + target)
	if err != nil {
		return answer{}, err
	}
	timestamp, nonce := strconv.FormatInt(s.now().Unix(), 10), rand.Text()
	got, err := s.web.call(ctx, method, target, http.Header{
		timestampHeader: {timestamp}, nonceHeader: {nonce},
		signatureHeader: {s.sign(method, full.RequestURI(), timestamp, nonce, sumOf(body))},
	}, body)
	if err != nil {
		return answer{}, err
	}
	want := s.sign(strconv.Itoa(got.status), nonce, sumOf(got.body))
	if !hmac.Equal([]byte(want), []byte(strings.ToLower(got.header.Get(signatureHeader)))) {
		if got.status == http.StatusUnauthorized {
			return answer{}, fmt.Errorf("our signature is refused (401): the secret or one of the clocks is wrong: %w", ErrAnswer)
		}
		return answer{}, fmt.Errorf("status %d without the other side's signature: %w", got.status, ErrAnswer)
	}
	return got, nil
}

// sign is the hex HMAC-SHA256 of lines.
func (s signedWeb) sign(lines ...string) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(mac.Sum(nil))
}

func sumOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
