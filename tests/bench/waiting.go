package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"tuidan/orders"
	"tuidan/refund"
	"tuidan/storage/bolt"
)

const (
	waitingCases = 1000
	askedEvery   = 30 * time.Minute // how often a supplier is asked in the end (dialogs/wait.go)
	supplierKey  = "the-secret-of-the-bench"
)

// waiting measures a desk on whose supplier 1,000 open cases wait, as they do after
// some hours: each is asked about every half hour, one after the other. It returns
// nil where the system does not tell.
func waiting(ctx context.Context, o options, root, folder, api, token string, polled chan struct{}) (percent *float64, asks int, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, 0, err
	}
	var asked atomic.Int64
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, 0, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		stillProcessing(w, r)
	})}
	go func() { _ = server.Serve(listener) }() // it ends with Close, and then has nothing to say
	defer func() { _ = server.Close() }()

	data := filepath.Join(folder, "data")
	lines, err := fillWaiting(ctx, data)
	if err != nil {
		return nil, 0, err
	}
	supplier := fmt.Sprintf("{kind: http, url: %q}", "http://"+listener.Addr().String())
	if err := furnish(root, folder, data, api, supplier, lines); err != nil {
		return nil, 0, err
	}
	_, err = oneLife(ctx, o.desk, folder, token, polled, func(pid int) error {
		if err := rest(ctx, settles); err != nil {
			return err
		}
		before, told := processorTime(pid)
		began := time.Now()
		asked.Store(0)
		if err := rest(ctx, o.waiting); err != nil || !told {
			return err
		}
		after, _ := processorTime(pid)
		took := float64(after-before) / float64(time.Since(began)) * 100
		percent = &took
		if asked.Load() == 0 {
			return errors.New("the supplier was not asked at all")
		}
		return nil
	}, "TUIDAN_SHOPS_0_SUPPLIERS_DYR_KEY="+supplierKey)
	return percent, int(asked.Load()), err
}

func rest(ctx context.Context, length time.Duration) error {
	select {
	case <-time.After(length):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stillProcessing answers by orders/supplier.openapi.yaml.
func stillProcessing(w http.ResponseWriter, r *http.Request) {
	body := fmt.Sprintf(`{"order_no":%q,"state":"processing"}`, r.URL.Query().Get("order_no"))
	sum := sha256.Sum256([]byte(body))
	mac := hmac.New(sha256.New, []byte(supplierKey))
	_, _ = fmt.Fprintf(mac, "200\n%s\n%s", r.Header.Get("Tuidan-Nonce"), hex.EncodeToString(sum[:]))
	w.Header().Set("Tuidan-Signature", hex.EncodeToString(mac.Sum(nil)))
	_, _ = w.Write([]byte(body))
}

// fillWaiting makes a store of cases that wait for their supplier, and returns their
// orders as lines of a CSV file.
func fillWaiting(ctx context.Context, folder string) (lines []string, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	store, err := bolt.Open(filepath.Join(folder, "tuidan.db"), bolt.Options{NoSync: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	now := time.Now().UTC().Truncate(time.Second)
	paid := refund.Money{Minor: 3000, Currency: "CNY"}
	var commit refund.Commit
	for n := range waitingCases {
		chat := refund.ChatID(20_000_000 + n)
		id := refund.NewCaseID(chat, 1)
		order := refund.Order{OrderKey: refund.OrderKey{Shop: shopID, No: fmt.Sprintf("W%06d", n)}, Product: "cmcc30", Kind: refund.TopUp,
			Fulfilment: "auto", Title: "移动话费30元", Amount: paid, NetPaid: &paid, Channel: "sandbox", PaidAt: now.Add(-time.Hour),
			State: refund.StateProcessing, Account: fmt.Sprintf("138%08d", n), Supplier: "dyr", SupplierNo: fmt.Sprintf("S-%06d", n)}
		one := refund.Case{ID: id, Version: 1, Shop: shopID, Chat: chat, Buyer: "买家", Order: order, Reason: refund.FailedTopUp,
			Status: refund.AwaitingSupplier, OpenedAt: now.Add(-time.Hour), MovedAt: now.Add(-time.Hour), InTime: true, InWindow: true, OwnBuyer: true, Tries: 9,
			Decisions: []refund.Decision{{Number: 1, Outcome: refund.AskSupplier, Rule: "processing", At: now.Add(-time.Hour), Policy: strings.Repeat("0", 64)}},
			Record:    &refund.Record{State: refund.StateProcessing, At: now.Add(-time.Hour)}}
		one.SetTimer(refund.TimerDue, now.Add(24*time.Hour))
		one.SetTimer(refund.TimerRetry, now.Add(askedEvery*time.Duration(n)/waitingCases))
		commit.Chats = append(commit.Chats, refund.Chat{ID: chat, Version: 1, Name: "买家", Language: "zh-hans", Current: id, Open: []refund.CaseID{id}, Cases: 1, Shop: shopID})
		commit.Cases = append(commit.Cases, one)
		commit.Accounts = append(commit.Accounts, refund.Account{Order: order.OrderKey, Version: 1, NetPaid: &paid, Open: id})
		lines = append(lines, line(order))
	}
	return lines, store.Apply(ctx, commit)
}

// line is an order as orders.csv has it, as far as asking about it needs.
func line(order refund.Order) string {
	values := map[string]string{"order_no": order.No, "merchant": string(order.Shop), "product": order.Product, "kind": string(order.Kind),
		"amount": order.Amount.Decimal(), "currency": order.Amount.Currency, "net_paid": order.NetPaid.Decimal(), "channel": order.Channel,
		"state": string(order.State), "account": order.Account, "supplier": order.Supplier, "supplier_no": order.SupplierNo}
	var fields []string
	for _, name := range orders.Columns() {
		fields = append(fields, values[name])
	}
	return strings.Join(fields, ",")
}

// processorTime is what a process has used of all processors so far; false where
// /proc does not tell.
func processorTime(pid int) (time.Duration, bool) {
	const ticks = 100 // a second, on every Linux that Go runs on
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	_, after, _ := strings.Cut(string(data), ") ") // the name before may hold spaces
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0, false
	}
	user, errUser := strconv.ParseInt(fields[11], 10, 64)
	system, errSystem := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticks, errUser == nil && errSystem == nil
}
