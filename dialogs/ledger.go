package dialogs

import (
	"slices"
	"strings"
	"time"

	"tuidan/refund"
)

// post adds a line to the shop's ledger with this step.
func (s *step) post(lines ...refund.Posting) { s.result.Ledger = append(s.result.Ledger, lines...) }

// What a press under a paid card can say of what is owed for it.
const (
	claim       = "claim"
	cameBack    = "recover"
	recoverPart = "ask_recovered"
	writeOff    = "write_off"
)

// recoveryButtons are those of a card whose refund somebody still owes. (R46)
func (s *step) recoveryButtons() [][]refund.Button {
	r := s.c.Recovery
	if r.Rest().Minor <= 0 {
		return nil
	}
	var first []refund.Button
	if r.Owed.Minor > 0 {
		first = append(first, s.caseButton(w("button_claim", "Party", partyText(r.From)), claim, "", refund.Plain))
	}
	first = append(first, s.caseButton(w("button_recover", "Amount", r.Rest()), cameBack, "", refund.Good))
	return [][]refund.Button{first, {
		s.caseButton(w("button_recover_part"), recoverPart, "", refund.Plain),
		s.caseButton(w("button_write_off"), writeOff, "", refund.Danger),
	}}
}

// recoveryLine says on the card what is still owed, and by whom.
func (s *step) recoveryLine() []refund.Words {
	r := s.c.Recovery
	rest := r.Rest()
	switch {
	case rest.Minor <= 0:
		return nil
	case r.Owed.Minor > 0:
		return lines(w("card_owed", "Party", partyText(r.From), "Amount", rest))
	}
	return lines(w("card_claimed", "Party", partyText(r.From), "Amount", rest))
}

func partyText(party refund.Party) refund.Words { return w("party_" + string(party)) }

// recoveryPressed books what a person says of what is owed. Giving it up is the
// owner's alone.
func (s *step) recoveryPressed() {
	if s.stale() {
		return
	}
	rest := s.c.Recovery.Rest()
	if rest.Minor <= 0 {
		s.alert(w("stale"))
		return
	}
	c := s.touch()
	switch s.event.Action.Do {
	case claim:
		line, ok := c.Claim(s.now(), s.event.Person)
		if !ok {
			s.answer(w("already_counted"))
			return
		}
		s.post(line)
		s.settled("claimed", "")
	case cameBack:
		s.post(c.Settle(s.now(), s.event.Person, refund.BookRecovered, rest)...)
		s.settled("recovered", "")
	case recoverPart:
		s.askStaff(recoverPart, "")
	case writeOff:
		if s.facts.Shop.RoleOf(s.event.Person) != refund.OwnerOf {
			s.alert(w("owner_only"))
			return
		}
		s.post(c.Settle(s.now(), s.event.Person, refund.BookWrittenOff, rest)...)
		s.settled("written_off", "")
	default:
		s.alert(w("stale"))
	}
}

// settled notes a booking on the card, with what the person typed.
func (s *step) settled(did, typed string) {
	s.staffNote(did, typed)
	s.result.Note = strings.TrimSpace(did + " " + typed)
	s.answer(w("done"))
	s.showCard = true
}

// recoveryWrote takes the amount that a person types as having come back.
func (s *step) recoveryWrote() {
	if what, ok := s.answered(); !ok || what != recoverPart {
		s.unheard()
		return
	}
	rest := s.c.Recovery.Rest()
	amount, err := typedMoney(s.event.Text, rest.Currency)
	if rest.Minor <= 0 || err != nil || amount.Minor <= 0 || amount.Over(rest) {
		s.sayGroup(w("recovered_wrong", "Amount", rest))
		return
	}
	s.post(s.touch().Settle(s.now(), s.event.Person, refund.BookRecovered, amount)...)
	s.settled("recovered", amount.Decimal())
}

// NeedsLedger reports whether a step of this event needs Facts.Ledger.
func NeedsLedger(event refund.Event, shop refund.Shop) bool {
	return event.Kind == refund.Ordered && event.Command == "ledger" && event.Shop != "" && event.Shop == shop.ID &&
		shop.RoleOf(event.Person).Decides()
}

const oldestOwed = 10 // that /ledger names

// ledgerCommand says in the group how the shop's books stand: this month's
// refunds and where they went, and what is still owed. (R46, R52)
func (s *step) ledgerCommand() {
	s.c = nil // a card that the command answers is not concerned
	zone := s.facts.Shop.Zone
	if zone == nil {
		zone = time.UTC
	}
	now := s.now().In(zone)
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, zone)
	i, _ := slices.BinarySearchFunc(s.facts.Ledger, first, func(p refund.Posting, at time.Time) int { return p.At.Compare(at) })
	month, err := refund.Balances(s.facts.Ledger[i:])
	all, err2 := refund.Balances(s.facts.Ledger)
	if err != nil || err2 != nil || len(s.facts.Ledger) == 0 {
		s.answerRules(w("ledger_empty"))
		return
	}
	text := lines(w("ledger_month", "From", first))
	for _, book := range []refund.Book{refund.Channels, refund.Returns, refund.OwnFault, refund.Goodwill, refund.Recovered, refund.WrittenOff} {
		for _, balance := range month {
			if balance.Book == book {
				amount := balance.Amount
				if book == refund.Channels {
					amount.Minor = -amount.Minor // what they paid is credited
				}
				text = append(text, w("ledger_"+string(book), "Amount", amount))
			}
		}
	}
	if len(month) == 0 {
		text = append(text, w("ledger_quiet"))
	}
	text = append(text, s.owedLines(all)...)
	s.answerRules(text...)
}

// owedLines say what each party still owes, and for which orders.
func (s *step) owedLines(all []refund.Balance) []refund.Words {
	var text []refund.Words
	for _, party := range []refund.Party{refund.Supplier, refund.Platform} {
		for _, balance := range all {
			switch balance.Book {
			case refund.Owed(party):
				text = append(text, w("ledger_owed", "Party", partyText(party), "Amount", balance.Amount))
			case refund.Claimed(party):
				text = append(text, w("ledger_claimed", "Party", partyText(party), "Amount", balance.Amount))
			}
		}
	}
	if len(text) == 0 {
		return lines(w("ledger_nothing_owed"))
	}
	open := openOrders(s.facts.Ledger)
	for _, one := range open[:min(len(open), oldestOwed)] {
		text = append(text, w("ledger_order", "Order", one.order, "Amount", one.rest, "Since", one.since))
	}
	if more := len(open) - oldestOwed; more > 0 {
		text = append(text, w("ledger_more", "Count", more))
	}
	return text
}

// owedOrder is what is still owed for an order.
type owedOrder struct {
	order string
	rest  refund.Money
	since time.Time
}

// openOrders lists what is owed by order, oldest first.
func openOrders(postings []refund.Posting) []owedOrder {
	var open []owedOrder
	index := make(map[refund.CaseID]int)
	add := func(p *refund.Posting, book refund.Book, minor int64) {
		if !strings.HasPrefix(string(book), "owed_") && !strings.HasPrefix(string(book), "claimed_") {
			return
		}
		i, known := index[p.Case]
		if !known {
			i = len(open)
			index[p.Case] = i
			open = append(open, owedOrder{order: p.Order, since: p.At, rest: refund.Money{Currency: p.Amount.Currency}})
		}
		open[i].rest.Minor += minor
	}
	for i := range postings {
		p := &postings[i]
		add(p, p.Debit, p.Amount.Minor)
		add(p, p.Credit, -p.Amount.Minor)
	}
	return slices.DeleteFunc(open, func(one owedOrder) bool { return one.rest.Minor == 0 })
}
