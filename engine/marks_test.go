package engine

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/dialogs"
	"tuidan/policy"
	"tuidan/refund"
	"tuidan/storage/memory"
)

// plain marks without hashing, so that a test can read it.
type plain struct{}

func (plain) Mark(kind string, shop refund.ShopID, value string) string {
	return kind + "/" + string(shop) + "/" + value
}

// TestSignals counts what speaks for abuse of a case: by accounts, tries and the
// shop's claims, each in its window, and by its order at any time.
func TestSignals(t *testing.T) {
	ago := func(d time.Duration) time.Time { return start.Add(-d) }
	const day = 24 * time.Hour
	mine, other := refund.NewCaseID(buyer, 1), refund.NewCaseID(8, 1)
	order := func(no, account string) refund.Order {
		return refund.Order{OrderKey: refund.OrderKey{Shop: "shop", No: no}, Account: account, Amount: refund.Money{Minor: 500, Currency: "CNY"}}
	}
	own := refund.Case{ID: mine, Version: 1, Shop: "shop", Chat: buyer, Status: refund.Checking, OpenedAt: start, Order: order("A1", "138"),
		Facts: map[refund.Item]refund.Fact{refund.IntendedAccount: {Value: "139"}}}
	earlier := own
	earlier.ID, earlier.Chat, earlier.OpenedAt = other, 8, ago(200*day)
	mark := func(kind, value, of string, ago time.Duration) refund.Mark {
		shop := refund.ShopID("shop")
		if kind == markTries {
			shop = ""
		}
		return refund.Mark{Key: plain{}.Mark(kind, shop, value), Of: of, At: start.Add(-ago)}
	}
	claim := func(of string, minor int64, ago time.Duration) refund.Mark {
		m := mark(markShop, "CNY", of, ago)
		m.Amount = refund.Money{Minor: minor, Currency: "CNY"}
		return m
	}
	store := memory.New()
	if err := store.Apply(t.Context(), refund.Commit{
		Chats: []refund.Chat{{ID: buyer, Version: 1, Current: mine, Open: []refund.CaseID{mine}, Cases: 1}},
		Cases: []refund.Case{own, earlier},
		Marks: append(CaseMarks(plain{}, &own),
			mark(markAccount, "138", "x", day), mark(markAccount, "139", "x", day), // one case that names both
			mark(markAccount, "139", "y", 30*day), mark(markAccount, "139", "z", 31*day), mark(markAccount, "137", "w", day),
			mark(markTries, "7", "a", time.Hour), mark(markTries, "7", "order/shop/A1", day), mark(markTries, "7", "c", day+time.Second), mark(markTries, "8", "a", 0),
			claim("x", 300, day), claim("y", 400, 90*day), claim("z", 999, 91*day)),
	}); err != nil {
		t.Fatal(err)
	}
	var got dialogs.Facts
	decide := false
	d := newDesk(t, store, NewManualClock(start), func(cfg *Config) {
		cfg.Marker = plain{}
		cfg.Step = func(_ refund.Chat, c *refund.Case, event refund.Event, facts dialogs.Facts) dialogs.Result {
			got = facts
			next := *c
			next.Version++
			if !decide {
				return dialogs.Result{Case: &next, Judged: true}
			}
			next.Facts = map[refund.Item]refund.Fact{refund.IntendedAccount: {Value: event.Text}}
			next.Decisions = append(next.Decisions, refund.Decision{Number: facts.AccountClaims})
			return dialogs.Result{Case: &next, Judged: true}
		}
	}).run()
	say := func(id int, text string) {
		d.take(update(id, refund.Event{Kind: refund.Said, Chat: buyer, Text: text}))
		d.wait()
	}
	say(1, "hello")
	want := dialogs.Facts{AccountClaims: 3, WrongTries: 2, OtherContact: true, ClaimedBefore: true,
		ShopClaims: []refund.Money{{Minor: 300, Currency: "CNY"}, {Minor: 400, Currency: "CNY"}}}
	if diff := cmp.Diff(want, dialogs.Facts{AccountClaims: got.AccountClaims, WrongTries: got.WrongTries, OtherContact: got.OtherContact, ClaimedBefore: got.ClaimedBefore, ShopClaims: got.ShopClaims}); diff != "" {
		t.Errorf("signals (-want +got):\n%s", diff)
	}

	// A step that decides as soon as it hears of an account sees who else named it,
	// and leaves its own mark.
	decide = true
	say(2, "137")
	var c refund.Case
	var marks []refund.Mark
	d.view(func(r refund.Reader) (err error) {
		if c, err = r.Case(mine); err != nil {
			return err
		}
		marks, err = r.Marks("account/shop/137", ago(policy.ClaimsWithin), 9)
		return err
	})
	if len(c.Decisions) != 1 || c.Decisions[0].Number != 3 { // x by 138, w by 137, itself
		t.Errorf("decided %+v", c.Decisions)
	}
	if len(marks) != 2 || marks[0].Of != "case/shop/"+string(mine) || !marks[0].At.Equal(start) {
		t.Errorf("marks %+v", marks)
	}
	d.stop()
}
