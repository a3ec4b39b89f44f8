package refund

import (
	"cmp"
	"slices"
	"time"
)

// Book is one account of the double-entry ledger; an Account is an order's.
type Book string

// The books. What parties owe has a book for each party: Owed and Claimed.
const (
	Channels   Book = "channels"    // what payment channels paid to buyers
	Returns    Book = "returns"     // sales undone: the goods were unused, or never came
	OwnFault   Book = "own_fault"   // losses by the merchant's own fault
	Goodwill   Book = "goodwill"    // losses by goods that were used, or may have been, and nobody's fault (R52)
	Recovered  Book = "recovered"   // what came back from those who owed it
	WrittenOff Book = "written_off" // what was owed and will not come
)

// Owed is the book of what a party owes and has not been asked for.
func Owed(party Party) Book { return Book("owed_" + string(party)) }

// Claimed is the book of what a party owes and has been asked for.
func Claimed(party Party) Book { return Book("claimed_" + string(party)) }

// Booking says why an amount moves between books.
type Booking string

// The bookings. (R45, R46)
const (
	BookPaid       Booking = "paid"        // a channel accepted a payout
	BookReversed   Booking = "reversed"    // an accepted payout failed later
	BookClaimed    Booking = "claimed"     // a party was asked for what it owes
	BookRecovered  Booking = "recovered"   // it came back, or a part of it
	BookWrittenOff Booking = "written_off" // it is given up
)

// Posting is one line of a shop's ledger: an amount leaves the book Credit and
// goes to the book Debit, so that all books together are always zero. Lines are
// only ever added.
type Posting struct {
	Shop    ShopID    `json:"shop"`
	At      time.Time `json:"at"`
	Case    CaseID    `json:"case"`
	Order   string    `json:"order"`
	Booking Booking   `json:"booking"`
	Debit   Book      `json:"debit"`
	Credit  Book      `json:"credit"`
	Amount  Money     `json:"amount"`           // above zero
	Payout  string    `json:"payout,omitempty"` // key of the payout that was accepted or reversed
	Person  PersonID  `json:"person,omitempty"` // who pressed; 0: the desk
}

// Recovery is what a party owes the merchant for refunds of a case that were paid
// first. (R45, R46)
type Recovery struct {
	From    Party     `json:"from"`
	Owed    Money     `json:"amount"`           // not asked for yet; below zero when a payout failed after it was recovered
	Claimed Money     `json:"claimed,omitzero"` // asked for
	At      time.Time `json:"at"`
}

// Rest is what has neither come back nor been given up.
func (r *Recovery) Rest() Money {
	if r == nil {
		return Money{}
	}
	rest, _ := r.Owed.Add(r.Claimed) // both are of the order's currency
	return rest
}

// Pay books an accepted payout under the newest decision and keeps on the payout
// where to. (R44, R45, R52)
func (c *Case) Pay(p *Payout, at time.Time) Posting {
	d := c.Decision()
	switch {
	case d.Fault == Supplier || d.Fault == Platform:
		if c.Recovery == nil {
			c.Recovery = &Recovery{From: d.Fault, At: at}
		}
		own := *c.Recovery
		own.Owed, _ = own.Owed.Add(p.Amount)
		c.Recovery = &own
		p.Book = Owed(own.From)
	case d.Fault == Merchant:
		p.Book = OwnFault
	case c.Withdrawn == GoodsBack || d.Established():
		p.Book = Returns
	default:
		p.Book = Goodwill
	}
	return c.posting(at, BookPaid, p.Book, Channels, p)
}

// Reverse books that an accepted payout failed after all.
func (c *Case) Reverse(p *Payout, at time.Time) Posting {
	if c.Recovery != nil && p.Book == Owed(c.Recovery.From) {
		own := *c.Recovery
		own.Owed, _ = own.Owed.Sub(p.Amount)
		c.Recovery = &own
	}
	return c.posting(at, BookReversed, Channels, p.Book, p)
}

func (c *Case) posting(at time.Time, booking Booking, debit, credit Book, p *Payout) Posting {
	return Posting{Shop: c.Shop, At: at, Case: c.ID, Order: c.Order.No, Booking: booking, Debit: debit, Credit: credit,
		Amount: p.Amount, Payout: p.Key}
}

// Claim books that the party was asked for all that it owes; false when there is
// nothing to ask for.
func (c *Case) Claim(at time.Time, by PersonID) (Posting, bool) {
	if c.Recovery == nil || c.Recovery.Owed.Minor <= 0 {
		return Posting{}, false
	}
	own := *c.Recovery
	line := c.settling(at, by, BookClaimed, Claimed(own.From), Owed(own.From), own.Owed)
	own.Claimed, _ = own.Claimed.Add(own.Owed)
	own.Owed.Minor = 0
	c.Recovery = &own
	return line, true
}

// Settle books that an amount came back (BookRecovered) or is given up
// (BookWrittenOff): of what was asked for first, then of the rest. Nothing is
// booked when less than the amount, or nothing, is still owed.
func (c *Case) Settle(at time.Time, by PersonID, booking Booking, amount Money) []Posting {
	rest := c.Recovery.Rest()
	if amount.Minor <= 0 || amount.Currency != rest.Currency || amount.Over(rest) {
		return nil
	}
	to := Recovered
	if booking == BookWrittenOff {
		to = WrittenOff
	}
	own := *c.Recovery
	var lines []Posting
	for _, from := range []struct {
		book Book
		has  *Money
	}{{Claimed(own.From), &own.Claimed}, {Owed(own.From), &own.Owed}} {
		part := Money{Minor: min(amount.Minor, from.has.Minor), Currency: amount.Currency}
		if part.Minor <= 0 {
			continue
		}
		lines = append(lines, c.settling(at, by, booking, to, from.book, part))
		from.has.Minor -= part.Minor
		amount.Minor -= part.Minor
	}
	c.Recovery = &own
	return lines
}

func (c *Case) settling(at time.Time, by PersonID, booking Booking, debit, credit Book, amount Money) Posting {
	return Posting{Shop: c.Shop, At: at, Case: c.ID, Order: c.Order.No, Booking: booking, Debit: debit, Credit: credit,
		Amount: amount, Person: by}
}

// Balance is what stands in a book, in one currency: debits less credits.
type Balance struct {
	Book   Book
	Amount Money
}

// Balances sums postings by book and currency, in order of both; books at zero
// are left out. It fails with ErrOverflow.
func Balances(postings []Posting) ([]Balance, error) {
	type place struct {
		book     Book
		currency string
	}
	sums := make(map[place]Money)
	for i := range postings {
		p := &postings[i]
		debit, credit := place{p.Debit, p.Amount.Currency}, place{p.Credit, p.Amount.Currency}
		var err error
		if sums[debit], err = sums[debit].Add(p.Amount); err != nil {
			return nil, err
		}
		if sums[credit], err = (Money{Currency: p.Amount.Currency, Minor: sums[credit].Minor}).Sub(p.Amount); err != nil {
			return nil, err
		}
	}
	var balances []Balance
	for place, sum := range sums {
		if sum.Minor != 0 {
			balances = append(balances, Balance{place.book, sum})
		}
	}
	slices.SortFunc(balances, func(a, b Balance) int {
		return cmp.Or(cmp.Compare(a.Book, b.Book), cmp.Compare(a.Amount.Currency, b.Amount.Currency))
	})
	return balances, nil
}
