package orders

import (
	"slices"

	"tuidan/refund"
)

// told is what a shop can tell that fills these columns.
func told(columns []string) refund.Knowledge {
	has := func(name string) bool { return slices.Contains(columns, name) }
	return refund.Knowledge{
		NetPaid: has("net_paid"), Refunded: has("refunded"), Completed: has("completed_at"), Revealed: has("revealed_at"),
		Delivered: has("state"), Account: has("account"), Contact: has("buyer_contact"), Buyer: has("buyer_id"),
		Charge: has("channel") && has("charge_id"),
	}
}

// admit says of an order only what its source can know. A card that was handed
// over by a shop that never sees whether a buyer looks at one is not known to be
// unused: else a buyer could read it and take the money too. (R7, R23, R51)
func admit(order refund.Order, knows refund.Knowledge) refund.Order {
	topUp := order.Kind == refund.TopUp || order.Kind == refund.Membership
	if order.State == refund.StateDelivered && !knows.Revealed && !topUp {
		order.State = refund.StateUnknown
	}
	return order
}
