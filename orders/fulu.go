package orders

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"tuidan/refund"
)

// Fulu is 福禄, whose open platform answers queries and takes nothing back. It is
// asked by the number that it was given with the order (customer_order_no).
//
// https://open.fulu.com: fulu.order.info.get and the rules of signatures
type Fulu struct {
	noHelp
	noWithdrawal
	remote
}

// FuluURL is where the platform answers.
const FuluURL = "https://openapi.fulu.com/api/getway"

// NewFulu returns the supplier without asking it anything. User is the app_key.
func NewFulu(opts RemoteOptions) (*Fulu, error) {
	r, err := newRemote(opts)
	if err == nil && opts.User == "" {
		err = errors.New("there is no app_key")
	}
	return &Fulu{remote: r}, err
}

// Can returns that it answers queries.
func (f *Fulu) Can() refund.Capability { return refund.Capability{Queries: true} }

// fuluZone is where the platform's clock stands.
var fuluZone = time.FixedZone("UTC+8", 8*60*60)

// fuluRequest has its fields in the order in which the platform documents them; the
// signature does not depend on it.
type fuluRequest struct {
	AppKey    string `json:"app_key"`
	Method    string `json:"method"`
	Timestamp string `json:"timestamp"`
	Version   string `json:"version"`
	Format    string `json:"format"`
	Charset   string `json:"charset"`
	SignType  string `json:"sign_type"`
	Sign      string `json:"sign,omitempty"`
	AuthToken string `json:"app_auth_token"`
	Content   string `json:"biz_content"`
}

// Record asks for the state of the order. (R41)
func (f *Fulu) Record(ctx context.Context, order refund.Order) (refund.Record, error) {
	result, err := f.info(ctx, ourNo(order))
	if err != nil {
		return refund.Record{}, fmt.Errorf("福禄: order %s: %w", order.No, err)
	}
	var found struct {
		No      text `json:"customer_order_no"`
		State   text `json:"order_state"`
		Account text `json:"charge_account"`
	}
	if err := json.Unmarshal([]byte(result), &found); err != nil || string(found.No) != ourNo(order) {
		return refund.Record{}, fmt.Errorf("福禄: order %s: not this order: %w", order.No, ErrAnswer)
	}
	record := refund.Record{State: refund.StateUnknown, At: f.now()}
	switch found.State {
	case "success":
		record.State = arrived(order.Kind)
	case "processing", "untreated":
		record.State = refund.StateProcessing
	case "failed":
		record.State = refund.StateFailed
	}
	record.Account = charged(order, string(found.Account))
	record.Raw = f.raw(json.RawMessage(result))
	return record, nil
}

// info returns the result of fulu.order.info.get once its signature is right.
func (f *Fulu) info(ctx context.Context, no string) (string, error) {
	content, err := json.Marshal(map[string]string{"customer_order_no": no})
	if err != nil {
		return "", err
	}
	request := fuluRequest{AppKey: f.opts.User, Method: "fulu.order.info.get", Timestamp: f.opts.Now().In(fuluZone).Format(time.DateTime),
		Version: "2.0", Format: "json", Charset: "utf-8", SignType: "md5", Content: string(content)}
	unsigned, err := compact(request)
	if err != nil {
		return "", err
	}
	request.Sign = f.sign(string(unsigned))
	body, err := compact(request)
	if err != nil {
		return "", err
	}
	got, err := f.web.call(ctx, http.MethodPost, "", nil, body)
	if err != nil {
		return "", err
	}
	if got.status != http.StatusOK {
		return "", fmt.Errorf("status %d: %w", got.status, ErrAnswer)
	}
	var said struct {
		Code   *text  `json:"code"`
		Result string `json:"result"`
		Sign   string `json:"sign"`
	}
	if err := got.decode(&said); err != nil {
		return "", err
	}
	if said.Code == nil || *said.Code != "0" {
		// The documentation has no code that says for sure that there is no such order.
		return "", fmt.Errorf("no result: %w", ErrAnswer)
	}
	if !hmac.Equal([]byte(f.sign(said.Result)), []byte(strings.ToLower(said.Sign))) {
		return "", fmt.Errorf("the signature is wrong: %w", ErrAnswer)
	}
	return said.Result, nil
}

// sign is the MD5 of the characters in order with the secret behind them.
func (f *Fulu) sign(content string) string {
	characters := []rune(content)
	slices.Sort(characters)
	sum := md5.Sum([]byte(string(characters) + f.opts.Secret))
	return hex.EncodeToString(sum[:])
}

// Heard reads a callback.
func (f *Fulu) Heard(body []byte) (refund.Hint, error) {
	said, err := fields(body)
	if err != nil {
		return refund.Hint{}, err
	}
	state := said["order_status"]
	if state == "" {
		state = said["order_state"]
	}
	return hint(said["customer_order_no"], said["order_id"], state == "failed")
}

// Thanks is what the platform takes for having been heard.
func (f *Fulu) Thanks() string { return "success" }
