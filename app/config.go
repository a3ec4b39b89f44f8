package app

import (
	"log/slog"
	"time"
)

// Secret is a text that never shows itself: not in a log, not in an error, not
// when it is printed. The zero value is "not set".
type Secret string

const redacted = "[redacted]"

func (s Secret) mask() string {
	if s == "" {
		return ""
	}
	return redacted
}

// String returns a mask.
func (s Secret) String() string { return s.mask() }

// GoString returns a mask.
func (s Secret) GoString() string { return s.mask() }

// LogValue returns a mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.mask()) }

// MarshalText returns a mask.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.mask()), nil }

// Path is a file or folder. In YAML it is relative to the config file, in the
// environment to the working directory.
type Path string

// Config is everything that tuidan.yaml says. LoadConfig fills it.
//
// Every key can also be given as an environment variable, which then goes before
// the file: TUIDAN_ and the names of the keys on the way there in capitals, apart
// by underscores; a list's entries by number, a map's by their name. So
// telegram.webhook.path is TUIDAN_TELEGRAM_WEBHOOK_PATH and the first shop's group
// TUIDAN_SHOPS_0_GROUP. Only templates stand in the file alone. Secrets have no key in YAML, only a variable and, beside
// them, a key that names a file.
type Config struct {
	Telegram Telegram     `yaml:"telegram"`
	Data     Path         `yaml:"data"` // folder of the store and the evidence
	Keys     Path         `yaml:"evidence_key_file"`
	Log      LogConfig    `yaml:"log"`    // to standard error
	Locale   string       `yaml:"locale"` // for buyers whose language no catalog has
	Tick     Span         `yaml:"tick"`   // how often timers are looked at
	Font     Path         `yaml:"chart_font"`
	Shops    []ShopConfig `yaml:"shops"`

	Callbacks CallbacksConfig `yaml:"callbacks"`
}

// CallbacksConfig is where suppliers call. Without an address nobody listens.
type CallbacksConfig struct {
	Listen string `yaml:"listen"` // host:port
}

// Telegram is how the Bot API is reached.
type Telegram struct {
	APIURL    string      `yaml:"api_url"`
	Token     Secret      `yaml:"token"`
	TokenFile Path        `yaml:"token_file"`
	Mode      string      `yaml:"mode"` // polling or webhook
	PollFor   Span        `yaml:"poll_for"`
	Webhook   Webhook     `yaml:"webhook"`
	Limits    LimitsOfBot `yaml:"limits"`
}

// Webhook is where Telegram posts updates. Only with mode webhook it matters.
type Webhook struct {
	Listen      string `yaml:"listen"` // host:port
	Path        string `yaml:"path"`
	URL         string `yaml:"url"` // that Telegram posts to; its path is Path unless a proxy changes it
	Secret      Secret `yaml:"secret"`
	SecretFile  Path   `yaml:"secret_file"`
	TLSCert     Path   `yaml:"tls_cert"`
	TLSKey      Path   `yaml:"tls_key"`
	Connections int    `yaml:"connections"` // parallel posts, 1 to 100
}

// LimitsOfBot are how fast the desk sends; 0 lifts a limit.
type LimitsOfBot struct {
	PerSecond        float64 `yaml:"per_second"`
	PrivatePerSecond float64 `yaml:"private_per_second"`
	PrivateBurst     int     `yaml:"private_burst"`
	GroupPerMinute   int     `yaml:"group_per_minute"`
	Concurrent       int     `yaml:"concurrent"`
}

// LogConfig is how much is logged, and in which form.
type LogConfig struct {
	Level  string `yaml:"level"`  // debug, info, warn or error
	Format string `yaml:"format"` // text or json
}

// ShopConfig is one shop.
type ShopConfig struct {
	ID        string                    `yaml:"id"`
	Title     string                    `yaml:"title"`
	Locale    string                    `yaml:"locale"` // of the group
	Currency  string                    `yaml:"currency"`
	Zone      string                    `yaml:"zone"` // IANA name
	Group     int64                     `yaml:"group"`
	Digest    string                    `yaml:"digest"` // when the group is told how things stand, "09:00"; off: never; empty: DefaultDigest
	Staff     []StaffConfig             `yaml:"staff"`
	Key       Secret                    `yaml:"key"`
	KeyFile   Path                      `yaml:"key_file"`
	Policy    Path                      `yaml:"policy"`
	Orders    OrdersConfig              `yaml:"orders"`
	Numbers   []string                  `yaml:"order_numbers"` // shapes of order numbers: regular expressions
	Products  Path                      `yaml:"products"`      // file of product names, one a line
	Suppliers map[string]SupplierConfig `yaml:"suppliers"`
	Channels  map[string]ChannelConfig  `yaml:"channels"`
	Templates map[string]TemplateConfig `yaml:"templates"` // by name: what staff send with /t NAME
}

// TemplateConfig is a text by locale, with {buyer}, {order}, {amount} and {title}.
type TemplateConfig = map[string]string

// DefaultDigest is when a shop's group is told how things stand where its config
// does not say.
const DefaultDigest = "09:00"

// StaffConfig is one person who works for a shop.
type StaffConfig struct {
	ID   int64  `yaml:"id"` // numeric; an @name can change hands
	Name string `yaml:"name"`
	Role string `yaml:"role"` // agent, approver or owner
}

// OrdersConfig is where a shop's orders come from. Which keys a kind needs and takes
// is in sourceKinds.
type OrdersConfig struct {
	Kind         string   `yaml:"kind"` // one of sourceKinds
	Path         Path     `yaml:"path"`
	KeepGood     bool     `yaml:"keep_good"` // a file with mistakes still gives its good lines
	URL          string   `yaml:"url"`
	Secret       Secret   `yaml:"secret"` // that requests to the shop are signed with
	SecretFile   Path     `yaml:"secret_file"`
	Tells        []string `yaml:"tells"` // what the shop fills in: of orders.Tellable
	Withdraws    bool     `yaml:"withdraws"`
	Address      string   `yaml:"address"` // of a database: host:port or a socket
	Database     string   `yaml:"database"`
	TLS          bool     `yaml:"tls"`
	Prefix       string   `yaml:"prefix"` // of the tables
	User         string   `yaml:"user"`
	Password     Secret   `yaml:"password"`
	PasswordFile Path     `yaml:"password_file"`
	AccountField string   `yaml:"account_field"` // in which buyers write the account
}

// SupplierConfig is one supplier, by the name that orders use.
type SupplierConfig struct {
	Kind         string `yaml:"kind"` // of supplierKindNames
	Path         Path   `yaml:"path"` // of a sandbox
	URL          string `yaml:"url"`
	User         string `yaml:"user"` // the shop's account with it
	Key          Secret `yaml:"key"`
	KeyFile      Path   `yaml:"key_file"`
	TokenURL     string `yaml:"token_url"` // of reloadly
	Callback     Secret `yaml:"callback"`  // stands in the address that it calls
	CallbackFile Path   `yaml:"callback_file"`
}

// ChannelConfig is one payment channel, by the name that orders use. Which keys
// a kind has, and which it cannot do without, is in channelKinds.
type ChannelConfig struct {
	Kind       string `yaml:"kind"`
	Path       Path   `yaml:"path"`        // of a sandbox's books
	KeyLife    Span   `yaml:"key_life"`    // of a sandbox
	Whole      bool   `yaml:"whole"`       // of a sandbox: no parts of a charge
	Unasked    bool   `yaml:"unasked"`     // of a sandbox: it cannot be asked
	SecondOver string `yaml:"second_over"` // of by_hand: the amount above which a second person confirms
	Instead    string `yaml:"instead"`     // the channel that is proposed to people where this one cannot pay
	URL        string `yaml:"api_url"`     // of the provider; empty: the real one
	AppID      string `yaml:"app_id"`
	MerchantID string `yaml:"merchant_id"`
	Serial     string `yaml:"serial"` // of the merchant's certificate
	Key        Secret `yaml:"key"`    // that requests are signed with, or allowed by
	KeyFile    Path   `yaml:"key_file"`
	PublicFile Path   `yaml:"public_key_file"` // that the provider's answers are verified with
	PublicID   string `yaml:"public_key_id"`
	ChargeID   string `yaml:"charge_id"` // of 易支付: which number an order's charge_id is
	RefundDays int    `yaml:"max_refund_days"`
}

// Span is a length of time, written as Go does: "90s", "2h".
type Span time.Duration

// String writes the span as it is read.
func (s Span) String() string { return time.Duration(s).String() }

// DefaultConfig is what holds where a config says nothing.
func DefaultConfig() Config {
	return Config{
		Telegram: Telegram{
			APIURL:  "https://api.telegram.org",
			Mode:    "polling",
			PollFor: Span(50 * time.Second),
			Webhook: Webhook{Listen: "127.0.0.1:8443", Path: "/telegram", Connections: 40},
			Limits:  LimitsOfBot{PerSecond: 28, PrivatePerSecond: 1, PrivateBurst: 3, GroupPerMinute: 20, Concurrent: 64},
		},
		Data:   "data",
		Log:    LogConfig{Level: "info", Format: "text"},
		Locale: "zh-Hans",
		Tick:   Span(5 * time.Second),
	}
}
