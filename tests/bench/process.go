package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"tuidan/bot/locker"
	"tuidan/orders"
	"tuidan/simulator"
)

// settles is how long the process is left alone before its memory is read.
const settles = 3 * time.Second

// starts is how often the start is measured.
const starts = 5

// process starts the built desk on the full store and measures how long it takes
// until it asks for updates, and how much memory it then has.
func (f *figures) process(ctx context.Context, o options, root, folder, data string) error {
	if o.desk == "" {
		o.desk = filepath.Join(folder, "tuidan")
		if runtime.GOOS == "windows" {
			o.desk += ".exe"
		}
		build := exec.CommandContext(ctx, "go", "build", "-o", o.desk, "tuidan")
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build tuidan: %w\n%s", err, out)
		}
	}
	polled := make(chan struct{}, 1)
	sim := simulator.New(simulator.Options{Now: time.Now})
	defer sim.Close()
	sim.NewGroup(simulator.GroupOptions{ID: group, Title: "星卡退款"})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/getUpdates") {
			select {
			case polled <- struct{}{}:
			default:
			}
		}
		sim.ServeHTTP(w, r)
	})}
	go func() { _ = server.Serve(listener) }() // it ends with Close, and then has nothing to say
	defer func() { _ = server.Close() }()

	api := "http://" + listener.Addr().String()
	if err := furnish(root, folder, data, api, "{kind: sandbox}", nil); err != nil {
		return err
	}
	var times, memory []float64
	for n := range starts {
		rest := func(int) error { return nil }
		if n == starts-1 {
			rest = func(pid int) error {
				select {
				case <-time.After(settles): // what is measured is a desk that had nothing to do for a while
				case <-ctx.Done():
				}
				if mb := resident(ctx, pid); mb > 0 {
					memory = append(memory, mb)
				}
				return nil
			}
		}
		ms, err := oneLife(ctx, o.desk, folder, sim.Token(), polled, rest)
		if err != nil {
			return err
		}
		times = append(times, ms)
	}
	f.StartMS, f.IdleMB = median(times), median(memory)
	f.WaitingCPU, f.asks, err = waiting(ctx, o, root, filepath.Join(folder, "waiting"), api, sim.Token(), polled)
	return err
}

// furnish writes what a desk is served with into its folder.
func furnish(root, folder, data, api, supplier string, lines []string) error {
	rules, err := os.ReadFile(filepath.Join(root, "app", "sample", "policy.yaml"))
	if err != nil {
		return err
	}
	if err := locker.CreateKeyFile(filepath.Join(folder, "evidence.keys")); err != nil {
		return err
	}
	config := fmt.Sprintf(`data: %q
evidence_key_file: evidence.keys
telegram: {api_url: %q, mode: polling}
log: {level: warn}
shops:
  - id: %s
    title: 星卡
    locale: zh-Hans
    currency: CNY
    zone: Asia/Shanghai
    group: %d
    staff:
      - {id: 501, name: wang, role: approver}
      - {id: 503, name: chen, role: owner}
    policy: policy.yaml
    orders: {kind: csv, path: orders.csv}
    suppliers:
      dyr: %s
      fulu: {kind: sandbox}
      kin: {kind: sandbox}
    channels:
      sandbox: {kind: sandbox, key_life: 24h}
`, data, api, shopID, int64(group), supplier)
	for name, text := range map[string]string{
		"policy.yaml": string(rules), "tuidan.yaml": config, "orders.csv": strings.Join(append([]string{strings.Join(orders.Columns(), ",")}, lines...), "\n") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// oneLife starts the desk and stops it again, after rest was called with its process
// id. It returns how long it took until it asked for updates.
func oneLife(ctx context.Context, binary, folder, token string, polled chan struct{}, rest func(pid int) error, environment ...string) (ms float64, err error) {
	command := exec.CommandContext(ctx, binary, "serve", "--config", filepath.Join(folder, "tuidan.yaml"))
	command.Dir = folder
	command.Env = append(append(os.Environ(), "TUIDAN_TELEGRAM_TOKEN="+token), environment...)
	var said output
	command.Stdout, command.Stderr = &said, &said
	select {
	case <-polled:
	default:
	}
	began := time.Now()
	if err := command.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case <-polled:
		ms = float64(time.Since(began).Microseconds()) / 1000
	case err := <-ended:
		return 0, fmt.Errorf("the desk ended by itself: %w\n%s", err, said.String())
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	err = rest(command.Process.Pid)
	if runtime.GOOS == "windows" {
		err = errors.Join(err, command.Process.Kill())
	} else {
		err = errors.Join(err, command.Process.Signal(os.Interrupt))
	}
	if stopErr := <-ended; stopErr != nil && runtime.GOOS != "windows" {
		err = errors.Join(err, fmt.Errorf("stop: %w\n%s", stopErr, said.String()))
	}
	return ms, err
}

// output keeps what a process says.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// resident is a process's resident memory in MB; 0 where ps does not tell.
func resident(ctx context.Context, pid int) float64 {
	if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
		for line := range strings.Lines(string(data)) {
			if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				return megabytes(strings.TrimSuffix(strings.TrimSpace(kb), " kB"))
			}
		}
	}
	out, err := exec.CommandContext(ctx, "ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0
	}
	return megabytes(strings.TrimSpace(string(out)))
}

func megabytes(kb string) float64 {
	n, err := strconv.ParseFloat(strings.TrimSpace(kb), 64)
	if err != nil {
		return 0
	}
	return n / 1024
}
