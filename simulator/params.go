package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxBody is the largest request that the Bot API accepts: 50 MB uploads and their fields.
const maxBody = 52 << 20

// params are the fields of one request, whichever of the four encodings it came in (Bot API: Making requests).
// Values are kept as text: a JSON string without its quotes, any other JSON value as it was written.
type params struct {
	values map[string]string
	files  map[string]upload
}

// upload is a file carried by a multipart request.
type upload struct {
	name string
	data []byte
}

func readParams(r *http.Request) (*params, error) {
	p := &params{values: make(map[string]string, 8)}
	p.addQuery(r.URL.Query())
	contentType, attributes, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		contentType = ""
	}
	body := io.LimitReader(r.Body, maxBody)
	switch contentType {
	case "multipart/form-data":
		err = p.readMultipart(r, attributes["boundary"])
	case "application/json":
		err = p.readJSON(body)
	case "application/x-www-form-urlencoded":
		err = p.readForm(body)
	default:
		err = nil
	}
	if err != nil {
		return nil, err
	}
	// The server notices a client that went away only after the body was read to its end; a long poll depends on it.
	_, err = io.Copy(io.Discard, body)
	return p, err
}

func (p *params) addQuery(query url.Values) {
	for key, values := range query {
		p.values[key] = values[0]
	}
}

func (p *params) readForm(body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	query, err := url.ParseQuery(string(data))
	if err != nil {
		return err
	}
	p.addQuery(query)
	return nil
}

func (p *params) readJSON(body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil || len(bytes.TrimSpace(data)) == 0 {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	for key, raw := range fields {
		switch {
		case string(raw) == "null":
		case raw[0] == '"':
			var text string
			if err := json.Unmarshal(raw, &text); err != nil {
				return err
			}
			p.values[key] = text
		default:
			p.values[key] = string(raw)
		}
	}
	return nil
}

// readMultipart streams the parts, so that nothing is written to a temporary folder.
func (p *params) readMultipart(r *http.Request, boundary string) error {
	if boundary == "" {
		return errors.New("multipart without boundary")
	}
	reader, err := r.MultipartReader()
	if err != nil {
		return err
	}
	left := int64(maxBody)
	for {
		part, err := reader.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			// A client without parameters sends a multipart header and no part at all.
			if len(p.values) == 0 && len(p.files) == 0 && errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		data, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return err
		}
		if left -= int64(len(data)); left < 0 {
			return errors.New("request is larger than 50 MB")
		}
		if part.FileName() == "" {
			p.values[part.FormName()] = string(data)
			continue
		}
		if p.files == nil {
			p.files = make(map[string]upload)
		}
		p.files[part.FormName()] = upload{name: part.FileName(), data: data}
	}
}

func (p *params) text(key string) string { return p.values[key] }

// int reads a number; what is missing or no number counts as 0, as Telegram does.
func (p *params) int(key string) int64 {
	n, err := strconv.ParseInt(p.values[key], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// flag reads a boolean; Telegram accepts true, True, yes and 1.
func (p *params) flag(key string) bool {
	switch strings.ToLower(p.values[key]) {
	case "true", "yes", "1":
		return true
	}
	return false
}

// decode reads a field that holds JSON into dst and reports whether the field was there.
func (p *params) decode(key string, dst any) (bool, error) {
	value, ok := p.values[key]
	if !ok || value == "" {
		return false, nil
	}
	if err := json.Unmarshal([]byte(value), dst); err != nil {
		return false, badRequest(fmt.Sprintf("can't parse %s JSON object", strings.ReplaceAll(key, "_", " ")))
	}
	return true, nil
}
