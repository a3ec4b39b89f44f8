package simulator

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestEverythingAtOnce lets people, a polling bot, faults and lookers-on work side by side; it is for the race detector,
// and counts that no update is lost or handed out after it was confirmed.
func TestEverythingAtOnce(t *testing.T) {
	a := newAPI(t, func(o *Options) { o.KeepMessages, o.KeepCalls = 10, 10 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	const people, each = 8, 25

	var audience sync.WaitGroup
	watching, stop := context.WithCancel(ctx)
	audience.Go(func() {
		for range a.sim.Watch(watching) {
		}
	})
	bot := make(chan map[int64]int, 1)
	go func() {
		handed := make(map[int64]int)
		for offset := int64(0); len(handed) < people*each; {
			for _, u := range a.updates(fields{"offset": offset, "timeout": 20, "limit": 7}) {
				handed[u.ID]++
				offset = u.ID + 1
				a.call("sendMessage", fields{"chat_id": u.Message.Chat.ID, "text": "ok"})
			}
		}
		bot <- handed
	}()
	var crowd sync.WaitGroup
	for i := range people {
		u := a.sim.User(fmt.Sprint("buyer", i))
		crowd.Go(func() {
			for range each {
				if _, err := u.Say(Where{}, "x"); err != nil {
					t.Error(err)
				}
				a.sim.Fault(Fault{Method: "sendMessage", Code: 500, Times: 1})
				a.sim.Messages(u.ID())
				a.sim.Calls()
			}
		})
	}
	crowd.Wait()
	for id, times := range <-bot {
		if times != 1 {
			t.Errorf("update %d was handed out %d times", id, times)
		}
	}
	stop()
	audience.Wait()
}
