package orders

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tuidan/refund"
)

// Dayuanren is 大猿人, the top-up platform behind many sites of other names. It is
// asked by the number that it was given with the order (out_trade_num), and counts
// in yuan.
//
// https://www.showdoc.com.cn/dyr/9227006175502841 and
// https://www.kancloud.cn/boyanyun/boyanyun_huafei/3182909
type Dayuanren struct {
	noHelp
	remote
}

// NewDayuanren returns the supplier without asking it anything. User is the userid.
func NewDayuanren(opts RemoteOptions) (*Dayuanren, error) {
	r, err := newRemote(opts)
	if err == nil && opts.User == "" {
		err = errors.New("there is no userid")
	}
	return &Dayuanren{remote: r}, err
}

// Can returns that it answers queries and cancels orders that are not done.
func (d *Dayuanren) Can() refund.Capability {
	return refund.Capability{Queries: true, Withdraws: true}
}

// dayuanrenOrder is one order of an answer to index/check.
type dayuanrenOrder struct {
	No     text `json:"out_trade_num"`
	State  text `json:"state"`
	Mobile text `json:"mobile"`
	Amount text `json:"charge_amount"` // that arrived
	raw    json.RawMessage
}

// Record asks for the state of the recharge. (R41)
func (d *Dayuanren) Record(ctx context.Context, order refund.Order) (refund.Record, error) {
	found, err := d.check(ctx, ourNo(order))
	if err != nil {
		return refund.Record{}, fmt.Errorf("大猿人: order %s: %w", order.No, err)
	}
	record := refund.Record{State: refund.StateUnknown, At: d.now()}
	switch found.State {
	case "0":
		record.State = refund.StateProcessing
	case "1":
		record.State = arrived(order.Kind)
	case "-1", "2": // cancelled, failed
		record.State = refund.StateFailed
	case "3":
		record.State = refund.StatePartial
		record.Missing = missingOf(order, string(found.Amount), "CNY")
	}
	record.Account = charged(order, string(found.Mobile))
	record.Raw = d.raw(found.raw, "remark")
	return record, nil
}

// Withdraw asks for a cancellation and looks what became of it: accepted is not
// done. What is done or failed already is not asked for again.
func (d *Dayuanren) Withdraw(ctx context.Context, _ string, order refund.Order) (refund.Reply, error) {
	no := ourNo(order)
	reply, err := d.goods(ctx, no)
	if err == nil && reply.Answer == refund.Pending {
		var said dayuanrenAnswer
		if said, err = d.ask(ctx, "index/cancel", no); err == nil {
			reply, err = d.goods(ctx, no)
		}
		if err == nil && said.Errno != "0" && reply.Answer == refund.Pending {
			reply = refund.Reply{Answer: refund.GoodsStay, Note: words(said.Errmsg), Raw: d.raw(said.raw)}
		}
	}
	if err != nil {
		return refund.Reply{}, fmt.Errorf("大猿人: withdraw %s: %w", order.No, err)
	}
	return reply, nil
}

// goods says whether the goods of an order can still be used; Pending: it is in the works.
func (d *Dayuanren) goods(ctx context.Context, no string) (refund.Reply, error) {
	found, err := d.check(ctx, no)
	if err != nil {
		return refund.Reply{}, err
	}
	reply := refund.Reply{Answer: refund.GoodsDoubt, Raw: d.raw(found.raw, "remark")}
	switch found.State {
	case "0":
		reply.Answer = refund.Pending
	case "1":
		reply.Answer = refund.GoodsUsed
	case "-1", "2":
		reply.Answer = refund.GoodsBack
	case "3":
		reply.Answer = refund.GoodsStay
	}
	return reply, nil
}

func (d *Dayuanren) check(ctx context.Context, no string) (dayuanrenOrder, error) {
	said, err := d.ask(ctx, "index/check", no)
	if err != nil {
		return dayuanrenOrder{}, err
	}
	if said.Errno != "0" {
		return dayuanrenOrder{}, fmt.Errorf("errno %s: %w", quote(string(said.Errno)), ErrAnswer)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(said.Data, &list); err != nil {
		return dayuanrenOrder{}, fmt.Errorf("no list of orders: %w", ErrAnswer)
	}
	for _, data := range list {
		var one dayuanrenOrder
		if err := json.Unmarshal(data, &one); err != nil {
			return dayuanrenOrder{}, fmt.Errorf("no order: %w", ErrAnswer)
		}
		if string(one.No) == no {
			one.raw = data
			return one, nil
		}
	}
	return dayuanrenOrder{}, refund.ErrNotFound
}

type dayuanrenAnswer struct {
	Errno  text            `json:"errno"`
	Errmsg text            `json:"errmsg"`
	Data   json.RawMessage `json:"data"`
	raw    json.RawMessage
}

func (d *Dayuanren) ask(ctx context.Context, action, no string) (dayuanrenAnswer, error) {
	if no == "" || strings.ContainsAny(no, ",&=") {
		return dayuanrenAnswer{}, fmt.Errorf("the number %s cannot be asked about", quote(no)) // a comma would ask about others too
	}
	params := map[string]string{"userid": d.opts.User, "out_trade_nums": no}
	form := url.Values{"sign": {d.sign(params)}}
	for name, value := range params {
		form.Set(name, value)
	}
	got, err := d.web.call(ctx, http.MethodPost, "/"+action, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(form.Encode()))
	if err != nil {
		return dayuanrenAnswer{}, err
	}
	said := dayuanrenAnswer{raw: got.body}
	if got.status != http.StatusOK {
		return said, fmt.Errorf("status %d: %w", got.status, ErrAnswer)
	}
	if err := got.decode(&said); err != nil {
		return said, err
	}
	if said.Errno == "" {
		return said, fmt.Errorf("no errno: %w", ErrAnswer)
	}
	return said, nil
}

// sign is the upper MD5 of the parameters by name, as they are before they are
// encoded, with the key behind them.
func (d *Dayuanren) sign(params map[string]string) string {
	var line strings.Builder
	for _, name := range slices.Sorted(maps.Keys(params)) {
		line.WriteString(name + "=" + params[name] + "&")
	}
	sum := md5.Sum([]byte(line.String() + "apikey=" + d.opts.Secret))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// Heard reads a callback.
func (d *Dayuanren) Heard(body []byte) (refund.Hint, error) {
	said, err := fields(body)
	if err != nil {
		return refund.Hint{}, err
	}
	state := said["state"]
	return hint(said["out_trade_num"], said["order_number"], state == "2" || state == "-1" || state == "3")
}

// Thanks is what the platform takes for having been heard.
func (d *Dayuanren) Thanks() string { return "success" }
