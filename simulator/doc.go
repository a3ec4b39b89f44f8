// Package simulator is a Telegram Bot API server in memory.
//
// It exists so that the whole desk can be run, rehearsed, crashed and measured without Telegram: the bot under test talks
// to it over real HTTP and cannot tell the difference, while the test plays the people, the groups, the clock and the
// faults through the Go side of [Server].
//
// What makes it worth trusting is what it keeps of the real thing:
//   - an update stays queued until the bot confirms it, and is handed out again until then (Getting updates);
//   - callback queries die after 150 s and updates after 24 h, by the injected clock;
//   - texts are counted in UTF-16 units, commands are marked by entities, albums come as single messages without an end;
//   - refusals use Telegram's own codes and words, because bots decide by them;
//   - a method that it does not know answers 404 and is remembered by [Server.UnknownMethods].
//
// A first conversation:
//
//	sim := simulator.New(simulator.Options{Now: clock.Now})
//	defer sim.Close()
//	api := httptest.NewServer(sim)           // the bot gets api.URL and sim.Token()
//	li := sim.User("li")
//	li.Start("T1001")                        // the bot receives /start T1001
//	err := sim.WaitConfirmed(ctx)            // … and has stored it
//	for _, m := range sim.Messages(li.ID()) { fmt.Println(m.Text, m.Buttons) }
//
// One mutex guards the state; requests are read and answers encoded outside it. What a message looks like on the wire
// never changes once made (an edit makes a new value), so it may be encoded without the lock.
package simulator
