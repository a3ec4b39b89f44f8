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
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/go-telegram/bot/models"

	"tuidan/bot"
	"tuidan/simulator"
)

// runMain runs a command as the command line does. It panics, which fails the test,
// when the command shows a secret that its environment has.
func runMain(environment []string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = Main(args, environment, strings.NewReader(""), &out, &errs)
	if name := shownSecret(environment, out.String()+errs.String()); name != "" {
		panic(name + " shows:\n" + out.String() + errs.String())
	}
	return code, out.String(), errs.String()
}

// secretVariable is the end of the names of variables that hold secrets.
var secretVariable = regexp.MustCompile(`_(KEY|SECRET|PASSWORD|TOKEN|CALLBACK)$`)

// shownSecret returns the variable whose secret stands in a text; "" for none.
func shownSecret(environment []string, text string) string {
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		if secretVariable.MatchString(name) && value != "" && strings.Contains(text, value) {
			return name
		}
	}
	return ""
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

// signedShop answers /ping as the contracts say, and lists no refunds, if the secret is right.
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
		switch r.URL.Path {
		case "/order":
			status = http.StatusNotFound
		case "/refunds":
			body = `{"refunds":[]}`
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
	const secret = "a-secret-of-at-least-32-letters!"
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
	code, stdout, stderr = runMain([]string{"TUIDAN_SHOPS_0_ORDERS_SECRET=another-secret-of-32-or-more-letters"}, "doctor", "--config", file)
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

// Suppliers and channels are tried where they have a call that changes nothing; where
// they have none, doctor says so.
func TestDoctorTriesSuppliersAndChannels(t *testing.T) {
	t.Parallel()
	const secret = "a-secret-of-at-least-32-letters!"
	config := strings.Replace(withSupplier(fmt.Sprintf("kind: http, url: '%s'}, kin: {kind: fulu, user: '1'", signedShop(t, secret))),
		"sandbox: {kind: sandbox, key_life: 24h}", fmt.Sprintf(`sandbox: {kind: sandbox}
      own: {kind: http, api_url: '%s', key_file: own.key}
      v1: {kind: epay_v1, api_url: 'https://pay.example.com', merchant_id: '1001', key_file: own.key}`, signedShop(t, secret)), 1)
	file := folder(t, config)
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "own.key"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := []string{"TUIDAN_SHOPS_0_SUPPLIERS_DYR_KEY=" + secret, "TUIDAN_SHOPS_0_SUPPLIERS_KIN_KEY=k3y"}
	code, stdout, stderr := runMain(environment, "doctor", "--config", file)
	if code != exitOK || stderr != "" || strings.Count(stdout, "─ 连接正常") != 2 || !strings.Contains(stdout, "没有可以放心测试连接的接口") ||
		!strings.Contains(stdout, "没有不动钱的接口可以测试连接") || !strings.Contains(stdout, "接口：可以申请回滚") || strings.Count(stdout, "按规则：可以回滚，但接口做不到") != 1 {
		t.Errorf("exit %d: %s\n%s", code, stderr, stdout)
	}
	environment[0] = "TUIDAN_SHOPS_0_SUPPLIERS_DYR_KEY=another-secret-of-32-or-more-letters"
	code, stdout, stderr = runMain(environment, "doctor", "--config", file)
	if code != exitWrong || strings.Count(stdout, "─ 连接有问题") != 1 || !strings.Contains(stderr, "supplier dyr: our signature is refused (401)") {
		t.Errorf("exit %d: %s\n%s", code, stderr, stdout)
	}
	// What the rules promise and the interface lacks.
	file = folder(t, withSupplier("kind: fulu, user: '1'"))
	_, stdout, _ = runMain([]string{"TUIDAN_SHOPS_0_SUPPLIERS_DYR_KEY=k3y"}, "doctor", "--config", file, "--locale", "en")
	if !strings.Contains(stdout, "the rules say that it takes credit back; its interface does not") {
		t.Errorf("got\n%s", stdout)
	}
}

// Every kind is opened by its config, without asking anybody.
func TestOpenSource(t *testing.T) {
	t.Parallel()
	environment := []string{"TUIDAN_SHOPS_0_ORDERS_SECRET=a-secret-of-at-least-32-letters!", "TUIDAN_SHOPS_0_ORDERS_PASSWORD=pa55"}
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

// TestDoctorAsksTelegram finds what keeps a desk from hearing and from answering.
func TestDoctorAsksTelegram(t *testing.T) {
	t.Parallel()
	synced := strings.Replace(good, "    staff:\n      - {id: 1, name: wang, role: approver}\n      - {id: 3, name: chen, role: owner}\n", "    staff_from_group: true\n", 1)
	for _, test := range []struct {
		name, config string
		group        func(*simulator.Server) simulator.GroupOptions
		code         int
		want, not    []string
	}{
		{"all well", good, func(sim *simulator.Server) simulator.GroupOptions {
			return simulator.GroupOptions{Forum: true, Members: []*simulator.User{sim.UserWithID("wang", 1), sim.UserWithID("chen", 3)}}
		}, exitOK, []string{"已开启话题", "机器人是群管理员", "wang：可以做决定", "chen：店主"}, []string{"不能置顶", "没有店主"}},
		{"hears nothing", good, func(sim *simulator.Server) simulator.GroupOptions {
			return simulator.GroupOptions{Bot: models.ChatMemberTypeMember, Members: []*simulator.User{sim.UserWithID("wang", 1)}}
		}, exitOK, []string{"没有开启话题", "不是群管理员", "看不到群里写的内容", "无法确定chen"}, nil},
		{"rights and people are lacking", good, func(sim *simulator.Server) simulator.GroupOptions {
			sim.UserWithID("chen", 3)
			return simulator.GroupOptions{Forum: true, Denied: simulator.Rights{Pins: true, Topics: true, Deletes: true},
				Members: []*simulator.User{sim.UserWithID("wang", 1)}}
		}, exitOK, []string{"不能置顶", "不能管理话题", "不能删除", "chen不在群里", "没有店主"}, nil},
		{"outside", good, func(*simulator.Server) simulator.GroupOptions {
			return simulator.GroupOptions{Bot: models.ChatMemberTypeLeft}
		}, exitWrong, []string{"群无法查询"}, nil},
		{"roles from the group", synced, func(sim *simulator.Server) simulator.GroupOptions {
			return simulator.GroupOptions{Owner: sim.User("chen"), Admins: []*simulator.User{sim.User("wang")}}
		}, exitOK, []string{"chen：店主", "wang：可以做决定"}, []string{"没有店主"}},
		{"nobody owns the group", synced, func(sim *simulator.Server) simulator.GroupOptions {
			return simulator.GroupOptions{Admins: []*simulator.User{sim.User("wang")}}
		}, exitOK, []string{"wang是匿名管理员", "没有店主"}, []string{"wang：可以做决定"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sim := simulator.New(simulator.Options{Now: time.Now, PrivacyMode: true})
			server := httptest.NewServer(sim)
			t.Cleanup(func() { server.Close(); sim.Close() })
			options := test.group(sim)
			options.ID, options.Title = -1001, "售后"
			group := sim.NewGroup(options)
			if strings.HasPrefix(test.name, "nobody") {
				group.Hide(sim.User("wang"))
			}
			code, stdout, stderr := runMain([]string{"TUIDAN_TELEGRAM_API_URL=" + server.URL, "TUIDAN_TELEGRAM_TOKEN=" + sim.Token()},
				"doctor", "--config", folder(t, test.config))
			if code != test.code || strings.Contains(stdout+stderr, "simulated-token") {
				t.Errorf("exit %d: %s", code, stderr)
			}
			for _, want := range test.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("it does not say %q:\n%s", want, stdout)
				}
			}
			for _, not := range test.not {
				if strings.Contains(stdout, not) {
					t.Errorf("it says %q:\n%s", not, stdout)
				}
			}
			if unknown := sim.UnknownMethods(); len(unknown) > 0 {
				t.Errorf("unknown methods: %v", unknown)
			}
		})
	}
	// A token that Telegram does not know, and another program's webhook.
	sim, server := telegram(t)
	environment := []string{"TUIDAN_TELEGRAM_API_URL=" + server.URL, "TUIDAN_TELEGRAM_TOKEN=123456:not-the-right-token"}
	if code, stdout, stderr := runMain(environment, "doctor", "--config", folder(t, good)); code != exitWrong || !strings.Contains(stdout, "聊天平台无法查询") || !strings.Contains(stderr, "401") {
		t.Errorf("exit %d:\n%s%s", code, stdout, stderr)
	}
	environment[1] = "TUIDAN_TELEGRAM_TOKEN=" + sim.Token()
	client := &bot.Client{URL: server.URL, Token: sim.Token()}
	if err := client.Call(t.Context(), "setWebhook", map[string]any{"url": "https://elsewhere.example/secret-path"}, nil); err != nil {
		t.Fatal(err)
	}
	code, stdout, _ := runMain(environment, "doctor", "--config", folder(t, good), "--locale", "en")
	if code != exitOK || !strings.Contains(stdout, "Its messages go to elsewhere.example: another program") || strings.Contains(stdout, "secret-path") {
		t.Errorf("exit %d:\n%s", code, stdout)
	}
}
