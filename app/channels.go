package app

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"tuidan/engine"
	"tuidan/payouts"
	"tuidan/refund"
)

// channelKind is one kind of payment channel: the keys of ChannelConfig that it
// has, and how it is opened. A secret stands for its file too.
type channelKind struct {
	needs, may []string
	open       func(channelSetup) (engine.Channel, error) // calls nobody; nil: the sandbox, whose books are opened with the desk
	harmless   bool                                       // it moves no money, so that scripts may have it
}

// channelSetup is what a channel is opened with.
type channelSetup struct {
	ChannelConfig
	Currency  string // of the shop
	PublicKey string // what public_key_file holds
	Telegram  Telegram
}

// channelKinds are all kinds of payment channels. Providers compare a request's
// time with their own clock, so it is the machine's.
var channelKinds = map[string]channelKind{
	"sandbox": {may: []string{"path", "key_life", "whole", "unasked"}, harmless: true},
	"by_hand": {may: []string{"second_over"}, harmless: true,
		open: func(s channelSetup) (engine.Channel, error) { return openByHand(s) }},
	"alipay": {needs: []string{"app_id", "key", "public_key_file"}, may: []string{"api_url"},
		open: func(s channelSetup) (engine.Channel, error) {
			return payouts.OpenAlipay(payouts.AlipayOptions{
				AppID: s.AppID, Key: string(s.Key), PublicKey: s.PublicKey, URL: s.URL, Now: time.Now})
		}},
	"dujiao_next": {needs: []string{"api_url", "key"}, may: []string{"max_refund_days"},
		open: func(s channelSetup) (engine.Channel, error) {
			return payouts.OpenDujiao(payouts.DujiaoOptions{
				URL: s.URL, Key: string(s.Key), Within: time.Duration(s.RefundDays) * 24 * time.Hour})
		}},
	"epay": {needs: []string{"api_url", "merchant_id", "key", "public_key_file"}, may: []string{"charge_id"},
		open: func(s channelSetup) (engine.Channel, error) {
			return payouts.OpenEpay(payouts.EpayOptions{
				URL: s.URL, MerchantID: s.MerchantID, Key: string(s.Key), PublicKey: s.PublicKey, Charge: s.ChargeID, Now: time.Now})
		}},
	"epay_v1": {needs: []string{"api_url", "merchant_id", "key"}, may: []string{"charge_id"},
		open: func(s channelSetup) (engine.Channel, error) {
			return payouts.OpenEpayV1(payouts.EpayV1Options{
				URL: s.URL, MerchantID: s.MerchantID, Key: string(s.Key), Charge: s.ChargeID})
		}},
	"http": {needs: []string{"api_url", "key"},
		open: func(s channelSetup) (engine.Channel, error) {
			return payouts.OpenContract(payouts.ContractOptions{URL: s.URL, Key: string(s.Key), Now: time.Now})
		}},
	"stars": {open: func(s channelSetup) (engine.Channel, error) {
		return payouts.OpenStars(payouts.StarsOptions{URL: s.Telegram.APIURL, Token: string(s.Telegram.Token)})
	}},
	"stripe": {needs: []string{"key"}, may: []string{"api_url"},
		open: func(s channelSetup) (engine.Channel, error) {
			return payouts.OpenStripe(payouts.StripeOptions{Key: string(s.Key), URL: s.URL})
		}},
	"wechat": {needs: []string{"merchant_id", "serial", "key", "public_key_file"}, may: []string{"public_key_id", "api_url"},
		open: func(s channelSetup) (engine.Channel, error) {
			return payouts.OpenWeChat(payouts.WeChatOptions{
				MerchantID: s.MerchantID, Serial: s.Serial, Key: string(s.Key),
				PublicKey: s.PublicKey, PublicKeyID: s.PublicID, URL: s.URL, Now: time.Now})
		}},
}

// channels checks a shop's payment channels and opens all but sandboxes.
func (c *checker) channels(shop *ShopConfig, key string) map[string]engine.Channel {
	if len(shop.Channels) == 0 {
		c.wrong(key, "", "without a payment channel nothing can be refunded")
	}
	opened := make(map[string]engine.Channel)
	for name, config := range shop.Channels {
		at := join(key, name)
		kind, known := channelKinds[config.Kind]
		if !known {
			c.among(at+".kind", config.Kind, slices.Sorted(maps.Keys(channelKinds))...)
			continue
		}
		if c.loading.inside && !kind.harmless {
			c.wrong(at+".kind", "sandbox", "a script moves no money: its channels are sandboxes")
			continue
		}
		c.secret(at+".key", &config.Key, at+".key_file", config.KeyFile)
		shop.Channels[name] = config
		setup := channelSetup{ChannelConfig: config, Currency: shop.Currency, Telegram: c.setup.Config.Telegram}
		whole := c.channelKeys(at, config, kind)
		if config.PublicFile != "" {
			data, err := c.loading.read(string(config.PublicFile))
			if err != nil {
				c.wrong(at+".public_key_file", "", "%v", plain(err))
				whole = false
			}
			setup.PublicKey = string(data)
		}
		if kind.open == nil || !whole {
			continue
		}
		channel, err := kind.open(setup)
		if err != nil {
			c.channelFault(at, err)
			continue
		}
		opened[name] = channel
	}
	return opened
}

// instead returns which channel is proposed in place of which.
func (c *checker) instead(shop *ShopConfig, key string) map[string]string {
	instead := make(map[string]string)
	for name, config := range shop.Channels {
		switch _, known := shop.Channels[config.Instead]; {
		case config.Instead == "":
		case !known || config.Instead == name:
			others := slices.DeleteFunc(slices.Sorted(maps.Keys(shop.Channels)), func(other string) bool { return other == name })
			c.wrong(join(join(key, name), "instead"), nearest(config.Instead, others), "there is no other channel %q", config.Instead)
		default:
			instead[name] = config.Instead
		}
	}
	return instead
}

func openByHand(s channelSetup) (payouts.ByHand, error) {
	if s.SecondOver == "" {
		return payouts.ByHand{}, nil
	}
	second, err := refund.ParseMoney(s.SecondOver, s.Currency)
	if err != nil {
		return payouts.ByHand{}, &payouts.OptionError{Option: "second_over", Text: err.Error()}
	}
	return payouts.ByHand{Second: second}, nil
}

// channelKeys holds the keys that a channel is given against those that its kind
// has, and reports whether it has what it needs.
func (c *checker) channelKeys(at string, config ChannelConfig, kind channelKind) bool {
	whole := true
	has := append(append([]string{"kind", "instead"}, kind.needs...), kind.may...)
	if slices.Contains(has, "key") {
		has = append(has, secretFile("key"))
	}
	values := reflect.ValueOf(config)
	for i, name := range fields(values.Type()) {
		_, placed := c.places[join(at, name)]
		_, variable := c.sources[join(at, name)]
		missing := values.Field(i).IsZero()
		switch {
		case (placed || variable) && !slices.Contains(has, name):
			c.wrong(join(at, name), "", "a channel of kind %s has no such key; it has %s", config.Kind, strings.Join(has, ", "))
		case !missing || !slices.Contains(kind.needs, name):
		case name == "key" && config.KeyFile != "": // what is wrong with the file was told
			whole = false
		case name == "key":
			c.wrong(join(at, secretFile(name)), "", "kind %s needs it: set %s, or name a file", config.Kind, Variable(join(at, name)))
			whole = false
		default:
			c.wrong(join(at, name), "", "kind %s needs it", config.Kind)
			whole = false
		}
	}
	if config.KeyLife < 0 {
		c.wrong(at+".key_life", "", "%s is below zero", config.KeyLife)
	}
	return whole
}

// channelFault says at its key what is wrong with an option.
func (c *checker) channelFault(at string, err error) {
	wrong, ok := errors.AsType[*payouts.OptionError](err)
	if !ok {
		c.wrong(at, "", "%v", err)
		return
	}
	name := join(at, wrong.Option)
	if _, variable := c.sources[name]; !variable && (wrong.Option == "key" || wrong.Option == "public_key") {
		name = secretFile(name)
	}
	c.wrong(name, "", "%s", wrong.Text)
}

// openChannels returns a shop's payment channels. Sandboxes with one path are one,
// also across shops.
func (p *premises) openChannels(shop *ShopSetup, data string, clock engine.Clock, sandboxes map[string]*payouts.Sandbox) (map[string]engine.Channel, error) {
	channels := maps.Clone(shop.Channels)
	for name, config := range shop.Config.Channels {
		if channels[name] != nil {
			continue
		}
		path := pathOr(config.Path, data, "channels", string(shop.ID)+"-"+name+".log")
		if sandboxes[path] == nil {
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return nil, fmt.Errorf("open channel %s of %s: %w", name, shop.ID, err)
			}
			sandbox, err := payouts.OpenSandbox(path, sandboxOptions(config, clock.Now))
			if err != nil {
				return nil, fmt.Errorf("open channel %s of %s: %w", name, shop.ID, err)
			}
			p.close = append(p.close, sandbox.Close)
			sandboxes[path] = sandbox
		}
		channels[name] = sandboxes[path]
	}
	return channels, nil
}

func sandboxOptions(config ChannelConfig, now func() time.Time) payouts.Options {
	return payouts.Options{Now: now, KeyLife: time.Duration(config.KeyLife), Query: !config.Unasked, Partial: !config.Whole}
}

// terms returns what a shop's channel promises.
func (s *ShopSetup) terms(name string) refund.Terms {
	if channel := s.Channels[name]; channel != nil {
		return channel.Terms()
	}
	return sandboxOptions(s.Config.Channels[name], nil).Terms()
}

// describeTerms writes what a channel promises, for the operator.
func describeTerms(terms refund.Terms) string {
	if terms.ByHand {
		if terms.Second.Minor > 0 {
			return "people pay and say so, two of them above " + terms.Second.String()
		}
		return "people pay and say so"
	}
	parts := []string{"no key", "the whole charge only", "cannot be asked"}
	if terms.KeyLife > 0 {
		parts[0] = "a key lives " + days(terms.KeyLife)
	}
	if terms.Partial {
		parts[1] = "also parts of a charge"
	}
	if terms.Query {
		parts[2] = "can be asked"
	}
	if terms.Within > 0 {
		parts = append(parts, "up to "+days(terms.Within)+" after the payment")
	}
	return strings.Join(parts, ", ")
}

func days(d time.Duration) string {
	if d > 50*365*24*time.Hour {
		return "for ever"
	}
	if n := d / (24 * time.Hour); n > 1 && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", n)
	}
	return strings.TrimSuffix(Span(d).String(), "0m0s")
}
