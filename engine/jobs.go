package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tuidan/refund"
)

// job is a stored job in memory.
type job struct {
	refund.Job
	tries int // of an Alert, a Learn, a Shred or a ReadFailure, in this process
}

// jobLane orders jobs: those of a case, or of a chat's draft, run one by one, and
// so does what one supplier called about.
type jobLane struct {
	chat     refund.ChatID
	c        refund.CaseID
	shop     refund.ShopID
	supplier string
}

func laneOf(job refund.Job) jobLane {
	if job.Kind == refund.ReadFailure {
		return jobLane{shop: job.Order.Shop, supplier: job.Order.Supplier}
	}
	return jobLane{chat: job.Chat, c: job.Case}
}

// endOf says which event a job's end is.
var endOf = map[refund.JobKind]refund.EventKind{
	refund.LookUp:     refund.Found,
	refund.ReadRecord: refund.Recorded,
	refund.AskHelp:    refund.Supplied,
	refund.Withdraw:   refund.Withdrew,
	refund.Seal:       refund.Sealed,
	refund.ReadOrder:  refund.Reread,
	refund.Submit:     refund.PaidOut,
	refund.AskPayout:  refund.PaidOut,
	refund.ReadRules:  refund.Reloaded,
	refund.Compare:    refund.BooksCompared,

	refund.ReadFailure: refund.Reported,
}

// workJobs runs jobs until the engine stops.
func (e *Engine) workJobs() {
	for {
		e.mu.Lock()
		lane, one, ok := e.jobs.next()
		for !ok && !e.stopping {
			e.jobCame.Wait()
			lane, one, ok = e.jobs.next()
		}
		stopping := e.stopping
		e.mu.Unlock()
		if stopping {
			return
		}
		if err := e.runJob(one); err != nil {
			e.stop(fmt.Errorf("job %d: %w", one.ID, err)) // if it has not stopped already
			return
		}
		e.mu.Lock()
		e.jobs.done(lane)
		if len(e.jobs.ready) > 0 {
			e.jobCame.Signal()
		}
		e.settled()
		e.mu.Unlock()
	}
}

// runJob runs a job to its stored result. It returns the store's error only. A
// job that was cut off by the engine's end stays stored.
func (e *Engine) runJob(one *job) error {
	switch one.Kind {
	case refund.Alert:
		return e.alert(one)
	case refund.Learn:
		return e.learn(one)
	case refund.Shred:
		return e.shred(one)
	case refund.ReadFailure:
		return e.failure(one)
	}
	result, err := e.result(one)
	if err != nil {
		return err
	}
	if e.reading.Err() != nil && result.Fail == refund.Unreachable && reads(one.Kind) {
		return nil // cut off; it runs again after the restart
	}
	return e.endJob(one, result)
}

// endJob commits a job's result as an inbox entry and hands that out.
func (e *Engine) endJob(one *job, result refund.Result) error {
	ctx := context.Background()
	received := e.clock.Now().UTC()
	end := &entry{Inbound: refund.Inbound{Seq: e.number(), Lane: one.Chat, Received: e.now(), Job: &one.Job, Result: &result}}
	err := e.apply(ctx, refund.Commit{Inbox: []refund.Inbound{end.Inbound}, JobsDone: []uint64{one.ID}})
	if errors.Is(err, refund.ErrInvalid) {
		// the answer itself cannot be stored
		e.log.Error("job's answer set aside", "case", one.Case, "kind", one.Kind, "err", err)
		result = refund.Result{Fail: refund.Unreachable}
		if one.Kind == refund.Submit || one.Kind == refund.AskPayout {
			result = refund.Result{State: refund.PayoutUnknown}
		}
		err = e.apply(ctx, refund.Commit{Inbox: []refund.Inbound{end.Inbound}, JobsDone: []uint64{one.ID}})
	}
	if err != nil {
		return err
	}
	e.dispatch(received, []*entry{end})
	return nil
}

// reads reports whether a job only reads, so that it may be cut off at any time.
func reads(kind refund.JobKind) bool {
	switch kind {
	case refund.LookUp, refund.ReadRecord, refund.ReadOrder, refund.Seal, refund.ReadRules, refund.Compare:
		return true
	}
	return false
}

// result does what a job asks for. A panic of an adapter counts as no answer.
func (e *Engine) result(one *job) (refund.Result, error) {
	if one.Kind == refund.Submit || one.Kind == refund.AskPayout {
		return e.pay(one)
	}
	base, timeout := e.writing, e.cfg.CallTimeout
	if reads(one.Kind) {
		base = e.reading
	}
	if one.Kind == refund.Seal {
		timeout *= 4
	}
	ctx, cancel := context.WithTimeout(base, timeout)
	defer cancel()
	var result refund.Result
	err := safely(func() error {
		var err error
		result, err = e.ask(ctx, &one.Job)
		return err
	})
	if err != nil {
		e.log.Warn("job brought no answer", "case", one.Case, "kind", one.Kind, "err", err)
		if result.Fail == refund.NoFail {
			result.Fail = refund.Unreachable
		}
		if one.Kind == refund.Withdraw && result.Answer == refund.NoAnswer {
			result.Answer = refund.GoodsDoubt
		}
	}
	return result, nil
}

var (
	errNoSource   = errors.New("shop has no source of orders")
	errNoSupplier = errors.New("shop has no such supplier")
)

// ask does what a job other than a payout asks for. With an error the result's
// Fail is what it sets, else Unreachable.
//
//	LookUp, ReadOrder  Order; Fail NotFound: there is no such order
//	ReadRecord         Record, and Order as it is now. Fail says only why there is
//	                   no Record; Order is nil when the shop could not be asked.
//	AskHelp            Answer, Note in the supplier's words, Raw; NoAnswer with Fail
//	Withdraw           the same; GoodsDoubt with Fail, GoodsStay where nobody could withdraw
//	Seal               Evidence; Fail says why there is none
//	Compare            Compared; Fail says why the channel's books could not be had
//	ReadRules          Reload; Fail says why the file could not be read
func (e *Engine) ask(ctx context.Context, job *refund.Job) (refund.Result, error) {
	switch job.Kind {
	case refund.LookUp, refund.ReadOrder:
		order, err := e.order(ctx, job.Order.OrderKey)
		if err != nil {
			return refund.Result{Fail: failOf(err)}, err
		}
		return refund.Result{Order: &order}, nil
	case refund.ReadRecord:
		return e.record(ctx, job)
	case refund.Compare:
		return e.compare(ctx, job)
	case refund.ReadRules:
		return e.reload(job.Order.Shop)
	case refund.AskHelp:
		supplier, err := e.supplier(job.Order)
		if err != nil {
			return refund.Result{Fail: refund.NotFound}, err
		}
		reply, err := supplier.Help(ctx, job.Key, job.Order, job.Facts)
		if err != nil {
			return refund.Result{Fail: refund.Unreachable}, err
		}
		return refund.Result{Answer: reply.Answer, Note: reply.Note, Raw: reply.Raw}, nil
	case refund.Withdraw:
		return e.withdraw(ctx, job)
	case refund.Seal:
		evidence, err := e.cfg.Telegram.Seal(ctx, *job)
		var sealing *SealError
		switch {
		case errors.As(err, &sealing) && sealing.Fail != refund.NoFail:
			return refund.Result{Fail: sealing.Fail}, err
		case err != nil:
			return refund.Result{Fail: refund.Unreachable}, err
		}
		return refund.Result{Evidence: &evidence}, nil
	}
	return refund.Result{}, fmt.Errorf("unknown kind of job %q", job.Kind)
}

// withdraw has the goods taken back: by the shop where it can, since a locked card
// is safe at once, and by the supplier where the shop says that it cannot.
func (e *Engine) withdraw(ctx context.Context, job *refund.Job) (refund.Result, error) {
	doubt := refund.Result{Fail: refund.Unreachable, Answer: refund.GoodsDoubt}
	shop := e.withdrawer(job.Order.Shop)
	if shop != nil {
		answer, err := shop.Withdraw(ctx, job.Key, job.Order)
		switch {
		case err != nil || answer == refund.NoAnswer:
			return doubt, err
		case answer != refund.GoodsStay:
			return refund.Result{Answer: answer}, nil
		}
	}
	supplier, err := e.supplier(job.Order)
	switch {
	case err != nil && shop != nil:
		return refund.Result{Answer: refund.GoodsStay}, nil
	case err != nil:
		return refund.Result{Fail: refund.NotFound, Answer: refund.GoodsStay}, err
	}
	reply, err := supplier.Withdraw(ctx, job.Key, job.Order)
	if err != nil || reply.Answer == refund.NoAnswer {
		return doubt, err
	}
	return refund.Result{Answer: reply.Answer, Note: reply.Note, Raw: reply.Raw}, nil
}

// withdrawer is the shop's source when it can take goods back, else nil.
func (e *Engine) withdrawer(id refund.ShopID) Withdrawer {
	s := e.shops[id]
	if s == nil || s.Source == nil || !s.Source.Knows().Withdraws {
		return nil
	}
	shop, _ := s.Source.(Withdrawer)
	return shop
}

func failOf(err error) refund.Fail {
	if errors.Is(err, refund.ErrNotFound) {
		return refund.NotFound
	}
	return refund.Unreachable
}

// record reads the supplier's record and the order again, each without the other.
func (e *Engine) record(ctx context.Context, job *refund.Job) (refund.Result, error) {
	var result refund.Result
	asked := job.Order
	order, orderErr := e.order(ctx, job.Order.OrderKey)
	if orderErr == nil {
		result.Order, asked = &order, order
	}
	supplier, err := e.supplier(asked)
	if err != nil {
		result.Fail = refund.NotFound
		return result, err
	}
	record, err := supplier.Record(ctx, asked)
	if err != nil {
		result.Fail = failOf(err)
		return result, err
	}
	result.Record = &record
	if orderErr != nil {
		e.log.Warn("order not read again", "case", job.Case, "kind", job.Kind, "err", orderErr)
	}
	return result, nil
}

func (e *Engine) order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	s := e.shops[key.Shop]
	if s == nil || s.Source == nil {
		return refund.Order{}, errNoSource
	}
	order, err := s.Source.Order(ctx, key)
	if err == nil {
		order.Shop = key.Shop
		if order.No == "" {
			order.No = key.No
		}
	}
	return order, err
}

func (e *Engine) supplier(order refund.Order) (Supplier, error) {
	if s := e.shops[order.Shop]; s != nil {
		if supplier := s.Suppliers[order.Supplier]; supplier != nil {
			return supplier, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", errNoSupplier, order.Supplier)
}

// alert tells a supplier that something urgent comes. No event follows; a
// failure is tried again later by the clock, and then only logged.
func (e *Engine) alert(one *job) error {
	supplier, err := e.supplier(one.Order)
	if err == nil {
		ctx, cancel := context.WithTimeout(e.writing, e.cfg.CallTimeout)
		err = safely(func() error { return supplier.Alert(ctx, one.Key, one.Order, one.Facts) })
		cancel()
		if err != nil && e.writing.Err() != nil {
			return nil
		}
		if one.tries++; err != nil && one.tries < maxAlerts {
			e.log.Warn("alert failed, tried again", "case", one.Case, "kind", one.Kind, "try", one.tries, "err", err)
			e.later(one, alertPause<<(one.tries-1))
			return nil
		}
	}
	if err != nil {
		e.log.Error("alert given up", "case", one.Case, "kind", one.Kind, "err", err)
	}
	return e.dropJob(one)
}

// learn notes what a message means.
func (e *Engine) learn(one *job) error {
	return e.insist(one, func(ctx context.Context) error {
		if e.cfg.Notebook == nil {
			return nil
		}
		return e.cfg.Notebook.Note(ctx, one.Key, one.Intent, one.Text)
	})
}

// insist does what no event follows and what must be done: a failure is tried again
// by the clock until it succeeds, so that nothing is lost to a full disk.
func (e *Engine) insist(one *job, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(e.writing, e.cfg.CallTimeout)
	err := safely(func() error { return do(ctx) })
	cancel()
	switch {
	case err != nil && e.writing.Err() != nil:
		return nil // cut off; it runs again after the restart
	case err != nil:
		pause := min(notePause<<min(one.tries, 16), maxNotePause)
		one.tries++
		e.log.Warn("job failed, tried again", "kind", one.Kind, "try", one.tries, "retry_in", pause, "err", err)
		e.later(one, pause)
		return nil
	}
	return e.dropJob(one)
}

// later has the clock bring a job again.
func (e *Engine) later(one *job, pause time.Duration) {
	e.clock.At(e.clock.Now().Add(pause), func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.jobs.push(laneOf(one.Job), one.ID, one)
		e.jobCame.Signal()
	})
}

// dropJob ends a job that no event follows.
func (e *Engine) dropJob(one *job) error {
	if err := e.apply(context.Background(), refund.Commit{JobsDone: []uint64{one.ID}}); fatal(err) {
		return err
	}
	return nil
}
