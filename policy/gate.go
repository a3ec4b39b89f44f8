package policy

import "tuidan/refund"

// Gate computes the state of the goods from records only: the supplier's word
// where there is one, else the shop's. (R15)
//
// One thing only the shop can know: that a buyer looked at a card. Goods that
// the supplier still takes for unused are used once the shop revealed them or
// saw them redeemed, or a buyer could read the card and take the money too. (R7, R51)
func Gate(order refund.Order, record *refund.Record) refund.Goods {
	shop, supplier := shopSays(order), supplierSays(record)
	switch {
	case supplier == refund.UnknownGoods:
		return shop
	case supplier == refund.Unused && seen(order):
		return refund.Used
	}
	return supplier
}

// seen reports whether the shop's record shows that the buyer has the goods' secret.
func seen(order refund.Order) bool {
	return !order.RevealedAt.IsZero() || order.State == refund.StateRevealed || order.State == refund.StateRedeemed
}

func shopSays(order refund.Order) refund.Goods {
	goods := goodsOf(order.State)
	if goods == refund.Unused && seen(order) {
		return refund.Used
	}
	return goods
}

func supplierSays(record *refund.Record) refund.Goods {
	if record == nil {
		return refund.UnknownGoods
	}
	return goodsOf(record.State)
}

// stateOf returns the state that the gate went by: the supplier's where it gave one.
func stateOf(order refund.Order, record *refund.Record) refund.State {
	if supplierSays(record) != refund.UnknownGoods {
		return record.State
	}
	if goodsOf(order.State) == refund.UnknownGoods {
		return refund.StateUnknown
	}
	return order.State
}

// goodsOf translates a state. What is not positively known is unknown, never failed.
func goodsOf(state refund.State) refund.Goods {
	switch state {
	case refund.StatePaid, refund.StateProcessing, refund.StateDelivered:
		return refund.Unused
	case refund.StateRevealed, refund.StateRedeemed, refund.StateArrived:
		return refund.Used
	case refund.StateFailed:
		return refund.Failed
	case refund.StatePartial:
		return refund.Partial
	}
	return refund.UnknownGoods
}
