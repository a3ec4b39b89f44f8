package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"
	"github.com/google/go-cmp/cmp"

	"tuidan/bot"
	"tuidan/engine"
	"tuidan/refund"
	"tuidan/simulator"
)

// terminal is where setup writes and reads.
type terminal struct {
	t     *testing.T
	mu    sync.Mutex
	out   strings.Builder
	at    int           // what was looked at
	wrote chan struct{} // closed and replaced with each write
	keys  *io.PipeWriter
	in    *io.PipeReader
}

func newTerminal(t *testing.T) *terminal {
	in, keys := io.Pipe()
	t.Cleanup(func() { _ = keys.Close() })
	return &terminal{t: t, wrote: make(chan struct{}), keys: keys, in: in}
}

func (s *terminal) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Write(p)
	close(s.wrote)
	s.wrote = make(chan struct{})
	return len(p), nil
}

func (s *terminal) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// shows waits until something is written behind what it looked at before, and returns
// what the expression catches.
func (s *terminal) shows(expression string) []string {
	s.t.Helper()
	wanted, limit := regexp.MustCompile(expression), time.After(10*time.Second)
	for {
		s.mu.Lock()
		text, wrote := s.out.String(), s.wrote
		if at := wanted.FindStringSubmatchIndex(text[s.at:]); at != nil {
			found := wanted.FindStringSubmatch(text[s.at:])
			s.at += at[1]
			s.mu.Unlock()
			return found
		}
		s.mu.Unlock()
		select {
		case <-wrote:
		case <-limit:
			s.t.Fatalf("nothing shows %q:\n%s", expression, text)
		}
	}
}

func (s *terminal) types(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.keys, line+"\n"); err != nil {
		s.t.Fatal(err)
	}
}

// setting starts setup in a folder; wait returns its error.
func startSetup(ctx context.Context, t *testing.T, api, folder string, environment ...string) (s *terminal, wait func() error) {
	s = newTerminal(t)
	ended := make(chan error, 1)
	go func() {
		ended <- setup(ctx, setupOptions{config: filepath.Join(folder, "tuidan.yaml"), locale: "zh-Hans", api: api, environment: environment,
			in: s.in, out: s, errs: s, clock: engine.SystemClock{}})
	}()
	return s, func() error {
		select {
		case err := <-ended:
			return err
		case <-time.After(20 * time.Second):
			t.Fatalf("setup does not end:\n%s", s.text())
			return nil
		}
	}
}

// bare is a Telegram in which the bot is in no group yet, with privacy mode as
// @BotFather gives it.
func bare(t *testing.T) (*simulator.Server, *httptest.Server, *simulator.Group) {
	t.Helper()
	sim := simulator.New(simulator.Options{Now: time.Now, PrivacyMode: true})
	server := httptest.NewServer(sim)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close(); sim.Close() })
	group := sim.NewGroup(simulator.GroupOptions{Title: "星卡售后", Forum: true, Bot: models.ChatMemberTypeLeft, Owner: sim.User("chen"),
		Denied: simulator.Rights{Pins: true}, Members: []*simulator.User{sim.User("wang"), sim.User("hong")}})
	return sim, server, group
}

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const codeShape = `([2-9A-Z]{4}-[2-9A-Z]{4})`

// TestSetup goes from nothing to a desk that answers a buyer, and then adds a person.
func TestSetup(t *testing.T) {
	t.Parallel()
	sim, api, group := bare(t)
	folder := t.TempDir()
	chen, wang, hong, mei := sim.User("chen"), sim.User("wang"), sim.User("hong"), sim.User("mei")
	s, wait := startSetup(t.Context(), t, api.URL, folder)
	s.shows("令牌")
	s.types("123456:not-the-right-token")
	s.shows("不认这个令牌")
	s.types(sim.Token())
	s.shows("@tuidan_bot")
	s.shows("店名")
	s.types("星卡 \"总店\"")
	s.shows("货币")
	s.types("")
	s.shows("时区")
	s.types("Nowhere/At_All")
	s.shows("时区")
	s.types("")
	link := s.shows(`startgroup=` + codeShape + `&admin=`)[1]
	owner := s.shows(`店主.*start=` + codeShape)[1]
	approver := s.shows(`可以做决定.*start=` + codeShape)[1]
	s.types("")
	s.shows("还缺：群")

	// A buyer who writes meanwhile is the desk's: it answers him when it opens.
	done(t, second(mei.Start("")))
	done(t, second(chen.Start("")))
	// The link adds the bot with its rights, and sends the code by a command that it hears.
	group.AddBot(chen, models.ChatMemberTypeAdministrator)
	done(t, second(chen.Say(simulator.Where{Chat: group.ID()}, "/start@tuidan_bot "+link)))
	s.shows("已绑定群：星卡售后")
	done(t, second(chen.Start(owner)))
	s.shows("chen：店主")
	done(t, second(mei.Say(simulator.Where{}, "ABCD-EFGH")))
	s.shows("错误的口令")
	done(t, second(mei.Say(simulator.Where{}, owner))) // it was used
	s.shows("错误的口令")
	done(t, second(wang.Say(simulator.Where{}, strings.ToLower(strings.ReplaceAll(approver, "-", "")))))
	s.shows("wang：可以做决定")
	s.types("")
	if err := wait(); err != nil {
		t.Fatalf("setup: %v\n%s", err, s.text())
	}
	for _, want := range []string{"隐私模式已开启", "由本机拉取", "命令菜单还没有设置", "群 星卡售后", "已开启话题", "机器人是群管理员", "不能置顶", "chen：店主", "启动退单台：tuidan serve --config"} {
		if !strings.Contains(s.text(), want) {
			t.Errorf("doctor does not say %q:\n%s", want, s.text())
		}
	}
	if strings.Contains(s.text(), "simulated-token") {
		t.Errorf("the token is shown:\n%s", s.text())
	}
	reads(t, sim, chen.ID(), "星卡 \"总店\"的退款：店主")
	reads(t, sim, group.ID(), "退款服务群")
	config := filepath.Join(folder, "tuidan.yaml")
	for _, name := range []string{"tuidan.yaml", tokenFile, shopKeyFile, evidenceFile, policyFile, ordersFile} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	setup, err := CheckConfig(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []refund.Staff{{Person: refund.PersonID(chen.ID()), Name: "chen", Role: refund.OwnerOf}, {Person: refund.PersonID(wang.ID()), Name: "wang", Role: refund.Approver}}
	if diff := cmp.Diff(want, setup.Shops[0].Staff); diff != "" || setup.Shops[0].Group != refund.ChatID(group.ID()) {
		t.Errorf("group %d, staff (-want +got):\n%s", setup.Shops[0].Group, diff)
	}

	// It runs, and nobody who wrote meanwhile was lost.
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, setup, slog.New(slog.DiscardHandler)) }()
	reads(t, sim, mei.ID(), "退款服务台")
	done(t, second(mei.Start("T1001")))
	reads(t, sim, mei.ID(), "联系方式")
	done(t, second(mei.Say(simulator.Where{}, "try@example.com")))
	reads(t, sim, mei.ID(), "移动话费30元")
	done(t, second(chen.Say(simulator.Where{Chat: group.ID()}, "/duty")))
	reads(t, sim, group.ID(), "正在值班")
	cancel()
	if err := <-served; err != nil {
		t.Fatal(err)
	}

	// Again: nothing is asked twice; another person comes, and the file's own words stay.
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, bytes.Replace(text, []byte("    key_file:"), []byte("    # mine\n    key_file:"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	s, wait = startSetup(t.Context(), t, api.URL, folder)
	s.shows("已有群和这些人")
	s.shows("wang：可以做决定")
	s.types("3")
	agent := s.shows(`不能做决定.*start=` + codeShape)[1]
	done(t, second(hong.Say(simulator.Where{Chat: group.ID()}, agent)))
	s.shows("人人可见")
	agent = s.shows(`start=` + codeShape)[1]
	done(t, second(hong.Start(agent)))
	s.shows("hong：可以和买家沟通")
	s.types("")
	s.shows("要修改")
	s.types("是")
	if err := wait(); err != nil {
		t.Fatalf("setup: %v\n%s", err, s.text())
	}
	again, err := LoadConfig(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, refund.Staff{Person: refund.PersonID(hong.ID()), Name: "hong", Role: refund.Agent})
	if diff := cmp.Diff(want, again.Shops[0].Staff); diff != "" {
		t.Errorf("staff (-want +got):\n%s", diff)
	}
	if text, err = os.ReadFile(config); err != nil || !bytes.Contains(text, []byte("    # mine\n    key_file:")) {
		t.Errorf("the file lost its words: %v\n%s", err, text)
	}
	if kept, err := filepath.Glob(config + ".*"); len(kept) != 1 || err != nil {
		t.Errorf("kept %v, %v", kept, err)
	}
	// And once more, without a change.
	s, wait = startSetup(t.Context(), t, api.URL, folder)
	s.shows("回车：完成")
	s.types("")
	if err := wait(); err != nil {
		t.Fatalf("setup: %v\n%s", err, s.text())
	}
	if !strings.Contains(s.text(), "tuidan.yaml 保持不变") {
		t.Errorf("it does not say that nothing changed:\n%s", s.text())
	}
}

func second[T any](_ T, err error) error { return err }

// TestSetupInterrupted ends setup at every place where it waits: there is no config
// afterwards, and a later run goes on from the token.
func TestSetupInterrupted(t *testing.T) {
	t.Parallel()
	sim, api, group := bare(t)
	group.AddBot(sim.User("chen"), models.ChatMemberTypeAdministrator)
	folder := t.TempDir()
	stages := []struct {
		name string
		do   func(*terminal)
	}{
		{"token", func(s *terminal) { s.shows("令牌") }},
		{"name", func(s *terminal) { s.types(sim.Token()); s.shows("店名") }},
		{"currency", func(s *terminal) { s.types("星卡"); s.shows("货币") }},
		{"codes", func(s *terminal) { s.types(""); s.shows("时区"); s.types(""); s.shows("回车：完成") }},
		{"group", func(s *terminal) {
			code := regexp.MustCompile(`startgroup=` + codeShape).FindStringSubmatch(s.text())[1]
			done(t, second(sim.User("chen").Say(simulator.Where{Chat: group.ID()}, code)))
			s.shows("已绑定群")
		}},
		{"owner", func(s *terminal) {
			code := regexp.MustCompile(`店主.*start=` + codeShape).FindStringSubmatch(s.text())[1]
			done(t, second(sim.User("chen").Start(code)))
			s.shows("chen：店主")
		}},
	}
	for n := range stages {
		ctx, cancel := context.WithCancel(t.Context())
		s, wait := startSetup(ctx, t, api.URL, folder)
		for i, stage := range stages[:n+1] {
			if i == 0 && n > 1 {
				continue // the token was kept by the run before
			}
			if i == 1 && n > 1 {
				s.shows("店名")
				continue
			}
			stage.do(s)
		}
		cancel()
		if err := wait(); err == nil || !strings.Contains(s.text(), "已中断") {
			t.Errorf("%s: interrupted with %v:\n%s", stages[n].name, err, s.text())
		}
		if exists(filepath.Join(folder, "tuidan.yaml")) || exists(filepath.Join(folder, policyFile)) {
			t.Errorf("%s: something was written", stages[n].name)
		}
	}
}

// TestSetupKeepsWhatIsThere finds files of its names, a webhook of another program,
// and the token in the environment.
func TestSetupKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	sim, api, group := bare(t)
	group.AddBot(sim.User("chen"), models.ChatMemberTypeAdministrator)
	folder := t.TempDir()
	sample, err := sample.ReadFile("sample/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mine := append(sample, "\n# mine\n"...)
	if err := os.WriteFile(filepath.Join(folder, policyFile), mine, 0o600); err != nil {
		t.Fatal(err)
	}
	client := &bot.Client{URL: api.URL, Token: sim.Token()}
	if err := client.Call(t.Context(), "setWebhook", map[string]any{"url": "https://elsewhere.example/secret-path"}, nil); err != nil {
		t.Fatal(err)
	}
	token := "TUIDAN_TELEGRAM_TOKEN=" + sim.Token()
	s, wait := startSetup(t.Context(), t, api.URL, folder, token)
	s.shows("送往 elsewhere.example，")
	s.types("")
	if err := wait(); !errors.Is(err, errSaid) {
		t.Fatalf("it went on: %v", err)
	}
	self, err := bot.Examine(t.Context(), client)
	if err != nil || self.Webhook == "" {
		t.Fatalf("the webhook was taken away: %+v, %v", self, err)
	}
	s, wait = startSetup(t.Context(), t, api.URL, folder, token)
	s.shows("送往 elsewhere.example，")
	s.types("yes")
	for _, question := range []string{"店名", "货币", "时区"} {
		s.shows(question)
		s.types("")
	}
	code := s.shows(`startgroup=` + codeShape)[1]
	owner := s.shows(`店主.*start=` + codeShape)[1]
	done(t, second(sim.User("chen").Start(owner)))
	s.shows("chen：店主")
	done(t, second(sim.User("chen").Say(simulator.Where{}, code)))
	s.shows("要在群里发送")
	done(t, second(sim.User("chen").Say(simulator.Where{Chat: group.ID()}, code)))
	s.shows("已绑定群")
	if err := s.keys.Close(); err != nil { // nobody types any more: done
		t.Fatal(err)
	}
	if err := wait(); err != nil {
		t.Fatalf("setup: %v\n%s", err, s.text())
	}
	if exists(filepath.Join(folder, tokenFile)) || !strings.Contains(s.text(), policyFile+" 已经存在") || strings.Contains(s.text(), "secret-path") {
		t.Errorf("a token was kept, or the policy not:\n%s", s.text())
	}
	if text, err := os.ReadFile(filepath.Join(folder, policyFile)); err != nil || !bytes.Equal(text, mine) {
		t.Errorf("the policy changed: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "tuidan.yaml")); err != nil || bytes.Contains(text, []byte("token_file")) {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestSetupOfRolesFromTheGroup neither wants an owner nor makes one where the group
// has him; and it stops where it could not see what is new.
func TestSetupOfRolesFromTheGroup(t *testing.T) {
	t.Parallel()
	sim, api := telegram(t)
	config := folder(t, strings.Replace(good, "    staff:\n      - {id: 1, name: wang, role: approver}\n      - {id: 3, name: chen, role: owner}\n", "    staff_from_group: true\n", 1))
	s, wait := startSetup(t.Context(), t, api.URL, filepath.Dir(config), "TUIDAN_TELEGRAM_TOKEN="+sim.Token())
	s.shows("回车：完成")
	s.types("1")
	s.shows("请在群里设为管理员")
	for range mostHeard {
		if _, err := sim.User("mei").Say(simulator.Where{}, "还没到账"); err != nil {
			t.Fatal(err)
		}
	}
	s.shows("请先启动退单台")
	if err := wait(); !errors.Is(err, errSaid) {
		t.Errorf("it ends with %v", err)
	}
	if sim.Pending() != mostHeard {
		t.Errorf("%d messages wait, want %d", sim.Pending(), mostHeard)
	}
}

func TestPairing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	private := func(person refund.PersonID, text string) bot.Overheard {
		return bot.Overheard{Chat: refund.ChatID(person), Person: person, Name: "王", Text: text}
	}
	hear := func(p *pairing, m bot.Overheard, at time.Time, want pairResult) {
		t.Helper()
		if got, _ := p.hear(m, at); got != want {
			t.Errorf("%q of %d: got %d, want %d", m.Text, m.Person, got, want)
		}
	}
	p := newPairing()
	code := p.give(refund.OwnerOf, now)
	hear(p, private(1, "你好"), now, pairNothing)
	hear(p, private(1, code.shown()), now.Add(codeLife), pairWrong) // too late
	code = p.give(refund.OwnerOf, now)
	older := code
	code = p.give(refund.OwnerOf, now) // takes the place of the one before
	hear(p, private(1, older.shown()), now, pairWrong)
	hear(p, private(1, "我的口令 "+strings.ToLower(code.shown())), now.Add(codeLife-time.Second), pairPerson)
	hear(p, private(2, code.shown()), now, pairWrong) // once only
	second := p.give(refund.Approver, now)
	hear(p, private(2, second.shown()), now, pairPerson)
	want := []StaffConfig{{ID: 1, Name: "王", Role: "owner"}, {ID: 2, Name: "王 2", Role: "approver"}}
	if diff := cmp.Diff(want, p.people); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	// Who guesses is not listened to; and when many do, there is nothing left to guess.
	open := p.give(refund.Agent, now)
	for range wrongEach {
		p.hear(private(9, "AAAA-AAAA"), now)
	}
	hear(p, private(9, open.shown()), now, pairNothing)
	for person := refund.PersonID(10); ; person++ {
		if result, _ := p.hear(private(person, "AAAA-AAAA"), now); result == pairAgain {
			break
		} else if person > 10+wrongAll {
			t.Fatal("nobody minds")
		}
	}
	hear(p, private(3, open.shown()), now, pairWrong)
	if p.codes[0].role != refund.Agent || p.codes[0].text == open.text {
		t.Errorf("codes %+v", p.codes)
	}
	// The group moves while it is set up.
	p = newPairing()
	place := p.give(groupCode, now)
	hear(p, bot.Overheard{Chat: -5, Group: true, Text: "/start@tuidan_bot " + place.shown()}, now, pairGroup)
	hear(p, bot.Overheard{Chat: -5, Group: true, Moved: -1005}, now, pairNothing)
	if p.group != -1005 {
		t.Errorf("group %d", p.group)
	}
	seen := map[string]bool{}
	for range 1000 {
		code := newCode(refund.Agent, now)
		if seen[code.text] || strings.Trim(code.text, codeLetters) != "" || len(code.text) != codeLength {
			t.Fatalf("code %q", code.text)
		}
		seen[code.text] = true
	}
}

func TestRewritten(t *testing.T) {
	t.Parallel()
	staff := []StaffConfig{{ID: 5, Name: "a \"b\"", Role: "owner"}}
	for name, config := range map[string]string{
		"block":           good,
		"flow":            strings.Replace(good, "staff:\n      - {id: 1, name: wang, role: approver}\n      - {id: 3, name: chen, role: owner}", "staff: [{id: 1, name: wang, role: approver}]   # all", 1),
		"entries of keys": strings.Replace(good, "      - {id: 3, name: chen, role: owner}\n", "      - id: 3\n        name: chen\n        role: owner\n    # rules\n", 1),
		"staff first":     strings.Replace(strings.Replace(good, "    staff:\n      - {id: 1, name: wang, role: approver}\n      - {id: 3, name: chen, role: owner}\n", "", 1), "  - id: star", "  - staff:\n      - {id: 1, name: wang, role: approver}\n    id: star", 1),
		"two shops":       good + "  - id: moon\n    group: -1001\n    staff:\n      - {id: 1, name: wang, role: approver}\n",
	} {
		text, err := rewritten("tuidan.yaml", []byte(config), -77, staff)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		now, _ := readConfig("", text)
		before, _ := readConfig("", []byte(config))
		before.Shops[0].Group, before.Shops[0].Staff = -77, staff
		if diff := cmp.Diff(before, now); diff != "" || strings.Contains(config, "# rules") && !strings.Contains(string(text), "# rules") {
			t.Errorf("%s (-want +got):\n%s%s", name, diff, text)
		}
	}
	for name, config := range map[string]string{
		"no group": strings.Replace(good, "    group: -1001\n", "", 1),
		"spread":   strings.Replace(good, "staff:\n      - {id: 1, name: wang, role: approver}\n      - {id: 3, name: chen, role: owner}", "staff: [\n      {id: 1,\n      name: wang, role: approver}\n      ]", 1),
		"written":  strings.Replace(good, "group: -1001", "group: -1_001", 1),
	} {
		if text, err := rewritten("tuidan.yaml", []byte(config), -77, staff); !errors.Is(err, errByHand) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

func TestWriteNew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b")
	if err := writeNew(path, []byte("1")); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(path, []byte("2")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written over: %v", err)
	}
	if err := replace(path, []byte("3")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	entries, err2 := os.ReadDir(filepath.Dir(path))
	if string(text) != "3" || len(entries) != 1 || errors.Join(err, err2) != nil {
		t.Errorf("%q, %v: %v %v", text, fmt.Sprint(entries), err, err2)
	}
}
