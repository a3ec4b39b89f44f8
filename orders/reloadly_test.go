package orders

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tuidan/refund"
)

// reloadlySite answers as Reloadly's documentation says.
type reloadlySite struct {
	t       *testing.T
	stage   *stage
	mu      sync.Mutex
	answers map[string]string // by transaction
	tokens  int
	revoked bool // the token of before is not taken any more
}

func (s *reloadlySite) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/com.reloadly.topups-v1+json")
	if r.URL.Path == "/oauth/token" {
		var asked map[string]string
		_ = json.NewDecoder(r.Body).Decode(&asked)
		if asked["client_id"] != "10001" || asked["client_secret"] != credential || asked["grant_type"] != "client_credentials" || asked["audience"] != s.stage.server.URL {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"message":"Access Denied","errorCode":"INVALID_CREDENTIALS"}`))
			return
		}
		s.tokens++
		s.revoked = false
		_, _ = fmt.Fprintf(w, `{"access_token":"token-%d","scope":"developer","expires_in":3600,"token_type":"Bearer"}`, s.tokens)
		return
	}
	if s.revoked || r.Header.Get("Authorization") != fmt.Sprintf("Bearer token-%d", s.tokens) || r.Header.Get("Accept") != "application/com.reloadly.topups-v1+json" {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"message":"Full authentication is required to access this resource","errorCode":"INVALID_TOKEN"}`))
		return
	}
	answer, known := s.answers[strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/topups/"), "/status")]
	if !known {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"status":404,"error":"Not Found"}`))
		return
	}
	_, _ = w.Write([]byte(answer))
}

func reloadly(t *testing.T, answers map[string]string) (*Reloadly, *reloadlySite, *time.Time) {
	t.Helper()
	site := &reloadlySite{t: t, answers: answers}
	site.stage = newStage(t, site.serve)
	now, opts := start, site.stage.options()
	opts.Now = func() time.Time { return now }
	r, err := NewReloadly(opts)
	must(t, err)
	return r, site, &now
}

func TestReloadlyRecord(t *testing.T) {
	order := remoteOrder("13")
	order.Account = "07951731337"
	for _, test := range []struct {
		answer  string
		want    refund.State // "": no answer
		account string
	}{
		{`{"transactionId":13,"status":"SUCCESSFUL","recipientPhone":447951731337,"pinDetail":{"serial":558111,"code":773709733097662},"balanceInfo":{"oldBalance":5109.5}}`, refund.StateArrived, "07951731337"},
		{`{"transactionId":13,"status":"PROCESSING"}`, refund.StateProcessing, ""},
		{`{"transactionId":13,"status":"FAILED","recipientPhone":"447951731338"}`, refund.StateFailed, "447951731338"},
		{`{"transactionId":13,"status":"REFUNDED"}`, refund.StateFailed, ""},
		{`{"code":null,"message":null,"status":"FAILED","transaction":{"transactionId":13,"status":"FAILED"}}`, refund.StateFailed, ""},
		{`{"code":null,"status":"PROCESSING","transaction":null}`, refund.StateProcessing, ""},
		{`{"status":"FAILED","transaction":{"transactionId":13,"status":"SUCCESSFUL"}}`, refund.StateUnknown, ""},
		{`{"transactionId":13,"status":"PENDING"}`, refund.StateUnknown, ""},
		{`{"transactionId":14,"status":"FAILED"}`, "", ""},
		{`{"status":"FAILED"}`, "", ""},
	} {
		r, _, _ := reloadly(t, map[string]string{"13": test.answer})
		got, err := r.Record(ctx, order)
		if (err == nil) != (test.want != "") || got.State != test.want || got.Account != test.account {
			t.Errorf("%s: got %+v, %v", test.answer, got, err)
		}
		for _, secret := range []string{"558111", "773709733097662", "5109.5"} {
			if strings.Contains(got.Raw, secret) {
				t.Errorf("kept %s", got.Raw)
			}
		}
	}
}

func TestReloadlyTokens(t *testing.T) {
	r, site, now := reloadly(t, map[string]string{"13": `{"transactionId":13,"status":"FAILED"}`})
	works := func(what string, tokens int) {
		t.Helper()
		if got, err := r.Record(ctx, remoteOrder("13")); err != nil || got.State != refund.StateFailed || site.tokens != tokens {
			t.Errorf("%s: %+v, %v, %d tokens", what, got, err, site.tokens)
		}
	}
	works("first", 1)
	works("again", 1)
	site.revoked = true
	works("revoked", 2)
	*now = start.Add(time.Hour)
	works("expired", 3)
	for no, what := range map[string]string{"14": "not there", "": "no number", "13/../14": "no number of theirs"} {
		if _, err := r.Record(ctx, remoteOrder(no)); err == nil || strings.Contains(err.Error(), "token-3") {
			t.Errorf("%s: %v", what, err)
		}
	}
	opts := site.stage.options()
	opts.Secret = "another"
	r, err := NewReloadly(opts)
	must(t, err)
	if _, err := r.Record(ctx, remoteOrder("13")); err == nil || strings.Contains(err.Error(), "another") {
		t.Errorf("refused credentials: %v", err)
	}
}
