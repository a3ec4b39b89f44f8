package engine

import (
	"slices"
	"strconv"
	"time"

	"tuidan/dialogs"
	"tuidan/policy"
	"tuidan/refund"
)

// Marker makes a keyed hash of a value. The same kind, shop and value give the
// same one for ever; without the key nobody can say or try out what it stands for.
// It is called from many goroutines.
type Marker interface {
	Mark(kind string, shop refund.ShopID, value string) string
}

// Kinds of what is hashed.
const (
	markAccount = "account" // account or contact that a case names, within its shop
	markShop    = "shop"    // what a shop's claims are about, by currency
	markTries   = "tries"   // of a chat
	markCase    = "case"
	markOrder   = "order"
)

// maxCounted bounds what is counted under one mark.
const maxCounted = 100

// CaseMarks are what is kept of a case for signals: one mark for each account that
// it names, and one for its shop, all at the time when it opened.
func CaseMarks(marker Marker, c *refund.Case) []refund.Mark {
	if c.Order.No == "" {
		return nil
	}
	of := marker.Mark(markCase, c.Shop, string(c.ID))
	marks := []refund.Mark{{Key: marker.Mark(markShop, c.Shop, c.Order.Amount.Currency), Of: of, At: c.OpenedAt, Amount: c.Order.Amount}}
	for _, account := range policy.Accounts(c) {
		marks = append(marks, refund.Mark{Key: marker.Mark(markAccount, c.Shop, account), Of: of, At: c.OpenedAt})
	}
	return marks
}

func chatText(chat refund.ChatID) string { return strconv.FormatInt(int64(chat), 10) }

// marks are what a step leaves to be counted.
func (e *Engine) marks(had, c *refund.Case, tries []refund.Try) []refund.Mark {
	marker := e.cfg.Marker
	if marker == nil {
		return nil
	}
	var marks []refund.Mark
	if c != nil && (had == nil || had.ID != c.ID || !slices.Equal(policy.Accounts(had), policy.Accounts(c))) {
		marks = CaseMarks(marker, c)
	}
	for _, try := range tries {
		marks = append(marks, refund.Mark{Key: marker.Mark(markTries, "", chatText(try.Chat)),
			Of: marker.Mark(markOrder, try.Order.Shop, try.Order.No), At: try.At})
	}
	return marks
}

// readSignals counts what speaks for abuse of a case.
func (g *reading) readSignals(r refund.Reader, c *refund.Case) error {
	if c == nil || c.Order.No == "" {
		return nil
	}
	cases, err := r.CasesOf(c.Order.OrderKey)
	if err != nil {
		return err
	}
	g.facts.ClaimedBefore = len(cases) > 0 && cases[0] != c.ID // oldest first
	marker := g.marker
	if marker == nil {
		return nil
	}
	own := marker.Mark(markCase, c.Shop, string(c.ID))
	others := map[string]bool{}
	since := func(window time.Duration) time.Time { return g.facts.Now.Add(-window) }
	for _, account := range policy.Accounts(c) {
		marks, err := r.Marks(marker.Mark(markAccount, c.Shop, account), since(policy.ClaimsWithin), maxCounted)
		if err != nil {
			return err
		}
		for _, mark := range marks {
			others[mark.Of] = true
		}
	}
	delete(others, own)
	g.facts.AccountClaims = 1 + len(others)

	tries, err := r.Marks(marker.Mark(markTries, "", chatText(c.Chat)), since(policy.TriesWithin), maxCounted)
	if err != nil {
		return err
	}
	g.facts.WrongTries = len(tries)
	order := marker.Mark(markOrder, c.Shop, c.Order.No)
	g.facts.OtherContact = slices.ContainsFunc(tries, func(try refund.Mark) bool { return try.Of == order })

	claims, err := r.Marks(marker.Mark(markShop, c.Shop, c.Order.Amount.Currency), since(policy.UsualWithin), policy.UsualOf+1)
	if err != nil {
		return err
	}
	for _, mark := range claims {
		if mark.Of != own && len(g.facts.ShopClaims) < policy.UsualOf {
			g.facts.ShopClaims = append(g.facts.ShopClaims, mark.Amount)
		}
	}
	return nil
}

// judgedBlind reports whether a step asked the policy about a case of which the
// signals were not read.
func judgedBlind(result *dialogs.Result) bool {
	return result.Judged && result.Case != nil && result.Case.Order.No != ""
}
