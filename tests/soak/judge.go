package main

import (
	"context"
	"fmt"
	"time"

	"tuidan/refund"
)

// verdict is what the channels' books say.
type verdict struct {
	lost, twice, differ int
}

// sums are the amounts of one order, or of many, in minor units.
type sums struct {
	count                  int // payouts in the channel's books
	channel, ledger, cases int64
}

// judge compares the three books for every order.
func (s *soak) judge(ctx context.Context, took time.Duration) (v verdict, err error) {
	byOrder := make(map[string]*sums, s.payouts)
	for n := range s.payouts {
		byOrder[orderKey(n).No] = &sums{}
	}
	total := map[string]*sums{}
	orders := map[string]int{}
	err = s.store.View(ctx, func(r refund.Reader) error {
		lines, err := r.Ledger(shopID, time.Time{}, time.Time{})
		if err != nil {
			return err
		}
		for _, line := range lines {
			if line.Credit == refund.Channels {
				byOrder[line.Order].ledger += line.Amount.Minor
			}
			if line.Debit == refund.Channels {
				byOrder[line.Order].ledger -= line.Amount.Minor
			}
		}
		return r.Each(func(c refund.Case) error {
			for _, p := range c.Payouts {
				if p.State == refund.Accepted || p.State == refund.Arrived {
					byOrder[c.Order.No].cases += p.Amount.Minor
				}
			}
			return nil
		})
	})
	if err != nil {
		return v, err
	}
	var complaints []string
	for n := range s.payouts {
		key, kind := orderKey(n), kinds[n%len(kinds)].name
		one := byOrder[key.No]
		tally, err := s.channels[kind].ByOrder(key)
		if err != nil {
			return v, err
		}
		one.count, one.channel = tally.Count, tally.Amount.Minor
		before := v
		switch {
		case one.count == 0:
			v.lost++
		case one.count > 1 || one.channel > paid.Minor:
			v.twice++
		}
		if one.ledger != one.channel || one.cases != one.channel {
			v.differ++
		}
		if v != before && len(complaints) < 20 {
			complaints = append(complaints, fmt.Sprintf("%s (%s): %+v", key.No, kind, *one))
		}
		if total[kind] == nil {
			total[kind] = &sums{}
		}
		orders[kind]++
		all := total[kind]
		all.count, all.channel, all.ledger, all.cases = all.count+one.count, all.channel+one.channel, all.ledger+one.ledger, all.cases+one.cases
	}
	var rows [][]any
	for _, kind := range kinds {
		f, all := s.channels[kind.name], total[kind.name]
		if all == nil {
			continue
		}
		rows = append(rows, []any{kind.name, orders[kind.name], f.all, f.faults, all.count, yuan(all.channel), yuan(all.ledger), yuan(all.cases)})
	}
	if err := s.table(rows, took); err != nil {
		return v, err
	}
	for _, complaint := range complaints {
		fmt.Println(complaint)
	}
	return v, nil
}

func yuan(minor int64) string { return refund.Money{Minor: minor, Currency: "CNY"}.Decimal() }
