package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"tuidan/bot"
	"tuidan/bot/locker"
	"tuidan/engine"
	"tuidan/locales"
	"tuidan/refund"
	"tuidan/reports"
)

// parts are what a desk is built of. Who made them closes them, after the desk
// has stopped.
type parts struct {
	config     Config
	catalogs   *locales.Catalogs
	store      engine.Store
	shops      []engine.Shop
	clock      engine.Clock
	classifier engine.Classifier
	http       *http.Client // nil: bot's own
	// pollClock is the poller's; nil: clock. intake stands between poller and
	// engine; nil: nothing does. Both are for rehearsals.
	pollClock engine.Clock
	intake    func(bot.Intake) bot.Intake
	locker    *locker.Locker
	secrets   func(text string) [][2]int // where card secrets stand in a text
	notebook  engine.Notebook            // nil: what was sorted is forgotten
	rules     engine.Rules               // nil: policies stay as they are given
	font      string                     // of pictures; "": one without Chinese letters
	heard     []heard                    // suppliers that may call
	log       *slog.Logger
}

// desk is a running desk.
type desk struct {
	parts  parts
	client *bot.Client
	engine *engine.Engine
	outbox *bot.Outbox
	ticker *ticker

	services []service     // in the order in which they were started
	failed   chan struct{} // closed when a service ended by itself
	once     sync.Once
	mu       sync.Mutex
	err      error // why the first service ended by itself
}

// service is something that runs until it is told to stop.
type service struct {
	name string
	stop context.CancelFunc
	done chan struct{}
}

// openDesk builds a desk in one straight line and starts it: what takes first,
// what brings last. It returns once everything runs, which needs Telegram to
// answer; until then, or until ctx is done, it asks again.
func openDesk(ctx context.Context, p parts) (*desk, error) {
	telegram := p.config.Telegram
	client := &bot.Client{URL: telegram.APIURL, Token: string(telegram.Token), HTTP: p.http}
	me, err := introduce(ctx, client, p.clock, p.log)
	if err != nil {
		return nil, err
	}
	d := &desk{parts: p, client: client, failed: make(chan struct{})}
	d.engine, err = engine.New(ctx, engine.Config{Store: p.store, Shops: p.shops, Marker: p.locker.Keys, Evidence: p.locker, Notebook: p.notebook, Rules: p.rules, Classifier: p.classifier, Clock: p.clock, Log: p.log})
	if err != nil {
		return nil, fmt.Errorf("open the desk: %w", err)
	}
	d.outbox = &bot.Outbox{
		Client: client, Desk: d.engine, Texts: p.catalogs, Clock: p.clock, Log: p.log, Limits: telegram.Limits.limits(),
		Papers: &reports.Maker{Texts: p.catalogs, Shops: plainShops(p.shops), Font: p.font},
	}
	d.engine.Connect(bot.Telegram{
		Translator: &bot.Translator{Username: me, ShopOf: d.engine.ShopOf},
		Answerer:   &bot.Answerer{Client: client, Texts: p.catalogs, Keys: p.locker.Keys},
		Sealer:     &bot.Sealer{Client: client, Locker: p.locker, Now: p.clock.Now},
	}, d.outbox)
	if err := bot.SetCommands(ctx, client, p.catalogs); err != nil {
		p.log.Warn("the menu of commands stays as it was", "error", err)
	}
	d.run("outbox", d.outbox.Run)
	d.run("engine", d.engine.Run)
	if err := d.hear(); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	if telegram.Mode == "webhook" {
		err = d.listen(ctx)
	} else {
		poller := &bot.Poller{
			Client: client, Intake: d.guarded(d.engine), Store: d.engine, Clock: p.clock, Log: p.log, Timeout: time.Duration(telegram.PollFor),
		}
		if p.pollClock != nil {
			poller.Clock = p.pollClock
		}
		if p.intake != nil {
			poller.Intake = d.guarded(p.intake(d.engine))
		}
		d.run("poller", poller.Run)
	}
	if err != nil {
		return nil, errors.Join(err, d.stop())
	}
	d.ticker = startTicker(d, time.Duration(p.config.Tick))
	return d, nil
}

// plainShops are shops without what they are connected to.
func plainShops(shops []engine.Shop) []refund.Shop {
	plain := make([]refund.Shop, len(shops))
	for i := range shops {
		plain[i] = shops[i].Shop
	}
	return plain
}

// guarded takes card secrets out of what an intake is given.
func (d *desk) guarded(intake bot.Intake) bot.Intake {
	return &bot.Guard{Intake: intake, Keys: d.parts.locker.Keys, Secrets: d.parts.secrets}
}

// introduce asks for the bot's own name. It waits out an absent Telegram, but
// not one that refuses the token.
func introduce(ctx context.Context, client *bot.Client, clock engine.Clock, log *slog.Logger) (string, error) {
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		me, err := client.Me(ctx)
		if err == nil {
			return me.Username, nil
		}
		if refusal, ok := errors.AsType[*bot.APIError](err); ok {
			if refusal.Code == http.StatusUnauthorized || refusal.Code == http.StatusNotFound {
				return "", fmt.Errorf("%w: check the token and telegram.api_url", bot.ErrToken)
			}
			pause = max(pause, refusal.RetryAfter)
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		log.Warn("Telegram cannot be reached", "error", err, "retry_in", pause)
		if err := clock.Wait(ctx, clock.Now().Add(pause)); err != nil {
			return "", err
		}
	}
}

// run starts a service. One that ends before it is stopped fails the desk.
func (d *desk) run(name string, serve func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	one := service{name: name, stop: stop, done: make(chan struct{})}
	d.services = append(d.services, one)
	go func() {
		defer close(one.done)
		if err := serve(ctx); err != nil || ctx.Err() == nil {
			if err == nil {
				err = errors.New("ended")
			}
			d.fail(fmt.Errorf("%s: %w", name, err))
		}
	}()
}

// fail notes why the desk cannot go on.
func (d *desk) fail(err error) {
	d.mu.Lock()
	if d.err == nil {
		d.err = err
	}
	d.mu.Unlock()
	d.once.Do(func() { close(d.failed) })
}

// stop stops everything in reverse: first nothing new comes in, then steps in
// hand are finished, then what is being sent. It returns why the desk failed, if
// it did. Stopping twice does nothing.
func (d *desk) stop() error {
	if d.ticker != nil {
		d.ticker.stop()
		d.ticker = nil
	}
	for i := len(d.services) - 1; i >= 0; i-- {
		d.services[i].stop()
		<-d.services[i].done
	}
	d.services = nil
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// Times of the webhook's server.
const (
	hookReadTimeout = 30 * time.Second
	hookStopTimeout = 10 * time.Second
)

// listen takes updates by webhook.
func (d *desk) listen(ctx context.Context) error {
	config := d.parts.config.Telegram.Webhook
	hook := &bot.Webhook{Intake: d.guarded(d.engine), Secret: string(config.Secret), Log: d.parts.log}
	mux := http.NewServeMux()
	mux.Handle(config.Path, hook)
	server := &http.Server{
		Handler: mux, ReadTimeout: hookReadTimeout, WriteTimeout: hookReadTimeout, ReadHeaderTimeout: hookReadTimeout,
		ErrorLog: slog.NewLogLogger(d.parts.log.Handler(), slog.LevelDebug),
	}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return fmt.Errorf("listen for updates: %w", err)
	}
	d.run("webhook", func(ctx context.Context) error {
		return serveUntil(ctx, server, func() error {
			if config.TLSCert != "" {
				return server.ServeTLS(listener, string(config.TLSCert), string(config.TLSKey))
			}
			return server.Serve(listener)
		})
	})
	if err := hook.Register(ctx, d.client, config.URL, config.Connections); err != nil {
		return err
	}
	d.run("backlog", func(ctx context.Context) error {
		if err := hook.AwaitDrained(ctx, d.client, d.parts.clock); err != nil && ctx.Err() == nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
	return nil
}
