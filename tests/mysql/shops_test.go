package mysqltest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/orders"
	"tuidan/refund"
)

// The tables as the shops' installers make them, as far as anything of them could be
// read. What must not be read has something in it that the tests look for.
const dujiaokaSchema = `
CREATE TABLE orders (
  id bigint PRIMARY KEY, order_sn varchar(150) NOT NULL, goods_id int NOT NULL, coupon_id int, title varchar(200) NOT NULL,
  type tinyint NOT NULL DEFAULT 1, goods_price decimal(10,2), buy_amount int NOT NULL DEFAULT 1, coupon_discount_price decimal(10,2),
  total_price decimal(10,2) NOT NULL, actual_price decimal(10,2) NOT NULL, search_pwd varchar(200) DEFAULT 'SEARCH-PWD',
  email varchar(200) NOT NULL, info text, pay_id int, buy_ip varchar(50), trade_no varchar(200) DEFAULT '', status tinyint NOT NULL DEFAULT 1,
  created_at timestamp NULL, updated_at timestamp NULL, deleted_at timestamp NULL, UNIQUE KEY idx_order_sn (order_sn));
CREATE TABLE pays (id int PRIMARY KEY, pay_name varchar(200), pay_check varchar(50) NOT NULL, merchant_id varchar(200), merchant_key text, merchant_pem text);
INSERT INTO pays VALUES (14, '易支付', 'alipay', 'MERCHANT-ID', 'MERCHANT-KEY', 'MERCHANT-PEM');
`

const acgSchema = `
CREATE TABLE acg_order (
  id int unsigned PRIMARY KEY, trade_no char(19) NOT NULL, amount decimal(10,2) NOT NULL, commodity_id int NOT NULL, card_num int NOT NULL DEFAULT 1,
  pay_id int NOT NULL, create_time datetime NOT NULL, pay_time datetime NULL, status tinyint NOT NULL DEFAULT 0, secret longtext,
  password varchar(32), contact varchar(32), delivery_status tinyint NOT NULL DEFAULT 0, widget text, race varchar(32), request_no char(19));
CREATE TABLE acg_commodity (id int unsigned PRIMARY KEY, name varchar(255) NOT NULL, delivery_way tinyint NOT NULL DEFAULT 0, leave_message varchar(255));
CREATE TABLE acg_pay (id int unsigned PRIMARY KEY, name varchar(16), code varchar(32), handle varchar(64) NOT NULL);
INSERT INTO acg_commodity VALUES (5, 'Steam 充值卡', 0, 'LEAVE-MESSAGE'), (6, '游戏代充', 1, 'LEAVE-MESSAGE');
INSERT INTO acg_pay VALUES (1, '余额', '#system', '#system'), (2, '支付宝', 'alipay', 'Epay');
`

// mayRead is every column that may stand in a query.
var mayRead = map[string][]string{
	"dujiaoka": {"o.order_sn", "o.goods_id", "o.title", "o.type", "o.total_price", "o.actual_price", "o.email", "o.info", "o.status",
		"o.updated_at", "o.deleted_at", "o.trade_no", "o.pay_id", "p.id", "p.pay_check"},
	"acg-faka": {"o.trade_no", "o.amount", "o.commodity_id", "o.pay_time", "o.status", "o.contact", "o.delivery_status", "o.widget", "o.race",
		"o.pay_id", "c.id", "c.name", "c.delivery_way", "p.id", "p.handle"},
}

var (
	now      = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	shanghai = func() *time.Location {
		zone, err := time.LoadLocation("Asia/Shanghai")
		if err != nil {
			panic(err)
		}
		return zone
	}()
)

func (s *shopServer) options() orders.MySQLOptions {
	return orders.MySQLOptions{Address: s.address, Database: database, User: "desk", Password: password, Currency: "CNY", Zone: shanghai,
		Completed: orders.KeepCompleted(filepath.Join(s.t.TempDir(), "completed.jsonl")), Now: func() time.Time { return now }}
}

type source interface {
	Order(context.Context, refund.OrderKey) (refund.Order, error)
	Knows() refund.Knowledge
	Try(context.Context) error
	Close() error
}

// open opens a shop and, at the end, holds what was asked against what may be read.
func (s *shopServer) open(kind string, opts orders.MySQLOptions) source {
	s.t.Helper()
	var shop source
	var err error
	switch kind {
	case "dujiaoka":
		shop, err = orders.NewDujiaoka(opts)
	case "acg-faka":
		shop, err = orders.NewAcgFaka(opts)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := shop.Close(); err != nil {
			s.t.Error(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, query := range s.queries {
			if strings.Contains(query, "*") || !strings.HasPrefix(query, "SELECT ") && !strings.HasPrefix(query, "SET ") {
				s.t.Errorf("asked: %s", query)
			}
			for _, column := range regexp.MustCompile(`\b[ocp]\.\w+`).FindAllString(query, -1) {
				if !slices.Contains(mayRead[kind], column) {
					s.t.Errorf("read %s: %s", column, query)
				}
			}
		}
		s.queries = nil
	})
	return shop
}

func key(no string) refund.OrderKey { return refund.OrderKey{Shop: "star", No: no} }

func yuan(fen int64) refund.Money { return refund.Money{Minor: fen, Currency: "CNY"} }

func paid(fen int64) *refund.Money { m := yuan(fen); return &m }

func TestDujiaoka(t *testing.T) {
	s := start(t, dujiaokaSchema)
	insert := func(id int, kind, status int, info string, pay any, changed any, deleted any) {
		s.exec("INSERT INTO orders VALUES (?, ?, 12, NULL, 'Steam 充值卡', ?, 50, 1, 2, 50, 48, 'SEARCH-PWD', 'li@example.com', ?, ?, '1.2.3.4', 'T-9', ?, '2026-03-02 09:00:00', ?, ?)",
			id, fmt.Sprintf("KA%d", id), kind, info, pay, status, changed, deleted)
	}
	const typed = "游戏账号:player_77\r\n区服:一区\r\n"
	changed := "2026-03-02 09:30:00"
	insert(1, 1, 1, "", 14, changed, nil)
	insert(2, 2, 2, typed, 14, changed, nil)
	insert(3, 2, 3, typed, 14, changed, nil)
	insert(4, 1, 4, "游戏账号:CARD-SECRET", 14, changed, nil)
	insert(5, 2, 5, typed, 99, changed, nil)
	insert(6, 2, 6, typed, nil, changed, nil)
	insert(7, 1, -1, "", 14, changed, nil)
	insert(8, 2, 4, typed+typed, 14, nil, nil)
	insert(9, 1, 4, "", 14, changed, changed)
	insert(10, 1, 4, "", 14, "2026-03-02 20:00:00", nil) // by a clock that is wrong

	opts := s.options()
	opts.AccountField = "游戏账号"
	shop := s.open("dujiaoka", opts)
	if diff := cmp.Diff(refund.Knowledge{NetPaid: true, Completed: true, Delivered: true, Account: true, Contact: true, Charge: true}, shop.Knows()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := shop.Try(t.Context()); err != nil {
		t.Fatal(err)
	}
	half := time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC)
	for id, change := range map[int]func(*refund.Order){
		1: func(o *refund.Order) { o.NetPaid, o.Channel, o.ChargeID = nil, "", "" },
		2: func(o *refund.Order) { o.State, o.Fulfilment, o.Account = refund.StatePaid, refund.ByHand, "player_77" },
		3: func(o *refund.Order) {
			o.State, o.Fulfilment, o.Account = refund.StateProcessing, refund.ByHand, "player_77"
		},
		4: func(o *refund.Order) { o.CompletedAt = half }, // delivered, and nobody knows whether it was looked at
		5: func(o *refund.Order) {
			o.State, o.Fulfilment, o.Account, o.Channel = refund.StateFailed, refund.ByHand, "player_77", ""
		},
		6:  func(o *refund.Order) { o.Fulfilment, o.Account, o.Channel = refund.ByHand, "player_77", "" },
		7:  func(o *refund.Order) { o.NetPaid, o.Channel, o.ChargeID = nil, "", "" },
		8:  func(o *refund.Order) { o.Fulfilment, o.CompletedAt = refund.ByHand, now },
		10: func(o *refund.Order) { o.CompletedAt = now },
	} {
		want := refund.Order{OrderKey: key(fmt.Sprintf("KA%d", id)), Product: "12", Fulfilment: refund.Auto, Title: "Steam 充值卡", Amount: yuan(5000),
			NetPaid: paid(4800), Refunded: yuan(0), Channel: "alipay", ChargeID: "T-9", State: refund.StateUnknown, Contact: "li@example.com"}
		change(&want)
		got, err := shop.Order(t.Context(), key(want.No))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("KA%d: %v (-want +got):\n%s", id, err, diff)
		}
	}
	for _, no := range []string{"KA9", "KA11", "", "KA1' OR '1'='1", `KA1\`, "KA_"} {
		if _, err := shop.Order(t.Context(), key(no)); !errors.Is(err, refund.ErrNotFound) {
			t.Errorf("%q: %v", no, err)
		}
	}
}

// When an order was complete is what was seen first, also after a restart, whatever
// the shop does with the order later.
func TestCompletedIsKept(t *testing.T) {
	s, other := start(t, dujiaokaSchema), start(t, acgSchema)
	s.exec("INSERT INTO orders VALUES (4, 'KA4', 12, NULL, 'x', 1, 50, 1, 2, 50, 48, '', 'li@example.com', '', 14, '', 'T-9', 4, NULL, '2026-03-02 09:30:00', NULL)")
	other.exec("INSERT INTO acg_order VALUES (1, 'A1', 50, 6, 1, 2, '2026-03-02 09:00:00', '2026-03-02 09:00:10', 1, NULL, NULL, 'li', 1, '[]', NULL, NULL)")
	opts := s.options()
	path := filepath.Join(t.TempDir(), "orders", "star.jsonl")
	opts.Completed = orders.KeepCompleted(path)
	ka := s.open("dujiaoka", opts)
	first := time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC)
	for range 2 {
		got, err := ka.Order(t.Context(), key("KA4"))
		if err != nil || !got.CompletedAt.Equal(first) {
			t.Fatalf("%v, %v", got.CompletedAt, err)
		}
		s.exec("UPDATE orders SET updated_at = '2026-03-02 11:00:00'") // an administrator wrote a note
		opts.Completed = orders.KeepCompleted(path)
		ka = s.open("dujiaoka", opts)
	}
	opts.Address, opts.Prefix = other.address, "acg_"
	for after := range 2 {
		opts.Now = func() time.Time { return now.Add(time.Duration(after) * time.Hour) }
		got, err := other.open("acg-faka", opts).Order(t.Context(), key("A1"))
		if err != nil || !got.CompletedAt.Equal(now) {
			t.Errorf("%v, %v", got.CompletedAt, err)
		}
		opts.Completed = orders.KeepCompleted(path)
	}
}

func TestAcgFaka(t *testing.T) {
	s := start(t, acgSchema)
	const typed = `{"account":{"value":" player_77 ","cn":"游戏账号"},"server":{"value":"一区","cn":"区服"}}`
	insert := func(id, commodity, pay, status, delivered int, at, race any, widget string) {
		s.exec("INSERT INTO acg_order VALUES (?, ?, 48, ?, 1, ?, '2026-03-02 09:00:00', ?, ?, 'CARD-SECRET', 'QUERY-PWD', '13800138000', ?, ?, ?, NULL)",
			id, fmt.Sprintf("A%d", id), commodity, pay, at, status, delivered, widget, race)
	}
	at := "2026-03-02 09:00:10"
	insert(1, 5, 2, 0, 0, nil, nil, "[]")
	insert(2, 5, 2, 1, 0, at, nil, "[]")
	insert(3, 5, 2, 1, 1, at, "50元", "[]")
	insert(4, 6, 1, 1, 1, at, nil, typed)
	insert(5, 9, 9, 1, 2, "0000-00-00 00:00:00", nil, strings.ReplaceAll(typed, "区服", "游戏账号"))
	opts := s.options()
	opts.Prefix, opts.AccountField = "acg_", "游戏账号"
	shop := s.open("acg-faka", opts)
	if err := shop.Try(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(refund.Knowledge{NetPaid: true, Completed: true, Delivered: true, Account: true, Contact: true, Charge: true}, shop.Knows()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	payment := time.Date(2026, 3, 2, 1, 0, 10, 0, time.UTC)
	for id, change := range map[int]func(*refund.Order){
		1: func(o *refund.Order) { o.NetPaid, o.Channel, o.ChargeID, o.PaidAt = nil, "", "", time.Time{} },
		2: func(o *refund.Order) { o.State = refund.StatePaid },
		3: func(o *refund.Order) { o.CompletedAt, o.Title = payment, "Steam 充值卡 50元" },
		4: func(o *refund.Order) {
			o.Product, o.Title, o.Fulfilment, o.Channel, o.Account, o.CompletedAt = "6", "游戏代充", refund.ByHand, "system", "player_77", now
		},
		5: func(o *refund.Order) {
			o.Product, o.Title, o.Fulfilment, o.Channel, o.PaidAt = "9", "", "", "", time.Time{}
		},
	} {
		no := fmt.Sprintf("A%d", id)
		want := refund.Order{OrderKey: key(no), Product: "5", Fulfilment: refund.Auto, Title: "Steam 充值卡", Amount: yuan(4800), NetPaid: paid(4800),
			Refunded: yuan(0), Channel: "Epay", ChargeID: no, PaidAt: payment, State: refund.StateUnknown, Contact: "13800138000"}
		change(&want)
		got, err := shop.Order(t.Context(), key(no))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", no, err, diff)
		}
	}
	if _, err := shop.Order(t.Context(), key("A9")); !errors.Is(err, refund.ErrNotFound) {
		t.Errorf("no such order: %v", err)
	}
}

// Shops of other versions lack columns. What is not needed is not missed; what is
// needed is named.
func TestSchemas(t *testing.T) {
	for _, test := range []struct {
		name, kind, prefix, field string
		change                    []string
		want                      string
	}{
		{"dujiaoka without soft deletion", "dujiaoka", "", "", []string{"ALTER TABLE orders DROP COLUMN deleted_at"}, ""},
		{"dujiaoka with a column renamed", "dujiaoka", "", "", []string{"ALTER TABLE orders RENAME COLUMN actual_price TO paid_price"}, "has no orders.actual_price, or user desk may not read it"},
		{"dujiaoka without the form", "dujiaoka", "", "", []string{"ALTER TABLE orders DROP COLUMN info"}, ""},
		{"dujiaoka whose form is needed", "dujiaoka", "", "QQ", []string{"ALTER TABLE orders DROP COLUMN info"}, "has no orders.info"},
		{"dujiaoka with another prefix", "dujiaoka", "dj_", "", nil, "has no dj_orders.order_sn, dj_orders.goods_id"},
		{"acg-faka before kinds", "acg-faka", "acg_", "", []string{"ALTER TABLE acg_order DROP COLUMN race"}, ""},
		{"acg-faka without plugins", "acg-faka", "acg_", "", []string{"ALTER TABLE acg_pay DROP COLUMN handle"}, "has no acg_pay.handle"},
		{"acg-faka without products", "acg-faka", "acg_", "", []string{"DROP TABLE acg_commodity"}, "has no acg_commodity.id, acg_commodity.name, acg_commodity.delivery_way"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, dujiaokaSchema+acgSchema)
			for _, change := range test.change {
				s.exec(change)
			}
			opts := s.options()
			opts.Prefix, opts.AccountField = test.prefix, test.field
			shop := s.open(test.kind, opts)
			tried := shop.Try(t.Context())
			_, asked := shop.Order(t.Context(), key("none"))
			if test.want == "" {
				if tried != nil || !errors.Is(asked, refund.ErrNotFound) {
					t.Errorf("%v; %v", tried, asked)
				}
				return
			}
			for _, err := range []error{tried, asked} {
				if !errors.Is(err, orders.ErrSchema) || errors.Is(err, refund.ErrNotFound) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %s", err, test.want)
				}
			}
		})
	}
}

// A shop that is updated while the desk runs is looked at again.
func TestSchemaChanges(t *testing.T) {
	s := start(t, dujiaokaSchema)
	shop := s.open("dujiaoka", s.options())
	ask := func() error {
		_, err := shop.Order(t.Context(), key("none"))
		return err
	}
	if err := ask(); !errors.Is(err, refund.ErrNotFound) {
		t.Fatal(err)
	}
	s.exec("ALTER TABLE orders RENAME COLUMN actual_price TO paid_price")
	if err := ask(); err == nil || errors.Is(err, refund.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	s.exec("ALTER TABLE orders RENAME COLUMN paid_price TO actual_price")
	if err := ask(); !errors.Is(err, refund.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestFaults(t *testing.T) {
	s := start(t, dujiaokaSchema)
	opts := s.options()
	opts.Password = "not-the-pa55word"
	if err := s.open("dujiaoka", opts).Try(t.Context()); err == nil || strings.Contains(err.Error(), opts.Password) {
		t.Errorf("a wrong password: %v", err)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	opts = s.options()
	opts.Address = closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.open("dujiaoka", opts).Order(t.Context(), key("KA1")); err == nil || errors.Is(err, refund.ErrNotFound) || strings.Contains(err.Error(), password) {
		t.Errorf("nobody there: %v", err)
	}
	for name, change := range map[string]func(*orders.MySQLOptions){
		"no address": func(o *orders.MySQLOptions) { o.Address = "" }, "no user": func(o *orders.MySQLOptions) { o.User = "" },
		"prefix": func(o *orders.MySQLOptions) { o.Prefix = "x` " },
	} {
		opts := s.options()
		change(&opts)
		if _, err := orders.NewAcgFaka(opts); err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A slow server costs the time that the caller gives it, and no more.
func TestSlow(t *testing.T) {
	s := start(t, dujiaokaSchema)
	shop := s.open("dujiaoka", s.options())
	if err := shop.Try(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.hold, s.held = make(chan struct{}), make(chan struct{})
	held := s.held
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-held
		cancel()
	}()
	if _, err := shop.Order(ctx, key("KA1")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s.mu.Lock()
	close(s.hold)
	s.hold = nil
	s.mu.Unlock()
}
