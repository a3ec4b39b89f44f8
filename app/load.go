package app

import (
	"bytes"
	"crypto/tls"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones must be known on a machine with nothing but tuidan

	"tuidan/bot"
	"tuidan/bot/locker"
	"tuidan/engine"
	"tuidan/intents"
	"tuidan/locales"
	"tuidan/orders"
	"tuidan/policy"
	"tuidan/refund"
	"tuidan/reports"
)

// sample is the shop of the demo, and of rehearsals that carry none.
//
//go:embed sample
var sample embed.FS

// minKey is the least length of a key that signs start payloads, in bytes.
const minKey = 16

// Setup is a config with all that it names read and found right.
type Setup struct {
	Config   Config
	Catalogs *locales.Catalogs
	Shops    []ShopSetup
	Keys     *locker.Keys   // that seal evidence; nil: none are named
	Model    *intents.Model // that reads messages
	Slots    *intents.Slots // that finds what they state, with the order numbers of all shops
	Font     string         // of pictures, as reports.InstallFont names it; "": one without Chinese letters
	Notes    []string       // what is allowed but probably not meant

	read func(path string) ([]byte, error) // what the config names
}

// ShopSetup is one shop, ready to be opened.
type ShopSetup struct {
	refund.Shop
	Config   ShopConfig
	Policy   *policy.Policy
	Orders   []byte                    // the order file as it was read
	Channels map[string]engine.Channel // all but sandboxes, which have files to open
}

// loading is how a config and the files that it names are read.
type loading struct {
	name        string // of the config, as mistakes call it
	data        []byte
	folder      string   // that relative paths start from
	inside      bool     // paths may not leave the folder, and secrets are not read
	environment []string // NAME=VALUE
	read        func(path string) ([]byte, error)
	orders      orders.Options
	thorough    bool // also what does not keep a policy from being used
}

// LoadConfig reads a config file and everything that it names. The error is
// Problems, with all that is wrong in the config, the policies, the order files and
// the catalogs, unless the config file itself cannot be read.
func LoadConfig(file string, environment []string) (*Setup, error) {
	return loadFile(file, environment, false)
}

// CheckConfig is LoadConfig that also refuses what a policy should not be left
// with: rules that never decide, and texts that lack a locale that the shop or a
// buyer reads.
func CheckConfig(file string, environment []string) (*Setup, error) {
	return loadFile(file, environment, true)
}

func loadFile(file string, environment []string, thorough bool) (*Setup, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the config: %w", err)
	}
	return load(loading{
		name: file, data: data, folder: filepath.Dir(file), environment: environment, read: os.ReadFile, thorough: thorough,
	})
}

func load(l loading) (*Setup, error) {
	r := &reader{file: l.name, folder: l.folder, inside: l.inside}
	setup := &Setup{Config: DefaultConfig(), read: l.read}
	setup.Config.Data = Path(filepath.Join(l.folder, string(setup.Config.Data))) // as if the file said so
	r.read(l.data, &setup.Config)
	r.environment(l.environment, &setup.Config)
	c := checker{reader: r, loading: l, setup: setup}
	c.catalogs()
	c.telegram()
	c.rest()
	c.shops()
	c.callbacks()
	c.reading()
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	return setup, nil
}

// checker holds what was read against what must hold.
type checker struct {
	*reader
	loading loading
	setup   *Setup
}

func (c *checker) catalogs() {
	catalogs, err := locales.Load(locales.Embedded)
	if err != nil {
		c.problems = append(c.problems, Problem{File: "catalogs", Text: err.Error()})
		return
	}
	for _, problem := range catalogs.Problems() {
		c.problems = append(c.problems, Problem{File: "catalogs", Text: problem.String()})
	}
	known := catalogs.Locales()
	if locale := c.setup.Config.Locale; !slices.Contains(known, locale) {
		c.wrong("locale", nearest(locale, known), "there is no catalog %q; there are %s", locale, strings.Join(known, ", "))
	} else if catalogs, err = catalogs.WithDefault(locale); err != nil {
		c.wrong("locale", "", "%v", err)
	}
	c.setup.Catalogs = catalogs
}

func (c *checker) among(key, value string, known ...string) {
	if !slices.Contains(known, value) {
		c.wrong(key, nearest(value, known), "%q is none of %s", value, strings.Join(known, ", "))
	}
}

func (c *checker) telegram() {
	t := &c.setup.Config.Telegram
	if u, err := url.Parse(t.APIURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		c.wrong("telegram.api_url", "", "%q is no address of a server; write https://api.telegram.org", t.APIURL)
	} else if u.User != nil {
		c.wrong("telegram.api_url", "", "an address has no user and password in it")
	}
	t.APIURL = strings.TrimRight(t.APIURL, "/")
	c.secret("telegram.token", &t.Token, "telegram.token_file", t.TokenFile)
	if t.Token != "" && !regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]{8,}$`).MatchString(string(t.Token)) {
		c.wrong("telegram.token_file", "", "what it holds is no bot token; @BotFather's look like 123456:ABC-DEF")
	}
	if t.Token == "" && !c.loading.inside {
		c.note("no bot token: `serve` needs %s or telegram.token_file", Variable("telegram.token"))
	}
	c.among("telegram.mode", t.Mode, "polling", "webhook")
	if t.PollFor < Span(2*time.Second) || t.PollFor > Span(50*time.Second) {
		c.wrong("telegram.poll_for", "", "a poll is held 2s to 50s, not %s", t.PollFor)
	}
	c.notBelowZero("telegram.limits.per_second", t.Limits.PerSecond)
	c.notBelowZero("telegram.limits.private_per_second", t.Limits.PrivatePerSecond)
	c.notBelowZero("telegram.limits.private_burst", float64(t.Limits.PrivateBurst))
	c.notBelowZero("telegram.limits.group_per_minute", float64(t.Limits.GroupPerMinute))
	c.notBelowZero("telegram.limits.concurrent", float64(t.Limits.Concurrent))
	w := &t.Webhook
	c.secret("telegram.webhook.secret", &w.Secret, "telegram.webhook.secret_file", w.SecretFile)
	if w.Connections < 1 || w.Connections > 100 {
		c.wrong("telegram.webhook.connections", "", "Telegram takes 1 to 100, not %d", w.Connections)
	}
	if !strings.HasPrefix(w.Path, "/") {
		c.wrong("telegram.webhook.path", "", "a path begins with a slash: %q", w.Path)
	}
	if (w.TLSCert == "") != (w.TLSKey == "") {
		c.wrong("telegram.webhook.tls_cert", "", "a certificate (tls_cert) and its key (tls_key) come together")
	}
	if t.Mode != "webhook" {
		return
	}
	if _, _, err := net.SplitHostPort(w.Listen); err != nil {
		c.wrong("telegram.webhook.listen", "", "%q is no host:port, such as 127.0.0.1:8443", w.Listen)
	}
	if u, err := url.Parse(w.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		c.wrong("telegram.webhook.url", "", "mode webhook needs the https address that Telegram posts to, not %q", w.URL)
	}
	if w.Secret == "" {
		c.wrong("telegram.webhook.secret_file", "", "mode webhook needs a secret: set %s or name a file", Variable("telegram.webhook.secret"))
	} else if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`).MatchString(string(w.Secret)) {
		c.wrong("telegram.webhook.secret_file", "", "a secret has 1 to 256 of A-Z a-z 0-9 _ and -")
	}
	pair, there := map[string][]byte{}, true
	for key, path := range map[string]Path{"tls_cert": w.TLSCert, "tls_key": w.TLSKey} {
		if path == "" {
			there = false
			continue
		}
		data, err := c.loading.read(string(path))
		if err != nil {
			c.wrong("telegram.webhook."+key, "", "%v", plain(err))
			there = false
		}
		pair[key] = data
	}
	if there {
		if _, err := tls.X509KeyPair(pair["tls_cert"], pair["tls_key"]); err != nil {
			c.wrong("telegram.webhook.tls_cert", "", "certificate and key do not go together: %v", err)
		}
	}
}

func (c *checker) notBelowZero(key string, n float64) {
	if n < 0 {
		c.wrong(key, "", "%v is below zero; 0 lifts the limit", n)
	}
}

func (c *checker) note(format string, args ...any) {
	c.setup.Notes = append(c.setup.Notes, fmt.Sprintf(format, args...))
}

// secret reads a secret from its file unless the environment has it.
func (c *checker) secret(key string, secret *Secret, fileKey string, file Path) {
	if *secret != "" || file == "" || c.loading.inside {
		return
	}
	data, err := c.loading.read(string(file))
	if err != nil {
		c.wrong(fileKey, "", "%v", plain(err))
		return
	}
	*secret = Secret(strings.TrimSpace(string(data)))
	if *secret == "" {
		c.wrong(fileKey, "", "the file for %s is empty", key)
	}
}

// plain takes the system call's name off a file's error.
func plain(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Errorf("cannot read %s: %w", path.Path, path.Err)
	}
	return err
}

func (c *checker) rest() {
	config := c.setup.Config
	if config.Data == "" {
		c.wrong("data", "", "the folder for the store is missing")
	}
	c.keys()
	c.among("log.level", config.Log.Level, "debug", "info", "warn", "error")
	c.among("log.format", config.Log.Format, "text", "json")
	if config.Tick < Span(100*time.Millisecond) || config.Tick > Span(time.Minute) {
		c.wrong("tick", "", "timers are looked at every 100ms to 1m, not %s", config.Tick)
	}
}

// keys opens the key file. Without one a desk can be checked and not served.
func (c *checker) keys() {
	file := c.setup.Config.Keys
	switch {
	case c.loading.inside: // a script reads no secrets
		return
	case file == "":
		c.note("no key to seal evidence with, so serve refuses to start (tuidan keys new FILE; then evidence_key_file, or %s)", Variable("evidence_key_file"))
		return
	}
	var err error
	if c.setup.Keys, err = locker.OpenKeyFile(string(file)); err != nil {
		hint := ""
		if errors.Is(err, fs.ErrNotExist) {
			hint = "make it with tuidan keys new " + string(file)
		}
		c.wrong("evidence_key_file", hint, "%v", plain(err))
	}
}

// font reads the font of pictures: the one that is named, or Debian's if it is
// installed. A script has none but the program's own.
func (c *checker) font() {
	path := string(c.setup.Config.Font)
	switch {
	case c.loading.inside:
		return
	case path == "":
		if _, err := os.Stat(reports.DebianFont); err != nil {
			for i := range c.setup.Shops {
				if shop := &c.setup.Shops[i]; !c.setup.draws(shop) {
					c.note("%s: no font with the letters of %s, so /stats and the daily digest come as text (Debian: fonts-wqy-microhei; or name a font as chart_font, or %s)",
						shop.ID, shop.Locale, Variable("chart_font"))
				}
			}
			return
		}
		path = reports.DebianFont
	}
	var err error
	if c.setup.Font, err = reports.InstallFont(path); err != nil {
		c.wrong("chart_font", "", "%v", plain(err))
	}
}

// draws reports whether there is a font for pictures of the shop's figures.
func (s *Setup) draws(shop *ShopSetup) bool {
	if s.Catalogs == nil {
		return true // which is told
	}
	title, err := s.Catalogs.Text(shop.Locale, refund.Words{Key: "stats_reasons"}, nil)
	return err == nil && reports.Writes(s.Font, title)
}

// digest reads when a shop's group is told how things stand.
func (c *checker) digest(text, key string) time.Duration {
	switch text {
	case "":
		text = DefaultDigest
	case "off":
		return 0
	}
	at, err := time.Parse("15:04", text)
	after := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	if err != nil || after == 0 {
		c.wrong(key+".digest", "", "%q is no time of the day from 00:01 to 23:59, such as %s, and not off", text, DefaultDigest)
	}
	return after
}

var shopID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

func (c *checker) shops() {
	config := &c.setup.Config
	if len(config.Shops) == 0 {
		c.wrong("shops", "", "there is no shop; a desk needs at least one")
	}
	ids, groups := make(map[string]int), make(map[int64]int)
	for i := range config.Shops {
		shop := &config.Shops[i]
		key := fmt.Sprintf("shops[%d]", i)
		if !shopID.MatchString(shop.ID) {
			c.wrong(key+".id", "", "an id is short, of a-z 0-9 and -, begins with a letter and never changes: %q", shop.ID)
		} else if other, twice := ids[shop.ID]; twice {
			c.wrong(key+".id", "", "%q is the id of shops[%d] already", shop.ID, other)
		}
		ids[shop.ID] = i
		if shop.Group >= 0 {
			c.wrong(key+".group", "", "a group's id is below zero, such as -1001234567890; %d is none", shop.Group)
		} else if other, twice := groups[shop.Group]; twice {
			c.wrong(key+".group", "", "%d is the group of shops[%d] already", shop.Group, other)
		}
		groups[shop.Group] = i
		c.setup.Shops = append(c.setup.Shops, c.shop(shop, key))
	}
	c.orders()
	c.font()
}

func (c *checker) shop(shop *ShopConfig, key string) ShopSetup {
	if shop.Title == "" {
		c.wrong(key+".title", "", "the name that buyers read is missing")
	}
	if shop.Locale == "" {
		shop.Locale = c.setup.Config.Locale
	} else if c.setup.Catalogs != nil {
		if known := c.setup.Catalogs.Locales(); !slices.Contains(known, shop.Locale) {
			c.wrong(key+".locale", nearest(shop.Locale, known), "there is no catalog %q; there are %s", shop.Locale, strings.Join(known, ", "))
		}
	}
	if _, err := refund.ParseMoney("1", shop.Currency); err != nil {
		c.wrong(key+".currency", "", "%q is no currency code such as CNY", shop.Currency)
	}
	if shop.Zone == "" {
		shop.Zone = "UTC"
	}
	zone, err := time.LoadLocation(shop.Zone)
	if err != nil || shop.Zone == "Local" {
		c.wrong(key+".zone", "", "%q is no time zone such as Asia/Shanghai", shop.Zone)
		zone = time.UTC
	}
	c.secret(key+".key", &shop.Key, key+".key_file", shop.KeyFile)
	if shop.Key != "" && len(shop.Key) < minKey {
		c.wrong(key+".key_file", "", "a key that signs has at least %d characters", minKey)
	}
	if shop.Key == "" && !c.loading.inside {
		c.note("%s: no key, so no start link is trusted and every buyer is asked for his contact (%s or key_file)", shop.ID, Variable(key+".key"))
	}
	c.source(&shop.Orders, key+".orders")
	ready := ShopSetup{Config: *shop, Shop: refund.Shop{
		ID: refund.ShopID(shop.ID), Title: shop.Title, Locale: shop.Locale, Currency: shop.Currency, Zone: zone,
		Group: refund.ChatID(shop.Group), Digest: c.digest(shop.Digest, key), Staff: c.staff(shop.Staff, key), Key: []byte(shop.Key),
	}}
	ready.Policy = c.policy(shop, key)
	c.suppliers(shop, ready.Policy, key)
	ready.Channels = c.channels(shop, key+".channels")
	ready.Instead = c.instead(shop, key+".channels")
	ready.Templates = c.templates(shop.Templates, key+".templates")
	return ready
}

func (c *checker) staff(people []StaffConfig, key string) []refund.Staff {
	var staff []refund.Staff
	names, ids := make(map[string]bool), make(map[int64]bool)
	decides, owns, clear := false, false, true
	for i, person := range people {
		at := fmt.Sprintf("%s.staff[%d]", key, i)
		role := refund.Role(person.Role)
		clear = clear && slices.Contains([]refund.Role{refund.Agent, refund.Approver, refund.OwnerOf}, role)
		c.among(at+".role", person.Role, string(refund.Agent), string(refund.Approver), string(refund.OwnerOf))
		switch {
		case person.ID <= 0:
			c.wrong(at+".id", "", "a person's id is a number above zero, never an @name; @userinfobot tells it")
		case ids[person.ID]:
			c.wrong(at+".id", "", "%d stands in the list already", person.ID)
		}
		switch {
		case person.Name == "":
			c.wrong(at+".name", "", "the name that the card shows is missing")
		case names[person.Name]:
			c.wrong(at+".name", "", "%q stands in the list already", person.Name)
		}
		names[person.Name], ids[person.ID] = true, true
		decides, owns = decides || role.Decides(), owns || role == refund.OwnerOf
		staff = append(staff, refund.Staff{Person: refund.PersonID(person.ID), Name: person.Name, Role: role})
	}
	switch {
	case !clear: // what is wrong with the roles was told
	case !decides:
		c.wrong(key+".staff", "", "nobody may decide: at least one approver or owner is needed")
	case !owns:
		c.wrong(key+".staff", "", "there is no owner, whom the desk turns to when nobody decides")
	}
	return staff
}

func (c *checker) policy(shop *ShopConfig, key string) *policy.Policy {
	if shop.Policy == "" {
		c.wrong(key+".policy", "", "the shop's policy file is missing")
		return nil
	}
	var loaded *policy.Policy
	var found policy.Mistakes
	var err error
	if c.loading.thorough {
		loaded, found, err = policy.Inspect(string(shop.Policy), c.loading.read, knownLocales()...)
	} else {
		loaded, err = policy.Open(string(shop.Policy), c.loading.read)
		if mistakes, ok := errors.AsType[*policy.Mistakes](err); ok {
			found, err = *mistakes, nil
		}
	}
	if err != nil {
		c.wrong(key+".policy", "", "%v", plain(err))
		return nil
	}
	c.problems = append(c.problems, policyProblems(found)...)
	if loaded != nil && loaded.Currency() != shop.Currency {
		c.note("%s: the policy's limits are in %s and the shop sells in %s, so its rules send everything to review", shop.ID, loaded.Currency(), shop.Currency)
	}
	return loaded
}

// knownLocales are those that shops and buyers can read: the catalogs'.
func knownLocales() []string {
	catalogs, err := locales.Load(locales.Embedded)
	if err != nil {
		return nil // which the config's check tells
	}
	return catalogs.Locales()
}

// orders reads the order files, each once even when several shops share it.
func (c *checker) orders() {
	read := make(map[Path][]byte)
	shops := make([]refund.ShopID, len(c.setup.Shops))
	for i := range c.setup.Shops {
		shops[i] = c.setup.Shops[i].ID
		if !shopID.MatchString(string(shops[i])) {
			shops = nil // that is told, and not again with each order
			break
		}
	}
	for i := range c.setup.Shops {
		shop := &c.setup.Shops[i]
		key, path := fmt.Sprintf("shops[%d].orders.path", i), shop.Config.Orders.Path
		if path == "" || shop.Config.Orders.Kind != csvOrders {
			continue
		}
		if data, ok := read[path]; ok {
			shop.Orders = data
			continue
		}
		data, err := c.loading.read(string(path))
		if err != nil {
			c.wrong(key, "", "%v", plain(err))
			continue
		}
		read[path], shop.Orders = data, data
		options := c.loading.orders
		options.Shops, options.KeepGood = shops, shop.Config.Orders.KeepGood
		_, err = orders.ParseCSV(string(path), bytes.NewReader(data), options)
		mistakes, ok := errors.AsType[*orders.Mistakes](err)
		switch {
		case ok && shop.Config.Orders.KeepGood:
			for _, m := range mistakes.List {
				c.note("%s (this line is left out, as keep_good says)", m)
			}
		case ok:
			for _, m := range mistakes.List {
				text := m.Text
				if m.Name != "" {
					text = "column " + m.Name + ": " + text
				}
				c.problems = append(c.problems, Problem{File: m.File, Line: m.Line, Column: max(m.Column, 1), Text: text})
			}
		case err != nil:
			c.wrong(key, "", "%v", err)
		}
	}
}

// reading opens what reads buyers' messages: the shop's own model where there is
// one, else the shipped one, told of the shops' products and order numbers.
func (c *checker) reading() {
	var products, shapes []string
	for i, shop := range c.setup.Config.Shops {
		key := fmt.Sprintf("shops[%d]", i)
		for j, shape := range shop.Numbers {
			if _, err := intents.NewSlots([]string{shape}); err != nil {
				c.wrong(fmt.Sprintf("%s.order_numbers[%d]", key, j), "", "%v", err)
				continue
			}
			shapes = append(shapes, shape)
		}
		if shop.Products == "" {
			continue
		}
		names, err := c.loading.read(string(shop.Products))
		if err != nil {
			c.wrong(key+".products", "", "%v", plain(err))
			continue
		}
		products = append(products, intents.ReadProducts(names)...)
	}
	var err error
	if c.setup.Slots, err = intents.NewSlots(shapes); err != nil {
		c.wrong("shops", "", "order_numbers: %v", err)
	}
	own := filepath.Join(string(c.setup.Config.Data), ownModel)
	if c.loading.inside {
		own = "" // a script has no model
	}
	model, _, err := openModel(own)
	if err != nil {
		c.problems = append(c.problems, Problem{File: own, Text: err.Error() + "; remove it to use the model in the program"})
		return
	}
	known := allLabels()
	if strange := slices.DeleteFunc(slices.Clone(model.Labels), func(label string) bool { return slices.Contains(known, label) }); len(strange) > 0 {
		c.problems = append(c.problems, Problem{File: own, Text: "this model reads what the desk does not know: " + strings.Join(strange, ", ") +
			"; remove it to use the model in the program"})
		return
	}
	c.setup.Model = model.WithProducts(products)
}

// limits are the outbox's.
func (l LimitsOfBot) limits() bot.Limits {
	return bot.Limits{PerSecond: l.PerSecond, PrivatePerSecond: l.PrivatePerSecond, PrivateBurst: l.PrivateBurst,
		GroupPerMinute: l.GroupPerMinute, Concurrent: l.Concurrent}
}
