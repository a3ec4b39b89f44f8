package bot

import (
	"errors"
	"strings"
	"testing"

	"tuidan/refund"
)

func TestActionsComeBack(t *testing.T) {
	for _, want := range []refund.Action{
		{Case: refund.NewCaseID(1234567890, 12), N: 3, Do: "approve"},
		{Case: refund.NewCaseID(-5, 1), N: 40, Do: "ask", Arg: string(refund.TransactionTime)},
		{N: 7, Do: "reason", Arg: string(refund.DuplicatePayment)},
		{Do: "language", Arg: "zh-Hans"},
		{Do: "x", Arg: "with:colons:退款"},
	} {
		data, err := EncodeAction(want)
		if err != nil || len(data) > 64 {
			t.Errorf("%+v: %q, %v", want, data, err)
		}
		if got, err := DecodeAction(data); err != nil || got != want {
			t.Errorf("%q: %+v, %v", data, got, err)
		}
	}
}

func TestActionsThatDoNotFit(t *testing.T) {
	if _, err := EncodeAction(refund.Action{Do: "x", Arg: strings.Repeat("长", 20)}); !errors.Is(err, ErrCallbackTooLong) {
		t.Errorf("long: %v", err)
	}
	for _, bad := range []refund.Action{{}, {Do: "a:b"}, {Do: "x", N: -1}, {Do: "x", Case: "a:b"}, {Do: "x", Arg: "\xff"}} {
		if data, err := EncodeAction(bad); err == nil {
			t.Errorf("%+v became %q", bad, data)
		}
	}
}

func TestForeignCallbacks(t *testing.T) {
	for _, data := range []string{"", "1", "approve", "2:1.1:1:approve:", "1:1.1:01:approve:", "1:1.1:+1:approve:", "1:1.1:-1:approve:",
		"1:1.1:A:approve:", "1:1.1:1::", "1:1.1:1:approve", "1:1.1:zzzzzzz:approve:", "1:1.1:1:approve:" + strings.Repeat("x", 60), "1::0:x:\xff"} {
		if got, err := DecodeAction(data); !errors.Is(err, ErrForeignCallback) {
			t.Errorf("%q: %+v, %v", data, got, err)
		}
	}
}

func FuzzCallback(f *testing.F) {
	f.Add("1:1.1:1:approve:", "1.1", 1, "approve", "")
	f.Add("1::0:x:a:b", "", 0, "language", "zh-Hans")
	f.Fuzz(func(t *testing.T, data, id string, n int, do, arg string) {
		if action, err := DecodeAction(data); err == nil {
			if again, err := EncodeAction(action); err != nil || again != data {
				t.Errorf("%q read as %+v, written as %q (%v)", data, action, again, err)
			}
		}
		action := refund.Action{Case: refund.CaseID(id), N: n, Do: do, Arg: arg}
		if written, err := EncodeAction(action); err == nil {
			if again, err := DecodeAction(written); err != nil || again != action {
				t.Errorf("%+v written as %q, read as %+v (%v)", action, written, again, err)
			}
		}
	})
}
