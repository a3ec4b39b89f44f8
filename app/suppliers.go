package app

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"tuidan/engine"
	"tuidan/orders"
	"tuidan/policy"
	"tuidan/refund"
)

// remoteSupplier is a supplier behind a network, which can also call us.
type remoteSupplier interface {
	engine.Supplier
	caller
}

// supplierKind is a kind of supplier: what its config needs, and how it is opened.
type supplierKind struct {
	url  string // where it answers unless the config says; empty: the config has to say
	user string // what its documentation calls the shop's account; empty: it has none
	key  string // and the secret
	open func(orders.RemoteOptions) (remoteSupplier, error)
}

// sandboxSupplier is the kind that is none: a supplier to try the desk against.
const sandboxSupplier = "sandbox"

// supplierKinds are the kinds behind a network, by their names in the config.
var supplierKinds = map[string]supplierKind{
	"http": {key: "the secret that both sides sign with",
		open: func(o orders.RemoteOptions) (remoteSupplier, error) { return orders.NewContract(o) }},
	"dayuanren": {user: "userid", key: "apikey",
		open: func(o orders.RemoteOptions) (remoteSupplier, error) { return orders.NewDayuanren(o) }},
	"fulu": {url: orders.FuluURL, user: "app_key", key: "app_secret",
		open: func(o orders.RemoteOptions) (remoteSupplier, error) { return orders.NewFulu(o) }},
	"kasushou": {user: "UserId", key: "apikey",
		open: func(o orders.RemoteOptions) (remoteSupplier, error) { return orders.NewKasushou(o) }},
	"reloadly": {url: orders.ReloadlyURL, user: "client_id", key: "client_secret",
		open: func(o orders.RemoteOptions) (remoteSupplier, error) { return orders.NewReloadly(o) }},
	"kinguin": {url: orders.KinguinURL, key: "API key",
		open: func(o orders.RemoteOptions) (remoteSupplier, error) { return orders.NewKinguin(o) }},
}

// options are what a config says of a supplier of this kind.
func (k supplierKind) options(config SupplierConfig, clock engine.Clock) orders.RemoteOptions {
	o := orders.RemoteOptions{URL: config.URL, User: config.User, Secret: string(config.Key), TokenURL: config.TokenURL, Now: clock.Now}
	if o.URL == "" {
		o.URL = k.url
	}
	return o
}

// supplierCan is what a kind of supplier can do; false for an unknown kind.
func supplierCan(kind string) (refund.Capability, bool) {
	if kind == sandboxSupplier {
		return (*orders.Sandbox)(nil).Can(), true
	}
	k, ok := supplierKinds[kind]
	if !ok {
		return refund.Capability{}, false
	}
	// What a kind can do is the same for every shop, so any options will do.
	s, err := k.open(orders.RemoteOptions{URL: "https://localhost", User: "-", Secret: "-", Now: engine.SystemClock{}.Now})
	if err != nil {
		return refund.Capability{}, false
	}
	return s.Can(), true
}

func supplierKindNames() []string {
	return append([]string{sandboxSupplier}, slices.Sorted(maps.Keys(supplierKinds))...)
}

// openSupplier opens one supplier of a shop. A remote one is a caller, too.
func openSupplier(config SupplierConfig, sandbox string, books orders.Orders, clock engine.Clock) (engine.Supplier, error) {
	if kind, ok := supplierKinds[config.Kind]; ok {
		return kind.open(kind.options(config, clock))
	}
	if err := os.MkdirAll(filepath.Dir(sandbox), 0o700); err != nil {
		return nil, err
	}
	return orders.OpenSandbox(sandbox, orders.SandboxOptions{Orders: books, Now: clock.Now})
}

var callbackSecret = regexp.MustCompile(`^[A-Za-z0-9_-]{16,128}$`)

// suppliers holds a shop's suppliers against what their kinds need.
func (c *checker) suppliers(shop *ShopConfig, rules *policy.Policy, key string) {
	for _, name := range slices.Sorted(maps.Keys(shop.Suppliers)) {
		at := key + ".suppliers." + name
		config := shop.Suppliers[name]
		c.among(at+".kind", config.Kind, supplierKindNames()...)
		kind, remote := supplierKinds[config.Kind]
		switch {
		case remote:
			c.remoteSupplier(&config, kind, at)
			shop.Suppliers[name] = config
		case config.Kind == sandboxSupplier:
			for _, given := range []struct {
				name string
				is   bool
			}{{"url", config.URL != ""}, {"user", config.User != ""}, {"token_url", config.TokenURL != ""},
				{"key_file", config.Key != "" || config.KeyFile != ""}, {"callback_file", config.Callback != "" || config.CallbackFile != ""}} {
				if given.is {
					c.wrong(at+"."+given.name, "", "a sandbox has nobody to reach and takes no %s", given.name)
				}
			}
		}
		c.abilities(config.Kind, name, shop, rules)
	}
}

func (c *checker) remoteSupplier(config *SupplierConfig, kind supplierKind, at string) {
	name := config.Kind
	c.secret(at+".key", &config.Key, at+".key_file", config.KeyFile)
	c.secret(at+".callback", &config.Callback, at+".callback_file", config.CallbackFile)
	if config.Path != "" {
		c.wrong(at+".path", "", "only a sandbox keeps a file; %s takes no path", name)
	}
	if config.Key == "" && !c.loading.inside {
		c.wrong(at+".key_file", "", "%s needs its %s: set %s or name a file", name, kind.key, Variable(at+".key"))
	}
	switch {
	case kind.user != "" && config.User == "":
		c.wrong(at+".user", "", "%s needs the shop's %s here", name, kind.user)
	case kind.user == "" && config.User != "":
		c.wrong(at+".user", "", "%s takes no user", name)
	}
	if config.TokenURL != "" && name != "reloadly" {
		c.wrong(at+".token_url", "", "%s takes no token_url", name)
	}
	if config.Callback != "" && !callbackSecret.MatchString(string(config.Callback)) {
		c.wrong(at+".callback_file", "", "the secret of a callback has 16 to 128 of A-Z a-z 0-9 _ and -, since it stands in an address")
	} else if config.Callback != "" && c.setup.Config.Callbacks.Listen == "" {
		c.note("%s has a secret for callbacks, and callbacks.listen is not set, so nobody hears them", at)
	}
	opts := kind.options(*config, engine.SystemClock{})
	if opts.URL == "" {
		c.wrong(at+".url", "", "%s needs the address that it answers at", name)
		return
	}
	for _, one := range []struct{ key, url string }{{"url", opts.URL}, {"token_url", opts.TokenURL}} {
		if one.url == "" {
			continue
		}
		if err := orders.CheckURL(one.url); err != nil {
			c.wrong(at+"."+one.key, "", "%q: %v", one.url, err)
		} else if plainHTTP(one.url) {
			c.note("%s.%s is not https: whoever sits on the way can change what the supplier says, and refunds rest on that", at, one.key)
		}
	}
}

// plainHTTP reports whether an address is reached without encryption over a network.
func plainHTTP(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
}

// abilities points out where the policy promises what the supplier's interface lacks.
func (c *checker) abilities(kind, name string, shop *ShopConfig, rules *policy.Policy) {
	can, known := supplierCan(kind)
	if rules == nil || !known {
		return
	}
	says, _ := rules.Supplier(name)
	var lacks []string
	if says.RollsBack && !can.RollsBack {
		lacks = append(lacks, "rolls_back")
	}
	if says.Adjusts && !can.Adjusts {
		lacks = append(lacks, "adjusts")
	}
	if len(lacks) > 0 {
		c.note("%s: the policy says %s of supplier %s, and the interface of kind %s lacks that: the desk then asks people to ask it",
			shop.ID, strings.Join(lacks, " and "), name, kind)
	}
}

// callbacks checks where suppliers call.
func (c *checker) callbacks() {
	listen := c.setup.Config.Callbacks.Listen
	if listen == "" {
		return
	}
	if _, _, err := net.SplitHostPort(listen); err != nil {
		c.wrong("callbacks.listen", "", "%q is no host:port, such as 127.0.0.1:8444", listen)
	}
	for _, shop := range c.setup.Config.Shops {
		for _, supplier := range shop.Suppliers {
			if supplier.Callback != "" {
				return
			}
		}
	}
	if !c.loading.inside {
		c.note("callbacks.listen is set, and no supplier has a secret for callbacks (callback_file), so none is heard")
	}
}

// supplierTable is the README's table of what each kind can do.
func supplierTable() string {
	var out strings.Builder
	out.WriteString("| kind | query | adjust (调账) | roll back (回滚) | withdraw unused goods | `supplier_no` in the orders |\n| --- | --- | --- | --- | --- | --- |\n")
	numbers := map[string]string{
		"sandbox": "anything", "http": "anything; it is sent along", "dayuanren": "`out_trade_num`; without it the order number",
		"fulu": "`customer_order_no`; without it the order number", "kasushou": "`ordersn`; without it the order number is `external_orderno`",
		"reloadly": "`transactionId`, always", "kinguin": "`orderId`; without it the order number is `orderExternalId`",
	}
	mark := map[bool]string{true: "yes", false: "–"}
	for _, name := range supplierKindNames() {
		can, _ := supplierCan(name)
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s | %s |\n", name, mark[can.Queries], mark[can.Adjusts], mark[can.RollsBack], mark[can.Withdraws], numbers[name])
	}
	return out.String()
}
