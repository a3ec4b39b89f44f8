package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tuidan/bot/locker"
	"tuidan/orders"
	"tuidan/refund"
	"tuidan/simulator"
)

// The staff of the shop, and its group.
const (
	group = -1001234567890
	wang  = 501
	zhao  = 502
	chen  = 503
)

// names of files in the folder.
const (
	ordersFile  = "orders.csv"
	channelFile = "data/sandbox.log"
)

func supplierFile(name string) string { return "data/" + name + ".json" }

// writeShop writes all that the desk is started with: config, policy, orders and
// what the suppliers will answer.
func writeShop(w *world, d *desk) error {
	if err := os.MkdirAll(filepath.Join(d.folder, "data"), 0o700); err != nil {
		return err
	}
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "tuidan").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	policy, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "app", "sample", "policy.yaml"))
	if err != nil {
		return err
	}
	short := strings.Replace(string(policy), "undo: 10s", "undo: 1s ", 1)
	if short == string(policy) {
		return fmt.Errorf("the sample policy has no undo of 10s")
	}
	if err := locker.CreateKeyFile(filepath.Join(d.folder, "evidence.keys")); err != nil {
		return err
	}
	config := fmt.Sprintf(`data: data
evidence_key_file: evidence.keys
locale: zh-Hans
tick: 1s
log: {level: warn, format: text}
telegram:
  api_url: %q
  mode: polling
  poll_for: 5s
  limits: {per_second: 0, private_per_second: 0, private_burst: 0, group_per_minute: 0, concurrent: 64}
shops:
  - id: star
    title: 星卡
    locale: zh-Hans
    currency: CNY
    zone: Asia/Shanghai
    group: %d
    staff:
      - {id: %d, name: wang, role: approver}
      - {id: %d, name: zhao, role: approver}
      - {id: %d, name: chen, role: owner}
    policy: policy.yaml
    orders: {kind: csv, path: %s}
    suppliers:
      dyr: {kind: sandbox, path: %s}
      kin: {kind: sandbox, path: %s}
      fulu: {kind: sandbox, path: %s}
    channels:
      sandbox: {kind: sandbox, path: %s, %s}
`, d.url, int64(group), wang, zhao, chen, ordersFile, supplierFile("dyr"), supplierFile("kin"), supplierFile("fulu"), channelFile, d.options.channel.config())
	for name, text := range map[string]string{"policy.yaml": short, "tuidan.yaml": config} {
		if err := os.WriteFile(filepath.Join(d.folder, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := writeOrders(filepath.Join(d.folder, ordersFile), w.talks); err != nil {
		return err
	}
	return writeSuppliers(d.folder, w.talks)
}

// writeOrders writes one order for each buyer.
func writeOrders(path string, talks []*talk) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := csv.NewWriter(file)
	_ = out.Write(orders.Columns()) // errors are kept for Flush
	for _, t := range talks {
		values := map[string]string{
			"order_no": t.order, "merchant": "star", "product": t.flow.product, "kind": t.flow.kind, "fulfilment": t.flow.fulfilment,
			"title": t.title(), "amount": t.paid.Decimal(), "currency": t.paid.Currency, "net_paid": t.paid.Decimal(), "refunded": "0.00",
			"channel": "sandbox", "charge_id": "ch_" + t.order, "paid_at": t.paidAt.Format(time.RFC3339),
			"state": string(t.flow.state), "account": t.account(), "buyer_contact": t.order + "@example.com",
			"buyer_id": fmt.Sprint(t.user.ID()), "supplier": t.flow.supplier, "supplier_no": "S-" + t.order,
		}
		if t.flow.state != refund.StatePaid {
			values["completed_at"] = t.paidAt.Add(5 * time.Minute).Format(time.RFC3339)
		}
		if t.flow.state == refund.StateRevealed {
			values["revealed_at"] = t.paidAt.Add(10 * time.Minute).Format(time.RFC3339)
		}
		line := make([]string, len(orders.Columns()))
		for i, name := range orders.Columns() {
			line[i] = values[name]
		}
		_ = out.Write(line)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return file.Close()
}

// writeSuppliers says what the suppliers answer when they are asked for help.
func writeSuppliers(folder string, talks []*talk) error {
	open := map[string]*orders.Sandbox{}
	for _, t := range talks {
		if t.flow.answer == refund.NoAnswer {
			continue
		}
		supplier := open[t.flow.supplier]
		if supplier == nil {
			var err error
			supplier, err = orders.OpenSandbox(filepath.Join(folder, supplierFile(t.flow.supplier)), orders.SandboxOptions{})
			if err != nil {
				return err
			}
			open[t.flow.supplier] = supplier
		}
		key := refund.OrderKey{Shop: "star", No: t.order}
		if err := supplier.Behave(key, orders.Behaviour{Answer: t.flow.answer}); err != nil {
			return err
		}
	}
	return nil
}

// populate makes the group and its people.
func populate(sim *simulator.Server) (staff map[int64]*simulator.User) {
	staff = map[int64]*simulator.User{}
	var members []*simulator.User
	for id, name := range map[int64]string{wang: "wang", zhao: "zhao", chen: "chen"} {
		person := sim.UserWithID(name, id)
		person.OpenPrivate()
		staff[id] = person
		members = append(members, person)
	}
	sim.NewGroup(simulator.GroupOptions{ID: group, Title: "星卡退款", Members: members})
	return staff
}
