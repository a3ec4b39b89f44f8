package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tuidan/engine"
	"tuidan/orders"
	"tuidan/refund"
)

// The kinds of orders that a config may name.
const (
	csvOrders        = "csv"
	httpOrders       = "http"
	dujiaoNextOrders = "dujiao-next"
	dujiaokaOrders   = "dujiaoka"
	acgFakaOrders    = "acg-faka"
)

// source is a shop's orders, as the config names them.
type source interface {
	engine.Source
	Try(ctx context.Context) error // whether it is there and can be read
	Close() error
}

// sourceKind is what the config of one kind needs and what it may have beside.
type sourceKind struct {
	needs, takes []string
	open         func(setup *Setup, shop *ShopSetup, o sourceOptions) (source, error)
}

var databaseNeeds, databaseTakes = []string{"address", "database", "user", "password"}, []string{"prefix", "tls", "account_field", "password_file"}

var sourceKinds = map[string]sourceKind{
	csvOrders:        {[]string{"path"}, []string{"keep_good"}, openOrderFile},
	httpOrders:       {[]string{"url", "secret", "tells"}, []string{"withdraws", "secret_file"}, openHTTPShop},
	dujiaoNextOrders: {[]string{"url", "user", "password"}, []string{"account_field", "password_file"}, openDujiaoNext},
	dujiaokaOrders:   {databaseNeeds, databaseTakes, openDujiaoka},
	acgFakaOrders:    {databaseNeeds, databaseTakes, openAcgFaka},
}

// set are the keys that a config gives, by their names.
func (o OrdersConfig) set() map[string]bool {
	return map[string]bool{
		"path": o.Path != "", "keep_good": o.KeepGood, "url": o.URL != "", "secret": o.Secret != "", "secret_file": o.SecretFile != "",
		"tells": len(o.Tells) > 0, "withdraws": o.Withdraws, "address": o.Address != "", "database": o.Database != "", "tls": o.TLS,
		"prefix": o.Prefix != "", "user": o.User != "", "password": o.Password != "", "password_file": o.PasswordFile != "",
		"account_field": o.AccountField != "",
	}
}

// missing says what it means that a needed key is not there.
var missing = map[string]string{
	"path":     "the file of the shop's orders is missing",
	"url":      "the address of the shop is missing, such as https://shop.example.com",
	"tells":    "say what the shop fills in of " + strings.Join(orders.Tellable(), ", "),
	"address":  "the database's host:port, or the path of its socket, is missing",
	"database": "the name of the database is missing",
	"user":     "the name of the user who may read orders is missing",
}

// source checks the config of a shop's orders.
func (c *checker) source(o *OrdersConfig, key string) {
	known := slices.Sorted(maps.Keys(sourceKinds))
	kind, ok := sourceKinds[o.Kind]
	if !ok {
		c.among(key+".kind", o.Kind, known...)
		return
	}
	if c.loading.inside && o.Kind != csvOrders {
		c.wrong(key+".kind", csvOrders, "a script plays with an order file and asks nobody")
		return
	}
	c.secret(key+".secret", &o.Secret, key+".secret_file", o.SecretFile)
	c.secret(key+".password", &o.Password, key+".password_file", o.PasswordFile)
	if o.Kind == acgFakaOrders && o.Prefix == "" {
		o.Prefix = "acg_" // as the shop's installer proposes
	}
	set := o.set()
	for _, name := range kind.needs {
		switch {
		case set[name]:
		case name == "secret" || name == "password":
			if !set[name+"_file"] { // else it was told why that cannot be read
				c.wrong(key+"."+secretFile(name), "", "kind %s needs a %s: set %s or name a file", o.Kind, name, Variable(key+"."+name))
			}
		default:
			c.wrong(key+"."+name, "", "%s", missing[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if set[name] && !slices.Contains(kind.needs, name) && !slices.Contains(kind.takes, name) {
			c.wrong(key+"."+name, "", "kind %s has no use for this", o.Kind)
		}
	}
	if len(o.Secret) > 0 && len(o.Secret) < minKey {
		c.wrong(key+".secret_file", "", "a secret that signs has at least %d characters", minKey)
	}
	for i, field := range o.Tells {
		if !slices.Contains(orders.Tellable(), field) {
			c.wrong(fmt.Sprintf("%s.tells[%d]", key, i), nearest(field, orders.Tellable()), "%q is none of %s", field, strings.Join(orders.Tellable(), ", "))
		}
	}
	if err := orders.CheckURL(o.URL); err != nil && o.URL != "" {
		c.wrong(key+".url", "", "%v", err)
	}
	if err := orders.CheckPrefix(o.Prefix); err != nil {
		c.wrong(key+".prefix", "", "%v", err)
	}
	if o.Kind == httpOrders && strings.HasPrefix(o.URL, "http://") {
		c.note("%s: orders come unencrypted; use https unless shop and desk are one machine or network", key)
	}
}

// patience is how long a command waits for a shop, a supplier or a channel.
const patience = 30 * time.Second

// sourceOptions are what sources stand on.
type sourceOptions struct {
	now   func() time.Time
	log   *slog.Logger
	looks bool // it only looks, while a desk may be running: nothing is written
}

// openSource makes a shop's orders ready. Only an order file is read; no shop is
// asked yet.
func openSource(setup *Setup, shop *ShopSetup, o sourceOptions) (source, error) {
	return sourceKinds[shop.Config.Orders.Kind].open(setup, shop, o)
}

// nothing is to be closed of a source that holds nothing open.
type nothing struct{}

func (nothing) Close() error { return nil }

func openOrderFile(setup *Setup, shop *ShopSetup, o sourceOptions) (source, error) {
	ids := make([]refund.ShopID, len(setup.Shops))
	for i := range setup.Shops {
		ids[i] = setup.Shops[i].ID
	}
	file, err := orders.OpenFile(string(shop.Config.Orders.Path), orders.Options{Shops: ids, KeepGood: shop.Config.Orders.KeepGood, Log: o.log})
	if err != nil {
		return nil, err
	}
	return struct {
		*orders.File
		nothing
	}{File: file}, nil
}

func openHTTPShop(_ *Setup, shop *ShopSetup, o sourceOptions) (source, error) {
	config := shop.Config.Orders
	asked, err := orders.NewHTTP(orders.HTTPOptions{
		URL: config.URL, Secret: []byte(config.Secret), Tells: config.Tells, Withdraws: config.Withdraws, Now: o.now,
	})
	if err != nil {
		return nil, err
	}
	return struct {
		*orders.HTTP
		nothing
	}{HTTP: asked}, nil
}

func openDujiaoNext(_ *Setup, shop *ShopSetup, _ sourceOptions) (source, error) {
	config := shop.Config.Orders
	asked, err := orders.NewDujiaoNext(orders.DujiaoNextOptions{
		URL: config.URL, User: config.User, Password: string(config.Password), AccountField: config.AccountField, Locales: titleLocales(shop.Locale),
	})
	if err != nil {
		return nil, err
	}
	return struct {
		*orders.DujiaoNext
		nothing
	}{DujiaoNext: asked}, nil
}

// titleLocales are the languages of titles as dujiao-next writes them, the group's first.
func titleLocales(locale string) []string {
	if locale == "en" {
		return []string{"en-US", "zh-CN", "zh-TW"}
	}
	return []string{"zh-CN", "zh-TW", "en-US"}
}

func openDujiaoka(setup *Setup, shop *ShopSetup, o sourceOptions) (source, error) {
	return orders.NewDujiaoka(databaseOf(setup, shop, o))
}

func openAcgFaka(setup *Setup, shop *ShopSetup, o sourceOptions) (source, error) {
	return orders.NewAcgFaka(databaseOf(setup, shop, o))
}

// databaseOf is how a shop's database is read. When its orders were completed is
// kept beside the store.
func databaseOf(setup *Setup, shop *ShopSetup, o sourceOptions) orders.MySQLOptions {
	config, keep := shop.Config.Orders, orders.KeepCompleted
	if o.looks {
		keep = orders.ReadCompleted
	}
	return orders.MySQLOptions{
		Address: config.Address, Database: config.Database, User: config.User, Password: string(config.Password), TLS: config.TLS,
		Prefix: config.Prefix, Currency: shop.Currency, Zone: shop.Zone, AccountField: config.AccountField,
		Completed: keep(filepath.Join(string(setup.Config.Data), "orders", string(shop.ID)+"-completed.jsonl")), Now: o.now,
	}
}
