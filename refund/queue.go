package refund

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Rank is how an open case stands in its shop's queue; the lower is looked at first.
type Rank byte

// The ranks: what is urgent (R36), what has money that people must move or look
// for, and the rest, each by deadline.
const (
	RankUrgent Rank = iota
	RankMoney
	RankRest
)

// Rank returns how an open case stands in the queue.
func (c *Case) Rank() Rank {
	people := c.Party() == Merchant || c.Party() == Owner
	switch {
	case c.Urgent:
		return RankUrgent
	case people && (c.Status == Paying || c.Status == PayoutHeld):
		return RankMoney
	}
	return RankRest
}

// Queue is a part of a shop's open cases, in the order in which people look at
// them, and how many there are in all.
type Queue struct {
	Cases  []CaseID // the part that was asked for
	Total  int
	Urgent int // of Total
	Money  int // of Total, not urgent
}

// ForOwners stands in the index of hands for whoever is an owner of the shop.
const ForOwners PersonID = 0

// Hands returns whose an open case is: who took it, everybody of the shop who acted
// on it, and ForOwners while the owner has the move.
func (c *Case) Hands() []PersonID {
	var hands []PersonID
	add := func(person PersonID) {
		if person != 0 && !slices.Contains(hands, person) {
			hands = append(hands, person)
		}
	}
	if c.Taken != nil {
		add(c.Taken.Person)
	}
	for i := range c.Notes {
		add(c.Notes[i].Person)
	}
	for i := range c.Decisions {
		add(c.Decisions[i].By)
	}
	for i := range c.Approvals {
		add(c.Approvals[i].Person)
	}
	if c.Party() == Owner {
		hands = append(hands, ForOwners)
	}
	return hands
}

// maxFindText is how many characters of a text can be found.
const maxFindText = 64

// FindText is a text as it is looked for: without case, spaces, dots and dashes, by
// its first characters.
func FindText(text string) string {
	folded := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '.' || unicode.IsControl(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
	if runes := []rune(folded); len(runes) > maxFindText {
		return string(runes[:maxFindText])
	}
	return folded
}

// Findable returns by what texts a case is found: its order number, its buyer's
// name and the accounts, each as FindText writes it.
func (c *Case) Findable() []string {
	var texts []string
	for _, text := range []string{c.Order.No, c.Buyer, c.Order.Account, c.Facts[IntendedAccount].Value, c.Facts[ChargedAccount].Value} {
		if folded := FindText(text); folded != "" && !slices.Contains(texts, folded) {
			texts = append(texts, folded)
		}
	}
	return texts
}

// Located is a case and where its card stands in its group; a zero Posted: nowhere.
type Located struct {
	Case   Case
	Posted Posted
}

// Due is when an open case's deadline is, to sort by.
func (c *Case) Due() time.Time {
	_, by := c.Next()
	return by.UTC()
}
