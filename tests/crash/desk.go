package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tuidan/simulator"
)

// moment is when a life of the desk ends.
type moment int

const (
	starting    moment = iota // before it has asked for updates
	anywhere                  // some time later
	beforeCall                // when a call has arrived and nothing came of it yet
	afterCall                 // when a call has taken effect and its answer has not left
	afterPayout               // when the payment channel has just written something into its books
	moments
)

func (m moment) String() string {
	return [...]string{"while starting", "at any time", "before a call took effect", "before a call's answer", "after the channel wrote"}[m]
}

// Times of the desk's lives.
const (
	startsWithin = 60 * time.Second // else the desk counts as one that does not start
	stopsWithin  = 20 * time.Second
	callCap      = 1500 * time.Millisecond // how long a call is waited for that is to be the last
)

// desk is the process under test, which is killed and started again.
type desk struct {
	options options
	folder  string
	url     string
	token   string
	rng     *rand.Rand // of live only

	killed   chan struct{} // one token for each kill
	polled   atomic.Bool   // this life asked for updates
	polling  chan struct{} // token: it just did so for the first time
	calls    atomic.Int64  // until the one that this life does not survive; negative: no such call
	last     chan struct{} // token: that call is in hand
	after    atomic.Bool   // that call takes effect first
	dead     chan struct{} // of this life; closed when the process is gone
	deadLock sync.Mutex

	lives int
	kills [moments]int
	spent time.Duration // from the start of a process to its first poll, of those that came so far
	ready int
	busy  atomic.Int64 // API calls, as a sign of life
}

func newDesk(o options, folder, url, token string) *desk {
	return &desk{options: o, folder: folder, url: url, token: token, rng: rand.New(rand.NewPCG(o.seed, 1)),
		killed: make(chan struct{}, o.kills), polling: make(chan struct{}, 1), last: make(chan struct{}, 1)}
}

// gate stands before the simulator: it sees the first poll of a life, and lets a
// life end in the middle of a call.
func (d *desk) gate(sim *simulator.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/getUpdates") {
			if !d.polled.Swap(true) {
				poke(d.polling)
			}
		} else {
			d.busy.Add(1)
		}
		if d.calls.Add(-1) != 0 {
			sim.ServeHTTP(w, r)
			return
		}
		if d.after.Load() {
			// The answer stays in the server's buffer until this function returns.
			sim.ServeHTTP(w, r)
			d.die(r.Context())
			return
		}
		d.die(r.Context())
		sim.ServeHTTP(w, r)
	})
}

// die has live kill the process, and returns when it is gone.
func (d *desk) die(ctx context.Context) {
	d.deadLock.Lock()
	dead := d.dead
	d.deadLock.Unlock()
	poke(d.last)
	select {
	case <-dead:
	case <-ctx.Done(): // its connection broke, which is its death too
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func drain(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// live runs the desk: as many lives as there are kills, and a last one that ends
// with ctx, in peace. It fails when a life ends by itself or does not begin.
func (d *desk) live(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(d.folder, "desk.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	for d.lives = 1; ; d.lives++ {
		command := exec.Command(d.options.desk, "serve", "--config", filepath.Join(d.folder, "tuidan.yaml"))
		command.Dir = d.folder
		command.Env = append(os.Environ(), "TUIDAN_TELEGRAM_TOKEN="+d.token)
		command.Stdout, command.Stderr = log, log
		over, err := d.life(ctx, command)
		if err != nil {
			return fmt.Errorf("life %d: %w\n%s", d.lives, err, tail(log.Name()))
		}
		if over {
			return nil
		}
	}
}

// life runs one process to its end; over when it was the last one.
func (d *desk) life(ctx context.Context, command *exec.Cmd) (over bool, err error) {
	kill := d.lives <= d.options.kills
	how, after, count := d.plan()
	d.polled.Store(false)
	drain(d.polling)
	drain(d.last)
	dead := make(chan struct{})
	d.deadLock.Lock()
	d.dead = dead
	d.deadLock.Unlock()
	d.calls.Store(-1)
	if kill && (how == beforeCall || how == afterCall) {
		d.after.Store(how == afterCall)
		d.calls.Store(count)
	}
	began := time.Now()
	if err := command.Start(); err != nil {
		return true, err
	}
	ended := make(chan error, 1)
	go func() {
		ended <- command.Wait()
		close(dead)
	}()
	end := func() {
		_ = command.Process.Kill() // it may be gone already
		<-dead
	}
	defer end()

	timer := time.NewTimer(startsWithin)
	defer timer.Stop()
	if kill && how == starting {
		timer.Reset(after)
	}
	polling, last := d.polling, d.last
	var wrote chan struct{}
	if kill && how == afterPayout {
		wrote = make(chan struct{}, 1)
		watching, stop := context.WithCancel(ctx)
		defer stop()
		go watchBooks(watching, d.folder, wrote)
	}
	for {
		select {
		case <-polling:
			polling = nil
			d.spent += time.Since(began)
			d.ready++
			timer.Stop()
			switch {
			case !kill:
			case how == anywhere:
				timer.Reset(after)
			case how == starting:
				timer.Reset(0) // it was quicker than that
			default:
				timer.Reset(callCap)
			}
		case <-timer.C:
			if !kill || how != starting && polling != nil {
				return true, errors.New("the desk does not start")
			}
			end()
			d.died(how)
			return false, nil
		case <-wrote:
			if count--; count > 0 {
				continue
			}
			end()
			d.died(how)
			return false, nil
		case <-last:
			end()
			d.died(how)
			return false, nil
		case err := <-ended:
			return true, fmt.Errorf("the desk ended by itself: %w", cmpError(err))
		case <-ctx.Done():
			return true, d.stop(command, ended)
		}
	}
}

func cmpError(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// plan chooses how a life ends.
func (d *desk) plan() (how moment, after time.Duration, count int64) {
	if d.options.channel != answering && d.rng.IntN(2) == 0 {
		return afterPayout, 0, 1 + d.rng.Int64N(8)
	}
	switch n := d.rng.IntN(10); {
	case n < 2:
		usual := 100 * time.Millisecond
		if d.ready > 0 {
			usual = d.spent / time.Duration(d.ready)
		}
		return starting, time.Duration(d.rng.Float64() * float64(usual)), 0
	case n < 5:
		return anywhere, time.Duration(50+d.rng.IntN(1100)) * time.Millisecond, 0
	case n < 7:
		return beforeCall, 0, 1 + d.rng.Int64N(600)
	}
	return afterCall, 0, 1 + d.rng.Int64N(600)
}

func (d *desk) died(how moment) {
	d.kills[how]++
	d.killed <- struct{}{}
}

// stop ends the last life as an operator does.
func (d *desk) stop(command *exec.Cmd, ended <-chan error) error {
	if runtime.GOOS == "windows" {
		return nil // there is no other end than the kill
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("the desk did not stop cleanly: %w", err)
		}
		return nil
	case <-time.After(stopsWithin):
		return errors.New("the desk does not stop")
	}
}

// tail is the end of the desk's log.
func tail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-15):], []byte("\n")))
}
