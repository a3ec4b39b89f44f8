// Command bench measures the desk against a simulated Telegram on loopback:
//
//	go run ./tests/bench [--json]
//
// What is measured, by the keys of the JSON:
//
//	durable_ratio  texts answered per second by the desk, each a whole step that is
//	               on disk before it is answered, over those of a bare go-telegram/bot
//	               echo with 64 workers that stores nothing; the median of the rounds
//	p50_ms, p99_ms from an update's push to its answer's arrival at 30 updates a second
//	growth_ratio   time per step with 100,000 closed cases in the store over that
//	               with none; the median of the rounds
//	idle_mb        resident memory of `tuidan serve` with that store, nothing to do
//	start_ms       from its start until it asks Telegram for updates
//	lookup_ms      what an order that has to be looked up adds to an update's way until the answer is on disk,
//	               beyond the time that the shop takes; the median
//	queue_ms       from /queue in the group until the answer is there, with 10,000 open
//	               cases; the median
//	waiting_cpu_pct processor time of `tuidan serve` while 1,000 open cases wait for a
//	               supplier that is asked over HTTP, in per cent of one processor
//	verdict_p99_ms from a press of an approver to when the buyer reads that the
//	               sandbox channel has accepted the refund, without time to undo
//	tick_ms        a tick of a store with 1,000,000 timers of which 100 are due; the
//	               median of the rounds
//
// Everything runs on this machine at the same time, the simulator too, so the
// figures per second say little; the ratios hold.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"text/tabwriter"
	"time"
)

// options are the command line.
type options struct {
	json    bool
	rounds  int
	round   time.Duration
	chats   int
	closed  int
	rate    int
	latency time.Duration
	timers  int
	waiting time.Duration
	desk    string
	profile string
	timeout time.Duration
	only    string
}

// figures are what was measured. What was not asked for is left out.
type figures struct {
	Durable *float64 `json:"durable_ratio,omitempty"`
	P50     *float64 `json:"p50_ms,omitempty"`
	P99     *float64 `json:"p99_ms,omitempty"`
	Growth  *float64 `json:"growth_ratio,omitempty"`
	IdleMB  *float64 `json:"idle_mb,omitempty"`
	StartMS *float64 `json:"start_ms,omitempty"`
	Verdict *float64 `json:"verdict_p99_ms,omitempty"`
	Tick    *float64 `json:"tick_ms,omitempty"`
	LookUp  *float64 `json:"lookup_ms,omitempty"`
	Queue   *float64 `json:"queue_ms,omitempty"`

	WaitingCPU *float64 `json:"waiting_cpu_pct,omitempty"`

	echo, desk, full float64   // answers per second
	flushes          []float64 // of the disk itself, in ms
	lookUps          []float64 // beyond the shop's own time, in ms
	plain            []float64 // of updates that need no order, in ms
	queues           []float64 // of /queue, in ms
	asks             int       // of the supplier while cases waited for it
}

func main() {
	var o options
	flag.BoolVar(&o.json, "json", false, "print JSON")
	flag.IntVar(&o.rounds, "rounds", 15, "how often the three are compared")
	flag.DurationVar(&o.round, "round", time.Second, "how long each of them answers in a round")
	flag.IntVar(&o.chats, "chats", 500, "buyers, each with one text under way")
	flag.IntVar(&o.closed, "closed", 100_000, "closed cases in the full store")
	flag.IntVar(&o.rate, "rate", 30, "updates per second while the latency is measured")
	flag.DurationVar(&o.latency, "latency", 20*time.Second, "how long the latency is measured")
	flag.DurationVar(&o.waiting, "waiting", 40*time.Second, "how long open cases wait for their supplier")
	flag.IntVar(&o.timers, "timers", 1_000_000, "timers of the store that is ticked")
	flag.StringVar(&o.desk, "desk", "", "the tuidan binary to start (default: built from this module)")
	flag.StringVar(&o.profile, "profile", "", "write a CPU profile of the desk's rounds to this file")
	flag.StringVar(&o.only, "only", "", "measure only this: ratio, latency, process, lookup, queue, verdict or tick")
	flag.DurationVar(&o.timeout, "timeout", 10*time.Minute, "what is not over by then has failed")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	f, err := run(ctx, o)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if err := f.print(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (o options) wants(part string) bool { return o.only == "" || o.only == part }

func run(ctx context.Context, o options) (f *figures, err error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "tuidan-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	f = &figures{}
	fullFolder := filepath.Join(folder, "full")
	if o.wants("ratio") || o.wants("process") {
		if err := fillStore(ctx, fullFolder, o.closed); err != nil {
			return nil, fmt.Errorf("fill the store: %w", err)
		}
	}
	// The process comes first, while this one is small and the store is as filled.
	if o.wants("process") {
		if err := f.process(ctx, o, root, folder, fullFolder); err != nil {
			return nil, fmt.Errorf("process: %w", err)
		}
	}
	if o.wants("tick") {
		times, err := ticks(ctx, filepath.Join(folder, "timers"), o.timers, o.rounds)
		if err != nil {
			return nil, fmt.Errorf("tick: %w", err)
		}
		f.Tick = median(times)
	}
	if o.wants("verdict") {
		if err := f.verdict(ctx, o, root, folder); err != nil {
			return nil, fmt.Errorf("verdict: %w", err)
		}
	}
	if o.wants("lookup") {
		if f.lookUps, f.plain, err = lookUps(ctx, root, folder, 500); err != nil {
			return nil, fmt.Errorf("look-up: %w", err)
		}
		added := *median(f.lookUps) - *median(f.plain)
		f.LookUp = &added
		if f.flushes, err = flushes(folder); err != nil {
			return nil, fmt.Errorf("flush: %w", err)
		}
	}
	if o.wants("queue") {
		if err := f.queue(ctx, o, root, folder); err != nil {
			return nil, fmt.Errorf("queue: %w", err)
		}
	}
	if o.wants("ratio") || o.wants("latency") {
		if err := f.inProcess(ctx, o, root, folder, fullFolder); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// verdict measures how soon a verdict is paid.
func (f *figures) verdict(ctx context.Context, o options, root, folder string) (err error) {
	folder = filepath.Join(folder, "verdict")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	desk, cards, err := newVerdictRig(ctx, o, root, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, desk.close()) }()
	times, err := desk.verdicts(ctx, o.rate, cards)
	f.Verdict = percentile(times, 99)
	return err
}

// inProcess measures throughput and latency.
func (f *figures) inProcess(ctx context.Context, o options, root, folder, fullFolder string) (err error) {
	emptyFolder := filepath.Join(folder, "empty")
	if err := os.MkdirAll(emptyFolder, 0o700); err != nil {
		return err
	}
	desk, err := newDeskRig(ctx, o, root, emptyFolder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, desk.close()) }()
	if o.wants("latency") {
		times, err := desk.latency(ctx, o.rate, o.latency)
		if err != nil {
			return fmt.Errorf("latency: %w", err)
		}
		f.P50, f.P99 = percentile(times, 50), percentile(times, 99)
		if f.flushes, err = flushes(emptyFolder); err != nil {
			return fmt.Errorf("flush: %w", err)
		}
	}
	if !o.wants("ratio") {
		return nil
	}
	full, err := newDeskRig(ctx, o, root, fullFolder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, full.close()) }()
	echo, err := newEchoRig(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, echo.close()) }()

	var ratios, growths, echoes, desks, fulls []float64
	for round := range o.rounds + 1 {
		var rates [3]float64
		rigs := []*rig{echo, desk, full}
		for i := range rigs {
			// Each round begins with another, so that none is always the first.
			n := (i + round) % len(rigs)
			runtime.GC()
			if n == 1 && round == 1 && o.profile != "" {
				file, err := os.Create(o.profile)
				if err != nil {
					return err
				}
				if err := pprof.StartCPUProfile(file); err != nil {
					return err
				}
			}
			if rates[n], err = rigs[n].throughput(ctx, o.round); err != nil {
				return fmt.Errorf("throughput: %w", err)
			}
			if n == 1 && round == 1 && o.profile != "" {
				pprof.StopCPUProfile()
			}
		}
		if round == 0 {
			continue // warm up
		}
		ratios, growths = append(ratios, rates[1]/rates[0]), append(growths, rates[1]/rates[2])
		echoes, desks, fulls = append(echoes, rates[0]), append(desks, rates[1]), append(fulls, rates[2])
	}
	f.Durable, f.Growth = median(ratios), median(growths)
	f.echo, f.desk, f.full = *median(echoes), *median(desks), *median(fulls)
	return nil
}

func median(values []float64) *float64 { return percentile(values, 50) }

// percentile is the nearest rank; nil for no values.
func percentile(values []float64, percent int) *float64 {
	if len(values) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(values))
	return &sorted[max((len(sorted)*percent+99)/100-1, 0)]
}

func (f *figures) print(o options) error {
	if o.json {
		return json.NewEncoder(os.Stdout).Encode(f)
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	line := func(what string, value *float64, unit, target string) {
		if value != nil {
			_, _ = fmt.Fprintf(out, "%s\t%.2f%s\t%s\n", what, *value, unit, target) // errors are kept for Flush
		}
	}
	if f.Durable != nil {
		_, _ = fmt.Fprintf(out, "bare echo\t%.0f/s\t\ndesk\t%.0f/s\t\ndesk, full store\t%.0f/s\t\n", f.echo, f.desk, f.full)
	}
	line("durable_ratio", f.Durable, "", "at least 0.5, aim 0.6")
	line("one flush, p50 ms", percentile(f.flushes, 50), "", "the disk's own; an answer waits for four")
	line("one flush, p99 ms", percentile(f.flushes, 99), "", "")
	line("p50_ms", f.P50, "", "at most 5")
	line("p99_ms", f.P99, "", "at most 25")
	line("lookup_ms", f.LookUp, "", "at most 2, beyond the shop's own time")
	line("with a look-up, p50 ms", median(f.lookUps), "", "the whole way; without one:")
	line("without, p50 ms", median(f.plain), "", "")
	line("queue_ms", f.Queue, "", "at most 50")
	line("queue, p99 ms", percentile(f.queues, 99), "", "")
	line("growth_ratio", f.Growth, "", "at most 1.1")
	line("idle_mb", f.IdleMB, "", "below 60")
	line("start_ms", f.StartMS, "", "below 1000")
	line("waiting_cpu_pct", f.WaitingCPU, "", fmt.Sprintf("below 1; the supplier was asked %d times", f.asks))
	line("verdict_p99_ms", f.Verdict, "", "at most 300")
	line("tick_ms", f.Tick, "", "at most 20")
	return out.Flush()
}
