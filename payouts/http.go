package payouts

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// What is read of a provider's answer, in bytes.
const (
	maxHeader = 64 << 10
	maxBody   = 1 << 20
)

// newClient returns the HTTP client of a channel. It follows no redirect, because
// what was signed for one address must not reach another, and reads a limited part
// of an answer. How long it waits is the context's to say.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = maxHeader
	return &http.Client{Transport: guarded{transport}}
}

// guarded is a transport that refuses redirects and limits bodies, for clients
// that read answers by themselves too.
type guarded struct{ base http.RoundTripper }

// errRedirect says that a server sent us elsewhere.
var errRedirect = errors.New("the server answers with a redirect, which is not followed")

// RoundTrip sends one request.
func (g guarded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := g.base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		_ = response.Body.Close()
		return nil, errRedirect
	}
	response.Body = http.MaxBytesReader(nil, response.Body, maxBody)
	return response, nil
}

// answer is what a provider answered, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// exchange sends a request and reads its answer. Its errors leave open whether the
// request was carried out, and say nothing of address, header or body.
func exchange(client *http.Client, request *http.Request) (answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return answer{}, bare(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, bare(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}, nil
}

// bare returns what may be told of a failed exchange: the HTTP client's own errors
// quote addresses and parts of answers, which can carry credentials.
func bare(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fmt.Errorf("the answer has more than %d bytes", large.Limit)
	}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, errRedirect} {
		if errors.Is(err, known) {
			return fmt.Errorf("no answer: %w", known)
		}
	}
	_, dialed := errors.AsType[*net.OpError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, foreign := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case unknown, foreign, invalid:
		return errors.New("the server's certificate is not trusted")
	case dialed:
		return fmt.Errorf("no answer: %w", err)
	}
	return errors.New("the answer cannot be read")
}

// server reads the address of a provider: usual when text is empty. Credentials and
// money do not travel in plain, except within a machine.
func server(text, usual string) (*url.URL, error) {
	if text == "" {
		text = usual
	}
	address, err := url.Parse(text)
	if err != nil || address.Host == "" || address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return nil, &OptionError{"api_url", "this is no address such as " + usual}
	}
	ip := net.ParseIP(address.Hostname())
	local := address.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if address.Scheme != "https" && (address.Scheme != "http" || !local) {
		return nil, &OptionError{"api_url", "an address of a payment channel begins with https://"}
	}
	return address, nil
}

// OptionError says what is wrong with an option of a channel. It never quotes the
// option's value.
type OptionError struct {
	Option string // as the config calls it: key for key_file too
	Text   string
}

// Error writes option and text.
func (e *OptionError) Error() string { return e.Option + ": " + e.Text }

var codeShape = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// code returns a provider's code for an error's text, unless it is something else.
func code(text string) string {
	if codeShape.MatchString(text) {
		return text
	}
	return "?"
}

// maxNote is how much of a provider's words a receipt keeps, in characters.
const maxNote = 200

// note is a provider's own words as one short line.
func note(text string) string {
	line := []rune(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " "))
	return string(line[:min(len(line), maxNote)])
}
