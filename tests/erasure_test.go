package tests

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/app"
	"tuidan/refund"
	"tuidan/rehearsal"
	"tuidan/storage/bolt"
)

// TestErasedIsFoundNowhere does so whenever the desk dies while it forgets, too.
func TestErasedIsFoundNowhere(t *testing.T) {
	t.Parallel()
	for instructions := range 8 { // at which the desk dies; 0: it does not
		t.Run(strconv.Itoa(instructions), func(t *testing.T) {
			t.Parallel()
			eraseAndFind(t, instructions)
		})
	}
}

// eraseAndFind plays a buyer whose money came back and whose claim was
// refused, forgets him, and looks for all that named him in everything that the
// desk leaves on disk, bytes of what was deleted included.
func eraseAndFind(t *testing.T, instructions int) {
	folder := t.TempDir()
	plan, err := app.Rehearsed("")
	do(t, err)
	world, err := rehearsal.New(t.Context(), rehearsal.Options{Plan: plan, Folder: folder, Files: t.TempDir()})
	do(t, err)
	id := world.Person("zebulon").ID()
	names := []string{strconv.FormatInt(id, 10), strconv.FormatInt(id, 36), "zebulon", "13800138000", "li@example.com",
		"nobody@example.com", "哈密瓜", "西瓜皮", "冬瓜汤"}
	play := func(lines ...string) {
		t.Helper()
		for _, line := range lines {
			words, err := rehearsal.Fields(line)
			do(t, err)
			if _, err := world.Do(t.Context(), false, words[0], words[1:]); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
	}
	find := func() (found []string, files int) {
		t.Helper()
		do(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			files++
			content, err := os.ReadFile(path)
			for _, name := range names {
				if bytes.Contains(content, []byte(name)) || strings.Contains(path, name) {
					found = append(found, name+" in "+path)
				}
			}
			return err
		}))
		return found, files
	}
	play("picture a.png 3",
		"buyer zebulon say '哈密瓜哈密瓜哈密瓜'", // not understood, so it waits to be sorted
		"buyer zebulon rawstart T1001",
		"buyer zebulon say nobody@example.com",
		"buyer zebulon say T1001",
		"buyer zebulon say li@example.com",
		"buyer zebulon tap '没到账'",
		"status T1001 refunded",
		"buyer zebulon rawstart T2002",
		"buyer zebulon say li@example.com",
		"buyer zebulon tap '买错了或'",
		"buyer zebulon tap '收到的和买的不一样'",
		"buyer zebulon photo a.png '西瓜皮'",
		"status T2002 awaiting_approval",
		"merchant wang tap '拒绝' T2002",
		"merchant wang tap '自己写|其他理由|理由' T2002",
		"merchant wang tap '已使用' T2002",
		"merchant wang reply '冬瓜汤' T2002",
		"clock +1m",
		"status T2002 refused",
		"clock +312h",
		"merchant wang tap '已向供应商追款' T1001")
	if found, _ := find(); len(found) < 7 {
		t.Errorf("the test looks in the wrong place: %q", found)
	}
	if sealed, _ := filepath.Glob(filepath.Join(folder, "evidence", "*", "*")); len(sealed) != 1 {
		t.Errorf("evidence %q", sealed)
	}
	play("buyer zebulon say /forget")
	if instructions > 0 {
		play("crash " + strconv.Itoa(instructions))
	}
	play("buyer zebulon tap '确认删除'", "sees buyer zebulon '您的资料已经删除'",
		"clock +2h", // the next sweep wipes
		"payouts T1001 1",
		"sees group '资料已删除的买家'", // what the supplier still owes is settled on the card as before
		"merchant wang tap '收回一部分' T1001",
		"merchant wang reply '12.50' T1001")
	do(t, world.Close(t.Context()))
	books(t, folder)
	found, files := find()
	if len(found) > 0 || files < 2 {
		t.Errorf("in %d files: %q", files, found)
	}
	if sealed, _ := filepath.Glob(filepath.Join(folder, "evidence", "*")); len(sealed) > 0 {
		t.Errorf("evidence %q", sealed)
	}
}

// books checks that what an order was paid still stands, in its account, in the
// request that is nobody's now, and in the ledger, which goes on.
func books(t *testing.T, folder string) {
	t.Helper()
	store, err := bolt.Open(filepath.Join(folder, "tuidan.db"), bolt.Options{ReadOnly: true})
	do(t, err)
	do(t, store.View(t.Context(), func(r refund.Reader) error {
		key := refund.OrderKey{Shop: "star", No: "T1001"}
		account, err1 := r.Account(key)
		cases, err2 := r.CasesOf(key)
		if account.Paid != (refund.Money{Minor: 3000, Currency: "CNY"}) || len(cases) != 1 {
			t.Errorf("account %+v, cases %q", account, cases)
		}
		c, err3 := r.Case(cases[0])
		if payout := c.Payout(); !c.Chat.Erased() || c.Status != refund.Refunded || payout == nil || payout.Amount != account.Paid {
			t.Errorf("what stays: %+v", c)
		}
		lines, err4 := r.Ledger("star", time.Time{}, time.Time{})
		got := records{cases: map[refund.CaseID]refund.Case{c.ID: c}, ledger: lines}
		err5 := got.booked()
		balances, err6 := refund.Balances(lines)
		cny := func(minor int64) refund.Money { return refund.Money{Minor: minor, Currency: "CNY"} }
		want := []refund.Balance{{Book: refund.Channels, Amount: cny(-3000)}, {Book: refund.Claimed(refund.Supplier), Amount: cny(1750)}, {Book: refund.Recovered, Amount: cny(1250)}}
		if diff := cmp.Diff(want, balances); diff != "" || len(lines) != 3 || len(c.Payouts) != 1 || c.Payouts[0].Payer != 0 {
			t.Errorf("%d lines, payouts %+v (-want +got):\n%s", len(lines), c.Payouts, diff)
		}
		for _, line := range lines {
			if line.Case != c.ID {
				t.Errorf("a line of no case: %+v", line)
			}
		}
		ends, err7 := r.Ends("star", time.Time{})
		if len(ends) != 2 {
			t.Errorf("ends %+v", ends)
		}
		return errors.Join(err1, err2, err3, err4, err5, err6, err7)
	}))
	do(t, store.Close())
}
