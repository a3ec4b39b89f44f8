package policy

import (
	"strconv"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"tuidan/refund"
)

// Facts is everything that a decision may read.
type Facts struct {
	Order    refund.Order
	Record   *refund.Record // the supplier's own word; nil: not asked or no answer
	Reason   refund.Reason
	Now      time.Time
	Zone     *time.Location              // of the shop, for its working hours; nil: UTC
	Reported time.Time                   // when the case opened, which being late is judged by; zero: Now (R39)
	InWindow bool                        // within the product's window when the case opened
	Survives bool                        // within the longer time for other claims
	Facts    map[refund.Item]refund.Fact // what the buyer stated
	Missing  refund.Item                 // the first required item still missing; "" when complete
	Given    bool                        // proof of non-use was given
	Supplied refund.Answer               // the supplier's answer to our request; "" before
	Left     *refund.Money               // what may still be paid; nil: unknown
	Signals
}

// Variable is one fact that conditions may read.
type Variable struct {
	Name        string
	Type        string   // "string", "bool", "int", "double" or "duration"
	Values      []string // all that it can be; nil: anything of its type
	Meaning     string
	Established bool // it comes from records alone; a rule that pays must read one such
	Signal      bool // it only makes stricter: no refusal may rest on it
}

// The variables, in the order in which a decision's Reads lists them.
const (
	vReason = iota
	vPersonal
	vGoods
	vSupplierSays
	vShopSays
	vState
	vKind
	vFulfilment
	vProduct
	vInstant
	vInWindow
	vSurvives
	vAmount
	vCurrency
	vLimitsCurrency
	vLeftKnown
	vComplete
	vMissing
	vProofGiven
	vSentElsewhere
	vOwnMistake
	vSinceKnown
	vSince
	vCompletionKnown
	vSinceCompletion
	vWorkingHours
	vSupplier
	vSupplierAnswer
	vSupplierAdjusts
	vSupplierRollsBack
	vClaims
	vPictureSeen
	vMatches
	vAccurate
	vAccountClaims
	vTimesUsual
	vClaimedBefore
	vWrongTries
	vLateReport
	vBuyerNew
	vOtherChannel
	vAccountMismatch
	vContactMismatch
	variableCount
)

var goodsValues = texts([]refund.Goods{refund.Unused, refund.Used, refund.Failed, refund.Partial, refund.UnknownGoods})

var variables = [variableCount]Variable{
	vReason:       {Name: "reason", Type: "string", Values: texts(refund.Reasons()), Meaning: "why the buyer wants his money back, as he claims it"},
	vPersonal:     {Name: "personal", Type: "bool", Meaning: "the reason lies with the buyer alone"},
	vGoods:        {Name: "goods", Type: "string", Values: goodsValues, Established: true, Meaning: "the gate's word: the supplier's record, else the shop's"},
	vSupplierSays: {Name: "supplier_says", Type: "string", Values: goodsValues, Established: true, Meaning: "the goods by the supplier's own record; unknown when it gave none"},
	vShopSays:     {Name: "shop_says", Type: "string", Values: goodsValues, Established: true, Meaning: "the goods by the shop's record"},
	vState: {Name: "state", Type: "string", Established: true, Values: texts([]refund.State{refund.StatePaid, refund.StateProcessing,
		refund.StateDelivered, refund.StateRevealed, refund.StateRedeemed, refund.StateArrived, refund.StateFailed, refund.StatePartial,
		refund.StateUnknown}), Meaning: "the record's own word that the gate went by"},
	vKind:            {Name: "kind", Type: "string", Values: append([]string{""}, kindValues...), Meaning: "the kind of goods"},
	vFulfilment:      {Name: "fulfilment", Type: "string", Values: append([]string{""}, fulfilmentValues...), Meaning: "delivered by a machine or by hand"},
	vProduct:         {Name: "product", Type: "string", Meaning: "the product's name in the order"},
	vInstant:         {Name: "instant", Type: "bool", Meaning: "the shop refunds this product at once while it is unused"},
	vInWindow:        {Name: "in_window", Type: "bool", Meaning: "the case opened within the product's window"},
	vSurvives:        {Name: "survives", Type: "bool", Meaning: "the case opened within the longer time for other than personal reasons"},
	vAmount:          {Name: "amount", Type: "double", Meaning: "what may still be paid back, in whole units of its currency; the order's amount when that is not known"},
	vCurrency:        {Name: "currency", Type: "string", Meaning: "the order's currency"},
	vLimitsCurrency:  {Name: "limits_currency", Type: "string", Meaning: "the currency of this policy's amounts"},
	vLeftKnown:       {Name: "left_known", Type: "bool", Meaning: "it is known what may still be paid back"},
	vComplete:        {Name: "complete", Type: "bool", Meaning: "no required item is missing"},
	vMissing:         {Name: "missing", Type: "string", Values: append([]string{""}, itemValues...), Meaning: "the first required item that is missing; empty when complete"},
	vProofGiven:      {Name: "proof_given", Type: "bool", Meaning: "the buyer gave proof of non-use"},
	vSentElsewhere:   {Name: "sent_elsewhere", Type: "bool", Established: true, Meaning: "the supplier's record shows another account than the order's, and the order's is the one that the buyer meant"},
	vOwnMistake:      {Name: "own_mistake", Type: "bool", Meaning: "the order itself names the wrong account: the buyer meant another, or the supplier charged the one in the order"},
	vSinceKnown:      {Name: "since_known", Type: "bool", Meaning: "the buyer stated the time of the transaction"},
	vSince:           {Name: "since_transaction", Type: "duration", Meaning: "from the stated transaction until the case opened; zero when not known"},
	vCompletionKnown: {Name: "completion_known", Type: "bool", Meaning: "it is known when the order was completed"},
	vSinceCompletion: {Name: "since_completion", Type: "duration", Meaning: "from the order's completion until the case opened; zero when not known"},
	vWorkingHours:    {Name: "working_hours", Type: "bool", Meaning: "somebody works at the shop now, by working_hours of this policy and the shop's time zone; always, when the policy has none"},
	vSupplier:        {Name: "supplier", Type: "string", Meaning: "the supplier's name"},
	vSupplierAnswer: {Name: "supplier_answer", Type: "string", Established: true, Values: texts([]refund.Answer{refund.NoAnswer,
		refund.Adjusts, refund.Refunds, refund.Refuses, refund.Pending}), Meaning: "the supplier's answer to our request; empty before there is one"},
	vSupplierAdjusts:   {Name: "supplier_adjusts", Type: "bool", Meaning: "this supplier can move the credit to another account"},
	vSupplierRollsBack: {Name: "supplier_rolls_back", Type: "bool", Meaning: "this supplier can take the credit back"},
	vClaims:            {Name: "claims_30d", Type: "int", Signal: true, Meaning: "cases of this buyer in 30 days, this one included"},
	vPictureSeen:       {Name: "picture_seen", Type: "bool", Signal: true, Meaning: "a picture of this case already stands in another one"},
	vMatches:           {Name: "matches", Type: "bool", Signal: true, Meaning: "contact and buyer agree with the order"},
	vAccurate:          {Name: "accurate", Type: "bool", Signal: true, Meaning: "matches, and what the buyer stated agrees with the records, as far as they are known"},
	vAccountClaims:     {Name: "account_claims_30d", Type: "int", Signal: true, Meaning: "cases in 30 days, of whichever buyer, about an account or contact that this one names too; this one included"},
	vTimesUsual:        {Name: "times_usual", Type: "double", Signal: true, Meaning: "how many times the shop's usual amount the order's is: the median of its last 50 claims in 90 days in this currency; zero when there were fewer than 10"},
	vClaimedBefore:     {Name: "claimed_before", Type: "bool", Signal: true, Meaning: "the same order was claimed before, at any time, however that ended"},
	vWrongTries:        {Name: "wrong_tries_24h", Type: "int", Signal: true, Meaning: "order numbers with a contact that this buyer tried in 24 hours and that did not fit"},
	vLateReport:        {Name: "late_report", Type: "bool", Signal: true, Meaning: "the case opened more than 48 hours after the order's completion; where no record has it, after the stated transaction or the payment"},
	vBuyerNew:          {Name: "buyer_new", Type: "bool", Signal: true, Meaning: "the buyer first wrote to the bot within 24 hours before the case opened"},
	vOtherChannel:      {Name: "other_channel", Type: "bool", Signal: true, Meaning: "the money would go back by another channel than the order was paid by"},
	vAccountMismatch:   {Name: "account_mismatch", Type: "bool", Signal: true, Meaning: "the supplier topped up, or the buyer names, another account than the order does"},
	vContactMismatch:   {Name: "contact_mismatch", Type: "bool", Signal: true, Meaning: "within 24 hours, the buyer gave another contact than the order names, before he gave the right one"},
}

// Variables lists what conditions may read, for documentation and for checks.
func Variables() []Variable { return variables[:] }

var variableIndex = func() map[string]int {
	index := make(map[string]int, variableCount)
	for i, v := range variables {
		index[v.Name] = i
	}
	return index
}()

func celType(name string) *cel.Type {
	switch name {
	case "bool":
		return cel.BoolType
	case "int":
		return cel.IntType
	case "double":
		return cel.DoubleType
	case "duration":
		return cel.DurationType
	}
	return cel.StringType
}

// values are the facts of one decision as conditions read them, and as texts.
type values struct {
	cel  [variableCount]ref.Val
	text [variableCount]string
}

// ResolveName and Parent make values what CEL looks variables up in.
func (v *values) ResolveName(name string) (any, bool) {
	i, ok := variableIndex[name]
	if !ok {
		return nil, false
	}
	return v.cel[i], true
}

// Parent returns nil: there is no outer scope.
func (v *values) Parent() cel.Activation { return nil }

func (v *values) word(i int, word string) { v.cel[i], v.text[i] = types.String(word), word }
func (v *values) count(i, n int)          { v.cel[i], v.text[i] = types.Int(n), strconv.Itoa(n) }
func (v *values) flag(i int, flag bool) {
	v.cel[i], v.text[i] = types.Bool(flag), strconv.FormatBool(flag)
}

// reads returns the readings of the given variables.
func (v *values) reads(indices []int) []refund.Reading {
	readings := make([]refund.Reading, len(indices))
	for at, i := range indices {
		readings[at] = refund.Reading{Name: variables[i].Name, Value: v.text[i]}
	}
	return readings
}

// all returns the readings of every variable, with room for two notes.
func (v *values) all() []refund.Reading {
	readings := make([]refund.Reading, variableCount, variableCount+2)
	for i := range variables {
		readings[i] = refund.Reading{Name: variables[i].Name, Value: v.text[i]}
	}
	return readings
}

// view is what Decide derives from Facts once.
type view struct {
	values
	goods         refund.Goods
	product       Product
	accurate      bool
	sentElsewhere bool
}

func (p *Policy) view(f *Facts) *view {
	v := &view{goods: Gate(f.Order, f.Record), product: p.Product(f.Order.Product, f.Order.Kind)}
	kind, fulfilment, supplier := f.Order.Kind, f.Order.Fulfilment, f.Order.Supplier
	if kind == "" {
		kind = v.product.Kind
	}
	if fulfilment == "" {
		fulfilment = v.product.Fulfilment
	}
	if supplier == "" {
		supplier = v.product.Supplier
	}
	ability := p.suppliers[supplier]
	accounts := accountsOf(f)
	v.sentElsewhere = accounts.sentElsewhere()
	v.accurate = accurate(f, v.goods)

	amount := f.Order.Amount
	if f.Left != nil {
		amount = *f.Left
	}
	currency := f.Order.Amount.Currency
	if currency == "" {
		currency = amount.Currency
	}
	since, sinceKnown := sinceTransaction(f)

	v.word(vReason, string(f.Reason))
	v.flag(vPersonal, f.Reason.Personal())
	v.word(vGoods, string(v.goods))
	v.word(vSupplierSays, string(supplierSays(f.Record)))
	v.word(vShopSays, string(shopSays(f.Order)))
	v.word(vState, string(stateOf(f.Order, f.Record)))
	v.word(vKind, string(kind))
	v.word(vFulfilment, string(fulfilment))
	v.word(vProduct, f.Order.Product)
	v.flag(vInstant, v.product.Automation == AutomateAll)
	v.flag(vInWindow, f.InWindow)
	v.flag(vSurvives, f.Survives)
	v.cel[vAmount], v.text[vAmount] = types.Double(major(amount)), amount.Decimal()
	v.word(vCurrency, currency)
	v.word(vLimitsCurrency, p.currency)
	v.flag(vLeftKnown, f.Left != nil)
	v.flag(vComplete, f.Missing == "")
	v.word(vMissing, string(f.Missing))
	v.flag(vProofGiven, f.Given)
	v.flag(vSentElsewhere, v.sentElsewhere)
	v.flag(vOwnMistake, accounts.ownMistake())
	v.flag(vSinceKnown, sinceKnown)
	v.cel[vSince], v.text[vSince] = types.Duration{Duration: since}, since.String()
	completion := time.Duration(0)
	if !f.Order.CompletedAt.IsZero() {
		completion = max(0, f.reported().Sub(f.Order.CompletedAt))
	}
	v.flag(vCompletionKnown, !f.Order.CompletedAt.IsZero())
	v.cel[vSinceCompletion], v.text[vSinceCompletion] = types.Duration{Duration: completion}, completion.String()
	v.flag(vWorkingHours, p.hours.at(f.Now, f.Zone))
	v.word(vSupplier, supplier)
	v.word(vSupplierAnswer, string(f.Supplied))
	v.flag(vSupplierAdjusts, ability.Adjusts)
	v.flag(vSupplierRollsBack, ability.RollsBack)
	v.flag(vAccurate, v.accurate)
	v.signals(&f.Signals)
	return v
}

// major is an amount in whole units. A decimal limit such as 200.0 is compared
// exactly enough: the nearest double of 200.01 is above the one of 200.
func major(m refund.Money) float64 {
	unit := 1.0
	for range refund.Digits(m.Currency) {
		unit *= 10
	}
	return float64(m.Minor) / unit
}

// sinceTransaction is the time between the stated transaction and the report of
// it; a transaction in the future was zero ago.
func sinceTransaction(f *Facts) (time.Duration, bool) {
	at := f.Facts[refund.TransactionTime].At
	if at.IsZero() {
		return 0, false
	}
	return max(0, f.reported().Sub(at)), true
}

// reported is when the case opened, or would open.
func (f *Facts) reported() time.Time {
	if f.Reported.IsZero() {
		return f.Now
	}
	return f.Reported
}

// accurate reports whether what the buyer stated agrees with the records, as far
// as they are known. (R40)
func accurate(f *Facts, goods refund.Goods) bool {
	wrongAccount := f.Reason == refund.WrongAccount
	if !f.Matches && !wrongAccount {
		return false
	}
	if (f.Reason == refund.FailedTopUp || f.Reason == refund.NotReceived) && goods == refund.Used {
		return false
	}
	if wrongAccount && f.Record != nil {
		same, known := sameAccount(f.Facts[refund.ChargedAccount].Value, f.Record.Account)
		if known && !same {
			return false
		}
	}
	// A day's slack: people round, and shops store local times.
	at := f.Facts[refund.TransactionTime].At
	return at.IsZero() || f.Order.PaidAt.IsZero() || !at.Before(f.Order.PaidAt.Add(-24*time.Hour))
}
