package app

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tuidan/engine"
	"tuidan/refund"
)

// channelBlocks are a right block of each kind, in the shop's channels.
var channelBlocks = map[string]string{
	"sandbox":     "{kind: sandbox, key_life: 24h}",
	"by_hand":     "{kind: by_hand}",
	"alipay":      "{kind: alipay, app_id: '2021', key_file: our.pem, public_key_file: their.pem}",
	"wechat":      "{kind: wechat, merchant_id: '1900', serial: 1DDE, key_file: our.pem, public_key_file: their.pem, public_key_id: PUB_KEY_ID_1}",
	"stripe":      "{kind: stripe, key_file: stripe.key}",
	"http":        "{kind: http, api_url: 'https://refunds.example.com', key_file: long.key}",
	"dujiao_next": "{kind: dujiao_next, api_url: 'https://shop.example.com', key_file: long.key}",
	"epay":        "{kind: epay, api_url: 'https://pay.example.com', merchant_id: '1001', key_file: our.pem, public_key_file: their.pem}",
	"epay_v1":     "{kind: epay_v1, api_url: 'https://pay.example.com', merchant_id: '1001', key_file: long.key, charge_id: out_trade_no}",
	"stars":       "{kind: stars}",
}

// channelSecrets are what the files of channelBlocks hold.
func channelSecrets(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{"stripe.key": "sk_test_very-secret\n", "garbage.pem": "very-secret"}
	for _, name := range []string{"our", "their"} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		files[name+".private"] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
		files[name+".public"] = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	}
	return map[string]string{"stripe.key": files["stripe.key"], "garbage.pem": files["garbage.pem"], "empty.pem": "", "long.key": "very-secret-0123456789abcdef0123456789abcdef",
		"our.pem": files["our.private"], "our.pub": files["our.public"], "their.pem": files["their.public"]}
}

// channelFolder writes a config with one channel, and what it names.
func channelFolder(t *testing.T, files map[string]string, block string) string {
	t.Helper()
	file := folder(t, strings.Replace(good, "sandbox: {kind: sandbox, key_life: 24h}", "pay: "+block, 1))
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// TestChannelKinds opens a channel of each kind and holds README's table against
// what it promises.
func TestChannelKinds(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "### Payment channels\n")
	rows := make(map[string][]string)
	for line := range strings.Lines(table) {
		if cells := strings.Split(strings.TrimSpace(line), " | "); len(cells) == 6 {
			rows[strings.Trim(cells[0], "| `")] = cells
		}
	}
	files := channelSecrets(t)
	for _, kind := range slices.Sorted(maps.Keys(channelKinds)) {
		block, ok := channelBlocks[kind]
		if !ok {
			t.Errorf("there is no block of %s to test with", kind)
			continue
		}
		file := channelFolder(t, files, block)
		setup, err := LoadConfig(file, nil)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		desk, err := openPremises(setup, engine.SystemClock{}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		terms := setup.Shops[0].terms("pay")
		if channel := desk.shops[0].Channels["pay"]; channel == nil || channel.Terms() != terms {
			t.Errorf("%s: the desk has %+v", kind, channel)
		}
		if err := desk.Close(); err != nil {
			t.Error(err)
		}
		row := rows[kind]
		if row == nil {
			t.Errorf("README has no row of %s", kind)
			continue
		}
		yes := map[bool]string{true: "yes", false: "–"}
		life, limit := "–", "–"
		if terms.KeyLife > 0 {
			life = days(terms.KeyLife)
		}
		if kind == "sandbox" {
			life = "as configured"
		}
		if terms.Within > 0 {
			limit = days(terms.Within)
		}
		if row[2] != life || row[3] != yes[terms.Partial] || row[4] != yes[terms.Query] ||
			!strings.HasPrefix(row[5], limit) && (terms.Within > 0 || strings.Contains(row[5], "days")) {
			t.Errorf("%s promises %+v; README says %q", kind, terms, row)
		}
		var out, fault bytes.Buffer
		if code := check(file, nil, &out, &fault); code != exitOK {
			t.Errorf("%s: %s", kind, &fault)
		}
		if want := "channel   pay (" + kind + "): "; !strings.Contains(out.String(), want) {
			t.Errorf("%s: check does not say %q:\n%s", kind, want, &out)
		}
	}
}

// TestBadChannels names every mistake at its key, and shows no secret.
func TestBadChannels(t *testing.T) {
	t.Parallel()
	files := channelSecrets(t)
	tests := []struct {
		name, block string
		variables   []string
		want        []string
	}{
		{"kind", "{kind: alypay}", nil, []string{`16:19: shops[0].channels.pay.kind: "alypay" is none of alipay, `}},
		{"no kind", "{path: a}", nil, []string{`shops[0].channels.pay.kind: "" is none of`}},
		{"nothing that it needs", "{kind: wechat}", nil, []string{
			"16:7: shops[0].channels.pay.key_file: kind wechat needs it: set TUIDAN_SHOPS_0_CHANNELS_PAY_KEY, or name a file",
			"16:7: shops[0].channels.pay.merchant_id: kind wechat needs it", "16:7: shops[0].channels.pay.public_key_file: kind wechat needs it",
			"16:7: shops[0].channels.pay.serial: kind wechat needs it"}},
		{"a key of another kind", "{kind: stripe, key_file: stripe.key, app_id: '1'}", nil, []string{
			"16:57: shops[0].channels.pay.app_id: a channel of kind stripe has no such key; it has kind, instead, key, api_url, key_file"}},
		{"a secret of another kind", "{kind: sandbox, key_file: stripe.key}", nil, []string{"16:38: shops[0].channels.pay.key_file: a channel of kind sandbox has no such key"}},
		{"a secret in the file", "{kind: stripe, key: sk_test_very-secret}", nil, []string{
			"kind stripe needs it", "16:27: a secret does not belong into this file: set TUIDAN_SHOPS_0_CHANNELS_PAY_KEY"}},
		{"key life below zero", "{kind: sandbox, key_life: -1h}", nil, []string{"16:38: shops[0].channels.pay.key_life: -1h0m0s is below zero"}},
		{"no such file", "{kind: stripe, key_file: nowhere}", nil, []string{"16:37: shops[0].channels.pay.key_file: cannot read"}},
		{"no such public file", "{kind: alipay, app_id: '1', key_file: our.pem, public_key_file: nowhere}", nil, []string{"16:76: shops[0].channels.pay.public_key_file: cannot read"}},
		{"no key of Stripe's", "{kind: stripe, key_file: garbage.pem}", nil, []string{"16:37: shops[0].channels.pay.key_file: a secret key of Stripe begins with"}},
		{"no RSA key", "{kind: alipay, app_id: '1', key_file: garbage.pem, public_key_file: their.pem}", nil, []string{"16:50: shops[0].channels.pay.key_file: this is no RSA private key"}},
		{"no RSA key in the environment", "{kind: alipay, app_id: '1', public_key_file: their.pem}", []string{"TUIDAN_SHOPS_0_CHANNELS_PAY_KEY=very-secret"},
			[]string{"environment: TUIDAN_SHOPS_0_CHANNELS_PAY_KEY: this is no RSA private key"}},
		{"empty public key", "{kind: alipay, app_id: '1', key_file: our.pem, public_key_file: empty.pem}", nil, []string{"16:76: shops[0].channels.pay.public_key_file: this is no RSA public key"}},
		{"our own public key", "{kind: alipay, app_id: '1', key_file: our.pem, public_key_file: our.pub}", nil, []string{"16:76: shops[0].channels.pay.public_key_file: this is your application's own"}},
		{"a public key without its id", "{kind: wechat, merchant_id: '1', serial: '2', key_file: our.pem, public_key_file: their.pem}", nil,
			[]string{"16:7: shops[0].channels.pay.public_key_id: a public key that is no certificate needs its id"}},
		{"a token of its own", "{kind: stars, key_file: long.key}", nil, []string{"16:36: shops[0].channels.pay.key_file: a channel of kind stars has no such key; it has kind"}},
		{"no site", "{kind: epay_v1, merchant_id: '1', key_file: long.key}", nil, []string{"16:7: shops[0].channels.pay.api_url: kind epay_v1 needs it"}},
		{"another number", "{kind: epay_v1, api_url: 'https://pay.example.com', merchant_id: '1', key_file: long.key, charge_id: order}", nil,
			[]string{"16:113: shops[0].channels.pay.charge_id: this is neither trade_no"}},
		{"no merchant's number", "{kind: epay, api_url: 'https://pay.example.com', merchant_id: shop, key_file: our.pem, public_key_file: their.pem}", nil,
			[]string{"16:74: shops[0].channels.pay.merchant_id: the merchant's number"}},
		{"our own key for the site's", "{kind: epay, api_url: 'https://pay.example.com', merchant_id: '1', key_file: our.pem, public_key_file: our.pub}", nil,
			[]string{"16:115: shops[0].channels.pay.public_key_file: this is the merchant's own"}},
		{"days below zero", "{kind: dujiao_next, api_url: 'https://shop.example.com', key_file: long.key, max_refund_days: -1}", nil,
			[]string{"16:106: shops[0].channels.pay.max_refund_days: it is below zero"}},
		{"no token", "{kind: dujiao_next, api_url: 'https://shop.example.com'}", nil,
			[]string{"16:7: shops[0].channels.pay.key_file: kind dujiao_next needs it"}},
		{"a short secret", "{kind: http, api_url: 'https://refunds.example.com', key_file: garbage.pem}", nil,
			[]string{"16:75: shops[0].channels.pay.key_file: the secret that requests are signed with has at least 32 characters"}},
		{"plain HTTP", "{kind: stripe, key_file: stripe.key, api_url: 'http://example.com'}", nil, []string{"16:58: shops[0].channels.pay.api_url: an address of a payment channel begins with https://"}},
		{"no address", "{kind: stripe, key_file: stripe.key, api_url: 'https://me:very-secret@example.com'}", nil, []string{"16:58: shops[0].channels.pay.api_url: this is no address"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := channelFolder(t, files, test.block)
			_, err := LoadConfig(file, test.variables)
			problems, ok := errors.AsType[Problems](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if len(problems) != len(test.want) {
				t.Fatalf("got %v", err)
			}
			for i, p := range problems {
				if !strings.Contains(p.String(), test.want[i]) {
					t.Errorf("got  %s\nwant %s", p, test.want[i])
				}
				if strings.Contains(p.String(), "very-secret") {
					t.Errorf("a secret shows: %s", p)
				}
			}
		})
	}
}

// TestScriptsMoveNoMoney refuses a script's channel that is no sandbox.
func TestScriptsMoveNoMoney(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := strings.Replace(good, "sandbox: {kind: sandbox, key_life: 24h}", "pay: {kind: stripe}", 1)
	if err := os.WriteFile(filepath.Join(dir, "tuidan.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := rehearsedSetup(dir)
	if err == nil || !strings.Contains(err.Error(), "16:19: shops[0].channels.pay.kind: a script moves no money") {
		t.Errorf("got %v", err)
	}
}

func TestDescribeTerms(t *testing.T) {
	t.Parallel()
	for want, terms := range map[string]refund.Terms{
		"a key lives for ever, the whole charge only, can be asked":                               {KeyLife: 100 * 365 * 24 * time.Hour, Query: true},
		"no key, the whole charge only, cannot be asked":                                          {},
		"a key lives 24h, also parts of a charge, can be asked, up to 365 days after the payment": {KeyLife: 24 * time.Hour, Partial: true, Query: true, Within: 365 * 24 * time.Hour},
	} {
		if got := describeTerms(terms); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
