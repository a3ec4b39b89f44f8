package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"tuidan/engine"
	"tuidan/refund"
	"tuidan/storage/bolt"
)

// shopTime is how long the slow shop takes for an order.
const shopTime = 20 * time.Millisecond

// slowShop knows every order, takes its time, and remembers how long it really took.
type slowShop struct{ took atomic.Int64 }

func (s *slowShop) Order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	began := time.Now()
	wait := time.NewTimer(shopTime)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return refund.Order{}, ctx.Err()
	}
	paid := refund.Money{Minor: 3000, Currency: "CNY"}
	order := refund.Order{OrderKey: key, Product: "cmcc30", Kind: refund.TopUp, Title: "移动话费30元", Amount: paid, NetPaid: &paid,
		Refunded: refund.Money{Currency: "CNY"}, State: refund.StateArrived, Account: "13800138000"}
	_, err := fmt.Sscanf(key.No, "T%d", &order.BuyerID)
	s.took.Store(int64(time.Since(began)))
	return order, err
}

func (*slowShop) Knows() refund.Knowledge { return refund.Knowledge{NetPaid: true, Buyer: true} }

// written is a Telegram whose updates are events as they are.
type written struct{}

func (written) Translate(raw json.RawMessage) (refund.Event, error) {
	var update struct{ Event refund.Event }
	err := json.Unmarshal(raw, &update)
	return update.Event, err
}

func (written) Answer(context.Context, string, refund.Words, string, string, bool) error { return nil }

func (written) Seal(context.Context, refund.Job) (refund.Evidence, error) {
	return refund.Evidence{}, errors.New("nothing to seal")
}

// heard hands on what would be sent.
type heard chan refund.Message

func (h heard) Put(messages []refund.Message) {
	for _, message := range messages {
		h <- message
	}
}

// lookUps has buyers come one after the other, each first asking for help and then by
// the link of an order that the desk has not seen. It returns how many milliseconds
// pass from the update until the answer is on disk: of those that need no order
// (plain), and of those that show one, beyond the time that the shop takes (times).
func lookUps(ctx context.Context, root, folder string, count int) (times, plain []float64, err error) {
	rules, err := samplePolicy(root)
	if err != nil {
		return nil, nil, err
	}
	store, err := bolt.Open(filepath.Join(folder, "lookup.db"), bolt.Options{})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	shop, out := &slowShop{}, make(heard, 16)
	e, err := engine.New(ctx, engine.Config{Store: store, Telegram: written{}, Outbox: out, Shops: []engine.Shop{{
		Shop: refund.Shop{ID: shopID, Title: "星卡", Locale: "zh-Hans", Currency: "CNY", Zone: time.UTC, Group: group}, Policy: rules, Source: shop,
	}}})
	if err != nil {
		return nil, nil, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- e.Run(running) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	ask := func(id int, buyer refund.ChatID, command, text string) (time.Duration, error) {
		update, err := json.Marshal(map[string]any{"update_id": id, "Event": refund.Event{Kind: refund.Ordered, Command: command, Chat: buyer,
			Person: refund.PersonID(buyer), Sent: time.Now(), Text: text}})
		if err != nil {
			return 0, err
		}
		began := time.Now()
		if err := e.Take(ctx, []json.RawMessage{update}, nil); err != nil {
			return 0, err
		}
		select {
		case message := <-out:
			if message.Chat != buyer {
				return 0, fmt.Errorf("a message to %d in place of %d", message.Chat, buyer)
			}
			return time.Since(began), nil
		case err := <-ended:
			ended <- err
			return 0, errors.New("the engine stopped")
		case <-time.After(longest):
			return 0, fmt.Errorf("no answer within %s", longest)
		}
	}
	for n := 1; n <= count+count/10; n++ {
		buyer := refund.ChatID(1_000_000 + n)
		helped, err := ask(2*n, buyer, "help", "")
		if err != nil {
			return nil, nil, err
		}
		looked, err := ask(2*n+1, buyer, "start", fmt.Sprintf("T%d", buyer))
		if err != nil {
			return nil, nil, err
		}
		if n > count/10 { // the first warm up
			plain = append(plain, float64(helped)/float64(time.Millisecond))
			times = append(times, float64(looked-time.Duration(shop.took.Load()))/float64(time.Millisecond))
		}
	}
	return times, plain, nil
}
