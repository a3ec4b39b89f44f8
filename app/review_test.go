package app

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"tuidan/refund"
	"tuidan/rehearsal"
	"tuidan/storage/bolt"
)

// TestReview plays /review in a group against the whole desk: what waits is shown
// one by one in one message, whoever works there sorts it once, also over a crash,
// and the notebook has it.
func TestReview(t *testing.T) {
	t.Parallel()
	for instructions := 1; instructions <= 8; instructions++ { // at which the desk dies
		t.Run(strconv.Itoa(instructions), func(t *testing.T) {
			t.Parallel()
			review(t, strconv.Itoa(instructions))
		})
	}
}

func review(t *testing.T, instructions string) {
	ctx, data := t.Context(), t.TempDir()
	store, err := openStore(data, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	at := rehearsal.Start().UTC().Add(-time.Hour)
	err = store.Apply(ctx, refund.Commit{Unsorted: []refund.Unsorted{
		{ID: 1, Shop: "star", At: at, Text: "充了没\t反应啊", Guess: refund.MeansCaseStatus, Sorted: refund.MeansFailedTopUp},
		{ID: 2, Shop: "star", At: at, Text: "你们几点下班"},
		{ID: 3, Shop: "star", At: at, Text: "asdf"},
		{ID: 4, Shop: "star", At: at, Text: "能退不"},
	}})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	plan, err := Rehearsed("")
	if err != nil {
		t.Fatal(err)
	}
	world, err := rehearsal.New(ctx, rehearsal.Options{Plan: plan, Folder: data})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := world.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	do := func(not bool, command string, args ...string) {
		t.Helper()
		if _, err := world.Do(ctx, not, command, args); err != nil {
			t.Fatalf("%s %q: %v", command, args, err)
		}
	}
	do(false, "stranger", "bob", "say", "/review")
	do(true, "sees", "group", ".")
	do(false, "merchant", "wang", "say", "/review")
	do(false, "sees", "group", `(?s)有 4 条.*“充了没\s反应啊”.*3月2日 09:00发来.*我理解成：问进度.*买家后来选了：充值没到账`)
	do(false, "stranger", "bob", "tap", "打招呼")
	do(false, "answered", "bob", "只有店铺人员")
	do(false, "merchant", "wang", "tap", "twice", "没到账")
	do(false, "sees", "group", `(?s)有 3 条.*“你们几点下班”`)
	do(false, "merchant", "zhao", "tap", "问规则")
	do(false, "answered", "zhao", "已归类：问规则")
	do(false, "sees", "group", `(?s)有 2 条.*“asdf”`)
	do(false, "merchant", "chen", "tap", "不用归类")
	do(false, "answered", "chen", "已跳过")
	do(false, "sees", "group", `(?s)有 1 条.*“能退不”`)
	do(false, "merchant", "chen", "tap", "以后再说")
	do(false, "sees", "group", "还有 1 条消息")
	said := 0
	for _, m := range world.Simulator().Messages(world.Groups()[0]) {
		if m.FromBot {
			said++
		}
	}
	if said != 1 {
		t.Errorf("the review took %d messages, want one", said)
	}
	do(false, "merchant", "wang", "say", "/review")
	do(false, "merchant", "zhao", "say", "/review")
	do(false, "crash", instructions) // in the middle of sorting
	do(false, "merchant", "wang", "tap", "问规则")
	do(false, "sees", "group", "没有等待归类的消息")
	do(false, "merchant", "zhao", "tap", "打招呼") // under the other message
	do(false, "answered", "zhao", "已经归类过了")
	do(false, "invariants")
	got, err := os.ReadFile(filepath.Join(data, "intents", "reviewed.tsv"))
	want := "failed_topup\t充了没 反应啊\npolicy_question\t你们几点下班\npolicy_question\t能退不\n"
	if err != nil || string(got) != want {
		t.Errorf("noted %q, %v; want %q", got, err, want)
	}
}
