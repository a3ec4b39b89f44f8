package orders

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer is the longest answer that is read, in bytes.
const maxAnswer = 1 << 20

// ErrAnswer is returned when an answer came that cannot be understood or trusted.
// Nothing is concluded from it.
var ErrAnswer = errors.New("the answer is not what was agreed")

// web makes calls to one server. It follows no redirect, since a signed request
// or a password belongs to nobody else, and it is as patient as the context. Its
// errors say neither what was sent nor what came.
type web struct {
	base   string // without a slash at its end
	sent   string // a credential that requests carry, which no answer is to say back; "": none
	client *http.Client
}

// CheckURL says in words what makes an address unusable as a server's. What is said
// of an order moves money, so it does not travel in plain, except within a machine.
func CheckURL(base string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("that is no address of a server, such as https://shop.example.com/refunds")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("the address of a server has no user, no password and nothing behind ? or #")
	}
	ip := net.ParseIP(u.Hostname())
	if local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback(); u.Scheme == "http" && !local {
		return errors.New("the address of a server begins with https://: whoever sits on the way could change what it says, and refunds rest on that")
	}
	return nil
}

// newWeb fails when the address is none of a web server.
func newWeb(base string) (*web, error) {
	if err := CheckURL(base); err != nil {
		return nil, err
	}
	return &web{base: strings.TrimRight(base, "/"), client: &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: 90 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// answer is what a server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes one request; target begins with a slash and may have a query.
func (w *web) call(ctx context.Context, method, target string, header http.Header, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, w.base+target, bytes.NewReader(body))
	if err != nil {
		return answer{}, errors.New("the request cannot be written")
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if request.Header.Get("Accept") == "" {
		request.Header.Set("Accept", "application/json")
	}
	if len(body) > 0 && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	path := request.URL.Path
	response, err := w.client.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, unquoted(err))
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("%s %s: %w", method, path, unquoted(err))
	case len(data) > maxAnswer:
		return answer{}, fmt.Errorf("%s %s: longer than %d bytes: %w", method, path, maxAnswer, ErrAnswer)
	case response.StatusCode >= 300 && response.StatusCode < 400:
		return answer{}, fmt.Errorf("%s %s: a redirect (%d), which is not followed: %w", method, path, response.StatusCode, ErrAnswer)
	}
	if w.sent != "" {
		data = bytes.ReplaceAll(data, []byte(w.sent), []byte(removed))
	}
	return answer{status: response.StatusCode, header: response.Header, body: data}, nil
}

// unquoted is an error of the HTTP client without the whole address, and without what
// came where that was no HTTP: it may say back what a request carried.
func unquoted(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, known) {
			return err
		}
	}
	_, dialed := errors.AsType[*net.OpError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	if dialed || untrusted || plain {
		return err
	}
	return fmt.Errorf("no HTTP that can be read came: %w", ErrAnswer)
}

// decode reads the body as JSON; numbers keep their digits.
func (a answer) decode(into any) error {
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("not the JSON that was expected: %w", ErrAnswer)
	}
	return nil
}
