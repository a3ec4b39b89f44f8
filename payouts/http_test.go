package payouts

import (
	"context"
	"errors"
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tuidan/refund"
)

// TestRequestNo: the number of a payout never changes, or a repeated one would be
// another.
func TestRequestNo(t *testing.T) {
	t.Parallel()
	const want = "79c0f054b3f31b4829df0ee0044e5351"
	if got := requestNo("star/T1001/1", 32); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	seen := map[string]string{}
	for _, key := range []string{"star/T1/1", "star/T1/11", "star/T11/1", "star/T1/1/1", "star/T1//1", "star/订单/1", ""} {
		no := requestNo(key, 64)
		if other, twice := seen[no]; twice || len(no) != 64 {
			t.Errorf("%q and %q are %s", key, other, no)
		}
		seen[no] = key
	}
}

func TestServerAddress(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"": true, "https://pay.example.com/gateway": true, "http://localhost:8080": true, "http://127.0.0.1:1": true, "http://[::1]:1": true,
		"http://pay.example.com": false, "http://127.0.0.1.example.com": false, "ftp://localhost": false, "pay.example.com": false, "https://": false,
		"https://me:secret@pay.example.com": false, "https://pay.example.com?key=secret": false, "https://pay.example.com#secret": false, "\x00": false,
	} {
		address, err := server(text, "https://usual.example.com")
		if (err == nil) != good {
			t.Errorf("%q: got %v, %v", text, address, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("a secret shows: %v", err)
		}
	}
}

// TestUntrusted: a server that cannot prove who it is gets nothing.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	asked := false
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	s.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/?key=secret", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = exchange(newClient(), request); err == nil || err.Error() != "the server's certificate is not trusted" || asked {
		t.Errorf("got %v", err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	if got := note(" 余额\n不足\x00 " + strings.Repeat("x", 1000)); !strings.HasPrefix(got, "余额 不足 x") || len([]rune(got)) != maxNote {
		t.Errorf("got %q", got)
	}
	for text, want := range map[string]string{"ACQ.SYSTEM_ERROR": "ACQ.SYSTEM_ERROR", "isv.invalid-signature": "isv.invalid-signature", "": "?", "sign=abc": "?", "a b": "?"} {
		if got := code(text); got != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

// TestRefused: a refusal counts only when the channel does not know the payout.
func TestRefused(t *testing.T) {
	t.Parallel()
	refusal := refund.Receipt{State: refund.PayoutFailed, Fault: refund.NoBalance}
	open := errors.New("no answer")
	for _, test := range []struct {
		name      string
		known     refund.Receipt
		err       error
		want      refund.PayoutState
		wantFault error
	}{
		{name: "not known", err: refund.ErrNotFound, want: refund.PayoutFailed},
		{name: "paid by an earlier request", known: refund.Receipt{State: refund.Accepted}, want: refund.Accepted},
		{name: "no answer", err: open, wantFault: open},
	} {
		got, err := refused(t.Context(), refund.Payout{}, refusal, func(context.Context, refund.Payout) (refund.Receipt, error) {
			return test.known, test.err
		})
		if got.State != test.want || !errors.Is(err, test.wantFault) {
			t.Errorf("%s: got %+v, %v", test.name, got, err)
		}
	}
}
