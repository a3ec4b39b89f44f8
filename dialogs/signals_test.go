package dialogs

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/policy"
	"tuidan/refund"
)

// TestSignals says what a judgement is given of what was counted and what the case
// itself shows.
func TestSignals(t *testing.T) {
	ten := slices.Repeat([]refund.Money{{Minor: 1000, Currency: "CNY"}}, 10)
	usual := policy.Signals{Claims: 1, AccountClaims: 1, Matches: true}
	with := func(change func(*policy.Signals)) policy.Signals {
		s := usual
		change(&s)
		return s
	}
	for _, test := range []struct {
		name   string
		change func(*refund.Chat, *refund.Case, *Facts)
		want   policy.Signals
	}{
		{"nothing", func(*refund.Chat, *refund.Case, *Facts) {}, usual},
		{"counted", func(_ *refund.Chat, _ *refund.Case, f *Facts) {
			f.Claims, f.AccountClaims, f.WrongTries, f.ClaimedBefore, f.ShopClaims = 2, 3, 4, true, ten
		}, with(func(s *policy.Signals) {
			s.Claims, s.AccountClaims, s.WrongTries, s.ClaimedBefore, s.TimesUsual = 2, 3, 4, true, 3
		})},
		{"a picture seen elsewhere", func(_ *refund.Chat, c *refund.Case, _ *Facts) {
			c.Evidence = []refund.Evidence{{}, {SeenOther: true}}
		}, with(func(s *policy.Signals) { s.SeenBefore = true })},
		{"a new buyer", func(chat *refund.Chat, _ *refund.Case, _ *Facts) { chat.Since = noon.Add(-time.Hour) },
			with(func(s *policy.Signals) { s.New = true })},
		{"late, by when the case opened", func(_ *refund.Chat, c *refund.Case, f *Facts) {
			c.Order.CompletedAt, c.OpenedAt = noon.Add(-100*time.Hour), noon.Add(-40*time.Hour)
		}, with(func(s *policy.Signals) { s.Late = true })},
		{"another account", func(_ *refund.Chat, c *refund.Case, _ *Facts) {
			c.Order.Account, c.Record = "13800138000", &refund.Record{Account: "13900139000"}
		}, with(func(s *policy.Signals) { s.AccountMismatch = true })},
		{"another contact", func(_ *refund.Chat, _ *refund.Case, f *Facts) { f.OtherContact = true },
			with(func(s *policy.Signals) { s.ContactMismatch = true })},
		{"another buyer", func(_ *refund.Chat, c *refund.Case, _ *Facts) { c.OwnBuyer = false },
			with(func(s *policy.Signals) { s.Matches = false })},
	} {
		chat, facts := refund.Chat{ID: 7}, Facts{Now: noon, Claims: 1}
		c := refund.Case{OwnBuyer: true, OpenedAt: noon, Order: refund.Order{Amount: refund.Money{Minor: 3000, Currency: "CNY"}}}
		test.change(&chat, &c, &facts)
		s := &step{facts: facts, chat: chat, c: &c}
		if diff := cmp.Diff(test.want, s.signals()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestFirstSeen keeps when a buyer first wrote.
func TestFirstSeen(t *testing.T) {
	s := newScene(t)
	s.chat = refund.Chat{ID: refund.ChatID(li)}
	s.command("start", "")
	if !s.chat.Since.Equal(noon) {
		t.Errorf("first seen %s", s.chat.Since)
	}
	s.now = noon.Add(time.Hour)
	s.command("help", "")
	if !s.chat.Since.Equal(noon) {
		t.Errorf("first seen again %s", s.chat.Since)
	}
	s.chat = refund.Chat{ID: refund.ChatID(li), Version: 1, Failures: []refund.Failure{{Reason: refund.FailedTopUp}}} // written to first (R48)
	s.command("help", "")
	if !s.chat.Since.Equal(s.now) {
		t.Errorf("first seen after the desk wrote %s", s.chat.Since)
	}
}
