package orders

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// remoteSupplier is what the desk needs of a supplier behind a network.
type remoteSupplier interface {
	Can() refund.Capability
	Record(context.Context, refund.Order) (refund.Record, error)
	Alert(context.Context, string, refund.Order, map[refund.Item]refund.Fact) error
	Help(context.Context, string, refund.Order, map[refund.Item]refund.Fact) (refund.Reply, error)
	Withdraw(context.Context, string, refund.Order) (refund.Reply, error)
	Heard([]byte) (refund.Hint, error)
	Thanks() string
}

// credential is in everything that a supplier in these tests signs with or sends.
const credential = "s3cr3t-of-the-shop-0123456789abcdef"

// stage is a server that behaves by a supplier's documentation, with faults.
type stage struct {
	t      *testing.T
	server *httptest.Server
	now    time.Time // of the supplier
	serve  http.HandlerFunc

	mu    sync.Mutex
	fault string
	on    string // path that the fault is on; empty: all
	hung  chan struct{}
	seen  []string // method and path of each request
}

func newStage(t *testing.T, serve http.HandlerFunc) *stage {
	s := &stage{t: t, now: start, serve: serve}
	s.server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.server.Close)
	return s
}

func (s *stage) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Method+" "+r.URL.Path)
	fault, hung := s.fault, s.hung
	if s.on != "" && !strings.HasSuffix(r.URL.Path, s.on) {
		fault = ""
	}
	s.mu.Unlock()
	switch fault {
	case "":
		s.serve(w, r)
	case "lost": // applied, and the answer never comes
		s.serve(httptest.NewRecorder(), r)
		s.hang(r, hung)
	case "slow":
		s.hang(r, hung)
	case "500":
		http.Error(w, "database "+credential+" is gone", http.StatusInternalServerError)
	case "html":
		_, _ = w.Write([]byte("<html>" + credential + "</html>"))
	case "cut":
		_, _ = w.Write([]byte(`{"errno":0,"code":200,"data":[{"state":"2"`))
	case "empty":
		_, _ = w.Write([]byte(`{}`))
	case "null":
		_, _ = w.Write([]byte(`null`))
	case "long":
		_, _ = w.Write([]byte(`{"data":"` + strings.Repeat("x", maxAnswer) + `"}`))
	case "redirect":
		http.Redirect(w, r, s.server.URL+"/elsewhere?k="+credential, http.StatusTemporaryRedirect)
	default:
		s.t.Errorf("no such fault %q", fault)
	}
}

// hang waits until the other side hangs up, which a server sees once it has read all.
func (s *stage) hang(r *http.Request, hung chan struct{}) {
	_, _ = io.Copy(io.Discard, r.Body)
	close(hung)
	<-r.Context().Done()
}

// with has the server behave badly from now on.
func (s *stage) with(fault, on string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.on, s.hung = fault, on, make(chan struct{})
}

// hangUp is a context that ends once the server hangs.
func (s *stage) hangUp() context.Context {
	ctx, cancel := context.WithCancel(ctx)
	s.t.Cleanup(cancel)
	go func() {
		<-s.hung
		cancel()
	}()
	return ctx
}

func (s *stage) count(request string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.seen {
		if one == request {
			n++
		}
	}
	return n
}

func (s *stage) options() RemoteOptions {
	return RemoteOptions{URL: s.server.URL, User: "10001", Secret: credential, TokenURL: s.server.URL, Now: func() time.Time { return start }}
}

// remoteSuppliers opens each kind against a server that knows one order.
var remoteSuppliers = map[string]func(*testing.T) (remoteSupplier, *stage, refund.Order){
	"dayuanren": func(t *testing.T) (remoteSupplier, *stage, refund.Order) {
		site := &dayuanrenSite{t: t, orders: map[string]string{"S-T1": "2"}}
		stage := newStage(t, site.serve)
		d, err := NewDayuanren(stage.options())
		must(t, err)
		return d, stage, remoteOrder("S-T1")
	},
	"fulu": func(t *testing.T) (remoteSupplier, *stage, refund.Order) {
		site := &fuluSite{t: t, states: map[string]string{"S-T1": "failed"}}
		stage := newStage(t, site.serve)
		site.stage = stage
		f, err := NewFulu(stage.options())
		must(t, err)
		return f, stage, remoteOrder("S-T1")
	},
	"kasushou": func(t *testing.T) (remoteSupplier, *stage, refund.Order) {
		site := &kasushouSite{t: t, orders: map[string]map[string]any{"S-T1": {"status": 4}}}
		stage := newStage(t, site.serve)
		site.stage = stage
		k, err := NewKasushou(stage.options())
		must(t, err)
		return k, stage, remoteOrder("S-T1")
	},
	"reloadly": func(t *testing.T) (remoteSupplier, *stage, refund.Order) {
		site := &reloadlySite{t: t, answers: map[string]string{"4602843": `{"transactionId":4602843,"status":"FAILED"}`}}
		stage := newStage(t, site.serve)
		site.stage = stage
		r, err := NewReloadly(stage.options())
		must(t, err)
		return r, stage, remoteOrder("4602843")
	},
	"kinguin": func(t *testing.T) (remoteSupplier, *stage, refund.Order) {
		site := &kinguinSite{t: t, orders: map[string]string{"PHS84FJAG5U": "canceled"}}
		stage := newStage(t, site.serve)
		k, err := NewKinguin(stage.options())
		must(t, err)
		return k, stage, remoteOrder("PHS84FJAG5U")
	},
	"http": func(t *testing.T) (remoteSupplier, *stage, refund.Order) {
		site := &contractSite{t: t, records: map[string]string{"T1": `{"order_no":"T1","state":"failed"}`}}
		stage := newStage(t, site.serve)
		site.stage = stage
		c, err := NewContract(stage.options())
		must(t, err)
		return c, stage, remoteOrder("S-T1")
	},
}

func remoteOrder(supplierNo string) refund.Order {
	order := goods("T1", refund.TopUp, refund.StateArrived)
	order.SupplierNo, order.Amount = supplierNo, refund.Money{Minor: 3000, Currency: "CNY"}
	return order
}

// Whatever goes wrong on the way is no answer: unknown is never failed. No error
// shows a credential or what came.
func TestNoAnswerIsNeverFailed(t *testing.T) {
	for name, open := range remoteSuppliers {
		t.Run(name, func(t *testing.T) {
			s, stage, order := open(t)
			silent := func(what string, err error) {
				t.Helper()
				if err == nil || errors.Is(err, refund.ErrNotFound) || strings.Contains(err.Error(), credential) {
					t.Errorf("%s: got %v", what, err)
				}
			}
			for _, fault := range []string{"500", "html", "cut", "empty", "null", "long", "redirect", "slow"} {
				stage.with(fault, "")
				used := ctx
				if fault == "slow" {
					used = stage.hangUp()
				}
				got, err := s.Record(used, order)
				silent(fault, err)
				if diff := cmp.Diff(refund.Record{}, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", fault, diff)
				}
				if !s.Can().Withdraws || fault == "slow" {
					continue
				}
				reply, err := s.Withdraw(ctx, "w", order)
				silent("withdraw, "+fault, err)
				if reply != (refund.Reply{}) {
					t.Errorf("withdraw, %s: got %+v", fault, reply)
				}
			}
			if n := stage.count("GET /elsewhere") + stage.count("POST /elsewhere"); n > 0 {
				t.Errorf("%d redirects followed", n)
			}
			stage.server.Close()
			_, err := s.Record(ctx, order)
			silent("nobody there", err)
		})
	}
}

// The failure that a supplier positively states is one, and its answer is kept.
func TestFailedIsKept(t *testing.T) {
	for name, open := range remoteSuppliers {
		t.Run(name, func(t *testing.T) {
			s, _, order := open(t)
			got, err := s.Record(ctx, order)
			if err != nil || got.State != refund.StateFailed || got.Raw == "" || len(got.Raw) > refund.MaxRaw || !got.At.Equal(start) {
				t.Errorf("got %+v, %v", got, err)
			}
			if strings.Contains(got.Raw, credential) {
				t.Errorf("the answer kept shows a credential: %s", got.Raw)
			}
		})
	}
}

// What an interface lacks is said so, and is neither a refusal nor an error.
func TestLackingIsNoRefusal(t *testing.T) {
	for name, open := range remoteSuppliers {
		t.Run(name, func(t *testing.T) {
			s, stage, order := open(t)
			can := s.Can()
			if !can.Queries {
				t.Error("it cannot even be asked")
			}
			stage.with("500", "") // nothing is asked of it
			if !can.Adjusts && !can.RollsBack {
				if got, err := s.Help(ctx, "h", order, nil); err != nil || got.Answer != refund.Unable {
					t.Errorf("help: %+v, %v", got, err)
				}
				must(t, s.Alert(ctx, "a", order, nil))
			}
			if !can.Withdraws {
				if got, err := s.Withdraw(ctx, "w", order); err != nil || got.Answer != refund.GoodsStay {
					t.Errorf("withdraw: %+v, %v", got, err)
				}
			}
		})
	}
}

func TestHeard(t *testing.T) {
	for _, test := range []struct {
		kind, body string
		want       refund.Hint
		bad        bool
	}{
		{"dayuanren", "out_trade_num=GG1&order_number=CZ1&mobile=13800138000&otime=1&state=2", refund.Hint{OrderNo: "GG1", SupplierNo: "CZ1", Failed: true}, false},
		{"dayuanren", "out_trade_num=GG1&order_number=CZ1&state=1", refund.Hint{OrderNo: "GG1", SupplierNo: "CZ1"}, false},
		{"dayuanren", "state=2", refund.Hint{}, true},
		{"dayuanren", "nonsense", refund.Hint{}, true},
		{"fulu", `{"order_id":"1","customer_order_no":"GG1","order_status":"failed","sign":"x"}`, refund.Hint{OrderNo: "GG1", SupplierNo: "1", Failed: true}, false},
		{"kasushou", `{"external_orderno":"GG1","ordersn":"D1","status":5,"card_list":[{"card_no":"x"}]}`, refund.Hint{OrderNo: "GG1", SupplierNo: "D1", Failed: true}, false},
		{"kasushou", "external_orderno=GG1&ordersn=D1&status=3", refund.Hint{OrderNo: "GG1", SupplierNo: "D1"}, false},
		{"reloadly", `{"type":"airtime_transaction.status","data":{"transactionId":4602843,"customIdentifier":"GG1","status":"REFUNDED"}}`,
			refund.Hint{OrderNo: "GG1", SupplierNo: "4602843", Failed: true}, false},
		{"kinguin", `{"orderId":"PHS84FJAG5U","orderExternalId":"GG1","status":"canceled","updatedAt":"2020-10-16T11:24:08.025+00:00"}`,
			refund.Hint{OrderNo: "GG1", SupplierNo: "PHS84FJAG5U", Failed: true}, false},
		{"http", `{"order_no":"T1","supplier_no":"S-1","failed":true}`, refund.Hint{OrderNo: "T1", SupplierNo: "S-1", Failed: true}, false},
		{"http", `{"failed":true}`, refund.Hint{}, true},
		{"http", `[]`, refund.Hint{}, true},
	} {
		s, _, _ := remoteSuppliers[test.kind](t)
		got, err := s.Heard([]byte(test.body))
		if got != test.want || (err != nil) != test.bad {
			t.Errorf("%s %s: got %+v, %v", test.kind, test.body, got, err)
		}
	}
}

func TestRemoteOptions(t *testing.T) {
	good := RemoteOptions{URL: "https://example.com", User: "1", Secret: credential, Now: time.Now}
	for name, open := range map[string]func(RemoteOptions) error{
		"dayuanren": func(o RemoteOptions) error { _, err := NewDayuanren(o); return err },
		"fulu":      func(o RemoteOptions) error { _, err := NewFulu(o); return err },
		"kasushou":  func(o RemoteOptions) error { _, err := NewKasushou(o); return err },
		"reloadly":  func(o RemoteOptions) error { _, err := NewReloadly(o); return err },
		"kinguin":   func(o RemoteOptions) error { _, err := NewKinguin(o); return err },
		"http":      func(o RemoteOptions) error { _, err := NewContract(o); return err },
	} {
		if err := open(good); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for what, spoil := range map[string]func(*RemoteOptions){
			"url":    func(o *RemoteOptions) { o.URL = "example.com" },
			"secret": func(o *RemoteOptions) { o.Secret = "" },
		} {
			bad := good
			spoil(&bad)
			if err := open(bad); err == nil || strings.Contains(err.Error(), credential) {
				t.Errorf("%s without %s: %v", name, what, err)
			}
		}
	}
}

func TestCharged(t *testing.T) {
	for _, test := range []struct{ order, record, want string }{
		{"07951731337", "447951731337", "07951731337"}, // the same phone, with its country
		{"13800138000", "+86 138-0013-8000", "13800138000"},
		{"13800138000", "13900139000", "13900139000"},
		{"13800138000", "138****8000", ""},
		{"13800138000", "", ""},
		{"123", "99123", "99123"}, // too short to be a phone
		{"li@example.com", "li@example.com", "li@example.com"},
		{"Li_88", "Xiao_Li_88", "Xiao_Li_88"},
	} {
		if got := charged(refund.Order{Account: test.order}, test.record); got != test.want {
			t.Errorf("order %s, record %s: got %q, want %q", test.order, test.record, got, test.want)
		}
	}
}

// tries are the suppliers that have a call which changes nothing, and its path.
var tries = map[string]string{"http": "/ping", "kinguin": "/v1/balance", "reloadly": "/accounts/balance"}

// Trying a supplier makes that one call, and tells when it does not answer as it should.
func TestTry(t *testing.T) {
	for kind, open := range remoteSuppliers {
		supplier, stage, _ := open(t)
		tried, can := supplier.(interface{ Try(context.Context) error })
		path, has := tries[kind]
		if can != has {
			t.Errorf("%s: can be tried: %v", kind, can)
		}
		if !can {
			continue
		}
		serve := stage.serve
		stage.serve = func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path && kind != "http" {
				if r.Header.Get("X-Api-Key") != credential && r.Header.Get("Authorization") == "" {
					w.WriteHeader(http.StatusUnauthorized)
				}
				_, _ = io.WriteString(w, `{"balance":1}`)
				return
			}
			serve(w, r)
		}
		if err := tried.Try(t.Context()); err != nil || stage.count("GET "+path) != 1 {
			t.Errorf("%s: %v, %v", kind, err, stage.seen)
		}
		for _, fault := range []string{"500", "redirect"} {
			stage.mu.Lock()
			stage.fault = fault
			stage.mu.Unlock()
			if err := tried.Try(t.Context()); err == nil || strings.Contains(err.Error(), credential) {
				t.Errorf("%s, %s: %v", kind, fault, err)
			}
		}
	}
}

// What a request carried is not in its answer, whatever a server says back.
func TestSaidBack(t *testing.T) {
	stage := newStage(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "no such key: "+r.Header.Get("X-Api-Key"))
	})
	r, err := newRemote(stage.options())
	must(t, err)
	got, err := r.web.call(t.Context(), http.MethodGet, "/", http.Header{"X-Api-Key": {credential}}, nil)
	if err != nil || string(got.body) != "no such key: "+removed {
		t.Errorf("got %s, %v", got.body, err)
	}
}

// TestNoHTTP has a server say back what it got where HTTP should be.
func TestNoHTTP(t *testing.T) {
	stage := newStage(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		must(t, err)
		_, _ = io.WriteString(conn, r.Header.Get("X-Api-Key")+"\r\n\r\n")
		_ = conn.Close()
	})
	r, err := newRemote(stage.options())
	must(t, err)
	_, err = r.web.call(t.Context(), http.MethodGet, "/", http.Header{"X-Api-Key": {credential}}, nil)
	if !errors.Is(err, ErrAnswer) || strings.Contains(err.Error(), credential) {
		t.Errorf("got %v", err)
	}
}

func TestRaw(t *testing.T) {
	r := remote{}
	got := r.raw([]byte(`{"a":1.10,"cards":[{"CardNumber":"1"}],"pinDetail":{"code":"2"},"userEmail":"x@y","list":[{"card_password":"3","serial":"4",
		"operator_serial_number":"5"}],"echo":"e","hint":"6","none":null,"<":"&"}`), "hint")
	want := `{"<":"&","a":1.10,"cards":"[removed]","echo":"e","hint":"[removed]","list":[{"card_password":"[removed]","operator_serial_number":"5",` +
		`"serial":"[removed]"}],"none":null,"pinDetail":"[removed]","userEmail":"[removed]"}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	long := r.raw([]byte(`["` + strings.Repeat("字", refund.MaxRaw) + `"]`))
	if len(long) > refund.MaxRaw || !strings.HasSuffix(long, "…") || strings.ContainsRune(long, '\uFFFD') {
		t.Errorf("%d bytes, ends %q", len(long), long[len(long)-8:])
	}
}
