package orders

import (
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"tuidan/refund"
)

// fuluSite answers as the platform's documentation says.
type fuluSite struct {
	t      *testing.T
	stage  *stage
	states map[string]string // by customer_order_no
	forge  bool              // the answer is signed with another secret
}

var fuluSignPart = regexp.MustCompile(`"sign":"([0-9a-f]{32})",`)

func (s *fuluSite) sign(content, secret string) string {
	characters := strings.Split(content, "")
	sort.Strings(characters)
	return fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(characters, "")+secret)))
}

func (s *fuluSite) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	say := func(code int, message, result, sign string) {
		_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": message, "result": result, "sign": sign})
	}
	var request struct {
		AppKey    string `json:"app_key"`
		Method    string `json:"method"`
		Timestamp string `json:"timestamp"`
		Content   string `json:"biz_content"`
	}
	signature := fuluSignPart.FindSubmatch(body)
	switch err := json.Unmarshal(body, &request); {
	case err != nil || request.AppKey != "10001" || request.Method != "fulu.order.info.get":
		say(1000, "参数错误", "", "")
		return
	case signature == nil || string(signature[1]) != s.sign(fuluSignPart.ReplaceAllString(string(body), ""), credential):
		say(1001, "签名错误", "", "")
		return
	}
	sent, err := time.ParseInLocation("2006-01-02 15:04:05", request.Timestamp, time.FixedZone("Beijing", 8*3600))
	if err != nil || sent.Sub(s.stage.now).Abs() > 10*time.Minute {
		say(1002, "时间戳错误", "", "")
		return
	}
	var wanted struct {
		No string `json:"customer_order_no"`
	}
	_ = json.Unmarshal([]byte(request.Content), &wanted)
	state, known := s.states[wanted.No]
	if !known {
		say(4001, "订单不存在", "", "")
		return
	}
	result := `{"area":"电信一区","buy_num":1,"cards":[{"CardNumber":"12nCp6X/nALmrvr1erxK","CardPwd":"9HeOgdv+NpLihh2"}],"charge_account":"13800138000",` +
		`"customer_order_no":"` + wanted.No + `","operator_serial_number":"--","order_id":"19070134869845421753","order_price":40.0,"order_state":"` + state + `","order_type":4}`
	secret := credential
	if s.forge {
		secret = "another"
	}
	say(0, "接口调用成功", result, s.sign(result, secret))
}

func TestFuluRecord(t *testing.T) {
	for state, want := range map[string]refund.State{
		"success": refund.StateArrived, "processing": refund.StateProcessing, "untreated": refund.StateProcessing,
		"failed": refund.StateFailed, "Failed": refund.StateUnknown, "": refund.StateUnknown,
	} {
		site := &fuluSite{t: t, states: map[string]string{"S-T1": state}}
		stage := newStage(t, site.serve)
		site.stage = stage
		f, err := NewFulu(stage.options())
		must(t, err)
		got, err := f.Record(ctx, remoteOrder("S-T1"))
		if err != nil || got.State != want || got.Account != "13800138000" {
			t.Errorf("%q: got %+v, %v", state, got, err)
		}
		if strings.Contains(got.Raw, "12nCp6X") || !strings.Contains(got.Raw, "19070134869845421753") {
			t.Errorf("kept %s", got.Raw)
		}
	}
}

func TestFuluBelievesOnlyWhatIsSigned(t *testing.T) {
	site := &fuluSite{t: t, states: map[string]string{"S-T1": "failed"}}
	stage := newStage(t, site.serve)
	site.stage = stage
	f, err := NewFulu(stage.options())
	must(t, err)
	silent := func(what string, order refund.Order) {
		t.Helper()
		if got, err := f.Record(ctx, order); err == nil || errors.Is(err, refund.ErrNotFound) || got.State != "" {
			t.Errorf("%s: got %+v, %v", what, got, err)
		}
	}
	silent("an error code", remoteOrder("S-T2"))
	site.forge = true
	silent("a wrong signature", remoteOrder("S-T1"))
	site.forge, stage.now = false, start.Add(time.Hour)
	silent("clocks that differ", remoteOrder("S-T1"))
	stage.now = start
	wrong := stage.options()
	wrong.Secret = "another"
	f, err = NewFulu(wrong)
	must(t, err)
	silent("our signature refused", remoteOrder("S-T1"))
}
