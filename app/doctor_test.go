package app

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
)

// run runs a command as the command line does.
func runMain(environment []string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = Main(args, environment, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

const instantCard = "product steam50 is instant, but the shop cannot tell whether a card was looked at and no supplier is asked"

func TestDoctorOfAnOrderFile(t *testing.T) {
	t.Parallel()
	file := folder(t, good)
	code, stdout, stderr := runMain(nil, "doctor", "--config", file)
	for _, want := range []string{"星卡", "订单来源（csv）：连接正常", "不知道实付金额，每笔退款都要人工决定", "仅凭店铺记录不会对卡密秒退", "供应商 dyr（sandbox）", "按规则：可以回滚", "按规则：2 小时内答复",
		"支付渠道 sandbox（sandbox）", "1 天内重复提交同一笔退款，只会退一次", "可以部分退款", "可以查询退款结果", instantCard} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, stdout)
		}
	}
	if code != exitOK || stderr != "" {
		t.Errorf("exit %d: %s", code, stderr)
	}
	code, stdout, _ = runMain(nil, "doctor", "--config", file, "--locale", "en")
	for _, want := range []string{"Orders (csv): connected", "What was really paid, so a person decides each refund", "By the rules it takes credit back"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, stdout)
		}
	}
	tree, _, _ := strings.Cut(stdout, "  "+filepath.Dir(file)) // the names of shops and products are the merchant's own
	if strings.ContainsFunc(strings.ReplaceAll(tree, "星卡", ""), func(r rune) bool { return unicode.Is(unicode.Han, r) }) || code != exitOK {
		t.Errorf("exit %d:\n%s", code, stdout)
	}
	// The file's columns say what the shop can tell.
	orders := "order_no,merchant,product,kind,amount,currency,state,net_paid,refunded,completed_at,revealed_at,account,buyer_contact,buyer_id,channel,charge_id\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "orders.csv"), []byte(orders), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stdout, _ = runMain(nil, "doctor", "--config", file); strings.Contains(stdout, instantCard) || !strings.Contains(stdout, "├─ 买家是否看过卡密") {
		t.Errorf("a file that tells all:\n%s", stdout)
	}
}

// signedShop answers /ping as the contract says, if the secret is right.
func signedShop(t *testing.T, secret string) string {
	t.Helper()
	sum := func(key, text string) string {
		mac := hmac.New(sha256.New, []byte(key))
		_, _ = mac.Write([]byte(text))
		return fmt.Sprintf("%x", mac.Sum(nil))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nonce := r.Header.Get("Tuidan-Nonce")
		lines := []string{r.Method, r.RequestURI, r.Header.Get("Tuidan-Timestamp"), nonce, fmt.Sprintf("%x", sha256.Sum256(nil))}
		if r.Header.Get("Tuidan-Signature") != sum(secret, strings.Join(lines, "\n")) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		status, body := http.StatusOK, "{}"
		if r.URL.Path == "/order" {
			status = http.StatusNotFound
		}
		w.Header().Set("Tuidan-Signature", sum(secret, fmt.Sprintf("%d\n%s\n%x", status, nonce, sha256.Sum256([]byte(body)))))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestDoctorTriesTheShop(t *testing.T) {
	t.Parallel()
	const secret = "a-secret-of-at-least-16"
	config := strings.Replace(good, "{kind: csv, path: orders.csv}",
		fmt.Sprintf("{kind: http, url: '%s', tells: [net_paid, revealed_at], withdraws: true}", signedShop(t, secret)), 1)
	file := folder(t, config)
	environment := []string{"TUIDAN_SHOPS_0_ORDERS_SECRET=" + secret}
	code, stdout, stderr := runMain(environment, "doctor", "--config", file)
	if code != exitOK || stderr != "" || !strings.Contains(stdout, "订单来源（http）：连接正常") || !strings.Contains(stdout, "├─ 实付金额") ||
		!strings.Contains(stdout, "└─ 可以锁定没用过的商品") || strings.Contains(stdout, instantCard) {
		t.Errorf("exit %d: %s\n%s", code, stderr, stdout)
	}
	if code, _, stderr = runMain(environment, "policy", "explain", "T1", "--config", file); code != exitWrong || !strings.Contains(stderr, "no shop has an order T1") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	code, stdout, stderr = runMain([]string{"TUIDAN_SHOPS_0_ORDERS_SECRET=another-secret-of-16"}, "doctor", "--config", file)
	if code != exitWrong || !strings.Contains(stdout, "连接有问题") || !strings.Contains(stderr, "the secret or one of the clocks is wrong") ||
		strings.Contains(stderr+stdout, "another-secret") {
		t.Errorf("exit %d: %s\n%s", code, stderr, stdout)
	}
	// Nothing was asked to see what the rules need.
	code, stdout, stderr = runMain(environment, "check", "--config", file)
	if code != exitOK || !strings.Contains(stdout, "orders from http") || !strings.Contains(stdout, "rule window asks whether a buyer is in time") {
		t.Errorf("exit %d: %s\n%s", code, stderr, stdout)
	}
	code, stdout, stderr = runMain(environment, "policy", "check", "--config", file)
	if code != exitOK || !strings.Contains(stdout, "warning: shop star: ") || !strings.Contains(stdout, "policy.yaml: all good") || !strings.Contains(stdout, "rule window asks") {
		t.Errorf("exit %d: %s\n%s", code, stderr, stdout)
	}
	if code, _, stderr = runMain(nil, "policy", "check"); code != exitWrong || !strings.Contains(stderr, "name a policy file, or a config") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// Every kind is opened by its config, without asking anybody.
func TestOpenSource(t *testing.T) {
	t.Parallel()
	environment := []string{"TUIDAN_SHOPS_0_ORDERS_SECRET=a-secret-of-at-least-16", "TUIDAN_SHOPS_0_ORDERS_PASSWORD=pa55"}
	for kind, config := range map[string]string{
		csvOrders:        "{kind: csv, path: orders.csv}",
		httpOrders:       "{kind: http, url: 'https://x.invalid', tells: [net_paid]}",
		dujiaoNextOrders: "{kind: dujiao-next, url: 'https://x.invalid', user: desk, account_field: phone}",
		dujiaokaOrders:   "{kind: dujiaoka, address: 'x.invalid:3306', database: shop, user: desk, tls: true}",
		acgFakaOrders:    "{kind: acg-faka, address: /run/x.sock, database: shop, user: desk, account_field: QQ}",
	} {
		variables := environment
		switch kind {
		case csvOrders:
			variables = nil
		case httpOrders:
			variables = environment[:1]
		default:
			variables = environment[1:]
		}
		setup, err := LoadConfig(folder(t, strings.Replace(good, "{kind: csv, path: orders.csv}", config, 1)), variables)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		opened, err := openSource(setup, &setup.Shops[0], sourceOptions{now: time.Now})
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if knows := opened.Knows(); !knows.Delivered || knows.Account != (kind == dujiaoNextOrders || kind == acgFakaOrders) {
			t.Errorf("%s knows %+v", kind, knows)
		}
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
		if kind == acgFakaOrders && setup.Shops[0].Config.Orders.Prefix != "acg_" {
			t.Errorf("the prefix is %q", setup.Shops[0].Config.Orders.Prefix)
		}
	}
	// A script plays with a file and asks nobody.
	if _, err := load(loading{name: "tuidan.yaml", inside: true, read: sample.ReadFile,
		data: []byte(strings.Replace(good, "{kind: csv, path: orders.csv}", "{kind: dujiao-next, url: 'https://x.invalid', user: desk}", 1))}); err == nil ||
		!strings.Contains(err.Error(), "a script plays with an order file and asks nobody") {
		t.Errorf("got %v", err)
	}
}
