package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tuidan/refund"
)

var now = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

func cny(minor int64) refund.Money { return refund.Money{Minor: minor, Currency: "CNY"} }

// facts are those of an ordinary request: a delivered top-up of 30 yuan that can
// still be paid back, in time and complete. Each change makes it another one.
func facts(reason refund.Reason, changes ...func(*Facts)) Facts {
	amount := cny(3000)
	f := Facts{
		Order: refund.Order{OrderKey: refund.OrderKey{Shop: "star", No: "T1"}, Product: "cmcc30", Kind: refund.TopUp,
			Fulfilment: refund.Auto, Amount: amount, NetPaid: &amount, PaidAt: now.Add(-time.Hour), State: refund.StateDelivered,
			Account: "13800138000", Supplier: "dyr"},
		Reason: reason, Now: now, InWindow: true, Survives: true, Left: &amount, Signals: Signals{Claims: 1, AccountClaims: 1, Matches: true},
	}
	for _, change := range changes {
		change(&f)
	}
	return f
}

func product(name string, kind refund.Kind, fulfilment refund.Fulfilment, supplier string) func(*Facts) {
	return func(f *Facts) {
		f.Order.Product, f.Order.Kind, f.Order.Fulfilment, f.Order.Supplier = name, kind, fulfilment, supplier
	}
}

func shop(state refund.State) func(*Facts) { return func(f *Facts) { f.Order.State = state } }
func supplier(state refund.State) func(*Facts) {
	return func(f *Facts) { f.Record = &refund.Record{State: state} }
}
func charged(account string) func(*Facts) {
	return func(f *Facts) { f.Record = &refund.Record{State: refund.StateArrived, Account: account} }
}
func missingPart(minor int64) func(*Facts) {
	return func(f *Facts) { m := cny(minor); f.Record.Missing = &m }
}
func stated(item refund.Item, value string) func(*Facts) {
	return func(f *Facts) {
		if f.Facts == nil {
			f.Facts = map[refund.Item]refund.Fact{}
		}
		f.Facts[item] = refund.Fact{Value: value}
	}
}
func transaction(ago time.Duration) func(*Facts) {
	return func(f *Facts) {
		stated(refund.TransactionTime, "then")(f)
		f.Facts[refund.TransactionTime] = refund.Fact{Value: "then", At: f.Now.Add(-ago)}
		f.Order.PaidAt = f.Now.Add(-ago)
	}
}
func answered(answer refund.Answer) func(*Facts) { return func(f *Facts) { f.Supplied = answer } }
func lacks(item refund.Item) func(*Facts)        { return func(f *Facts) { f.Missing = item } }
func costs(minor int64) func(*Facts) {
	return func(f *Facts) { m := cny(minor); f.Order.Amount, f.Left = m, &m }
}
func left(minor int64) func(*Facts) { return func(f *Facts) { m := cny(minor); f.Left = &m } }
func leftUnknown(f *Facts)          { f.Left = nil }
func overdue(f *Facts)              { f.InWindow = false }
func longOverdue(f *Facts)          { f.InWindow, f.Survives = false, false }

// summary is a decision in one line: outcome, rule, amount and what else is not usual.
func summary(d refund.Decision) string {
	out := string(d.Outcome) + " " + d.Rule
	if !d.Amount.IsZero() {
		out += " " + d.Amount.Decimal()
	}
	if d.Fault != refund.Nobody {
		out += " fault=" + string(d.Fault)
	}
	if d.Asks != "" {
		out += " asks=" + string(d.Asks)
	}
	if d.Withdraw {
		out += " withdraw"
	}
	if d.Recover {
		out += " recover"
	}
	if d.Approvals > 1 {
		out += fmt.Sprintf(" approvals=%d", d.Approvals)
	}
	for _, guard := range d.Guards {
		out += " !" + guard.Name
	}
	return out
}

func TestSampleRules(t *testing.T) {
	const other = "13900139000"
	meant, ownSlip := stated(refund.IntendedAccount, "13800138000"), stated(refund.IntendedAccount, other)
	video := product("video1m", refund.Membership, refund.Auto, "dyr")
	game := product("game648", refund.TopUp, refund.ByHand, "fulu")
	type changes = []func(*Facts)
	tests := []struct {
		name   string
		reason refund.Reason
		facts  changes
		want   string
	}{
		{"failed by the supplier", refund.FailedTopUp, changes{shop(refund.StateProcessing), supplier(refund.StateFailed)}, "refund failed 30.00 fault=supplier recover"},
		{"failed, at any time", refund.ChangedMind, changes{supplier(refund.StateFailed), longOverdue}, "refund failed 30.00 fault=supplier recover"},
		{"failed, exempt from the guards", refund.FailedTopUp, changes{supplier(refund.StateFailed), costs(64800), func(f *Facts) {
			f.Claims, f.SeenBefore, f.Matches = 9, true, false
		}}, "refund failed 648.00 fault=supplier recover"},
		{"failed, in another currency", refund.FailedTopUp, changes{supplier(refund.StateFailed), func(f *Facts) {
			m := refund.Money{Minor: 500, Currency: "USD"}
			f.Order.Amount, f.Left = m, &m
		}}, "review failed 5.00 fault=supplier recover !other_currency"},
		{"failed, coupon", refund.FailedTopUp, changes{supplier(refund.StateFailed), left(2500)}, "refund failed 25.00 fault=supplier recover"},
		{"failed, nothing left", refund.FailedTopUp, changes{supplier(refund.StateFailed), left(0)}, "review failed fault=supplier recover"},
		{"failed, net paid unknown", refund.FailedTopUp, changes{supplier(refund.StateFailed), leftUnknown}, "review failed fault=supplier recover"},
		{"partial", refund.FailedTopUp, changes{supplier(refund.StatePartial), missingPart(1000)}, "refund failed 10.00 fault=supplier recover"},
		{"partial, more missing than left", refund.FailedTopUp, changes{supplier(refund.StatePartial), missingPart(1000), left(700)}, "refund failed 7.00 fault=supplier recover"},
		{"partial, part unknown", refund.FailedTopUp, changes{supplier(refund.StatePartial)}, "review failed fault=supplier recover"},
		{"failed by the shop only", refund.FailedTopUp, changes{shop(refund.StateFailed)}, "review failed_unconfirmed 30.00"},
		{"failed by the shop, arrived by the supplier", refund.FailedTopUp, changes{shop(refund.StateFailed), supplier(refund.StateArrived)}, "review used_claim 30.00"},

		{"sent elsewhere", refund.WrongAccount, changes{meant, charged(other)}, "refund sent_elsewhere 30.00 fault=merchant recover"},
		{"sent elsewhere, spelt otherwise", refund.WrongAccount, changes{stated(refund.IntendedAccount, "+86 138-0013-8000"), charged("86" + other)}, "refund sent_elsewhere 30.00 fault=merchant recover"},
		{"sent elsewhere, above the limit", refund.WrongAccount, changes{meant, charged(other), costs(30000)}, "review sent_elsewhere 300.00 fault=merchant recover !over_200"},
		{"sent elsewhere is never late", refund.WrongAccount, changes{meant, charged(other), transaction(90 * time.Hour)}, "refund sent_elsewhere 30.00 fault=merchant recover"},
		{"a masked account shows nothing", refund.WrongAccount, changes{meant, charged("139****9000")}, "ask_supplier wrong_account"},
		{"late", refund.WrongAccount, changes{ownSlip, transaction(49 * time.Hour), shop(refund.StateArrived)}, "refuse late fault=buyer"},
		{"not late when reported in time", refund.WrongAccount, changes{ownSlip, transaction(49 * time.Hour), func(f *Facts) {
			f.Reported = f.Now.Add(-2 * time.Hour)
		}}, "ask_supplier wrong_account"},
		{"late, but whose mistake is not known", refund.WrongAccount, changes{meant, transaction(49 * time.Hour)}, "ask_supplier wrong_account"},
		{"incomplete", refund.WrongAccount, changes{lacks(refund.ChargedAccount)}, "ask_evidence wrong_account asks=charged_account"},
		{"complete", refund.WrongAccount, changes{ownSlip, transaction(time.Hour)}, "ask_supplier wrong_account"},
		{"supplier works on it", refund.WrongAccount, changes{ownSlip, answered(refund.Pending)}, "ask_supplier wrong_account"},
		{"supplier took it back", refund.WrongAccount, changes{ownSlip, answered(refund.Refunds), shop(refund.StateArrived)}, "refund supplier_took_back 30.00 fault=buyer"},
		{"supplier refused", refund.WrongAccount, changes{ownSlip, answered(refund.Refuses), shop(refund.StateArrived)}, "review supplier_refused 30.00 fault=buyer"},
		{"supplier adjusted", refund.WrongAccount, changes{ownSlip, answered(refund.Adjusts), shop(refund.StateArrived)}, "review supplier_adjusted 30.00 fault=buyer"},
		{"wrong account does not match", refund.WrongAccount, changes{ownSlip, func(f *Facts) { f.Matches = false }}, "ask_supplier wrong_account"},

		{"window over, personal", refund.BoughtWrong, changes{overdue}, "refuse window fault=buyer"},
		{"window over, other claim", refund.NotAsDescribed, changes{overdue, shop(refund.StateArrived)}, "review survives 30.00"},
		{"window over, picture missing", refund.NotAsDescribed, changes{overdue, lacks(refund.Picture)}, "ask_evidence survives asks=picture"},
		{"after seven days", refund.NotAsDescribed, changes{longOverdue}, "refuse window"},

		{"processing", refund.FailedTopUp, changes{shop(refund.StateProcessing)}, "ask_supplier processing"},
		{"processing by the supplier too", refund.FailedTopUp, changes{shop(refund.StateProcessing), supplier(refund.StateProcessing)}, "ask_supplier processing"},
		{"processing, the supplier keeps it", refund.FailedTopUp, changes{shop(refund.StateProcessing), answered(refund.Refuses)}, "review unused_by_hand 30.00 withdraw"},
		{"processing, the supplier cancelled", refund.FailedTopUp, changes{shop(refund.StateProcessing), answered(refund.Refunds)}, "refund unused 30.00 withdraw"},
		{"paid is unused", refund.ChangedMind, changes{shop(refund.StatePaid)}, "refund unused 30.00 fault=buyer withdraw"},
		{"unused", refund.DuplicatePayment, nil, "refund unused 30.00 withdraw"},
		{"unused, not instant", refund.ChangedMind, changes{video}, "review unused_by_hand 30.00 fault=buyer withdraw"},
		{"unused, by hand", refund.ChangedMind, changes{game}, "review unused_by_hand 30.00 fault=buyer withdraw"},
		{"unused, product not in the file", refund.ChangedMind, changes{product("x", refund.Card, refund.Auto, "")}, "review unused_by_hand 30.00 fault=buyer withdraw"},
		{"revealed by the shop", refund.ChangedMind, changes{supplier(refund.StateDelivered), shop(refund.StateRevealed)}, "refuse used fault=buyer"},
		{"revealed at a time", refund.CardInvalid, changes{func(f *Facts) { f.Order.RevealedAt = now }}, "review used_claim 30.00"},
		{"used, personal", refund.ChangedMind, changes{shop(refund.StateRedeemed)}, "refuse used fault=buyer"},
		{"used, personal, above the limit", refund.ChangedMind, changes{shop(refund.StateRedeemed), costs(60000)}, "refuse used fault=buyer !over_200 !over_500"},
		{"used, other claim", refund.CardInvalid, changes{shop(refund.StateRedeemed)}, "review used_claim 30.00"},
		{"used, picture missing", refund.CardInvalid, changes{shop(refund.StateRedeemed), lacks(refund.Picture)}, "ask_evidence used_claim asks=picture"},
		{"unknown", refund.NotReceived, changes{shop(refund.StateUnknown)}, "review unknown 30.00"},
		{"a state nobody knows", refund.NotReceived, changes{shop("boxed")}, "review unknown 30.00"},
		{"unknown, proof missing", refund.ChangedMind, changes{shop(""), lacks(refund.ProofOfNonUse)}, "ask_evidence unknown fault=buyer asks=proof_of_non_use"},
		{"unknown by the supplier is not its word", refund.FailedTopUp, changes{shop(refund.StateDelivered), supplier(refund.StateUnknown)}, "refund unused 30.00 withdraw"},

		{"200 is not over 200", refund.ChangedMind, changes{costs(20000)}, "refund unused 200.00 fault=buyer withdraw"},
		{"over 200", refund.ChangedMind, changes{costs(20001)}, "review unused 200.01 fault=buyer withdraw !over_200"},
		{"500 needs one", refund.ChangedMind, changes{costs(50000)}, "review unused 500.00 fault=buyer withdraw !over_200"},
		{"over 500", refund.ChangedMind, changes{costs(50001)}, "review unused 500.01 fault=buyer withdraw approvals=2 !over_200 !over_500"},
		{"three claims", refund.ChangedMind, changes{func(f *Facts) { f.Claims = 3 }}, "review unused 30.00 fault=buyer withdraw !claims"},
		{"picture seen", refund.ChangedMind, changes{func(f *Facts) { f.SeenBefore = true }}, "review unused 30.00 fault=buyer withdraw !picture_seen"},
		{"mismatch", refund.ChangedMind, changes{func(f *Facts) { f.Matches = false }}, "review unused 30.00 fault=buyer withdraw !mismatch"},
		{"another account", refund.ChangedMind, changes{func(f *Facts) { f.AccountMismatch = true }}, "review unused 30.00 fault=buyer withdraw !mismatch"},
		{"another account is the complaint", refund.WrongAccount, changes{func(f *Facts) { f.AccountMismatch = true }}, "ask_supplier wrong_account"},
		{"another contact", refund.WrongAccount, changes{func(f *Facts) { f.ContactMismatch = true }}, "review wrong_account 30.00 withdraw !contact"},
		{"three claims about an account", refund.ChangedMind, changes{func(f *Facts) { f.AccountClaims = 3 }}, "review unused 30.00 fault=buyer withdraw !account_claims"},
		{"claimed before", refund.ChangedMind, changes{func(f *Facts) { f.ClaimedBefore = true }}, "review unused 30.00 fault=buyer withdraw !claimed_before"},
		{"guessing", refund.ChangedMind, changes{func(f *Facts) { f.WrongTries = 3 }}, "review unused 30.00 fault=buyer withdraw !guessing"},
		{"much for a new buyer", refund.ChangedMind, changes{func(f *Facts) { f.New, f.TimesUsual = true, 5.01 }}, "review unused 30.00 fault=buyer withdraw !unusual"},
		{"much for one who is known", refund.ChangedMind, changes{func(f *Facts) { f.TimesUsual = 5.01 }}, "refund unused 30.00 fault=buyer withdraw"},
		{"as usual for a new buyer", refund.ChangedMind, changes{func(f *Facts) { f.New, f.TimesUsual = true, 5 }}, "refund unused 30.00 fault=buyer withdraw"},
		{"late", refund.ChangedMind, changes{func(f *Facts) { f.Late = true }}, "refund unused 30.00 fault=buyer withdraw"},
		{"late, taken back by the supplier", refund.WrongAccount, changes{shop(refund.StateArrived), func(f *Facts) { f.Late, f.Supplied = true, refund.Refunds }}, "review supplier_took_back 30.00 fault=buyer !late_report"},
		{"another channel, though it failed", refund.FailedTopUp, changes{supplier(refund.StateFailed), func(f *Facts) { f.OtherChannel = true }}, "review failed 30.00 fault=supplier recover approvals=2 !other_channel"},
	}
	p := sample(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := p.Decide(facts(test.reason, test.facts...))
			if got := summary(d); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if d.Clause == nil || d.Policy != p.Hash || len(d.Reads) < len(variables) {
				t.Errorf("clause %v, policy %q, %d readings", d.Clause, d.Policy, len(d.Reads))
			}
		})
	}
}

// TestSampleGrid states rule and outcome for every reason, every state of the
// goods by the supplier's word, and every time, of an instant product.
func TestSampleGrid(t *testing.T) {
	expect := func(reason refund.Reason, goods refund.State, window string) string {
		late := window != "in time"
		switch {
		case goods == refund.StateFailed || goods == refund.StatePartial:
			return "refund failed"
		case reason == refund.WrongAccount:
			return "ask_supplier wrong_account"
		case late && (reason.Personal() || window == "too late"):
			return "refuse window"
		case late:
			return "review survives"
		case goods == refund.StateProcessing:
			return "ask_supplier processing"
		case goods == refund.StatePaid, goods == refund.StateDelivered:
			return "refund unused"
		case goods == refund.StateUnknown:
			return "review unknown"
		case reason.Personal():
			return "refuse used"
		}
		return "review used_claim"
	}
	states := []refund.State{refund.StatePaid, refund.StateProcessing, refund.StateDelivered, refund.StateRevealed,
		refund.StateRedeemed, refund.StateArrived, refund.StateFailed, refund.StatePartial, refund.StateUnknown}
	windows := []struct {
		name   string
		change func(*Facts)
	}{{"in time", func(*Facts) {}}, {"late", overdue}, {"too late", longOverdue}}
	p := sample(t)
	for _, reason := range refund.Reasons() {
		for _, state := range states {
			for _, window := range windows {
				f := facts(reason, supplier(state), shop(refund.StateUnknown), window.change)
				if state == refund.StatePartial {
					missingPart(1000)(&f)
				}
				d := p.Decide(f)
				if got, want := string(d.Outcome)+" "+d.Rule, expect(reason, state, window.name); got != want {
					t.Errorf("%s, %s, %s: got %s, want %s", reason, state, window.name, got, want)
				}
				if inTime := window.name == "in time" || window.name == "late" && !reason.Personal(); d.Check.InTime != inTime {
					t.Errorf("%s, %s, %s: in time %v", reason, state, window.name, d.Check.InTime)
				}
			}
		}
	}
}

func TestCheckAndReadings(t *testing.T) {
	p := sample(t)
	d := p.Decide(facts(refund.WrongAccount, stated(refund.IntendedAccount, "13900139000"), transaction(50*time.Hour)))
	if want := (refund.Check{InTime: false, Complete: true, Accurate: true}); d.Check != want {
		t.Errorf("late: check %+v, want %+v", d.Check, want)
	}
	d = p.Decide(facts(refund.NotReceived, shop(refund.StateArrived), lacks(refund.Picture)))
	if want := (refund.Check{InTime: true}); d.Check != want {
		t.Errorf("arrived and said not to be: check %+v, want %+v", d.Check, want)
	}
	d = p.Decide(facts(refund.WrongAccount, charged("13900139000"), stated(refund.ChargedAccount, "13700137000")))
	if d.Check.Accurate {
		t.Error("another charged account than the supplier's counts as accurate")
	}
	d = p.Decide(facts(refund.ChangedMind, costs(30000)))
	if len(d.Guards) != 1 || d.Guards[0].Say["en"] == "" || !cmp.Equal(d.Guards[0].Reads, []refund.Reading{{Name: "amount", Value: "300.00"}}) {
		t.Errorf("guards %+v", d.Guards)
	}
	for i, v := range variables {
		if d.Reads[i].Name != v.Name {
			t.Errorf("reading %d is %s, want %s", i, d.Reads[i].Name, v.Name)
		}
	}
}

func TestGate(t *testing.T) {
	revealed := refund.Order{State: refund.StateDelivered, RevealedAt: now}
	tests := []struct {
		name   string
		order  refund.Order
		record *refund.Record
		want   refund.Goods
	}{
		{"nothing known", refund.Order{}, nil, refund.UnknownGoods},
		{"the shop's word", refund.Order{State: refund.StateArrived}, nil, refund.Used},
		{"a shop's word not known here", refund.Order{State: "boxed"}, nil, refund.UnknownGoods},
		{"the supplier's word goes before", refund.Order{State: refund.StateArrived}, &refund.Record{State: refund.StateFailed}, refund.Failed},
		{"a supplier that does not know", refund.Order{State: refund.StateArrived}, &refund.Record{State: refund.StateUnknown}, refund.Used},
		{"a supplier without a word", refund.Order{State: refund.StatePaid}, &refund.Record{}, refund.Unused},
		{"revealed", revealed, nil, refund.Used},
		{"revealed, which the supplier cannot know", revealed, &refund.Record{State: refund.StateDelivered}, refund.Used},
		{"revealed, but failed", revealed, &refund.Record{State: refund.StateFailed}, refund.Failed},
		{"partial", refund.Order{}, &refund.Record{State: refund.StatePartial}, refund.Partial},
	}
	for _, test := range tests {
		if got := Gate(test.order, test.record); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestSampleContents(t *testing.T) {
	p := sample(t)
	want := []Product{
		{Name: "cmcc30", Title: refund.Texts{"zh-Hans": "移动话费 30 元", "en": "Mobile top-up 30 yuan"}, Kind: refund.TopUp, Fulfilment: refund.Auto, Window: 72 * time.Hour, Automation: AutomateAll, Account: "cn_mobile", Supplier: "dyr"},
		{Name: "steam50", Title: refund.Texts{"zh-Hans": "Steam 充值卡 50", "en": "Steam card 50"}, Kind: refund.Card, Fulfilment: refund.Auto, Window: 24 * time.Hour, Automation: AutomateAll, Supplier: "kin"},
		{Name: "game648", Title: refund.Texts{"zh-Hans": "游戏代充 648", "en": "Game top-up 648"}, Kind: refund.TopUp, Fulfilment: refund.ByHand, Window: 48 * time.Hour, Automation: AutomateRules, Account: "game_id", Supplier: "fulu"},
		{Name: "video1m", Title: refund.Texts{"zh-Hans": "视频会员一个月", "en": "Video membership for a month"}, Kind: refund.Membership, Fulfilment: refund.Auto, Window: 24 * time.Hour, Automation: AutomateRules, Supplier: "dyr"},
		{Name: "else", Kind: refund.Card, Fulfilment: refund.Auto, Window: 24 * time.Hour, Automation: AutomateRules},
	}
	for _, w := range want {
		if diff := cmp.Diff(w, p.Product(w.Name, w.Kind)); diff != "" {
			t.Error(diff)
		}
	}
	if p.WarnRefused() != 40_00 {
		t.Errorf("warned above %d hundredths of a percent", p.WarnRefused())
	}
	ladder := Ladder{Remind: []time.Duration{30 * time.Minute, time.Hour}, Owner: 2 * time.Hour, BeforeDue: 2 * time.Hour, Default: 24 * time.Hour, PaysUpTo: cny(5000), OwnerDays: 7}
	if diff := cmp.Diff(ladder, p.Merchant()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Ladder{Remind: []time.Duration{time.Hour, 6 * time.Hour}, BeforeDue: time.Hour}, p.Buyer()); diff != "" {
		t.Error(diff)
	}
	if p.Undo() != 10*time.Second || p.Survives() != 168*time.Hour || p.EvidenceAtLeast() != 24*time.Hour {
		t.Error("deadlines differ from the sample shop's")
	}
	for name, want := range map[string]Ability{"dyr": {RollsBack: true, Within: 2 * time.Hour},
		"fulu": {RollsBack: true, Adjusts: true, Within: 24 * time.Hour}, "kin": {RollsBack: true, Within: 24 * time.Hour}} {
		if got, ok := p.Supplier(name); !ok || got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := strings.Join(p.Refusals(), " "); got != "fault_unclear incomplete late used window not_covered" {
		t.Errorf("refusals %s", got)
	}
	for _, code := range append(slices.Clone(p.Refusals()), Unanswered) {
		if p.Clause(code)["zh-Hans"] == "" || p.Clause(code)["en"] == "" {
			t.Errorf("%s has no clause", code)
		}
	}
	required := func(reason refund.Reason, goods refund.Goods) (items []refund.Item) {
		for _, ask := range p.Asks(reason, refund.TopUp, goods) {
			if ask.Required {
				items = append(items, ask.Item)
			}
		}
		return items
	}
	for _, goods := range goods {
		for _, reason := range refund.Reasons() {
			var want []refund.Item
			switch {
			case reason == refund.WrongAccount:
				want = []refund.Item{refund.IntendedAccount, refund.ChargedAccount, refund.TransactionTime}
			case reason == refund.GotWrongItem, reason == refund.CardInvalid, reason == refund.NotAsDescribed:
				want = []refund.Item{refund.Picture}
			case goods == refund.UnknownGoods && (reason.Personal() || reason == refund.DuplicatePayment):
				want = []refund.Item{refund.ProofOfNonUse}
			}
			if diff := cmp.Diff(want, required(reason, goods)); diff != "" {
				t.Errorf("%s, %s: %s", reason, goods, diff)
			}
		}
	}
}

// anyFacts draws requests without regard to sense: a decision must be safe on all of them.
func anyFacts(t *rapid.T) Facts {
	f := facts(rapid.SampledFrom(refund.Reasons()).Draw(t, "reason"))
	pick := func(name string) bool { return rapid.Bool().Draw(t, name) }
	states := []refund.State{"", refund.StatePaid, refund.StateProcessing, refund.StateDelivered, refund.StateRevealed,
		refund.StateRedeemed, refund.StateArrived, refund.StateFailed, refund.StatePartial, refund.StateUnknown, "odd"}
	accounts := []string{"", "13800138000", "+86 138 0013 8000", "13900139000", "139****9000"}
	f.Order.State = rapid.SampledFrom(states).Draw(t, "state")
	f.Order.Product = rapid.SampledFrom([]string{"", "cmcc30", "steam50", "game648", "video1m"}).Draw(t, "product")
	f.Order.Account = rapid.SampledFrom(accounts).Draw(t, "account")
	money := func(name string) refund.Money {
		return refund.Money{Minor: rapid.Int64Range(-100, 100_000).Draw(t, name),
			Currency: rapid.SampledFrom([]string{"CNY", "CNY", "CNY", "USD", ""}).Draw(t, name+" currency")}
	}
	f.Order.Amount = money("amount")
	f.Left = nil
	if pick("left known") {
		m := money("left")
		f.Left = &m
	}
	if pick("record") {
		f.Record = &refund.Record{State: rapid.SampledFrom(states).Draw(t, "supplier"), Account: rapid.SampledFrom(accounts).Draw(t, "charged")}
		if pick("missing known") {
			m := money("missing")
			f.Record.Missing = &m
		}
	}
	f.Facts = map[refund.Item]refund.Fact{refund.IntendedAccount: {Value: rapid.SampledFrom(accounts).Draw(t, "intended")}}
	if pick("time stated") {
		f.Facts[refund.TransactionTime] = refund.Fact{At: now.Add(-time.Duration(rapid.Int64Range(-100, 100).Draw(t, "hours")) * time.Hour)}
	}
	f.InWindow, f.Survives, f.Given = pick("in window"), pick("survives"), pick("proof")
	f.SeenBefore, f.Matches, f.Claims = pick("seen"), pick("matches"), rapid.IntRange(0, 5).Draw(t, "claims")
	f.AccountClaims, f.WrongTries = rapid.IntRange(1, 5).Draw(t, "account claims"), rapid.IntRange(0, 5).Draw(t, "tries")
	f.TimesUsual = float64(rapid.IntRange(0, 1000).Draw(t, "hundredths of the usual")) / 100
	f.ClaimedBefore, f.Late, f.New, f.OtherChannel = pick("claimed before"), pick("late report"), pick("new"), pick("other channel")
	f.AccountMismatch, f.ContactMismatch = pick("account mismatch"), pick("contact mismatch")
	f.Supplied = rapid.SampledFrom([]refund.Answer{"", refund.Adjusts, refund.Refunds, refund.Refuses, refund.Pending}).Draw(t, "answer")
	f.Missing = rapid.SampledFrom(append(slices.Clone(items), "", "")).Draw(t, "item")
	return f
}

// TestFailingConditions checks that what cannot be computed is reviewed, never paid.
func TestFailingConditions(t *testing.T) {
	load := func(old, new string) *Policy {
		p, err := Load("f.yaml", []byte(strings.Replace(small, old, new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	failed := facts(refund.FailedTopUp, supplier(refund.StateFailed))
	long := facts(refund.FailedTopUp, supplier(refund.StateFailed), func(f *Facts) { f.Order.Product = strings.Repeat("x", 200_000) })
	tests := []struct {
		name     string
		old, new string
		facts    Facts
		want     string
		note     string
	}{
		{"a rule divides by zero", `goods == "failed"`, `goods == "failed" && 1 / (size(currency) - 3) == 0`, failed, "review  30.00", "error=failed: division by zero"},
		{"a guard divides by zero", "when: amount > 200", "when: 1 / (claims_30d - 1) == 0", facts(refund.ChangedMind), "review  30.00 fault=buyer withdraw !big", "error=big: division by zero"},
		{"a rule exceeds its budget", `goods == "failed"`, `goods == "failed" && product.contains("y") == false`, long, "review  30.00", "error=failed: "},
		{"a rule pays on nothing", `goods == "failed"`, `goods != "failed"`, facts(refund.ChangedMind, shop("")), "review failed 30.00 fault=buyer", "unestablished=failed"},
		{"a rule pays for used goods", `goods == "failed"`, `goods != "failed"`, facts(refund.CardInvalid, shop(refund.StateRedeemed)), "review failed 30.00", "unestablished=failed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := load(test.old, test.new).Decide(test.facts)
			if got := summary(d); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			last := d.Reads[len(d.Reads)-1]
			if got := last.Name + "=" + last.Value; !strings.HasPrefix(got, test.note) {
				t.Errorf("note %s, want %s", got, test.note)
			}
		})
	}
}

// TestAnotherCurrency sends orders in another currency than the limits' to a person
// by policies that say nothing of it.
func TestAnotherCurrency(t *testing.T) {
	in := func(currency string) func(*Facts) {
		return func(f *Facts) {
			m := refund.Money{Minor: 3000, Currency: currency}
			f.Order.Amount, f.Left = m, &m
		}
	}
	failed := supplier(refund.StateFailed)
	tests := []struct {
		name     string
		old, new string // the change to small
		facts    Facts
		want     string
	}{
		{"the same", "", "", facts(refund.FailedTopUp, failed), "refund failed 30.00"},
		{"refunded otherwise", "", "", facts(refund.FailedTopUp, failed, in("USD")), "review failed 30.00 !currency"},
		{"by a rule that is exempt from all", "exempt: [big]", "exempt: {all_but: []}", facts(refund.FailedTopUp, failed, in("USD")), "review failed 30.00 !currency"},
		{"without guards", "guards:\n  - {name: big, when: amount > 200, outcome: review, say: {en: Much.}}\n", "", facts(refund.FailedTopUp, failed, in("EUR")), "review failed 30.00 !currency"},
		{"what would be asked of the supplier", "outcome: refund", "outcome: ask_supplier", facts(refund.FailedTopUp, failed, in("USD")), "review failed 30.00 !currency"},
		{"what would be asked of the buyer", "outcome: refund", "outcome: ask_evidence", facts(refund.FailedTopUp, failed, in("USD"), lacks(refund.Picture)), "review failed 30.00 !currency"},
		{"a refusal stays one", "", "", facts(refund.ChangedMind, shop(refund.StateRedeemed), in("USD")), "refuse block fault=buyer"},
		{"what people look at anyway", "", "", facts(refund.NotReceived, shop(""), in("USD")), "review  30.00"},
		{"no currency", "", "", facts(refund.FailedTopUp, failed, in("")), "review failed 30.00 !currency"},
		{"only what is left in another", "", "", facts(refund.FailedTopUp, failed, func(f *Facts) {
			f.Left = &refund.Money{Minor: 3000, Currency: "USD"}
		}), "review failed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := strings.NewReplacer(test.old, test.new).Replace(small)
			if test.old == "" {
				file = small
			}
			if test.name == "without guards" {
				file = strings.Replace(file, "    exempt: [big]\n", "", 1)
			}
			p, err := Load("f.yaml", []byte(file))
			if err != nil {
				t.Fatal(err)
			}
			d := p.Decide(test.facts)
			if got := summary(d); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			e, err := p.Explain(d)
			if err != nil {
				t.Fatal(err)
			}
			last := Tried{}
			if len(e.Guards) > 0 {
				last = e.Guards[len(e.Guards)-1]
			}
			if (last.Name == CurrencyGuard) != strings.HasSuffix(test.want, "!currency") {
				t.Errorf("explained as %+v", e.Guards)
			}
		})
	}
}

// TestNothingLeftToAsk has a person look where the buyer gave everything already; a
// guard that asks the supplier does not take the person away again.
func TestNothingLeftToAsk(t *testing.T) {
	file := strings.Replace(small, "guards:\n", "guards:\n  - {name: ask, when: matches, outcome: ask_supplier, say: {en: x}}\n", 1)
	p, err := Load("f.yaml", []byte(strings.Replace(strings.Replace(file, "exempt: [big]", "exempt: []", 1), "outcome: refund", "outcome: ask_evidence", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got := summary(p.Decide(facts(refund.FailedTopUp, supplier(refund.StateFailed)))); got != "review failed 30.00 !ask" {
		t.Errorf("complete: %s", got)
	}
	if got := summary(p.Decide(facts(refund.FailedTopUp, supplier(refund.StateFailed), lacks(refund.Picture)))); got != "ask_supplier failed !ask" {
		t.Errorf("incomplete: %s", got)
	}
}

func TestZeroPolicyReviews(t *testing.T) {
	var p Policy
	if d := p.Decide(facts(refund.ChangedMind)); d.Outcome != refund.Review || d.Approvals != 1 {
		t.Errorf("got %s", summary(d))
	}
}

func BenchmarkDecide(b *testing.B) {
	p := sample(b)
	for _, bench := range []struct {
		name  string
		facts Facts
	}{
		{"failed", facts(refund.FailedTopUp, supplier(refund.StateFailed))},
		{"unused", facts(refund.ChangedMind)},
		{"last_rule", facts(refund.FailedTopUp, shop(refund.StateFailed))},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Decide(bench.facts)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	data := sampleBytes(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load("policy.yaml", data); err != nil {
			b.Fatal(err)
		}
	}
}
