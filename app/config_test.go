package app

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// good is a config without a mistake, beside the sample's policy and orders.
const good = `telegram:
  mode: polling
shops:
  - id: star
    title: 星卡
    currency: CNY
    zone: Asia/Shanghai
    group: -1001
    staff:
      - {id: 1, name: wang, role: approver}
      - {id: 3, name: chen, role: owner}
    policy: policy.yaml
    orders: {kind: csv, path: orders.csv}
    suppliers: {dyr: {kind: sandbox}}
    channels:
      sandbox: {kind: sandbox, key_life: 24h}
`

// folder writes the files that good names, and the config itself.
func folder(t *testing.T, config string) (file string) {
	t.Helper()
	dir := t.TempDir()
	policy, err := sample.ReadFile("sample/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"tuidan.yaml": config,
		"policy.yaml": string(policy),
		"short":       "not-long\n",
		"long":        "long-enough-for-a-secret-of-both-sides\n",
		"orders.csv":  "order_no,merchant,product,kind,amount,currency,state\nT1,star,cmcc30,topup,30.00,CNY,failed\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "tuidan.yaml")
}

func TestGoodConfig(t *testing.T) {
	t.Parallel()
	setup, err := LoadConfig(folder(t, good), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := setup.Shops[0]; got.ID != "star" || got.Group != -1001 || len(got.Staff) != 2 || got.Policy == nil || got.Zone.String() != "Asia/Shanghai" {
		t.Errorf("shop is %+v", got.Shop)
	}
}

// TestBadConfigs changes one thing of the good config at a time.
func TestBadConfigs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		old, new string
		want     []string // "line:column: part of the text"
	}{
		{"unknown key", "  mode: polling", "  mod: polling", []string{`2:3: there is no key "mod" in telegram (did you mean mode?)`}},
		{"unknown key at the top", "telegram:\n", "telegran:\n", []string{`1:1: there is no key "telegran" (did you mean telegram?)`}},
		{"key twice", "  mode: polling", "  mode: polling\n  mode: webhook", []string{`3:3: key "mode" stands in line 2 already`}},
		{"token in the file", "  mode: polling", "  token: 1:abc", []string{"2:3: a secret does not belong into this file: set TUIDAN_TELEGRAM_TOKEN"}},
		{"webhook secret in the file", "  mode: polling", "  webhook: {secret: abc}", []string{"2:13: a secret does not belong"}},
		{"shop's key in the file", "    title: 星卡", "    title: 星卡\n    key: 0123456789abcdef", []string{"6:5: a secret does not belong into this file: set TUIDAN_SHOPS_0_KEY"}},
		{"template with a name that nobody can type", "    policy: policy.yaml", "    policy: policy.yaml\n    templates: {Wait: {en: Wait}}", []string{"13:17: shops[0].templates.Wait: a name is short"}},
		{"template in no known locale", "    policy: policy.yaml", "    policy: policy.yaml\n    templates: {wait: {eng: Wait}}", []string{`13:24: shops[0].templates.wait.eng: there is no catalog "eng"; there are en, zh-Hans (did you mean en?)`}},
		{"template with an unknown placeholder", "    policy: policy.yaml", "    policy: policy.yaml\n    templates: {wait: {en: 'Hi {byer}'}}", []string{`13:24: shops[0].templates.wait.en: nothing is called {byer}; there are {buyer}, {order}, {amount}, {title} (did you mean {buyer}?)`}},
		{"template without a text", "    policy: policy.yaml", "    policy: policy.yaml\n    templates: {wait: {en: ' '}, none: {}}", []string{"13:24: shops[0].templates.wait.en: the text is empty", "13:34: shops[0].templates.none: the template has no text"}},
		{"unknown mode", "polling", "pulling", []string{`2:9: telegram.mode: "pulling" is none of polling, webhook`}},
		{"webhook without address and secret", "polling", "webhook", []string{"2:3: telegram.webhook.secret_file: mode webhook needs a secret", "2:3: telegram.webhook.url: mode webhook needs"}},
		{"no server", "  mode: polling", "  api_url: telegram.org", []string{`2:12: telegram.api_url: "telegram.org" is no address`}},
		{"user in the address", "  mode: polling", "  api_url: https://me:pw@x.org", []string{"2:12: telegram.api_url: an address has no user"}},
		{"limit below zero", "  mode: polling", "  limits: {per_second: -1}", []string{"2:24: telegram.limits.per_second: -1 is below zero"}},
		{"no number", "  mode: polling", "  limits: {per_second: fast}", []string{`2:24: telegram.limits.per_second: "fast" is no number`}},
		{"certificate that is none", "  mode: polling", "  mode: webhook\n  webhook: {url: https://x.org/t, tls_cert: policy.yaml, tls_key: policy.yaml}", []string{"3:12: telegram.webhook.secret_file: mode webhook needs a secret", "3:45: telegram.webhook.tls_cert: certificate and key do not go together"}},
		{"certificate without key", "  mode: polling", "  webhook: {tls_cert: a.pem}", []string{"2:23: telegram.webhook.tls_cert: a certificate (tls_cert) and its key"}},
		{"too many connections", "  mode: polling", "  webhook: {connections: 400}", []string{"2:26: telegram.webhook.connections: Telegram takes 1 to 100"}},
		{"no token file", "  mode: polling", "  token_file: nowhere", []string{"2:15: telegram.token_file: cannot read"}},
		{"token file is no token", "  mode: polling", "  token_file: orders.csv", []string{"2:15: telegram.token_file: what it holds is no bot token"}},
		{"no length of time", "telegram:", "tick: soon\ntelegram:", []string{`1:7: tick: "soon" is no length of time`}},
		{"log level", "telegram:", "log: {level: loud}\ntelegram:", []string{`1:14: log.level: "loud" is none of debug`}},
		{"locale", "telegram:", "locale: zh-Hanz\ntelegram:", []string{`1:9: locale: there is no catalog "zh-Hanz"; there are en, zh-Hans (did you mean zh-Hans?)`}},
		{"empty data", "telegram:", "data: ''\ntelegram:", []string{"1:7: data: the folder"}},
		{"shop id", "id: star", "id: Star!", []string{`4:9: shops[0].id: an id is short`}},
		{"hour of the digest", "    title: 星卡", "    title: 星卡\n    digest: 9 o'clock", []string{`6:13: shops[0].digest: "9 o'clock" is no time of the day`}},
		{"no such font", "telegram:", "chart_font: nowhere.ttf\ntelegram:", []string{"1:13: chart_font: cannot read"}},
		{"font that is none", "telegram:", "chart_font: orders.csv\ntelegram:", []string{"1:13: chart_font: font"}},
		{"no title", "    title: 星卡\n", "", []string{"4:5: shops[0].title: the name that buyers read"}},
		{"currency", "currency: CNY", "currency: yuan", []string{`6:15: shops[0].currency: "yuan" is no currency`}},
		{"zone", "Asia/Shanghai", "Asia/Shangai", []string{`7:11: shops[0].zone: "Asia/Shangai" is no time zone`}},
		{"group above zero", "group: -1001", "group: 1001", []string{"8:12: shops[0].group: a group's id is below zero"}},
		{"group by name", "group: -1001", "group: '@star'", []string{`8:12: shops[0].group: "@star" is no whole number`}},
		{"staff by name", "{id: 1, name: wang", "{id: '@wang', name: wang", []string{`10:14: shops[0].staff[0].id: "@wang" is no whole number`}},
		{"staff twice", "{id: 3, name: chen", "{id: 1, name: wang", []string{"11:14: shops[0].staff[1].id: 1 stands", `11:23: shops[0].staff[1].name: "wang" stands`}},
		{"role", "role: approver", "role: aprover", []string{`10:35: shops[0].staff[0].role: "aprover" is none of agent, approver, owner (did you mean approver?)`}},
		{"no owner", "role: owner", "role: approver", []string{"10:7: shops[0].staff: there is no owner"}},
		{"nobody decides", "      - {id: 1, name: wang, role: approver}\n      - {id: 3, name: chen, role: owner}", "      - {id: 1, name: wang, role: agent}", []string{"10:7: shops[0].staff: nobody may decide"}},
		{"no policy", "    policy: policy.yaml\n", "", []string{"4:5: shops[0].policy: the shop's policy file is missing"}},
		{"policy not there", "policy: policy.yaml", "policy: other.yaml", []string{"12:13: shops[0].policy: cannot read"}},
		{"kind of orders", "kind: csv", "kind: sql", []string{`13:20: shops[0].orders.kind: "sql" is none of acg-faka, csv, dujiao-next, dujiaoka, http`}},
		{"orders not there", "orders.csv", "other.csv", []string{"13:31: shops[0].orders.path: cannot read"}},
		{"no order file", "{kind: csv, path: orders.csv}", "{kind: csv}", []string{"13:13: shops[0].orders.path: the file of the shop's orders is missing"}},
		{"a key of another kind", "path: orders.csv}", "path: orders.csv, url: 'https://x.org'}", []string{"13:48: shops[0].orders.url: kind csv has no use for this"}},
		{"http without anything", "{kind: csv, path: orders.csv}", "{kind: http}", []string{"13:13: shops[0].orders.secret_file: kind http needs a secret: set TUIDAN_SHOPS_0_ORDERS_SECRET or name a file",
			"13:13: shops[0].orders.tells: say what the shop fills in of net_paid, refunded", "13:13: shops[0].orders.url: the address of the shop is missing"}},
		{"http with a short secret", "{kind: csv, path: orders.csv}", "{kind: http, url: 'https://x.org', tells: [net_paid, reveald_at], secret_file: short}", []string{
			`13:66: shops[0].orders.tells[1]: "reveald_at" is none of net_paid`, "13:92: shops[0].orders.secret_file: a secret that signs has at least 32"}},
		{"http at no address", "{kind: csv, path: orders.csv}", "{kind: http, url: 'x.org', tells: [net_paid], secret_file: long}", []string{"13:31: shops[0].orders.url: that is no address of a server"}},
		{"password in the file", "{kind: csv, path: orders.csv}", "{kind: dujiao-next, url: 'https://x.org', user: desk, password: abc}", []string{
			"13:13: shops[0].orders.password_file: kind dujiao-next needs a password", "13:67: a secret does not belong into this file: set TUIDAN_SHOPS_0_ORDERS_PASSWORD"}},
		{"database without anything", "{kind: csv, path: orders.csv}", "{kind: dujiaoka}", []string{"13:13: shops[0].orders.address: the database's host:port", "13:13: shops[0].orders.database: the name",
			"13:13: shops[0].orders.password_file: kind dujiaoka needs a password", "13:13: shops[0].orders.user: the name"}},
		{"database with a strange prefix", "{kind: csv, path: orders.csv}", "{kind: acg-faka, address: 'x:1', database: a, user: b, password_file: short, prefix: 'a b'}", []string{
			"13:98: shops[0].orders.prefix: a prefix has letters, digits and _ only"}},
		{"kind of supplier", "{dyr: {kind: sandbox}}", "{dyr: {kind: sand}}", []string{`14:29: shops[0].suppliers.dyr.kind: "sand" is none of sandbox`}},
		{"name of supplier", "{dyr: ", "{'d y': ", []string{"14:17: a name has letters"}},
		{"no channel", "    channels:\n      sandbox: {kind: sandbox, key_life: 24h}\n", "", []string{"4:5: shops[0].channels: without a payment channel"}},
		{"a list for a text", "title: 星卡", "title: [a]", []string{"5:12: shops[0].title is one value, not a list"}},
		{"a text for a list", "    staff:\n", "    staff: wang\n    stuff:\n", []string{"9:12: shops[0].staff is a list", `10:5: there is no key "stuff"`}},
		{"anchor", "title: 星卡", "title: &a 星卡", []string{"5:12: anchors and aliases"}},
		{"syntax hides the rest", "  mode: polling", "  mode: [", []string{"2:9: "}},
		{"not UTF-8", "title: 星卡", "title: \xff", []string{"1:1: the file is not UTF-8"}},
		{"shop twice", "shops:\n", "shops:\n  - {id: star, group: -1001}\n", []string{
			"4:5: shops[0].channels", "4:5: shops[0].currency", "4:5: shops[0].orders.kind", "4:5: shops[0].policy",
			"4:5: shops[0].staff: nobody", "4:5: shops[0].title", `5:9: shops[1].id: "star" is the id of shops[0]`, "9:12: shops[1].group: -1001 is the group of shops[0]"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := strings.Replace(good, test.old, test.new, 1)
			if config == good {
				t.Fatalf("%q is not in the good config", test.old)
			}
			file := folder(t, config)
			_, err := LoadConfig(file, nil)
			problems, ok := errors.AsType[Problems](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, p := range problems {
				text := p.String()
				got = append(got, strings.TrimPrefix(text, file+":"))
				if p.Excerpt == "" {
					t.Errorf("%s has no excerpt", text)
				}
			}
			if len(got) != len(test.want) {
				t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			for i := range got {
				if !strings.HasPrefix(got[i], test.want[i]) && !strings.Contains(got[i], test.want[i]) {
					t.Errorf("got  %s\nwant %s", got[i], test.want[i])
				}
			}
		})
	}
}

// TestAllMistakesInOneRun has mistakes in every file at once.
func TestAllMistakesInOneRun(t *testing.T) {
	t.Parallel()
	file := folder(t, strings.Replace(good, "polling", "pulling", 1))
	dir := filepath.Dir(file)
	for name, change := range map[string][2]string{"policy.yaml": {"currency: CNY", "curency: CNY"}, "orders.csv": {"failed", "broken"}} {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Replace(data, []byte(change[0]), []byte(change[1]), 1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, fault bytes.Buffer
	if code := check(file, []string{"TUIDAN_LOG_LEVL=info"}, &out, &fault); code != exitWrong {
		t.Errorf("exit %d, want %d", code, exitWrong)
	}
	for _, want := range []string{
		"tuidan.yaml:2:9: telegram.mode", "policy.yaml:14:1: ", "orders.csv:2:", "environment: TUIDAN_LOG_LEVL: there is no such key",
	} {
		if !strings.Contains(fault.String(), want) {
			t.Errorf("%q is not told:\n%s", want, fault.String())
		}
	}
}

// walk calls fn with every key of a config and its Go value: list entries by
// number 0, map entries by the name "any".
func walk(v reflect.Value, key string, fn func(key string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i, name := range fields(v.Type()) {
			walk(v.Field(i), join(key, name), fn)
		}
	case reflect.Slice:
		walk(reflect.New(v.Type().Elem()).Elem(), key+"[0]", fn)
	case reflect.Map:
		if v.Type().Elem().Kind() == reflect.Map {
			return // templates: texts by locale, which stand in the file alone
		}
		walk(reflect.New(v.Type().Elem()).Elem(), key+".any", fn)
	default:
		fn(key, v)
	}
}

// TestEveryKeyIsAVariable sets each key by its variable alone and finds it where
// it belongs.
func TestEveryKeyIsAVariable(t *testing.T) {
	t.Parallel()
	keys := 0
	walk(reflect.ValueOf(Config{}), "", func(key string, v reflect.Value) {
		keys++
		text := map[reflect.Kind]string{reflect.String: "some-text", reflect.Bool: "true", reflect.Int: "7", reflect.Int64: "7", reflect.Float64: "7"}[v.Kind()]
		if v.Type() == spanType {
			text = "7s"
		}
		r := &reader{places: nil, sources: map[string]string{}, broken: map[string]bool{}}
		var config Config
		r.environment([]string{Variable(key) + "=" + text, "HOME=/", "TUIDANX=1"}, &config)
		if len(r.problems) > 0 {
			t.Errorf("%s: %v", Variable(key), r.problems)
			return
		}
		if r.sources[key] != Variable(key) {
			t.Errorf("%s set %v, not %s", Variable(key), r.sources, key)
		}
		if reflect.DeepEqual(config, Config{}) {
			t.Errorf("%s changed nothing", Variable(key))
		}
	})
	if keys < 35 {
		t.Errorf("only %d keys", keys)
	}
}

func TestEnvironmentGoesBeforeTheFile(t *testing.T) {
	t.Parallel()
	file := folder(t, strings.Replace(good, "group: -1001", "group: nonsense", 1))
	if _, err := LoadConfig(file, []string{"TUIDAN_SHOPS_0_GROUP=-42"}); err == nil {
		t.Fatal("a value that cannot be read is a mistake even where a variable goes before it")
	}
	file = folder(t, good)
	setup, err := LoadConfig(file, []string{
		"TUIDAN_SHOPS_0_GROUP=-42", "TUIDAN_SHOPS_0_STAFF_2_ID=9", "TUIDAN_SHOPS_0_STAFF_2_NAME=hong", "TUIDAN_SHOPS_0_STAFF_2_ROLE=agent",
		"TUIDAN_SHOPS_0_CHANNELS_SANDBOX_KEY_LIFE=48h", "TUIDAN_TELEGRAM_TOKEN=123456:ABCDEFGHIJ", "TUIDAN_SHOPS_0_KEY=0123456789abcdef",
	})
	if err != nil {
		t.Fatal(err)
	}
	shop := setup.Shops[0]
	if shop.Group != -42 || len(shop.Staff) != 3 || shop.Config.Channels["sandbox"].KeyLife != Span(48*time.Hour) || string(shop.Key) != "0123456789abcdef" {
		t.Errorf("shop is %+v", shop)
	}
}

func TestBadVariables(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"TUIDAN_NOTHING=1":                   "environment: TUIDAN_NOTHING: there is no such key",
		"TUIDAN_TELEGRAM=1":                  "environment: TUIDAN_TELEGRAM: there is no such key",
		"TUIDAN_SHOPS_X_ID=a":                "environment: TUIDAN_SHOPS_X_ID: after SHOPS comes the number of an entry",
		"TUIDAN_SHOPS_5_ID=a":                "environment: TUIDAN_SHOPS_5_ID: entry 5 comes before entry 1 is there",
		"TUIDAN_SHOPS_0_GROUP=a":             `environment: TUIDAN_SHOPS_0_GROUP: "a" is no whole number`,
		"TUIDAN_SHOPS_0_CHANNELS_KIND=a":     "environment: TUIDAN_SHOPS_0_CHANNELS_KIND: there is no such key",
		"TUIDAN_TELEGRAM_MODE=pull":          `environment: TUIDAN_TELEGRAM_MODE: "pull" is none of polling, webhook`,
		"TUIDAN_SHOPS_0_TEMPLATES_WAIT_EN=a": "environment: TUIDAN_SHOPS_0_TEMPLATES_WAIT_EN: this stands in the file alone",
		"TUIDAN_TELEGRAM_MODE_MORE=polling":  "environment: TUIDAN_TELEGRAM_MODE_MORE: there is no such key",
	} {
		_, err := LoadConfig(folder(t, good), []string{variable})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", variable, err, want)
		}
	}
}

func TestSecretsHide(t *testing.T) {
	t.Parallel()
	config := DefaultConfig()
	config.Telegram.Token = "123456:very-secret"
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("config", "token", config.Telegram.Token, "all", config, "telegram", &config.Telegram)
	slog.New(slog.NewTextHandler(&out, nil)).Info("config", "token", config.Telegram.Token, "all", config)
	fmt.Fprintf(&out, "%v %+v %#v %s %q", config, config, config, config.Telegram.Token, config.Telegram.Token)
	if strings.Contains(out.String(), "very-secret") {
		t.Errorf("the token shows: %s", out.String())
	}
}

// uncomment takes the # off lines that show a key that is not needed.
var uncomment = regexp.MustCompile(`(?m)^(\s*)#(- \{|[a-z_]+:)`)

// TestExample holds the example against the config: it is right as it stands, and
// with the keys that it only shows it has every one.
func TestExample(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../tuidan.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LoadConfig("../tuidan.example.yaml", nil); err != nil {
		t.Error(err)
	}
	r := &reader{file: "tuidan.example.yaml"}
	var config Config
	r.read(uncomment.ReplaceAll(data, []byte("$1$2")), &config)
	if len(r.problems) > 0 {
		t.Error(r.problems)
	}
	given := make(map[string]bool)
	entry := regexp.MustCompile(`\[\d+\]|(suppliers|channels)\.\w+`)
	for key := range r.places {
		given[entry.ReplaceAllStringFunc(key, func(part string) string {
			if name, _, ok := strings.Cut(part, "."); ok {
				return name + ".any"
			}
			return "[0]"
		})] = true
	}
	walk(reflect.ValueOf(config), "", func(key string, v reflect.Value) {
		if v.Type() == secretType {
			if !regexp.MustCompile(strings.ReplaceAll(Variable(key), "_ANY_", "_[A-Z]+_")).Match(data) {
				t.Errorf("the example does not name %s", Variable(key))
			}
			return
		}
		if !given[key] {
			t.Errorf("the example has no %s; it has %v", key, slices.Sorted(keysOf(given)))
		}
	})
}

func keysOf(m map[string]bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// TestExcerptHidesSecrets checks that a secret in the wrong place is not shown by
// the very mistake that says so.
func TestExcerptHidesSecrets(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"  token: 123456:AbCdEf-ghIJKLmnop_qrs":        "  token: [redacted]",
		"  tokn: 123456:AbCdEf-ghIJKLmnop_qrs":         "  tokn: [redacted]",
		`  webhook: {secret: "a, b", path: /x}`:        "  webhook: {secret: [redacted], path: /x}",
		"  webhook: {listen: :80, 'secret': abc}":      "  webhook: {listen: :80, 'secret': [redacted]}",
		"    key: 0123456789abcdef # the shop's":       "    key: [redacted]",
		"  token_file: token.txt":                      "  token_file: token.txt",
		"  sandbox: {kind: sandbox, key_life: 24h}":    "  sandbox: {kind: sandbox, key_life: 24h}",
		"    - {id: 6000000001, name: wang, role: ap}": "    - {id: 6000000001, name: wang, role: ap}",
	} {
		if got := masked(line); got != want {
			t.Errorf("%q is shown as %q, want %q", line, got, want)
		}
	}
}
