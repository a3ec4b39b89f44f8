package orders

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"tuidan/refund"
)

// contractSite is a supplier that was written by supplier.openapi.yaml.
type contractSite struct {
	t       *testing.T
	stage   *stage
	mu      sync.Mutex
	records map[string]string // by order_no
	answers map[string]string // by path
	lacks   map[string]bool   // by path
	forge   string            // what is wrong with the signature of answers
	nonces  map[string]bool
	done    map[string]int // requests carried out, by path and key
	bodies  []json.RawMessage
	last    string // signature of the answer before
}

func (s *contractSite) mac(secret string, lines ...string) string {
	m := hmac.New(sha256.New, []byte(secret))
	for i, line := range lines {
		if i > 0 {
			_, _ = io.WriteString(m, "\n")
		}
		_, _ = io.WriteString(m, line)
	}
	return fmt.Sprintf("%x", m.Sum(nil))
}

func (s *contractSite) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	stamp, nonce := r.Header.Get("Tuidan-Timestamp"), r.Header.Get("Tuidan-Nonce")
	sent, _ := strconv.ParseInt(stamp, 10, 64)
	if s.nonces == nil {
		s.nonces, s.done = map[string]bool{}, map[string]int{}
	}
	if s.nonces[nonce] || len(nonce) < 16 || time.Unix(sent, 0).Sub(s.stage.now).Abs() > 300*time.Second ||
		r.Header.Get("Tuidan-Signature") != s.mac(credential, r.Method, r.URL.RequestURI(), stamp, nonce, fmt.Sprintf("%x", sha256.Sum256(body))) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.nonces[nonce] = true
	status, answer := http.StatusOK, "{}"
	if r.URL.Path == "/record" {
		record, known := s.records[r.URL.Query().Get("order_no")]
		if answer = record; !known {
			status, answer = http.StatusNotFound, "{}"
		}
	} else {
		var request struct {
			Key string `json:"key"`
		}
		_ = json.Unmarshal(body, &request)
		s.bodies = append(s.bodies, body)
		switch {
		case s.lacks[r.URL.Path]:
			status = http.StatusNotImplemented
		default:
			s.done[r.URL.Path+" "+request.Key] = 1 // once for a key
			if said, ok := s.answers[r.URL.Path]; ok {
				answer = said
			}
		}
	}
	signature := s.mac(credential, strconv.Itoa(status), nonce, fmt.Sprintf("%x", sha256.Sum256([]byte(answer))))
	switch s.forge {
	case "none":
		signature = ""
	case "secret":
		signature = s.mac("another", strconv.Itoa(status), nonce, fmt.Sprintf("%x", sha256.Sum256([]byte(answer))))
	case "replay":
		signature = s.last
	case "status":
		signature = s.mac(credential, "200", nonce, fmt.Sprintf("%x", sha256.Sum256([]byte(answer))))
	}
	s.last = signature
	w.Header().Set("Tuidan-Signature", signature)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

func openContract(t *testing.T, site *contractSite) (*Contract, *stage) {
	t.Helper()
	site.t = t
	site.stage = newStage(t, site.serve)
	c, err := NewContract(site.stage.options())
	must(t, err)
	return c, site.stage
}

func TestContractRecord(t *testing.T) {
	schema := contractSchema(t, "Record")
	for _, test := range []struct {
		answer  string
		state   refund.State // "": no answer
		account string
		missing int64
	}{
		{`{"order_no":"T1","state":"failed","account":null}`, refund.StateFailed, "", 0},
		{`{"order_no":"T1","state":"arrived","account":"+86 138 0013 8000"}`, refund.StateArrived, "13800138000", 0},
		{`{"order_no":"T1","state":"partial","account":"13900139000","missing":{"amount":"10.00","currency":"CNY"}}`, refund.StatePartial, "13900139000", 1000},
		{`{"order_no":"T1","state":"partial","missing":{"amount":"31.00","currency":"CNY"}}`, refund.StatePartial, "", 0},
		{`{"order_no":"T1","state":"partial","missing":{"amount":"1.00","currency":"USD"}}`, refund.StatePartial, "", 0},
		{`{"order_no":"T1","state":"partial"}`, refund.StatePartial, "", 0},
		{`{"order_no":"T1","state":"FAILED"}`, refund.StateUnknown, "", 0},
		{`{"order_no":"T2","state":"failed"}`, "", "", 0},
		{`{"order_no":"T1"`, "", "", 0},
	} {
		c, _ := openContract(t, &contractSite{records: map[string]string{"T1": test.answer}})
		got, err := c.Record(ctx, remoteOrder("S-1"))
		want := refund.Record{}
		if test.state != "" {
			want = refund.Record{State: test.state, Account: test.account, At: start, Raw: got.Raw}
		}
		if test.missing > 0 {
			want.Missing = &refund.Money{Minor: test.missing, Currency: "CNY"}
		}
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (test.state != "") {
			t.Errorf("%s: %v (-want +got):\n%s", test.answer, err, diff)
		}
		if value, err := jsonschema.UnmarshalJSON(strings.NewReader(test.answer)); err == nil && test.state != "" && test.state != refund.StateUnknown {
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s: not by the contract: %v", test.answer, err)
			}
		}
	}
	c, _ := openContract(t, &contractSite{})
	if _, err := c.Record(ctx, remoteOrder("S-1")); !errors.Is(err, refund.ErrNotFound) {
		t.Errorf("an order that it does not know: %v", err)
	}
}

// Only an answer to this very request, signed with the secret, is one.
func TestContractBelievesOnlyWhatIsSigned(t *testing.T) {
	for _, forge := range []string{"none", "secret", "replay", "status", "clock", "refused"} {
		site := &contractSite{}
		if forge != "status" { // that one is a 404 signed as if it were 200
			site.records = map[string]string{"T1": `{"order_no":"T1","state":"failed"}`}
		}
		c, stage := openContract(t, site)
		if forge == "replay" {
			if _, err := c.Record(ctx, remoteOrder("S-1")); err != nil {
				t.Fatal(err)
			}
		}
		site.forge = forge
		switch forge {
		case "clock":
			stage.now = start.Add(301 * time.Second)
		case "refused":
			opts := stage.options()
			opts.Secret = "another"
			var err error
			c, err = NewContract(opts)
			must(t, err)
		}
		if got, err := c.Record(ctx, remoteOrder("S-1")); err == nil || errors.Is(err, refund.ErrNotFound) || got.State != "" {
			t.Errorf("%s: got %+v, %v", forge, got, err)
		}
	}
}

func TestContractRequests(t *testing.T) {
	facts := map[refund.Item]refund.Fact{refund.IntendedAccount: {Value: "13900139000"}, refund.ChargedAccount: {Value: "13800138000"},
		refund.TransactionTime: {Value: "昨天", At: start}}
	for _, test := range []struct {
		answer string
		lacks  bool
		help   refund.Reply // zero: no answer
		back   refund.Reply
	}{
		{`{"answer":"adjusts"}`, false, refund.Reply{Answer: refund.Adjusts}, refund.Reply{}},
		{`{"answer":"refuses","note":"已结算"}`, false, refund.Reply{Answer: refund.Refuses, Note: "已结算"}, refund.Reply{}},
		{`{"answer":"pending"}`, false, refund.Reply{Answer: refund.Pending}, refund.Reply{Answer: refund.Pending}},
		{`{"answer":"ok"}`, false, refund.Reply{}, refund.Reply{Answer: refund.GoodsBack}},
		{`{"answer":"cannot","note":"已使用"}`, false, refund.Reply{}, refund.Reply{Answer: refund.GoodsStay, Note: "已使用"}},
		{`{"answer":"unable"}`, false, refund.Reply{}, refund.Reply{}}, // the desk's own word
		{`{}`, false, refund.Reply{}, refund.Reply{}},
		{``, true, refund.Reply{Answer: refund.Unable}, refund.Reply{Answer: refund.GoodsStay}},
	} {
		site := &contractSite{answers: map[string]string{"/help": test.answer, "/withdraw": test.answer},
			lacks: map[string]bool{"/alert": test.lacks, "/help": test.lacks, "/withdraw": test.lacks}}
		c, _ := openContract(t, site)
		must(t, c.Alert(ctx, "a", remoteOrder("S-1"), facts))
		same := func(what string, want, got refund.Reply, err error) {
			t.Helper()
			want.Raw = got.Raw
			if got != want || (err == nil) != (want.Answer != "") {
				t.Errorf("%s %s: got %+v, %v", what, test.answer, got, err)
			}
		}
		got, err := c.Help(ctx, "h", remoteOrder("S-1"), facts)
		same("help", test.help, got, err)
		got, err = c.Withdraw(ctx, "w", remoteOrder("S-1"))
		same("withdraw", test.back, got, err)
		schema := contractSchema(t, "Request")
		for _, body := range site.bodies {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
			must(t, err)
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s: not by the contract: %v", body, err)
			}
		}
	}
}

// A request whose answer is lost is the same request when it comes again.
func TestContractLostAnswer(t *testing.T) {
	site := &contractSite{answers: map[string]string{"/withdraw": `{"answer":"ok"}`}}
	c, stage := openContract(t, site)
	stage.with("lost", "/withdraw")
	if got, err := c.Withdraw(stage.hangUp(), "w", remoteOrder("S-1")); err == nil {
		t.Fatalf("got %+v", got)
	}
	stage.with("", "")
	if got, err := c.Withdraw(ctx, "w", remoteOrder("S-1")); err != nil || got.Answer != refund.GoodsBack || len(site.done) != 1 {
		t.Errorf("got %+v, %v; carried out: %v", got, err, site.done)
	}
}

// contractSchema is a schema of supplier.openapi.yaml.
func contractSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile("supplier.openapi.yaml")
	must(t, err)
	converted, err := yaml.YAMLToJSON(data)
	must(t, err)
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(converted)))
	must(t, err)
	compiler := jsonschema.NewCompiler()
	must(t, compiler.AddResource("contract.json", document))
	schema, err := compiler.Compile("contract.json#/components/schemas/" + name)
	must(t, err)
	return schema
}

// The contract's own examples are by the contract.
func TestContractExamples(t *testing.T) {
	data, err := os.ReadFile("supplier.openapi.yaml")
	must(t, err)
	var document struct {
		OpenAPI string `yaml:"openapi"`
		Paths   map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct {
					Schema  map[string]any `yaml:"schema"`
					Example any            `yaml:"example"`
				} `yaml:"content"`
			} `yaml:"responses"`
		} `yaml:"paths"`
	}
	must(t, yaml.Unmarshal(data, &document))
	if document.OpenAPI != "3.1.0" || len(document.Paths) != 4 {
		t.Fatalf("OpenAPI %s with %d paths", document.OpenAPI, len(document.Paths))
	}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			for status, response := range operation.Responses {
				content, ok := response.Content["application/json"]
				reference, _ := content.Schema["$ref"].(string)
				if !ok || reference == "" {
					continue
				}
				example, err := json.Marshal(content.Example)
				must(t, err)
				value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(example)))
				must(t, err)
				if err := contractSchema(t, reference[strings.LastIndex(reference, "/")+1:]).Validate(value); err != nil {
					t.Errorf("%s %s %s: %v", method, path, status, err)
				}
			}
		}
	}
}
