package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tuidan/bot/locker"
	"tuidan/dialogs"
	"tuidan/engine"
	"tuidan/refund"
	"tuidan/storage/bolt"
)

// eraseBuyer is `tuidan erase`: what a buyer's own /forget does, while the desk is
// stopped, and its bytes are wiped from the store at once.
func eraseBuyer(ctx context.Context, id int64, config string, environment []string, stdout, stderr io.Writer) (err error) {
	setup, err := LoadConfig(config, environment)
	if err != nil {
		return tellProblems(err, stderr)
	}
	if setup.Keys == nil {
		return fmt.Errorf("%s names no evidence_key_file, by whose keys an erased buyer is still counted", config)
	}
	data := string(setup.Config.Data)
	store, err := openStore(data, bolt.Options{Marks: setup.marks})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	now := engine.SystemClock{}.Now()
	var shops []refund.Shop
	for _, shop := range setup.Shops {
		shops = append(shops, shop.Shop)
	}
	var chat refund.Chat
	var kept *refund.Words
	var erasing refund.Commit
	err = store.View(ctx, func(r refund.Reader) error {
		if chat, err = r.Chat(refund.ChatID(id)); err != nil || chat.Version == 0 {
			return err
		}
		cases, busy, err := engine.Own(r, chat)
		if err != nil {
			return err
		}
		if kept = dialogs.Kept(chat, cases, busy, now); kept != nil {
			return nil
		}
		erasing, err = engine.Erase(r, setup.Keys, shops, chat, now)
		return err
	})
	switch {
	case err != nil:
		return err
	case chat.Version == 0:
		return fmt.Errorf("nothing is kept of chat %d", id)
	case kept != nil:
		why, err := setup.Catalogs.Text("en", *kept, time.Local)
		if err != nil {
			return err
		}
		return fmt.Errorf("not yet; the buyer would be told: %s", why)
	}
	for i := range erasing.Jobs {
		erasing.Jobs[i].ID = uint64(now.UnixMicro()) + uint64(i)
	}
	for i := range erasing.Outbox {
		erasing.Outbox[i].Seq = uint64(now.UnixMicro()) + uint64(i)
	}
	if err := store.Apply(ctx, erasing); err != nil {
		return err
	}
	// A desk that starts after a crash here finds the jobs and does the rest.
	files := locker.Locker{Keys: setup.Keys, Dir: data}
	var done refund.Commit
	for _, job := range erasing.Jobs {
		if err := files.Shred(ctx, job.Case); err != nil {
			return err
		}
		done.JobsDone = append(done.JobsDone, job.ID)
	}
	if err := store.Apply(ctx, done); err != nil {
		return err
	}
	if err := store.Sweep(ctx, time.Time{}); err != nil { // wipes
		return err
	}
	_, err = fmt.Fprintf(stdout, "Chat %d is erased; %d of its requests stay without a name.\n", id, len(erasing.Cases))
	return err
}
