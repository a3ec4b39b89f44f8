package dialogs

import (
	"slices"
	"time"

	"tuidan/refund"
)

// A move is something that can happen to a case, as the state table knows it.
type move string

// The moves.
const (
	said         move = "buyer writes"
	sent         move = "buyer sends a file"
	edited       move = "buyer edits a message"
	odd          move = "buyer sends something unusable"
	buyerPressed move = "buyer presses"
	cancelled    move = "buyer withdraws"
	askedPerson  move = "buyer asks for a person"
	staffPressed move = "staff press"
	staffSaid    move = "staff answer"
	passed       move = "staff write to the buyer"
	timeCame     move = "time is up"
	recorded     move = "record read"
	supplied     move = "supplier answers"
	withdrew     move = "goods withdrawn or not"
	sealed       move = "evidence sealed"
	reread       move = "order read again"
	paidOut      move = "channel answers"
	setAside     move = "event set aside"
)

// A cell says what a move does in a status and where it may lead. A cell that
// does nothing says why.
type cell struct {
	do  func(*step)
	to  []refund.Status // beside staying
	why string
}

// judged is where a judgement can lead.
var judged = []refund.Status{refund.Collecting, refund.Checking, refund.AwaitingApproval, refund.AwaitingSupplier,
	refund.Paying, refund.Refused}

func to(statuses ...refund.Status) []refund.Status { return statuses }

func judgedOr(statuses ...refund.Status) []refund.Status {
	return append(slices.Clone(judged), statuses...)
}

func never(why string) cell { return cell{why: why} }

const (
	answerLate  = "asked before the case moved on; the answer changes nothing"
	noPayoutYet = "no payout is under way"
)

// row fills what most statuses have in common; cells replaces what differs.
func row(cells map[move]cell) map[move]cell {
	all := map[move]cell{
		said:         {do: (*step).saidMeanwhile},
		sent:         {do: (*step).sentFile},
		edited:       {do: (*step).editedCase},
		odd:          {do: (*step).oddCase},
		buyerPressed: {do: (*step).buyerPresses, to: to(refund.Withdrawn)},
		cancelled:    {do: (*step).cancelCase, to: to(refund.Withdrawn)},
		askedPerson:  {do: (*step).handOver, to: to(refund.HandedOver)},
		staffPressed: {do: (*step).pressStale},
		staffSaid:    {do: (*step).unheard},
		passed:       {do: (*step).passOn},
		recorded:     {do: (*step).keepRecord},
		supplied:     {do: (*step).suppliedLate},
		withdrew:     {do: (*step).withdrewLate},
		sealed:       {do: (*step).sealed},
		reread:       never(noPayoutYet),
		paidOut:      never(noPayoutYet),
		setAside:     {do: (*step).flag},
	}
	for m, c := range cells {
		all[m] = c
	}
	return all
}

// ended is a row of a status that is an end.
func ended(cells map[move]cell) map[move]cell {
	all := map[move]cell{
		said:         never("a closed case takes no messages: they begin a new request"),
		sent:         never("a closed case takes no evidence"),
		edited:       never("a closed case takes no evidence"),
		odd:          never("a closed case takes no messages"),
		buyerPressed: {do: (*step).buyerPresses},
		cancelled:    never("a closed case cannot be withdrawn"),
		askedPerson:  never("a closed case is not handed over: a new conversation begins"),
		staffPressed: {do: (*step).pressStale},
		staffSaid:    {do: (*step).unheard},
		passed:       {do: (*step).passOn},
		timeCame:     never("a closed case has no timers"),
		recorded:     never(answerLate),
		supplied:     {do: (*step).suppliedLate},
		withdrew:     {do: (*step).withdrewLate},
		sealed:       {do: (*step).sealedLate},
		reread:       never(answerLate),
		paidOut:      never(noPayoutYet),
		setAside:     {do: (*step).flag},
	}
	for m, c := range cells {
		all[m] = c
	}
	return all
}

// table is the whole state machine: what each move does in each status.
var table = map[refund.Status]map[move]cell{
	refund.Collecting: row(map[move]cell{
		said:         {do: (*step).saidCollecting, to: to(refund.Checking)},
		sealed:       {do: (*step).sealed, to: to(refund.Checking)},
		timeCame:     {do: (*step).timer, to: to(refund.Checking, refund.Expired, refund.AwaitingApproval)},
		buyerPressed: {do: (*step).buyerPresses, to: to(refund.Checking, refund.Withdrawn)},
		passed:       {do: (*step).passOn, to: to(refund.HandedOver)},
	}),
	refund.Checking: row(map[move]cell{
		recorded:    {do: (*step).recorded, to: judged},
		withdrew:    {do: (*step).withdrew, to: judgedOr(refund.Replaced)},
		askedPerson: {do: (*step).tellPerson},
		timeCame:    {do: (*step).timer, to: judged},
	}),
	refund.AwaitingApproval: row(map[move]cell{
		staffPressed: {do: (*step).verdict, to: judgedOr(refund.HandedOver, refund.Adjusted, refund.Replaced)},
		staffSaid: {do: (*step).staffWrote, to: to(refund.Refused, refund.Collecting, refund.Checking, refund.Paying,
			refund.Replaced)},
		passed:   {do: (*step).passOn, to: to(refund.HandedOver)},
		recorded: {do: (*step).recordedMeanwhile, to: to(refund.Checking, refund.Paying)},
		supplied: {do: (*step).supplied, to: judgedOr(refund.Adjusted)},
		paidOut:  {do: (*step).paidOut, to: to(refund.Refunded)}, // of a payout that was given up
		timeCame: {do: (*step).timer, to: to(refund.Checking, refund.Paying, refund.Refused)},
	}),
	refund.AwaitingSupplier: row(map[move]cell{
		recorded: {do: (*step).supplierRecord, to: judged},
		supplied: {do: (*step).supplied, to: judgedOr(refund.Adjusted)},
		passed:   {do: (*step).passOn, to: to(refund.HandedOver)},
		timeCame: {do: (*step).timer, to: to(refund.AwaitingApproval)},
	}),
	refund.Paying: row(map[move]cell{
		buyerPressed: {do: (*step).buyerPresses},
		cancelled:    {do: (*step).tooLate},
		askedPerson:  {do: (*step).tellPerson},
		staffPressed: {do: (*step).payingPressed, to: to(refund.AwaitingApproval, refund.Refunded, refund.PayoutHeld)},
		staffSaid:    {do: (*step).payingWrote, to: to(refund.Refunded)},
		reread:       {do: (*step).reread, to: to(refund.AwaitingApproval)},
		paidOut:      {do: (*step).paidOut, to: to(refund.Refunded, refund.PayoutHeld, refund.AwaitingApproval)},
		timeCame:     {do: (*step).timer, to: to(refund.PayoutHeld, refund.AwaitingApproval)},
	}),
	refund.PayoutHeld: row(map[move]cell{
		buyerPressed: {do: (*step).buyerPresses},
		cancelled:    {do: (*step).tooLate},
		askedPerson:  {do: (*step).tellPerson},
		staffPressed: {do: (*step).held, to: to(refund.Paying, refund.AwaitingApproval, refund.Refunded, refund.Refused)},
		paidOut:      {do: (*step).paidOut, to: to(refund.Refunded)},
		timeCame:     {do: (*step).timer, to: to(refund.Refused)},
	}),
	refund.HandedOver: row(map[move]cell{
		said:         {do: (*step).talk},
		sent:         {do: (*step).talkFile},
		odd:          {do: (*step).talk},
		askedPerson:  {do: (*step).tellPerson},
		staffPressed: {do: (*step).handedPressed, to: to(refund.Checking, refund.Collecting, refund.Withdrawn)},
		staffSaid:    {do: (*step).relayStaff},
		timeCame:     {do: (*step).timer, to: to(refund.Checking, refund.Collecting, refund.Withdrawn)},
	}),
	refund.Refunded: ended(map[move]cell{
		staffPressed: {do: (*step).recoveryPressed},
		staffSaid:    {do: (*step).recoveryWrote},
		paidOut:      {do: (*step).paidOut, to: to(refund.PayoutHeld)},
		timeCame:     {do: (*step).timer},
	}),
	refund.Adjusted: ended(nil),
	refund.Replaced: ended(nil),
	refund.Refused: ended(map[move]cell{
		buyerPressed: {do: (*step).buyerPresses, to: to(refund.Checking, refund.Collecting, refund.PayoutHeld)},
		paidOut:      {do: (*step).paidOut, to: to(refund.Refunded)}, // of one that nobody settled, or that was given up
		timeCame:     {do: (*step).timer},
	}),
	refund.Withdrawn: ended(nil),
	refund.Expired:   ended(nil),
}

// run does what the table says of a move in the case's status.
func (s *step) run(m move) {
	if do := table[s.c.Status][m].do; do != nil {
		do(s)
		return
	}
	if s.event.Query != "" && s.result.Answer == nil {
		s.alert(w("button_old"))
	}
}

// apply runs the moves that nobody writes or presses: results and timers.
func (s *step) apply() {
	switch s.event.Kind {
	case refund.TimeCame:
		s.run(timeCame)
	case refund.Recorded:
		s.run(recorded)
	case refund.Supplied:
		s.run(supplied)
	case refund.Withdrew:
		s.run(withdrew)
	case refund.Sealed:
		s.run(sealed)
	case refund.Reread:
		s.run(reread)
	case refund.PaidOut:
		s.run(paidOut)
	case refund.SetAside:
		s.run(setAside)
	case refund.TopicLost:
		s.topicLost()
	default:
		s.inPrivate()
	}
}

// pressStale answers a press of staff on a card whose case asks nothing of them now.
func (s *step) pressStale() {
	if !s.stale() {
		s.alert(s.overtaken())
	}
}

// suppliedLate keeps a supplier's answer that came after the case moved on, and
// tells the group: it may mean that the credit was moved after all.
func (s *step) suppliedLate() {
	c := s.touch()
	answer := s.event.Result.Answer
	if answer != refund.Adjusts && answer != refund.Refunds && answer != refund.Refuses {
		return
	}
	c.Supplied, c.SupplyNote = answer, s.event.Result.Note
	s.note("supplier_" + string(answer))
	s.sayGroup(w("supplier_late", "Order", c.Order.No))
	s.card()
}

// flaggedPause is when a timer whose event was set aside comes again.
const flaggedPause = time.Hour

// flag marks a case of which an event was set aside, and tells the owner.
func (s *step) flag() {
	c := s.touch()
	c.Flagged = true
	if lost := s.event.Job; lost.Kind == refund.Seal {
		// Its file will not come: what waits for it must not wait for ever.
		c.Awaited = slices.DeleteFunc(c.Awaited, func(message int) bool { return message == lost.Message })
		if !s.awaits() {
			c.Album = nil
		}
	}
	if kind := s.event.Timer.Kind; kind != "" {
		// The timer was taken out of the index with its event: without a new one
		// the case would have no clock. (Invariant 2)
		c.SetTimer(kind, s.now().Add(flaggedPause))
	}
	s.note("set_aside")
	s.sayOwners(w("owner_set_aside", "Order", s.c.Order.No))
	s.card()
}
