package main

import (
	"context"
	"time"

	"tuidan/refund"
	"tuidan/simulator"
)

// flow is one way for a conversation to go, with the order that it needs.
type flow struct {
	name    string
	weight  int // of twenty conversations
	product string
	kind    string
	fulfilment,
	supplier string
	state  refund.State
	price  int64         // in fen
	due    int64         // what the buyer must have got back in the end
	end    refund.Status // of the case
	carded bool          // the group has a card of it
	answer refund.Answer // of the supplier, when asked for help
	play   func(*talk, context.Context) error
}

var flows = []*flow{
	{name: "failed top-up, paid at once", weight: 5, product: "cmcc30", kind: "topup", fulfilment: "auto", supplier: "dyr",
		state: refund.StateFailed, price: 3000, due: 3000, end: refund.Refunded, play: (*talk).failed},
	{name: "unused, refunded at once", weight: 3, product: "steam50", kind: "card", fulfilment: "auto", supplier: "kin",
		state: refund.StateDelivered, price: 5000, due: 5000, end: refund.Refunded, play: (*talk).unused},
	{name: "used, refused", weight: 2, product: "steam50", kind: "card", fulfilment: "auto", supplier: "kin",
		state: refund.StateRevealed, price: 5000, end: refund.Refused, play: (*talk).used},
	{name: "wrong account, moved", weight: 2, product: "game648", kind: "topup", fulfilment: "by_hand", supplier: "fulu",
		state: refund.StateArrived, price: 12800, end: refund.Adjusted, carded: true, answer: refund.Adjusts, play: (*talk).wrongAccount},
	{name: "wrong account, taken back", weight: 2, product: "cmcc30", kind: "topup", fulfilment: "auto", supplier: "dyr",
		state: refund.StateArrived, price: 3000, due: 3000, end: refund.Refunded, carded: true, answer: refund.Refunds, play: (*talk).wrongAccount},
	{name: "wrong account, goodwill", weight: 1, product: "game648", kind: "topup", fulfilment: "by_hand", supplier: "fulu",
		state: refund.StateArrived, price: 12800, due: 12800, end: refund.Refunded, carded: true, answer: refund.Refuses, play: (*talk).goodwill},
	{name: "review, approved", weight: 2, product: "game648", kind: "topup", fulfilment: "by_hand", supplier: "fulu",
		state: refund.StatePaid, price: 12800, due: 12800, end: refund.Refunded, carded: true, play: (*talk).approved},
	{name: "review, two approvals", weight: 1, product: "game648", kind: "topup", fulfilment: "by_hand", supplier: "fulu",
		state: refund.StatePaid, price: 64800, due: 64800, end: refund.Refunded, carded: true, play: (*talk).approvedByTwo},
	{name: "review, refused", weight: 1, product: "game648", kind: "topup", fulfilment: "by_hand", supplier: "fulu",
		state: refund.StatePaid, price: 12800, end: refund.Refused, carded: true, play: (*talk).refused},
	{name: "withdrawn by the buyer", weight: 1, product: "cmcc30", kind: "topup", fulfilment: "auto", supplier: "dyr",
		state: refund.StateArrived, price: 3000, end: refund.Withdrawn, carded: true, answer: refund.Refunds, play: (*talk).withdrawn},
}

// flowOf spreads the flows over the conversations by their weights.
func flowOf(n int) *flow {
	n = n * 7 % 20 // seven and twenty have no common factor, so the flows are mixed
	for _, f := range flows {
		if n -= f.weight; n < 0 {
			return f
		}
	}
	panic("the weights are less than twenty")
}

// open opens the chat by the order's link and chooses what is wrong.
func (t *talk) open(ctx context.Context, issues ...string) error {
	if _, err := t.user.Start(t.order); err != nil {
		return err
	}
	if err := t.sees(ctx, lost, text("ask_reason_of_order")); err != nil {
		return err
	}
	for _, issue := range issues {
		if err := t.tap(ctx, text(issue)); err != nil {
			return err
		}
	}
	return nil
}

// paidBack waits for the word that the channel has taken the refund.
func (t *talk) paidBack(ctx context.Context) error {
	if t.world.options.channel == blind {
		return t.settle(ctx)
	}
	return t.sees(ctx, stuck, text("refunded", "Order", t.order, "Amount", t.paid))
}

func (t *talk) failed(ctx context.Context) error {
	if err := t.open(ctx, "issue_failed_topup"); err != nil {
		return err
	}
	return t.paidBack(ctx)
}

func (t *talk) unused(ctx context.Context) error {
	if err := t.open(ctx, "issue_wrong_item", "issue_bought_wrong"); err != nil {
		return err
	}
	return t.paidBack(ctx)
}

func (t *talk) used(ctx context.Context) error {
	if err := t.open(ctx, "issue_wrong_item", "issue_bought_wrong"); err != nil {
		return err
	}
	return t.sees(ctx, stuck, text("refused", "Order", t.order))
}

// threeAnswers gives the evidence for a wrong account, at times badly first.
func (t *talk) threeAnswers(ctx context.Context) error {
	if err := t.open(ctx, "issue_wrong_account"); err != nil {
		return err
	}
	if err := t.sees(ctx, lost, text("ask_intended_account")); err != nil {
		return err
	}
	if t.careless {
		if err := t.say(ctx, "??", text(map[string]string{"cmcc30": "bad_account_cn_mobile", "game648": "bad_account_game_id"}[t.flow.product])); err != nil {
			return err
		}
		if _, err := t.user.Send(simulator.Where{}, simulator.Sticker); err != nil {
			return err
		}
		if err := t.sees(ctx, lost, text("odd_message")); err != nil {
			return err
		}
	}
	if err := t.say(ctx, t.intended(), text("ask_charged_account")); err != nil {
		return err
	}
	if t.careless {
		if err := t.say(ctx, t.intended(), text("same_account", "Account", t.intended())); err != nil {
			return err
		}
	}
	if err := t.say(ctx, t.account(), text("ask_transaction_time")); err != nil {
		return err
	}
	if t.careless {
		if err := t.say(ctx, "不记得了", text("bad_time")); err != nil {
			return err
		}
		_, err := t.user.Say(simulator.Where{}, t.paidAt.Add(6*time.Minute).In(zone).Format("2006-01-02 15:04"))
		return err
	}
	return t.tap(ctx, text("button_order_time", "At", t.paidAt))
}

func (t *talk) wrongAccount(ctx context.Context) error {
	if err := t.threeAnswers(ctx); err != nil {
		return err
	}
	if t.flow.end == refund.Adjusted {
		return t.sees(ctx, stuck, text("adjusted", "Order", t.order, "Account", t.intended()))
	}
	return t.paidBack(ctx)
}

func (t *talk) goodwill(ctx context.Context) error {
	if err := t.threeAnswers(ctx); err != nil {
		return err
	}
	if err := t.sees(ctx, stuck, text("review_sent", "Order", t.order)); err != nil {
		return err
	}
	if err := t.verdict(ctx, wang, text("button_approve", "Amount", t.paid)); err != nil {
		return err
	}
	return t.paidBack(ctx)
}

// reviewed brings a case to the merchants.
func (t *talk) reviewed(ctx context.Context) error {
	if err := t.open(ctx, "issue_wrong_item", "issue_bought_wrong"); err != nil {
		return err
	}
	if err := t.sees(ctx, stuck, text("review_sent", "Order", t.order)); err != nil {
		return err
	}
	if t.careless {
		return t.say(ctx, "麻烦快一点 "+t.order, text("noted_meanwhile"))
	}
	return nil
}

func (t *talk) approved(ctx context.Context) error {
	if err := t.reviewed(ctx); err != nil {
		return err
	}
	if err := t.verdict(ctx, wang, text("button_approve", "Amount", t.paid)); err != nil {
		return err
	}
	return t.paidBack(ctx)
}

func (t *talk) approvedByTwo(ctx context.Context) error {
	if err := t.reviewed(ctx); err != nil {
		return err
	}
	if err := t.verdict(ctx, wang, text("button_approve", "Amount", t.paid)); err != nil {
		return err
	}
	if err := t.shows(ctx, lost, text("did_approved_first")); err != nil {
		return err
	}
	if err := t.verdict(ctx, zhao, text("button_approve", "Amount", t.paid)); err != nil {
		return err
	}
	return t.paidBack(ctx)
}

func (t *talk) refused(ctx context.Context) error {
	if err := t.reviewed(ctx); err != nil {
		return err
	}
	if err := t.verdict(ctx, zhao, text("button_refuse")); err != nil {
		return err
	}
	if err := t.verdict(ctx, zhao, text("refusal_used")); err != nil {
		return err
	}
	return t.sees(ctx, stuck, text("refused", "Order", t.order))
}

func (t *talk) withdrawn(ctx context.Context) error {
	if err := t.open(ctx, "issue_wrong_account"); err != nil {
		return err
	}
	if err := t.sees(ctx, lost, text("ask_intended_account")); err != nil {
		return err
	}
	return t.say(ctx, "/cancel", text("withdrawn", "Order", t.order))
}
