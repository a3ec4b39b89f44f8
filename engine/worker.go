package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"tuidan/dialogs"
	"tuidan/refund"
)

// work steps entries, a lane at a time, until the engine stops.
func (e *Engine) work() {
	for {
		e.mu.Lock()
		lane, one, ok := e.entries.next()
		for !ok && !e.stopping {
			e.entryCame.Wait()
			lane, one, ok = e.entries.next()
		}
		stopping := e.stopping
		e.mu.Unlock()
		if stopping {
			return // what waits is on disk
		}
		if err := e.handle(one); err != nil {
			e.stop(fmt.Errorf("step: %w", err)) // if it has not stopped already
			return
		}
		e.mu.Lock()
		e.entries.done(lane)
		if len(e.entries.ready) > 0 {
			e.entryCame.Signal()
		}
		e.settled()
		e.mu.Unlock()
	}
}

// handle steps an entry to its end: done, or set aside. It returns the store's
// error only.
func (e *Engine) handle(one *entry) error {
	ctx := context.Background() // a step in hand is finished
	for {
		why, err := e.stepEntry(ctx, one)
		if why == nil || err != nil {
			return err
		}
		one.Attempts++
		if one.Attempts >= maxAttempts {
			return e.setAside(ctx, one, why)
		}
		e.log.Debug("event failed", "update", one.UpdateID, "kind", one.event.Kind, "attempt", one.Attempts, "err", why)
		if err := e.apply(ctx, refund.Commit{Inbox: []refund.Inbound{one.Inbound}}); fatal(err) {
			return err
		}
	}
}

// fatal reports whether an error is the store's own.
func fatal(err error) bool {
	return err != nil && !errors.Is(err, refund.ErrConflict) && !errors.Is(err, refund.ErrInvalid)
}

// stepEntry steps an entry and commits what follows. A failure of the event is
// why; err is the store's.
func (e *Engine) stepEntry(ctx context.Context, one *entry) (why, err error) {
	if why := e.eventOf(one); why != nil {
		return why, nil
	}
	event := one.event
	done := refund.Commit{Done: []uint64{one.Seq}}
	switch {
	case event.Kind == refund.Migrated:
		err := e.migrate(ctx, event.Old, event.Chat, done)
		return notFatal(err)
	case event.Kind == refund.Stood && event.Shop != "":
		return notFatal(e.stood(ctx, event.Shop, event.Rights, done))
	case event.Kind == refund.Ignored, event.Chat < 0 && event.Shop == "":
		// nothing for the desk, or a group of no shop
		if err := e.apply(ctx, done); err != nil {
			return notFatal(err)
		}
		e.answer(event.Query, dialogs.Answer{}, "")
		return nil, nil
	}
	return e.run(ctx, event, done)
}

// notFatal tells a failure of the event from one of the store.
func notFatal(err error) (why, stop error) {
	if fatal(err) {
		return nil, err
	}
	return err, nil
}

// eventOf fills in an entry's event.
func (e *Engine) eventOf(one *entry) error {
	now := e.now()
	switch {
	case one.Timer != nil:
		one.event = refund.Event{Kind: refund.TimeCame, Chat: one.Timer.Chat, Timer: *one.Timer}
	case one.Job != nil:
		one.event = refund.Event{Kind: endOf[one.Job.Kind], Chat: one.Job.Chat, Job: *one.Job}
		if one.Result != nil {
			one.event.Result = *one.Result
		}
	case !one.translated:
		event, err := e.translate(one.Update)
		if err != nil {
			return fmt.Errorf("translate: %w", err)
		}
		one.event = event
	}
	one.translated = true
	one.event.At = now
	if one.event.Shop == "" && one.event.Chat < 0 {
		one.event.Shop = e.ShopOf(one.event.Chat)
	}
	return nil
}

// run reads, steps and commits until nothing changed meanwhile, then lets loose
// what the step caused. The commit comes with what ends the entry.
func (e *Engine) run(ctx context.Context, event refund.Event, done refund.Commit) (why, err error) {
	understood, queued := false, false
	var meant refund.Understood
	for range maxConflicts {
		got, err := e.read(ctx, &event, event.At, nil)
		if err != nil {
			return nil, err
		}
		if got.stale {
			return notFatal(e.apply(ctx, done))
		}
		var result dialogs.Result
		step := func() error {
			return safely(func() error {
				if !understood {
					meant, understood = e.understand(got, event), true
				}
				got.facts.Understood = meant
				result = e.cfg.Step(got.chat, got.c, event, got.facts)
				return nil
			})
		}
		why := step()
		if why == nil && judgedBlind(&result) {
			if got, err = e.read(ctx, &event, event.At, result.Case); err != nil {
				return nil, err
			}
			why = step()
		}
		if why != nil {
			return fmt.Errorf("step: %w", why), nil
		}
		commit := done
		e.fill(&commit, got, event, &result)
		if result.Erase {
			if e.cfg.Marker == nil {
				return errors.New("nobody can be erased without a marker"), nil
			}
			if err := e.erase(ctx, &commit, got); err != nil {
				return nil, err
			}
		}
		switch err := e.apply(ctx, commit); {
		case err == nil:
			e.release(got, event, result, commit)
			return notFatal(e.free(ctx, got.facts.Shop.ID, result.Lost))
		case errors.Is(err, refund.ErrConflict):
			if s := e.shops[got.facts.Shop.ID]; s != nil && result.Crew != nil && !queued {
				// Many cases that come at once all take the next one's turn: they queue.
				queued = true
				s.turn.Lock()
				defer s.turn.Unlock()
			}
			continue
		default:
			return notFatal(err)
		}
	}
	return fmt.Errorf("%d times: %w", maxConflicts, refund.ErrConflict), nil
}

// understand reads a buyer's free text.
func (e *Engine) understand(got reading, event refund.Event) refund.Understood {
	if e.cfg.Classifier == nil || event.Text == "" || event.Shop != "" || event.Kind != refund.Said && event.Kind != refund.Sent {
		return refund.Understood{}
	}
	sent := event.Sent
	if sent.IsZero() || sent.After(event.At) {
		sent = event.At
	}
	zone := got.facts.Shop.Zone
	if shops := got.facts.Shops; zone == nil && len(shops) == 1 {
		zone = shops[0].Zone // his first words: no draft names the shop yet
	}
	return e.cfg.Classifier.Understand(event.Text, sent, zone)
}

// fill adds to a commit what a step changed and caused, giving numbers.
func (e *Engine) fill(commit *refund.Commit, got reading, event refund.Event, result *dialogs.Result) {
	if result.Chat != nil {
		commit.Chats = []refund.Chat{*result.Chat}
	}
	if result.Case != nil {
		commit.Cases = []refund.Case{*result.Case}
	}
	if result.Account != nil {
		commit.Accounts = []refund.Account{*result.Account}
	}
	if result.Crew != nil {
		commit.Crews = []refund.Crew{*result.Crew}
	}
	commit.Tries, commit.Pictures = result.Tries, result.Pictures
	commit.Marks = e.marks(got.c, result.Case, result.Tries)
	raw := event.Result.Raw
	if record := event.Result.Record; record != nil {
		raw = record.Raw
	}
	if concerned := concernedCase(result.Case, got.c); concerned != nil && (result.Case != nil || result.Note != "" || raw != "") {
		line := refund.Entry{Case: concerned.ID, At: event.At, Kind: string(event.Kind), Person: event.Person,
			To: concerned.Status, Text: result.Note, Raw: raw, Done: result.Done}
		if got.c != nil && got.c.ID == concerned.ID {
			line.From = got.c.Status
		}
		commit.Timeline = []refund.Entry{line}
	}
	e.numberMessages(result.Messages)
	commit.Outbox = result.Messages
	for i := range result.Jobs {
		job := &result.Jobs[i]
		job.ID = e.number()
		if job.Key == "" {
			// stored with the job, so that a repetition after a crash is the same request
			job.Key = "job-" + strconv.FormatUint(job.ID, 10)
		}
	}
	commit.Jobs = result.Jobs
	for i := range result.Unsorted {
		result.Unsorted[i].ID = e.number()
	}
	commit.Unsorted, commit.SortedOut = result.Unsorted, result.SortedOut
	commit.Ledger, commit.Differences, commit.Chores = result.Ledger, result.Differences, result.Chores
}

func (e *Engine) numberMessages(messages []refund.Message) {
	for i := range messages {
		messages[i].Seq = e.number()
		if messages[i].Key == "" {
			messages[i].Key = strconv.FormatUint(messages[i].Seq, 10)
		}
	}
}

func concernedCase(changed, had *refund.Case) *refund.Case {
	if changed != nil {
		return changed
	}
	return had
}

// release answers the press and hands out messages and jobs, in this order.
func (e *Engine) release(got reading, event refund.Event, result dialogs.Result, commit refund.Commit) {
	if result.Case != nil {
		before := got.c
		if before != nil && before.ID != result.Case.ID {
			before = nil
		}
		e.track(before, result.Case)
	}
	if event.Query != "" {
		var answer dialogs.Answer
		if result.Answer != nil {
			answer = *result.Answer
		}
		e.answer(event.Query, answer, answerLocale(got, event, result))
	}
	if len(commit.Outbox) > 0 {
		e.cfg.Outbox.Put(commit.Outbox)
	}
	if len(commit.Jobs) > 0 {
		e.handOut(commit.Jobs)
	}
}

// answerLocale returns what an answer is written in: the group's locale for
// staff, the buyer's choice for a buyer; "" for what the client says.
func answerLocale(got reading, event refund.Event, result dialogs.Result) string {
	switch {
	case event.Shop != "":
		return got.facts.Shop.Locale
	case result.Chat != nil:
		return result.Chat.Locale
	}
	return got.chat.Locale
}

// setAside puts an entry that cannot be stepped into the dead letters, and steps
// a SetAside event of its case in the same commit, so that somebody looks at it.
func (e *Engine) setAside(ctx context.Context, one *entry, why error) error {
	commit := refund.Commit{Dead: []refund.Dead{e.dead(&one.Inbound, why)}, Done: []uint64{one.Seq}}
	id := refund.CaseID("")
	defer func() {
		attrs := []any{"case", id, "update", one.UpdateID, "kind", one.event.Kind, "attempts", one.Attempts, "err", why}
		if p := (*panicked)(nil); errors.As(why, &p) {
			attrs = append(attrs, "stack", string(p.stack))
		}
		e.log.Error("event set aside", attrs...)
	}()
	if one.translated && one.event.Chat != 0 {
		got, err := e.read(ctx, &one.event, e.now(), nil)
		if err != nil {
			return err
		}
		if got.c != nil {
			id = got.c.ID
			event := refund.Event{Kind: refund.SetAside, Chat: got.c.Chat, At: e.now(),
				Timer: one.event.Timer, Job: one.event.Job}
			event.Job.Case = id
			why, err := e.run(ctx, event, commit)
			if why == nil {
				return err
			}
			e.log.Error("case could not be flagged", "case", id, "err", why)
		}
	}
	if err := e.apply(ctx, commit); fatal(err) {
		return err
	}
	return nil
}

// TopicLost steps that somebody deleted a case's topic. It returns after the commit.
func (e *Engine) TopicLost(ctx context.Context, id refund.CaseID) error {
	chat, ok := id.Chat()
	if !ok {
		return nil
	}
	event := refund.Event{Kind: refund.TopicLost, Chat: chat, Job: refund.Job{Case: id}, At: e.now()}
	why, err := e.run(ctx, event, refund.Commit{})
	return errors.Join(why, err)
}

// Unreachable steps that a buyer's chat refuses the desk's messages, as if
// Telegram had said that he blocked the bot. It returns after the commit. A
// group's chat changes nothing.
func (e *Engine) Unreachable(ctx context.Context, chat refund.ChatID) error {
	if chat <= 0 {
		return nil
	}
	event := refund.Event{Kind: refund.Blocked, Chat: chat, Person: refund.PersonID(chat), At: e.now()}
	why, err := e.run(ctx, event, refund.Commit{})
	return errors.Join(why, err)
}
