package payouts

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	yaml "github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"tuidan/refund"
)

const contractKey = "very-secret-0123456789abcdef0123456789"

func contractProvider() provider {
	return provider{
		name: "http",
		open: func(t *testing.T, url string, now func() time.Time) channel {
			c, err := OpenContract(ContractOptions{URL: url + "/pay/", Key: contractKey, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			return c
		},
		serve: func(t *till) http.Handler { return &contractServer{till: t} },
		payout: refund.Payout{Key: "star/T 1/1", Amount: refund.Money{Minor: 1000, Currency: "CNY"}, Charged: refund.Money{Minor: 3000, Currency: "CNY"},
			ChargeID: "ch_1", Payer: 42},
		secrets: []string{contractKey},
		balance: true, clock: true,
	}
}

// contractServer is a service by http.openapi.yaml, which holds every request and
// answer against that file.
type contractServer struct {
	till   *till
	mu     sync.Mutex
	nonces map[string]bool
	state  string                       // of refunds; "": accepted
	spoil  func(map[string]any)         // changes the next refund in an answer
	head   func(http.Header)            // changes the next answer's header
	at     time.Duration                // how far its clock is off in answers
	file   *contractFile                // nil: read when first needed
	broken []string                     // what did not keep to the file
	other  func(r *http.Request) string // target that is signed; nil: the request's
}

func (s *contractServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if s.file == nil {
		s.file = readContractFile()
		s.nonces = map[string]bool{}
	}
	status, answer := s.answer(r, body)
	text, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	if status != http.StatusUnauthorized {
		at := strconv.FormatInt(time.Now().Add(s.at).Unix(), 10)
		target := r.RequestURI
		if s.other != nil {
			target = s.other(r)
		}
		w.Header().Set("Tuidan-Timestamp", at)
		w.Header().Set("Tuidan-Signature", contractMAC(strconv.Itoa(status), target, at, r.Header.Get("Tuidan-Nonce"), text))
	}
	w.Header().Set("Content-Type", "application/json")
	if s.head != nil {
		s.head(w.Header())
	}
	if s.spoil == nil && s.head == nil {
		s.broken = append(s.broken, s.file.check(r, body, status, w.Header(), text)...)
	}
	for _, broken := range s.broken {
		panic(broken) // ends this answer, and so the test
	}
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func contractMAC(parts ...any) string {
	body := sha256.Sum256(parts[4].([]byte))
	mac := hmac.New(sha256.New, []byte(contractKey))
	_, _ = fmt.Fprintf(mac, "%s\n%s\n%s\n%s\n%x", parts[0], parts[1], parts[2], parts[3], body)
	return hex.EncodeToString(mac.Sum(nil))
}

func (s *contractServer) answer(r *http.Request, body []byte) (int, map[string]any) {
	at, err := strconv.ParseInt(r.Header.Get("Tuidan-Timestamp"), 10, 64)
	off := time.Since(time.Unix(at, 0))
	nonce := r.Header.Get("Tuidan-Nonce")
	wrong := r.Header.Get("Tuidan-Signature") != contractMAC(r.Method, r.RequestURI, r.Header.Get("Tuidan-Timestamp"), nonce, body)
	if err != nil || off > 300*time.Second || off < -300*time.Second || wrong || s.nonces[nonce] {
		return http.StatusUnauthorized, map[string]any{"error": "signature"}
	}
	s.nonces[nonce] = true
	var one struct {
		Key    string `json:"key"`
		Charge string `json:"charge"`
		Amount struct {
			Value    string `json:"value"`
			Currency string `json:"currency"`
		} `json:"amount"`
	}
	state, fault := s.state, ""
	if state == "" {
		state = "accepted"
	}
	if r.Method == http.MethodGet {
		escaped, _ := strings.CutPrefix(r.URL.EscapedPath(), "/pay/refunds/")
		key, err := url.PathUnescape(escaped)
		minor, known := s.till.find(key)
		if err != nil || !known {
			return http.StatusNotFound, map[string]any{"error": "unknown"}
		}
		one.Key, one.Charge, one.Amount.Value, one.Amount.Currency = key, "ch_1", epayMoney(minor), "CNY"
	} else {
		if err := json.Unmarshal(body, &one); err != nil || one.Key != r.Header.Get("Idempotency-Key") || r.URL.Path != "/pay/refunds" {
			return http.StatusUnauthorized, map[string]any{"error": "request"}
		}
		minor, ok := epayMinor(one.Amount.Value)
		switch out := s.till.pay(one.Key, minor); {
		case out == otherFigures:
			return http.StatusConflict, map[string]any{"error": "other figures"}
		case out == noBalance:
			state, fault = "failed", "no_balance"
		case out == tooMuch || !ok:
			state, fault = "failed", "not_refundable"
		}
	}
	answer := map[string]any{"key": one.Key, "charge": one.Charge, "state": state, "reference": "r-1", "more": true,
		"amount": map[string]any{"value": one.Amount.Value, "currency": one.Amount.Currency}}
	if fault != "" {
		answer["fault"], answer["note"] = fault, "拒绝"
	}
	if s.spoil != nil {
		s.spoil(answer)
	}
	return http.StatusOK, answer
}

// contractFile is http.openapi.yaml.
type contractFile struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
}

func readContractFile() *contractFile {
	text, err := os.ReadFile("http.openapi.yaml")
	if err != nil {
		panic(err)
	}
	if text, err = yaml.YAMLToJSON(text); err != nil {
		panic(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	f := &contractFile{doc: doc.(map[string]any), compiler: jsonschema.NewCompiler()}
	f.compiler.DefaultDraft(jsonschema.Draft2020) // as OpenAPI 3.1 has it
	if err := f.compiler.AddResource("http.json", doc); err != nil {
		panic(err)
	}
	return f
}

// at returns what a JSON pointer names, and its own pointer after references.
func (f *contractFile) at(pointer string) (map[string]any, string) {
	var here any = f.doc
	for _, step := range strings.Split(pointer, "/")[1:] {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch node := here.(type) {
		case map[string]any:
			here = node[step]
		case []any:
			i, _ := strconv.Atoi(step)
			here = node[i]
		}
	}
	node, _ := here.(map[string]any)
	if ref, ok := node["$ref"].(string); ok {
		return f.at(strings.TrimPrefix(ref, "#"))
	}
	return node, pointer
}

func (f *contractFile) valid(pointer string, value any) []string {
	_, pointer = f.at(pointer)
	schema, err := f.compiler.Compile("http.json#" + pointer)
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		return []string{fmt.Sprintf("%s: %v", pointer, err)}
	}
	return nil
}

func (f *contractFile) validBody(pointer string, body []byte) []string {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return []string{err.Error()}
	}
	return f.valid(pointer, value)
}

// check holds a request and its answer against the operation that they are of.
func (f *contractFile) check(r *http.Request, body []byte, status int, header http.Header, answer []byte) (wrong []string) {
	path, key, single := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/pay/"), "/")
	operation := "/paths/~1" + path + "/post"
	if single {
		operation = "/paths/~1" + path + "~1{key}/get"
	}
	node, _ := f.at(operation)
	if node == nil || !strings.HasSuffix(operation, strings.ToLower(r.Method)) {
		return []string{"no operation " + r.Method + " " + r.URL.Path}
	}
	for i := range node["parameters"].([]any) {
		parameter, at := f.at(fmt.Sprintf("%s/parameters/%d", operation, i))
		name := parameter["name"].(string)
		value := r.Header.Get(name)
		if parameter["in"] == "path" {
			value, _ = url.PathUnescape(key)
			if strings.Contains(key, "/") {
				wrong = append(wrong, "the key is not encoded: "+key)
			}
		}
		if value == "" {
			wrong = append(wrong, "no "+name)
			continue
		}
		wrong = append(wrong, f.valid(at+"/schema", value)...)
	}
	if !single {
		wrong = append(wrong, f.validBody(operation+"/requestBody/content/application~1json/schema", body)...)
	}
	response, at := f.at(fmt.Sprintf("%s/responses/%d", operation, status))
	if response == nil {
		return append(wrong, fmt.Sprintf("no answer %d", status))
	}
	headers, _ := response["headers"].(map[string]any)
	for name := range headers {
		_, place := f.at(at + "/headers/" + name)
		wrong = append(wrong, f.valid(place+"/schema", header.Get(name))...)
	}
	return append(wrong, f.validBody(at+"/content/application~1json/schema", answer)...)
}

// TestContractFile has that the file refuses what is wrong: else the conformance
// test would prove nothing.
func TestContractFile(t *testing.T) {
	t.Parallel()
	f := readContractFile()
	if f.doc["openapi"] != "3.1.0" {
		t.Errorf("openapi %v", f.doc["openapi"])
	}
	right := `{"key":"star/T1/1","amount":{"value":"10.00","currency":"CNY"},"charge":"ch_1"}`
	for body, fine := range map[string]bool{
		right: true,
		strings.Replace(right, `"10.00"`, `10`, 1):          false,
		strings.Replace(right, `"CNY"`, `"yuan"`, 1):        false,
		strings.Replace(right, `"ch_1"`, `""`, 1):           false,
		strings.Replace(right, `{"key"`, `{"x":1,"key"`, 1): false,
		`{}`: false,
	} {
		if wrong := f.validBody("/components/schemas/Request", []byte(body)); (wrong == nil) != fine {
			t.Errorf("%s: got %v", body, wrong)
		}
	}
	for body, fine := range map[string]bool{
		strings.Replace(right, `{`, `{"state":"accepted","new":1,`, 1):            true,
		strings.Replace(right, `{`, `{"state":"failed","fault":"no_balance",`, 1): true,
		strings.Replace(right, `{`, `{"state":"paid",`, 1):                        false,
		strings.Replace(right, `{`, `{"state":"failed","fault":"poor",`, 1):       false,
		right: false,
	} {
		if wrong := f.validBody("/components/schemas/Refund", []byte(body)); (wrong == nil) != fine {
			t.Errorf("%s: got %v", body, wrong)
		}
	}
	request := httptest.NewRequest(http.MethodGet, "/pay/refunds/star%2FT1%2F1", nil)
	if wrong := f.check(request, nil, http.StatusTeapot, http.Header{}, []byte(`{}`)); len(wrong) != 4 {
		t.Errorf("got %v, want three headers and the status", wrong)
	}
}

// TestContractExample holds the driver against the example that the file publishes.
func TestContractExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("http.openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenContract(ContractOptions{URL: "https://pay.example.com", Key: "0123456789abcdef0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	for method, body := range map[string][]byte{"GET": nil, "404": []byte(`{"error":"unknown"}`)} {
		signature := c.sign(method, "/refunds/star%2FT1001%2F1", "1772416800", "7Q2VJ5H3KD4ZL6MNRTUWXYABCE", body)
		if !bytes.Contains(text, []byte("`"+signature+"`")) {
			t.Errorf("%s is signed with %s, which the file does not say", method, signature)
		}
	}
}

// TestContractAnswers has what counts of a service's answers.
func TestContractAnswers(t *testing.T) {
	t.Parallel()
	field := func(name string, value any) func(*contractServer) {
		return func(s *contractServer) { s.spoil = func(answer map[string]any) { answer[name] = value } }
	}
	tests := []struct {
		name string
		set  func(*contractServer)
		want refund.PayoutState // "": an error
	}{
		{"processing", func(s *contractServer) { s.state = "processing" }, refund.Submitted},
		{"arrived", func(s *contractServer) { s.state = "arrived" }, refund.Arrived},
		{"came back", func(s *contractServer) { s.state = "failed" }, refund.PayoutFailed},
		{"no state", field("state", ""), ""},
		{"a state of its own", field("state", "paid"), ""},
		{"another key", field("key", "star/T1/2"), ""},
		{"another charge", field("charge", "ch_2"), ""},
		{"another amount", field("amount", map[string]any{"value": "9.00", "currency": "CNY"}), ""},
		{"another currency", field("amount", map[string]any{"value": "10.00", "currency": "USD"}), ""},
		{"a fault of its own", field("fault", "poor"), ""},
		{"a fault of what did not fail", field("fault", "no_balance"), ""},
		{"no signature", func(s *contractServer) { s.head = func(h http.Header) { h.Del("Tuidan-Signature") } }, ""},
		{"no time", func(s *contractServer) { s.head = func(h http.Header) { h.Del("Tuidan-Timestamp") } }, ""},
		{"another time", func(s *contractServer) { s.at = -10 * time.Minute }, ""},
		{"signed for another request", func(s *contractServer) { s.other = func(*http.Request) string { return "/pay/refunds/star%2FT1%2F2" } }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := &contractServer{}
			p := contractProvider()
			p.serve = func(t *till) http.Handler { server.till = t; return server }
			s := newStand(t, p)
			test.set(server)
			for range 2 {
				receipt, err := s.pay(t.Context(), p.payout)
				if receipt.State != test.want || (err == nil) != (test.want != "") || errors.Is(err, refund.ErrNotFound) {
					t.Errorf("paid: got %+v, %v", receipt, err)
				}
				receipt, err = s.ask(t.Context(), p.payout)
				if receipt.State != test.want || (err == nil) != (test.want != "") || errors.Is(err, refund.ErrNotFound) {
					t.Errorf("asked: got %+v, %v", receipt, err)
				}
			}
			s.wantPaid(1000)
		})
	}
}

func TestContractOptions(t *testing.T) {
	t.Parallel()
	_, err := OpenContract(ContractOptions{URL: "https://pay.example.com", Key: "very-secret"})
	wrongOption(t, err, "key", "very-secret")
	_, err = OpenContract(ContractOptions{URL: "https://user:very-secret@pay.example.com", Key: contractKey})
	wrongOption(t, err, "api_url", "very-secret")
}
