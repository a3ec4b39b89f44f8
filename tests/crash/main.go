// Command crash runs the desk as a process against a simulated Telegram, kills
// it (SIGKILL) again and again while buyers and merchants talk to it, and then
// asks Telegram's log and the payment channel's log, never the desk's own store,
// what became of everything:
//
//	go run ./tests/crash -kills 50 -seed 1
//
// Its last line is "lost 0, paid twice 0, stuck 0", and its exit status 0, only if
// every update had its effect, no order got back more than is due, and every
// case ended as its conversation foresees.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"tuidan/simulator"
)

// options are the command line.
type options struct {
	kills         int
	seed          uint64
	conversations int
	atOnce        int
	timeout       time.Duration
	desk          string // a binary; empty: built from this module
	keep          bool   // the folder stays
	channel       channelKind
}

func main() {
	var o options
	flag.IntVar(&o.kills, "kills", 50, "how often the desk is killed")
	flag.Uint64Var(&o.seed, "seed", 1, "chooses the moments of the kills and the buyers' whims")
	flag.IntVar(&o.conversations, "conversations", 2000, "how many buyers there are")
	flag.IntVar(&o.atOnce, "at-once", 400, "how many of them talk at the same time")
	flag.DurationVar(&o.timeout, "timeout", 10*time.Minute, "what is not over by then has failed")
	flag.StringVar(&o.desk, "desk", "", "the tuidan binary to run (default: built from this module)")
	flag.BoolVar(&o.keep, "keep", false, "keep the folder with the desk's data and log")
	flag.Var(&o.channel, "channel", "a payment channel that accepts and dies before it answers: keyed, queried or blind (default: one that answers)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	v, err := run(ctx, o)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
	}
	if v != nil {
		fmt.Printf("lost %d, paid twice %d, stuck %d\n", v.lost, v.paidTwice, v.stuck)
	}
	if err != nil || v == nil || v.lost+v.paidTwice+v.stuck > 0 {
		os.Exit(1)
	}
}

// run plays everything and returns the verdict, as far as it came to one.
func run(ctx context.Context, o options) (*verdict, error) {
	folder, err := os.MkdirTemp("", "tuidan-crash-")
	if err != nil {
		return nil, err
	}
	if o.keep {
		fmt.Println("folder:", folder)
	} else {
		defer func() { _ = os.RemoveAll(folder) }()
	}
	if o.desk == "" {
		if o.desk, err = build(ctx, folder); err != nil {
			return nil, err
		}
	}
	sim := simulator.New(simulator.Options{Now: time.Now})
	defer sim.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := newDesk(o, folder, "http://"+listener.Addr().String(), sim.Token())
	server := &http.Server{Handler: d.gate(sim), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // it ends with Close, and then has nothing to say
	defer func() { _ = server.Close() }()

	w, err := newWorld(o, folder, sim)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(writeShop(w, d), o.channel.prepare(folder)); err != nil {
		return nil, err
	}
	began := time.Now()
	talked, endTalks := context.WithCancel(ctx)
	defer endTalks()
	var watching, talking sync.WaitGroup
	events := sim.Watch(talked)
	watching.Go(func() { w.watch(events) })
	talking.Go(func() { w.talk(talked, d.killed) })

	// The desk lives and dies beside the conversations; when it cannot, they end.
	deskErr := make(chan error, 1)
	lived, endDesk := context.WithCancel(ctx)
	defer endDesk()
	go func() {
		err := d.live(lived)
		if err != nil {
			endTalks()
		}
		deskErr <- err
	}()
	quiet := make(chan struct{})
	go func() { talking.Wait(); close(quiet) }()
	w.patience(talked, d, quiet, endTalks)
	<-quiet
	confirmErr := w.confirmed(ctx)
	endDesk()
	err = <-deskErr
	endTalks()
	watching.Wait()
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, errors.New("interrupted")
	}
	if ctx.Err() != nil {
		fmt.Println("not over after", o.timeout)
	}
	v, judgeErr := w.judge(d, time.Since(began))
	if judgeErr != nil {
		return nil, errors.Join(err, confirmErr, judgeErr)
	}
	return v, errors.Join(err, confirmErr)
}

// build makes the tuidan binary.
func build(ctx context.Context, folder string) (string, error) {
	path := filepath.Join(folder, "tuidan")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	command := exec.CommandContext(ctx, "go", "build", "-o", path, "tuidan")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build tuidan: %w\n%s", err, out)
	}
	return path, nil
}
