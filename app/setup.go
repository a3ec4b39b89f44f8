package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tuidan/bot"
	"tuidan/engine"
	"tuidan/locales"
	"tuidan/refund"
)

// setupOptions are what `tuidan setup` is told.
type setupOptions struct {
	config      string
	locale      string // "": as the environment says
	api         string // "": as the config says, else Telegram's
	environment []string
	in          io.Reader
	out, errs   io.Writer
	clock       engine.Clock
}

// setting is one run of setup.
type setting struct {
	setupOptions
	catalogs *locales.Catalogs
	folder   string
	prompt   *prompt
	client   *bot.Client
	self     bot.Self
	had      *Setup // the config that is there; nil: none
	first    firstConfig
	pairing  *pairing
}

// setup is `tuidan setup`: from a token to a config. Everything that it learns it
// keeps in memory and writes last, the config as the very last in one go, so that an
// interrupt leaves either a whole config or none; only a token that was typed in is
// kept at once, in its own file. Run again it changes the group and the people.
func setup(ctx context.Context, o setupOptions) error {
	catalogs, err := locales.Load(locales.Embedded)
	if err != nil {
		return err
	}
	if o.locale == "" {
		o.locale = localeOf(o.environment)
	}
	s := &setting{setupOptions: o, catalogs: catalogs, folder: filepath.Dir(o.config), prompt: newPrompt(o.in), pairing: newPairing()}
	if exists(o.config) {
		if s.had, err = LoadConfig(o.config, o.environment); err != nil {
			return tellProblems(err, o.errs)
		}
	}
	if err = s.run(ctx); err != nil {
		if ctx.Err() != nil {
			s.say("setup_interrupted")
			return errSaid
		}
		return err
	}
	fmt.Fprintln(s.out)
	err = doctor(ctx, s.config, s.locale, s.environment, s.out, s.errs)
	s.say("setup_next", "Command", "tuidan serve --config "+s.config)
	return err
}

// run asks, pairs and writes.
func (s *setting) run(ctx context.Context) error {
	if err := s.meet(ctx); err != nil {
		return err
	}
	if err := s.freeUpdates(ctx); err != nil {
		return err
	}
	if err := s.askShop(ctx); err != nil {
		return err
	}
	if err := s.pair(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.write(ctx)
}

// localeOf is the catalog that fits the environment's language: Chinese unless it is another.
func localeOf(environment []string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		for _, one := range environment {
			if value, ok := strings.CutPrefix(one, name+"="); ok && value != "" {
				if strings.HasPrefix(value, "en") {
					return "en"
				}
				return "zh-Hans"
			}
		}
	}
	return "zh-Hans"
}

func (s *setting) text(words refund.Words) string {
	text, err := s.catalogs.Text(s.locale, words, time.UTC)
	if err != nil {
		return words.Key
	}
	return text
}

func (s *setting) say(key string, pairs ...string) { fmt.Fprintln(s.out, s.text(say(key, pairs...))) }

// ask asks for a line; nothing typed is the usual, which the question names.
func (s *setting) ask(ctx context.Context, usual, key string, pairs ...string) (string, error) {
	fmt.Fprint(s.out, s.text(say(key, append(pairs, "Usual", usual)...))+" ")
	line, err := s.prompt.line(ctx)
	if line == "" && (err == nil || errors.Is(err, io.EOF)) {
		line, err = usual, nil
	}
	if err != nil {
		fmt.Fprintln(s.out)
	}
	return line, err
}

// sure asks a question that only a plain yes answers with yes.
func (s *setting) sure(ctx context.Context, key string, pairs ...string) (bool, error) {
	line, err := s.ask(ctx, "", key, pairs...)
	return slices.Contains([]string{"y", "yes", "是", "好"}, strings.ToLower(line)), err
}

const typedTries = 3

// meet finds the bot's token, asks for it where there is none, and asks Telegram
// whose it is.
func (s *setting) meet(ctx context.Context) error {
	api := DefaultConfig().Telegram.APIURL
	if s.had != nil {
		api = s.had.Config.Telegram.APIURL
	}
	for _, one := range s.environment {
		if value, ok := strings.CutPrefix(one, Variable("telegram.api_url")+"="); ok {
			api = value
		}
	}
	if s.api != "" {
		api = strings.TrimRight(s.api, "/")
	}
	if api != DefaultConfig().Telegram.APIURL {
		s.first.API = api
	}
	token, typed, err := s.token()
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		if token == "" {
			typed = true
			fmt.Fprint(s.out, s.text(say("setup_ask_token", "Source", "@BotFather"))+" ")
			if token, err = s.prompt.hidden(ctx); err != nil {
				fmt.Fprintln(s.out)
				return err
			}
			fmt.Fprintln(s.out)
		}
		s.client = &bot.Client{URL: api, Token: token}
		err := error(&bot.APIError{Code: http.StatusUnauthorized})
		if tokenShape.MatchString(token) {
			asking, cancel := context.WithTimeout(ctx, patience)
			s.self, err = bot.Examine(asking, s.client)
			cancel()
		}
		refusal, refused := errors.AsType[*bot.APIError](err)
		switch {
		case err == nil:
			s.say("setup_bot", "Bot", s.self.Username)
			if typed {
				return s.keepToken(ctx, token)
			}
			return nil
		case refused && (refusal.Code == http.StatusUnauthorized || refusal.Code == http.StatusNotFound):
			s.say("setup_token_wrong")
			if try == typedTries || !typed && !exists(s.path(tokenFile)) {
				return errSaid
			}
			token = ""
		default:
			return fmt.Errorf("ask Telegram: %w", err)
		}
	}
}

var tokenShape = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]{8,}$`)

func (s *setting) path(name string) string { return filepath.Join(s.folder, filepath.FromSlash(name)) }

// token is the one that is known: the environment's, the config's, or what an
// earlier run kept.
func (s *setting) token() (token string, typed bool, err error) {
	for _, one := range s.environment {
		if value, ok := strings.CutPrefix(one, Variable("telegram.token")+"="); ok && value != "" {
			return value, false, nil
		}
	}
	if s.had != nil && s.had.Config.Telegram.Token != "" {
		return string(s.had.Config.Telegram.Token), false, nil
	}
	data, err := os.ReadFile(s.path(tokenFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	s.first.Token = tokenFile
	return strings.TrimSpace(string(data)), false, err
}

// keepToken writes a token that was typed, so that it is asked for once.
func (s *setting) keepToken(ctx context.Context, token string) error {
	path := s.path(tokenFile)
	if s.had != nil && s.had.Config.Telegram.TokenFile != "" {
		path = string(s.had.Config.Telegram.TokenFile)
	}
	s.first.Token = tokenFile
	data := []byte(token + "\n")
	err := writeNew(path, data)
	if errors.Is(err, fs.ErrExist) {
		if sure, err := s.sure(ctx, "setup_replace_token", "File", path); err != nil || !sure {
			return errors.Join(err, errSaid)
		}
		err = replace(path, data)
	}
	if err == nil {
		s.say("setup_token_kept", "File", path)
	}
	return err
}

// freeUpdates makes sure that the bot's updates can be fetched.
func (s *setting) freeUpdates(ctx context.Context) error {
	if s.self.Webhook == "" {
		return nil
	}
	sure, err := s.sure(ctx, "setup_webhook", "Host", hostOf(s.self.Webhook))
	if err != nil || !sure {
		return errors.Join(err, errSaid)
	}
	return s.client.Call(ctx, "deleteWebhook", nil, nil) // what waits is kept
}

// hostOf is the part of an address that says whose it is; the rest may be a secret.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return "?"
}

// askShop asks what a first config must say of the shop.
func (s *setting) askShop(ctx context.Context) (err error) {
	c := &s.first
	if s.had != nil {
		shop := s.had.Config.Shops[0]
		c.Title = shop.Title
		s.pairing.roles = shop.FromGroup
		s.pairing.group, s.pairing.people = refund.ChatID(shop.Group), slices.Clone(shop.Staff)
		return nil
	}
	for c.Title == "" {
		if c.Title, err = s.ask(ctx, s.self.Username, "setup_ask_title"); err != nil {
			return err
		}
	}
	for {
		if c.Currency, err = s.ask(ctx, "CNY", "setup_ask_currency"); err != nil {
			return err
		}
		c.Currency = strings.ToUpper(c.Currency)
		if _, err := refund.ParseMoney("1", c.Currency); err == nil {
			break
		}
	}
	for {
		if c.Zone, err = s.ask(ctx, "Asia/Shanghai", "setup_ask_zone"); err != nil {
			return err
		}
		if _, err := time.LoadLocation(c.Zone); err == nil && c.Zone != "Local" {
			return nil
		}
	}
}

// write makes the files of a first config, or changes the one that is there.
func (s *setting) write(ctx context.Context) error {
	if s.had != nil {
		return s.change(ctx)
	}
	there, err := supplies(s.folder, s.first.Currency, s.clock.Now())
	if err != nil {
		return err
	}
	for _, name := range there {
		s.say("setup_there", "File", s.path(name))
	}
	c := s.first
	c.Evidence, c.Key, c.Policy, c.Orders, c.Locale, c.Group = evidenceFile, shopKeyFile, policyFile, ordersFile, s.locale, s.pairing.group
	for _, one := range s.pairing.people {
		c.Staff = append(c.Staff, staffLine(one))
	}
	text, err := configOf(c)
	if err != nil {
		return err
	}
	if err := s.right(text); err != nil {
		return err
	}
	if err := writeNew(s.config, text); err != nil {
		return err
	}
	s.say("setup_written", "File", s.config)
	return nil
}

// right holds a config against everything that serve does, before it is written.
func (s *setting) right(text []byte) error {
	_, err := load(loading{name: s.config, data: text, folder: s.folder, environment: s.environment, read: os.ReadFile})
	if err != nil {
		return tellProblems(err, s.errs)
	}
	return nil
}

// change puts another group or other people into the config that is there.
func (s *setting) change(ctx context.Context) error {
	shop := s.had.Config.Shops[0]
	if int64(s.pairing.group) == shop.Group && slices.Equal(s.pairing.people, shop.Staff) {
		s.say("setup_unchanged", "File", s.config)
		return nil
	}
	old, err := os.ReadFile(s.config)
	if err != nil {
		return err
	}
	text, err := rewritten(s.config, old, s.pairing.group, s.pairing.people)
	if errors.Is(err, errByHand) {
		s.say("setup_by_hand", "File", s.config)
		fmt.Fprintf(s.out, "    group: %d\n    staff:\n", s.pairing.group)
		for _, one := range s.pairing.people {
			fmt.Fprintf(s.out, "      - %s\n", staffLine(one))
		}
		return errSaid
	}
	if err == nil {
		err = s.right(text)
	}
	if err != nil {
		return err
	}
	kept := s.config + "." + strconv.FormatInt(s.clock.Now().Unix(), 10)
	sure, err := s.sure(ctx, "setup_replace", "File", s.config, "Old", kept)
	if err != nil {
		return err
	}
	if !sure {
		s.say("setup_unchanged", "File", s.config)
		return errSaid
	}
	if err := writeNew(kept, old); err != nil {
		return err
	}
	if err := replace(s.config, text); err != nil {
		return err
	}
	s.say("setup_written", "File", s.config)
	return nil
}
