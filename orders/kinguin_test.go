package orders

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"tuidan/refund"
)

// kinguinSite answers as Kinguin's documentation says.
type kinguinSite struct {
	t       *testing.T
	mu      sync.Mutex
	orders  map[string]string // status by orderId
	why     string            // detail of a refused return
	partly  bool              // a return is taken and not all keys come back
	started bool              // a return was asked for
}

func (s *kinguinSite) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fail := func(status int, kind, detail string) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": kind, "status": status, "detail": detail, "trace": "082a4cee9b"})
	}
	if r.Header.Get("X-Api-Key") != credential {
		fail(http.StatusUnauthorized, "Authorization", "Bad authorization credentials")
		return
	}
	object := func(id string) map[string]any {
		return map[string]any{"orderId": id, "orderExternalId": "T1", "status": s.orders[id], "userEmail": "owner@shop.example", "totalPrice": 5.79}
	}
	if r.URL.Path == "/v1/order" {
		results := []any{}
		for id := range s.orders {
			if r.URL.Query().Get("orderExternalId") == "T1" {
				results = append(results, object(id))
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"results": results, "item_count": len(results)})
		return
	}
	id := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/v1/order/"), "/v2/order/"), "/keys/return")
	switch _, known := s.orders[id]; {
	case !known:
		fail(http.StatusNotFound, "OrderNotFound", "Order not found")
	case r.Method == http.MethodGet:
		_ = json.NewEncoder(w).Encode(object(id))
	case s.why != "":
		fail(http.StatusUnprocessableEntity, "Error", s.why)
	case s.started:
		fail(http.StatusUnprocessableEntity, "Error", "The request has already been sent")
	default:
		s.started = true
		if !s.partly {
			s.orders[id] = "refunded"
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func kinguin(t *testing.T, site *kinguinSite) (*Kinguin, *stage) {
	t.Helper()
	site.t = t
	stage := newStage(t, site.serve)
	k, err := NewKinguin(stage.options())
	must(t, err)
	return k, stage
}

func keyOrder(supplierNo string) refund.Order {
	order := remoteOrder(supplierNo)
	order.Kind, order.Account = refund.Card, ""
	return order
}

func TestKinguinRecord(t *testing.T) {
	for status, want := range map[string]refund.State{"processing": refund.StateProcessing, "completed": refund.StateDelivered,
		"canceled": refund.StateFailed, "refunded": refund.StateUnknown, "hold": refund.StateUnknown} {
		k, _ := kinguin(t, &kinguinSite{orders: map[string]string{"PHS84FJAG5U": status}})
		for _, no := range []string{"PHS84FJAG5U", ""} {
			got, err := k.Record(ctx, keyOrder(no))
			if err != nil || got.State != want || strings.Contains(got.Raw, "owner@") || !strings.Contains(got.Raw, "PHS84FJAG5U") {
				t.Errorf("%s by %q: got %+v, %v", status, no, got, err)
			}
		}
		if _, err := k.Record(ctx, keyOrder("OTHER")); !errors.Is(err, refund.ErrNotFound) {
			t.Errorf("an order that it does not know: %v", err)
		}
	}
	_, stage := kinguin(t, &kinguinSite{orders: map[string]string{"PHS84FJAG5U": "canceled"}})
	opts := stage.options()
	opts.Secret = "another"
	k, err := NewKinguin(opts)
	must(t, err)
	if _, err := k.Record(ctx, keyOrder("PHS84FJAG5U")); err == nil || errors.Is(err, refund.ErrNotFound) {
		t.Errorf("a refused key: %v", err)
	}
}

func TestKinguinWithdraw(t *testing.T) {
	for _, test := range []struct {
		name, status, why string
		partly            bool
		want              refund.Answer
		asked             int
	}{
		{"unclaimed", "completed", "", false, refund.GoodsBack, 1},
		{"claimed", "completed", "The key has been claimed", false, refund.GoodsStay, 1},
		{"too late", "completed", "24 hours have passed since the key was delivered", false, refund.GoodsStay, 1},
		{"taken, not all back", "completed", "", true, refund.GoodsDoubt, 1},
		{"back already", "refunded", "", false, refund.GoodsBack, 0},
		{"cancelled already", "canceled", "", false, refund.GoodsBack, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, stage := kinguin(t, &kinguinSite{orders: map[string]string{"PHS84FJAG5U": test.status}, why: test.why, partly: test.partly})
			got, err := k.Withdraw(ctx, "w", keyOrder("PHS84FJAG5U"))
			if err != nil || got.Answer != test.want || got.Note != test.why || stage.count("POST /v2/order/PHS84FJAG5U/keys/return") != test.asked {
				t.Errorf("got %+v, %v after %v", got, err, stage.seen)
			}
		})
	}
}

func TestKinguinLostAnswer(t *testing.T) {
	k, stage := kinguin(t, &kinguinSite{orders: map[string]string{"PHS84FJAG5U": "completed"}})
	stage.with("lost", "/keys/return")
	if got, err := k.Withdraw(stage.hangUp(), "w", keyOrder("")); err == nil {
		t.Fatalf("got %+v", got)
	}
	stage.with("", "")
	if got, err := k.Withdraw(ctx, "w", keyOrder("")); err != nil || got.Answer != refund.GoodsBack || stage.count("POST /v2/order/PHS84FJAG5U/keys/return") != 1 {
		t.Errorf("got %+v, %v after %v", got, err, stage.seen)
	}
}
