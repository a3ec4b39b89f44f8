package payouts

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tuidan/refund"
)

// channel is what the desk knows of a driver.
type channel interface {
	Terms() refund.Terms
	Refund(context.Context, refund.Payout) (refund.Receipt, error)
	Ask(context.Context, refund.Payout) (refund.Receipt, error)
}

// lister is a channel that can list what it paid.
type lister interface {
	List(ctx context.Context, from, before time.Time) ([]refund.Paid, error)
}

// provider is one row of the conformance test: a driver and a server that behaves
// by the provider's documentation. The server keeps its books in a till and shares
// no code with the driver.
type provider struct {
	name     string
	open     func(t *testing.T, url string, now func() time.Time) channel
	serve    func(*till) http.Handler
	payout   refund.Payout // that the provider can pay: 10.00 of a charge of 30.00, or all of it
	secrets  []string      // that no error and no receipt may show
	unsigned bool          // its answers carry no signature
	values   bool          // its signature is over values and not over bytes
	balance  bool          // it says for sure when the seller's balance does not cover a payout
	keeps    bool          // a refusal for want of balance is kept as long as the key
	lists    bool          // what it paid can be listed
	clock    bool          // it refuses requests whose time is far off
	unsure   bool          // what it does not know may be on its way, so it never says that there is none
	prelude  int           // requests before the payout's own, which faults pass over
	byOrder  bool          // it finds the order by the payout's key, and needs no charge
}

var providers = []provider{
	alipayProvider(), weChatProvider(), stripeProvider(), starsProvider(), epayProvider(), epayV1Provider(), dujiaoProvider(), contractProvider(),
}

// outcome is what a till makes of a request for money.
type outcome int

const (
	paysNow outcome = iota
	paidBefore
	otherFigures
	noBalance
	tooMuch
)

// till is a fake provider's books about one charge.
type till struct {
	mu      sync.Mutex
	charged int64 // of the charge
	balance int64 // of the seller
	paid    int64
	refunds map[string]int64 // by request number
}

func newTill(p provider) *till {
	return &till{charged: p.payout.Charged.Minor, balance: 1 << 40, refunds: map[string]int64{}}
}

// pay books a refund, once per number.
func (t *till) pay(no string, minor int64) outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	if before, ok := t.refunds[no]; ok {
		if before != minor {
			return otherFigures
		}
		return paidBefore
	}
	switch {
	case minor <= 0 || t.paid+minor > t.charged:
		return tooMuch
	case minor > t.balance:
		return noBalance
	}
	t.refunds[no], t.paid, t.balance = minor, t.paid+minor, t.balance-minor
	return paysNow
}

// find returns what a number was paid; false when it was not.
func (t *till) find(no string) (int64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	minor, ok := t.refunds[no]
	return minor, ok
}

func (t *till) total() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.paid
}

func (t *till) setBalance(minor int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.balance = minor
}

// fault is what goes wrong between driver and provider. Each lets the provider work
// (or not) and spoils what comes back.
type fault func(w http.ResponseWriter, r *http.Request, provider http.Handler)

// stand is a driver against its provider, with a fault that can be switched.
type stand struct {
	channel
	t       *testing.T
	p       provider
	till    *till
	mu      sync.Mutex
	fault   fault
	spared  int           // requests before the fault
	shift   time.Duration // of the driver's clock
	strayed atomic.Bool   // somebody followed a redirect
}

func newStand(t *testing.T, p provider) *stand {
	t.Helper()
	s := &stand{t: t, p: p, till: newTill(p)}
	real := p.serve(s.till)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		fault := s.fault
		if s.spared > 0 {
			fault, s.spared = nil, s.spared-1
		}
		s.mu.Unlock()
		// A server sees that a client is gone only once it has read the body.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.URL.Path == "/elsewhere" {
			s.strayed.Store(true)
			return
		}
		if fault == nil {
			real.ServeHTTP(w, r)
			return
		}
		fault(w, r, real)
	}))
	t.Cleanup(server.Close)
	s.channel = p.open(t, server.URL, func() time.Time { return time.Now().Add(s.shift) })
	return s
}

func (s *stand) set(f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.spared = f, s.p.prelude
}

// pay and ask call the driver and look for credentials in what it says.
func (s *stand) pay(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	s.t.Helper()
	receipt, err := s.Refund(ctx, payout)
	s.look(receipt, err)
	return receipt, err
}

func (s *stand) ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	s.t.Helper()
	receipt, err := s.Ask(ctx, payout)
	s.look(receipt, err)
	return receipt, err
}

func (s *stand) look(receipt refund.Receipt, err error) {
	s.t.Helper()
	said := receipt.Note + " " + receipt.Reference
	if err != nil {
		said += " " + err.Error()
	}
	for _, secret := range append(s.p.secrets, "BEGIN", "sign=", "Bearer") {
		if strings.Contains(said, secret) {
			s.t.Errorf("%q shows %q", said, secret)
		}
	}
	if len(said) > 1000 {
		s.t.Errorf("%d bytes are said", len(said))
	}
}

func (s *stand) want(receipt refund.Receipt, err error, states ...refund.PayoutState) {
	s.t.Helper()
	for _, state := range states {
		if err == nil && receipt.State == state {
			return
		}
	}
	s.t.Errorf("got %+v, %v; want %v", receipt, err, states)
}

func (s *stand) wantPaid(minor int64) {
	s.t.Helper()
	if got := s.till.total(); got != minor {
		s.t.Errorf("the provider paid %d, want %d", got, minor)
	}
}

var goesOn = []refund.PayoutState{refund.Submitted, refund.Accepted, refund.Arrived}

// work lets the provider work and returns its answer.
func work(r *http.Request, provider http.Handler) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	provider.ServeHTTP(recorder, r)
	return recorder
}

// answerFaults spoil an answer after the provider did what it was asked for.
var answerFaults = map[string]fault{
	"5xx": func(w http.ResponseWriter, r *http.Request, p http.Handler) {
		work(r, p)
		http.Error(w, "<html>bad gateway</html>", http.StatusBadGateway)
	},
	"malformed": func(w http.ResponseWriter, r *http.Request, p http.Handler) {
		work(r, p)
		_, _ = w.Write([]byte(`{"code":`))
	},
	"empty": func(w http.ResponseWriter, r *http.Request, p http.Handler) { work(r, p) },
	"an empty object": func(w http.ResponseWriter, r *http.Request, p http.Handler) {
		work(r, p)
		_, _ = w.Write([]byte(`{}`))
	},
	"null": func(w http.ResponseWriter, r *http.Request, p http.Handler) {
		work(r, p)
		_, _ = w.Write([]byte(`null`))
	},
	"a list": func(w http.ResponseWriter, r *http.Request, p http.Handler) {
		work(r, p)
		_, _ = w.Write([]byte(`[]`))
	},
	"cut off": func(w http.ResponseWriter, r *http.Request, p http.Handler) {
		work(r, p)
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"code":"10000"`))
	},
	"too large": func(w http.ResponseWriter, r *http.Request, p http.Handler) {
		copyAnswer(w, work(r, p), func(body []byte) []byte { return append(body, bytes.Repeat([]byte(" "), maxBody)...) })
	},
	"redirect": func(w http.ResponseWriter, r *http.Request, p http.Handler) {
		work(r, p)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	},
	"no HTTP": func(w http.ResponseWriter, r *http.Request, p http.Handler) {
		work(r, p)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = conn.Write([]byte("sign=very-secret\r\n\r\n"))
			_ = conn.Close()
		}
	},
}

// forged changes an answer's bytes and not its meaning, so that nothing but its
// signature can tell.
func forged(w http.ResponseWriter, r *http.Request, p http.Handler) {
	copyAnswer(w, work(r, p), func(body []byte) []byte {
		return bytes.ReplaceAll(body, []byte(`":`), []byte(`": `))
	})
}

// forgedValue changes a value that no driver reads, for signatures over values.
func forgedValue(w http.ResponseWriter, r *http.Request, p http.Handler) {
	copyAnswer(w, work(r, p), func(body []byte) []byte {
		return bytes.ReplaceAll(body, []byte(`"uid":1`), []byte(`"uid":2`))
	})
}

// stripped takes the signature off, from the headers or the body.
func stripped(w http.ResponseWriter, r *http.Request, p http.Handler) {
	answer := work(r, p)
	clear(answer.Header())
	copyAnswer(w, answer, func(body []byte) []byte {
		return bytes.ReplaceAll(body, []byte(`"sign":`), []byte(`"other":`))
	})
}

func copyAnswer(w http.ResponseWriter, from *httptest.ResponseRecorder, change func([]byte) []byte) {
	maps.Copy(w.Header(), from.Header())
	w.WriteHeader(from.Code)
	_, _ = w.Write(change(from.Body.Bytes()))
}

// hang lets the provider work, ends the driver's context, and answers nothing.
func hang(end context.CancelFunc) fault {
	return func(_ http.ResponseWriter, r *http.Request, p http.Handler) {
		work(r, p)
		end()
		<-r.Context().Done()
	}
}

// vanish ends the driver's context before the provider sees anything.
func vanish(end context.CancelFunc) fault {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		end()
		<-r.Context().Done()
	}
}

// TestChannels holds every driver against what the desk relies on.
func TestChannels(t *testing.T) {
	t.Parallel()
	for _, p := range providers {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			minor := p.payout.Amount.Minor
			run := func(name string, test func(t *testing.T, s *stand)) {
				t.Run(name, func(t *testing.T) { test(t, newStand(t, p)) })
			}
			terms := newStand(t, p).Terms()
			settles := terms.Query || terms.KeyLife > 0
			// settle finds out what became of a payout as the desk does.
			settle := func(s *stand) (refund.Receipt, error) {
				if terms.Query {
					return s.ask(t.Context(), p.payout)
				}
				return s.pay(t.Context(), p.payout)
			}

			run("accepted", func(t *testing.T, s *stand) {
				receipt, err := s.pay(t.Context(), p.payout)
				s.want(receipt, err, goesOn...)
				if receipt.Reference == "" {
					t.Error("no reference to look the payout up by")
				}
				s.wantPaid(minor)
				if settles {
					receipt, err = settle(s)
					s.want(receipt, err, goesOn...)
					s.wantPaid(minor)
				}
			})
			run("listed", func(t *testing.T, s *stand) {
				books, lists := s.channel.(lister)
				if lists != p.lists {
					t.Fatalf("lists: %v", lists)
				}
				if !lists {
					t.Skip("keeps no list that can be had")
				}
				began := time.Now()
				receipt, err := s.pay(t.Context(), p.payout)
				s.want(receipt, err, goesOn...)
				list := func(from, before time.Time) []refund.Paid {
					paid, err := books.List(t.Context(), from, before)
					if s.look(refund.Receipt{}, err); err != nil {
						t.Error(err)
					}
					return paid
				}
				got := list(began.Add(-time.Hour), began.Add(time.Hour))
				if len(got) != 1 || got[0].Amount != p.payout.Amount || got[0].At.Sub(began).Abs() > time.Minute ||
					got[0].Key != p.payout.Key && (got[0].Key != "" || got[0].Reference != receipt.Reference) {
					t.Errorf("got %+v", got)
				}
				for _, other := range []time.Duration{-3 * time.Hour, 2 * time.Hour} {
					if got := list(began.Add(other), began.Add(other+time.Hour)); len(got) > 0 {
						t.Errorf("%v from now: got %+v", other, got)
					}
				}
				for name, fault := range answerFaults {
					s.set(fault)
					s.mu.Lock()
					s.spared = 0
					s.mu.Unlock()
					got, err := books.List(t.Context(), began.Add(-time.Hour), began.Add(time.Hour))
					if s.look(refund.Receipt{}, err); err == nil || got != nil || errors.Is(err, errors.ErrUnsupported) {
						t.Errorf("%s: got %v, %v", name, got, err)
					}
				}
				if s.strayed.Load() {
					t.Error("a redirect was followed")
				}
			})
			run("once per key", func(t *testing.T, s *stand) {
				if terms.KeyLife == 0 {
					t.Skip("takes no key")
				}
				for range 3 {
					receipt, err := s.pay(t.Context(), p.payout)
					s.want(receipt, err, goesOn...)
				}
				s.wantPaid(minor)
			})
			run("at the same time", func(t *testing.T, s *stand) {
				if terms.KeyLife == 0 {
					t.Skip("takes no key")
				}
				var group sync.WaitGroup
				for range 4 {
					group.Go(func() { _, _ = s.pay(t.Context(), p.payout) })
				}
				group.Wait()
				s.wantPaid(minor)
			})
			run("two parts", func(t *testing.T, s *stand) {
				if !terms.Partial {
					t.Skip("pays whole charges only")
				}
				for _, key := range []string{"star/T1/1", "star/T1/2"} {
					payout := p.payout
					payout.Key = key
					receipt, err := s.pay(t.Context(), payout)
					s.want(receipt, err, goesOn...)
				}
				s.wantPaid(2 * minor)
			})
			run("other figures", func(t *testing.T, s *stand) {
				if terms.KeyLife == 0 || !terms.Partial {
					t.Skip("cannot have them")
				}
				receipt, err := s.pay(t.Context(), p.payout)
				s.want(receipt, err, goesOn...)
				other := p.payout
				other.Amount.Minor--
				receipt, err = s.pay(t.Context(), other)
				if !errors.Is(err, ErrOtherFigures) && (receipt.State != refund.PayoutFailed || receipt.Fault != refund.OtherFigures) {
					t.Errorf("got %+v, %v", receipt, err)
				}
				if terms.Query {
					receipt, err = s.ask(t.Context(), other)
					if !errors.Is(err, ErrOtherFigures) {
						t.Errorf("asked: got %+v, %v", receipt, err)
					}
				}
				s.wantPaid(minor)
			})
			run("more than the charge", func(t *testing.T, s *stand) {
				payout := p.payout
				payout.Amount.Minor = payout.Charged.Minor + 1
				receipt, err := s.pay(t.Context(), payout)
				s.want(receipt, err, refund.PayoutFailed)
				s.wantPaid(0)
			})
			run("no balance", func(t *testing.T, s *stand) {
				if !p.balance {
					t.Skip("says nothing of a balance")
				}
				s.till.setBalance(minor - 1)
				receipt, err := s.pay(t.Context(), p.payout)
				s.want(receipt, err, refund.PayoutFailed)
				if receipt.Fault != refund.NoBalance {
					t.Errorf("got %+v", receipt)
				}
				s.wantPaid(0)
				if p.keeps {
					return
				}
				s.till.setBalance(minor)
				receipt, err = s.pay(t.Context(), p.payout)
				s.want(receipt, err, goesOn...)
				s.wantPaid(minor)
			})
			run("time-out after acceptance", func(t *testing.T, s *stand) {
				ctx, end := context.WithCancel(t.Context())
				s.set(hang(end))
				if receipt, err := s.pay(ctx, p.payout); err == nil || receipt.State == refund.PayoutFailed {
					t.Errorf("got %+v, %v", receipt, err)
				}
				s.set(nil)
				if settles {
					receipt, err := settle(s)
					s.want(receipt, err, goesOn...)
				}
				s.wantPaid(minor)
			})
			run("time-out before acceptance", func(t *testing.T, s *stand) {
				ctx, end := context.WithCancel(t.Context())
				s.set(vanish(end))
				if receipt, err := s.pay(ctx, p.payout); err == nil || receipt.State == refund.PayoutFailed {
					t.Errorf("got %+v, %v", receipt, err)
				}
				s.set(nil)
				s.wantPaid(0)
				if terms.Query {
					if _, err := s.ask(t.Context(), p.payout); err == nil || errors.Is(err, refund.ErrNotFound) == p.unsure {
						t.Errorf("got %v", err)
					}
				}
				if terms.KeyLife > 0 {
					receipt, err := s.pay(t.Context(), p.payout)
					s.want(receipt, err, goesOn...)
					s.wantPaid(minor)
				}
			})
			spoil := func(name string, fault fault) {
				run(name, func(t *testing.T, s *stand) {
					s.set(fault)
					if receipt, err := s.pay(t.Context(), p.payout); err == nil {
						t.Errorf("paid: got %+v", receipt)
					}
					if terms.Query {
						if receipt, err := s.ask(t.Context(), p.payout); err == nil || errors.Is(err, refund.ErrNotFound) {
							t.Errorf("asked: got %+v, %v", receipt, err)
						}
					}
					s.set(nil)
					if settles {
						receipt, err := settle(s)
						s.want(receipt, err, goesOn...)
					}
					s.wantPaid(minor)
					if s.strayed.Load() {
						t.Error("a redirect was followed")
					}
				})
			}
			for name, fault := range answerFaults {
				spoil(name, fault)
			}
			if !p.unsigned {
				if p.values {
					spoil("forged", forgedValue)
				} else {
					spoil("forged", forged)
				}
				spoil("stripped", stripped)
			}
			run("nobody there", func(t *testing.T, s *stand) {
				gone := httptest.NewServer(nil)
				gone.Close()
				s.channel = p.open(t, gone.URL, time.Now)
				if receipt, err := s.pay(t.Context(), p.payout); err == nil {
					t.Errorf("got %+v", receipt)
				}
				if terms.Query {
					if _, err := s.ask(t.Context(), p.payout); err == nil || errors.Is(err, refund.ErrNotFound) {
						t.Errorf("got %v", err)
					}
				}
			})
			run("clock far off", func(t *testing.T, s *stand) {
				if !p.clock {
					t.Skip("looks at no clock")
				}
				s.shift = -2 * time.Hour
				if receipt, err := s.pay(t.Context(), p.payout); err == nil {
					t.Errorf("got %+v", receipt)
				}
				s.wantPaid(0)
			})
			run("what lacks something fails at once", func(t *testing.T, s *stand) {
				for name, change := range map[string]func(*refund.Payout){
					"amount":   func(p *refund.Payout) { p.Amount.Minor = 0 },
					"currency": func(p *refund.Payout) { p.Amount.Currency = "" },
					"charge":   func(p *refund.Payout) { p.ChargeID = "" },
				} {
					if name == "charge" && p.byOrder {
						continue
					}
					payout := p.payout
					change(&payout)
					receipt, err := s.pay(t.Context(), payout)
					s.want(receipt, err, refund.PayoutFailed)
					if receipt.Note == "" {
						t.Errorf("%s: no word why", name)
					}
				}
				payout := p.payout
				payout.Key = ""
				if _, err := s.pay(t.Context(), payout); terms.KeyLife > 0 && !errors.Is(err, ErrNoKey) {
					t.Errorf("got %v", err)
				}
				if terms.KeyLife > 0 {
					s.wantPaid(0)
				}
			})
		})
	}
}

// testKey is an RSA key of the tests, with its private and public half in PEM.
type testKey struct {
	key             *rsa.PrivateKey
	private, public string
}

func newTestKey() testKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	return testKey{key,
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))}
}

// sign signs a text by RSASSA-PKCS1-v1_5 with SHA-256, in base64.
func (k testKey) sign(text string) string {
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(signature)
}

// shown returns what a key must not be recognised by.
func (k testKey) shown() string {
	return base64.StdEncoding.EncodeToString(k.key.D.Bytes())[:16]
}

// ourKey and theirKey are the merchant's and the provider's in all tests.
var ourKey, theirKey = newTestKey(), newTestKey()
