package app

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tuidan/rehearsal"
)

const topUp = `-- orders.csv --
order_no,merchant,product,kind,fulfilment,title,amount,currency,net_paid,channel,charge_id,paid_at,completed_at,state,account,buyer_id,supplier,supplier_no
T1001,star,cmcc30,topup,auto,移动话费30元,30.00,CNY,30.00,sandbox,ch_1,-40m,-35m,failed,13800138000,li,dyr,S-1
`

// TestRun runs scripts as `tuidan rehearse` does, outside go test's own runner.
func TestRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, script string
		want         []string
		fails        bool
	}{
		{"passes", "buyer li start T1001\nbuyer li tap '没到账'\nstatus T1001 refunded\n" + topUp, []string{"ok    "}, false},
		{"fails with what is visible", "buyer li start T1001\nsees buyer li 'no such text'\n" + topUp,
			[]string{"FAIL  ", "> sees buyer li 'no such text'", "x.txtar:2: sees: no message not yet matched shows \"no such text\"", "bot: 订单 T1001", "[充值没到账]"}, true},
		{"fails on a button", "buyer li start T1001\nbuyer li tap 'nothing'\n" + topUp, []string{"x.txtar:2: buyer: nothing there: no button with a label like", "[充值没到账]"}, true},
		{"fails on a status", "buyer li start T1001\nbuyer li tap '没到账'\nstatus T1001 refused\n" + topUp, []string{"x.txtar:3: status: the case of order T1001 is refunded, not refused"}, true},
		{"fails on a payout", "buyer li start T1001\nbuyer li tap '没到账'\npayouts T1001 0\n" + topUp, []string{"x.txtar:3: payouts: the channel accepted 1 payouts for order T1001, not 0", "star/T1001/1 30.00 CNY"}, true},
		{"fails on grep", "buyer li start T1001\nscreen buyer li\n! stdout T1001\n" + topUp, []string{"x.txtar:3: unexpected match"}, true},
		{"screen", "buyer li start T1001\nscreen buyer li\nstdout '移动话费30元'\nstdout '充值没到账'\n" + topUp, []string{"ok    "}, false},
		{"skips", "skip 'for later'\n", []string{"skip  ", "for later"}, false},
		{"stops", "stop\nstatus T1 refunded\n", []string{"ok    "}, false},
		{"no topic", "sees topic T1001 x\n" + topUp, []string{"order T1001 has no topic"}, true},
		{"usage", "channel\n", []string{"x.txtar:1: channel: usage: channel ok|slow"}, true},
		{"refused", "exec ls\n", []string{"FAIL  ", `x.txtar:1: refused: command "exec" is not in the table`}, true},
		{"bad policy", "buyer li start\n-- policy.yaml --\nversion: 1\nrulez: []\n", []string{"policy.yaml:2:1: a policy has no `rulez`"}, true},
		{"bad orders", "buyer li start\n-- orders.csv --\nnonsense\n", []string{"orders.csv:1"}, true},
		{"config that reaches out", "buyer li start\n-- tuidan.yaml --\nshops: [{policy: /etc/passwd}]\n", []string{`the path "/etc/passwd" leads out of the script's own folder`}, true},
		{"config that reads a secret", "buyer li start\n-- tuidan.yaml --\ntelegram: {token_file: ../../token}\n", []string{`leads out of the script's own folder`}, true},
		{"time of its own", "clock 2026-07-01T00:00:00Z\nbuyer li start T1001\nsees buyer li '7月1日 07:20'\n" + topUp, []string{"ok    "}, false},
		{"time only forward", "buyer li start\nclock 2026-01-01T00:00:00Z\n", []string{"time moves forward only"}, true},
		{"crash in the middle", "crash 5\nbuyer li start T1001\nbuyer li tap '没到账'\nstatus T1001 refunded\npayouts T1001 1 30.00\n" + topUp, []string{"ok    "}, false},
		{"clock that makes no sense", "clock soon\n", []string{"x.txtar:1: clock: "}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "x.txtar")
			if err := os.WriteFile(file, []byte(test.script), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err := rehearsal.Run(&out, Rehearsed, nil, file)
			if errors.Is(err, rehearsal.ErrFailed) != test.fails || err != nil != test.fails {
				t.Errorf("got %v, fails is %t:\n%s", err, test.fails, out.String())
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in\n%s", want, out.String())
				}
			}
		})
	}
}

// TestCrashEverywhere kills the desk at each instruction of a conversation in
// turn: whatever the instruction was, the money goes once and the case ends where
// it should.
func TestCrashEverywhere(t *testing.T) {
	t.Parallel()
	script := func(at string) string {
		return "buyer li start T1001\ncrash " + at + `
buyer li tap '没到账'
status T1001 refunded
payouts T1001 1 30.00
clock +10m
merchant wang say 'x'
invariants
` + topUp
	}
	for i := range 40 {
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "x.txtar")
			if err := os.WriteFile(file, []byte(script(fmt.Sprint(i+1))), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := rehearsal.Run(&out, Rehearsed, nil, file); err != nil {
				t.Errorf("killed at instruction %d: %v\n%s", i+1, err, out.String())
			}
		})
	}
}

// TestRehearsedBaseStaysInside has a script's policy rest on nothing outside the
// script's folder.
func TestRehearsedBaseStaysInside(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.yaml")
	text, err := sample.ReadFile("sample/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(outside, text, 0o600); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	relative, err := filepath.Rel(folder, outside)
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{outside, filepath.ToSlash(relative), "a/../../outside.yaml"} {
		if err := os.WriteFile(filepath.Join(folder, "policy.yaml"), []byte("version: 1\nbase: "+base+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Rehearsed(folder); err == nil || !strings.Contains(err.Error(), "policy.yaml:2:7: the base cannot be read: ") || !strings.Contains(err.Error(), "outside the script's folder") {
			t.Errorf("%s: %v", base, err)
		}
	}
}
