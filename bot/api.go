package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-telegram/bot/models"

	"tuidan/refund"
)

// DefaultAPI is Telegram's own server.
const DefaultAPI = "https://api.telegram.org"

// Client calls Bot API methods. It exists beside go-telegram/bot, whose
// parameters and models it sends and reads, because that library streams a
// multipart form through a pipe and a goroutine per call, never reads the HTTP
// status, and returns errors without the method and, for most codes, untyped.
//
// Its fields must not change once it is used.
type Client struct {
	URL     string        // of the server, without a path; empty: DefaultAPI
	Token   string        // never part of an error
	HTTP    *http.Client  // nil: NewHTTP()
	Timeout time.Duration // of one call, unless ctx ends earlier; 0: 15 s

	shared atomic.Pointer[http.Client]
}

// maxResponse bounds an answer of the server: a hundred updates of long texts
// are far below it.
const maxResponse = 32 << 20

// NewHTTP returns an HTTP client fit for one busy host: connections are kept,
// redirects are not followed since the token stands in the path. It has no
// timeout of its own; every call has a deadline.
func NewHTTP() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = 256
	transport.MaxIdleConnsPerHost = 256
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// APIError is a refusal by the server, or an answer that is no Bot API answer
// (a proxy's HTML page), then with the HTTP status as code.
// (Bot API: Making requests, ResponseParameters)
type APIError struct {
	Method      string
	Status      int // HTTP
	Code        int // error_code
	Description string
	RetryAfter  time.Duration // of 429; 0: not said
	MigrateTo   refund.ChatID // the group's new id; 0: it has none

	foreign bool // not the Bot API's own words
}

func (e *APIError) Error() string {
	return fmt.Sprintf("%s: %d %s", e.Method, e.Code, e.Description)
}

// CallError is a call that brought no answer.
type CallError struct {
	Method string
	// Written tells that the whole request went out, so the server may have
	// done what was asked.
	Written bool
	Err     error
}

func (e *CallError) Error() string { return fmt.Sprintf("%s: %v", e.Method, e.Err) }

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Err }

// Call posts params as JSON to a method and reads its result into the given
// pointer (nil: not wanted). It fails with *APIError or *CallError.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 15 * time.Second
	}
	return c.callFor(ctx, timeout, method, params, result)
}

func (c *Client) callFor(ctx context.Context, timeout time.Duration, method string, params, result any) error {
	body := []byte("{}")
	if params != nil {
		var err error
		if body, err = json.Marshal(params); err != nil {
			return &CallError{Method: method, Err: fmt.Errorf("encode parameters: %w", err)}
		}
	}
	return c.post(ctx, timeout, method, "application/json", body, result)
}

// Upload posts params as Call does, together with a file in the field that the
// method has for it. It fails with *APIError or *CallError.
// (Bot API: sending files)
func (c *Client) Upload(ctx context.Context, method string, params any, field string, file refund.Made, result any) error {
	body, contentType, err := form(params, field, file)
	if err != nil {
		return &CallError{Method: method, Err: fmt.Errorf("encode parameters: %w", err)}
	}
	return c.post(ctx, uploadTimeout, method, contentType, body, result)
}

// uploadTimeout is how long one upload may take: the most that the desk makes, on a
// slow line.
const uploadTimeout = time.Minute

// form writes parameters and a file as a multipart form: texts as they are, all
// other values as JSON.
func form(params any, field string, file refund.Made) (body []byte, contentType string, err error) {
	text, err := json.Marshal(params)
	if err != nil {
		return nil, "", err
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, "", err
	}
	var out bytes.Buffer
	writer := multipart.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := string(values[name])
		var plain string
		if json.Unmarshal(values[name], &plain) == nil {
			value = plain
		}
		if err := writer.WriteField(name, value); err != nil {
			return nil, "", err
		}
	}
	part, err := writer.CreateFormFile(field, file.Name)
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(file.Data); err != nil {
		return nil, "", err
	}
	err = writer.Close() // writes the end
	return out.Bytes(), writer.FormDataContentType(), err
}

// post sends one request and reads its answer.
func (c *Client) post(ctx context.Context, timeout time.Duration, method, contentType string, body []byte, result any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) { written.Store(info.Err == nil) },
	})
	fail := func(err error) error {
		return &CallError{Method: method, Written: written.Load(), Err: c.redact(err)}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base()+"/bot"+c.Token+"/"+method, bytes.NewReader(body))
	if err != nil {
		return fail(err)
	}
	request.Header.Set("Content-Type", contentType)
	response, err := c.http().Do(request)
	if err != nil {
		return fail(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return fail(err)
	}
	return c.read(method, response, text, result)
}

func (c *Client) read(method string, response *http.Response, text []byte, result any) error {
	var answer struct {
		OK          bool            `json:"ok"`
		Result      json.RawMessage `json:"result"`
		Code        int             `json:"error_code"`
		Description string          `json:"description"`
		Parameters  struct {
			RetryAfter int   `json:"retry_after"`
			MigrateTo  int64 `json:"migrate_to_chat_id"`
		} `json:"parameters"`
	}
	refusal := &APIError{Method: method, Status: response.StatusCode}
	if err := json.Unmarshal(text, &answer); err != nil || !answer.OK && answer.Code == 0 {
		refusal.Code, refusal.foreign = response.StatusCode, true
		refusal.Description = http.StatusText(response.StatusCode) + " (no Bot API answer)"
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
			refusal.RetryAfter = time.Duration(seconds) * time.Second
		}
		return refusal
	}
	if !answer.OK {
		refusal.Code = answer.Code
		refusal.Description = strings.ReplaceAll(answer.Description, c.tokenOr(), "<token>")
		refusal.RetryAfter = time.Duration(answer.Parameters.RetryAfter) * time.Second
		refusal.MigrateTo = refund.ChatID(answer.Parameters.MigrateTo)
		return refusal
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		return &CallError{Method: method, Written: true, Err: fmt.Errorf("decode result: %w", err)}
	}
	return nil
}

// Me returns the bot's own account. (Bot API: getMe)
func (c *Client) Me(ctx context.Context) (models.User, error) {
	var me models.User
	err := c.Call(ctx, "getMe", nil, &me)
	return me, err
}

func (c *Client) base() string {
	if c.URL == "" {
		return DefaultAPI
	}
	return strings.TrimSuffix(c.URL, "/")
}

func (c *Client) http() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	if shared := c.shared.Load(); shared != nil {
		return shared
	}
	c.shared.CompareAndSwap(nil, NewHTTP())
	return c.shared.Load()
}

// tokenOr returns the token, or a text that occurs nowhere.
func (c *Client) tokenOr() string {
	if c.Token == "" {
		return "\x00"
	}
	return c.Token
}

// redact keeps the token out of an error: url.Error prints the whole address.
// What stays is the cause, for errors.Is.
func (c *Client) redact(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if text := err.Error(); strings.Contains(text, c.tokenOr()) {
		return errors.New(strings.ReplaceAll(text, c.tokenOr(), "<token>"))
	}
	return err
}
