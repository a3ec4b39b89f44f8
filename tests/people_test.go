package tests

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tuidan/app"
	"tuidan/refund"
	"tuidan/rehearsal"
)

// TestEveryActionHasItsPerson plays what people of a shop can do with a case and looks
// for who did it on the timeline.
func TestEveryActionHasItsPerson(t *testing.T) {
	t.Parallel()
	plan, err := app.Rehearsed("")
	do(t, err)
	world, err := rehearsal.New(t.Context(), rehearsal.Options{Plan: plan, Folder: t.TempDir(), Files: t.TempDir()})
	do(t, err)
	for _, line := range []string{
		"buyer li start T1003",
		"buyer li tap '没到账'",
		"merchant wang tap '我来处理' T1003",
		"merchant wang tap '转给同事' T1003",
		"merchant wang tap 'zhao' T1003",
		"buyer li say /human",
		"merchant zhao say '在看了' T1003",
		"merchant chen tap '沟通结束' T1003",
		"merchant zhao tap '拒绝' T1003",
		"merchant zhao tap '自己写' T1003",
		"merchant zhao tap '已使用' T1003",
		"merchant zhao reply '已经到账了' T1003",
	} {
		words, err := rehearsal.Fields(line)
		do(t, err)
		if _, err := world.Do(t.Context(), false, words[0], words[1:]); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	var got []string
	do(t, world.View(t.Context(), func(r refund.Reader) error {
		cases, err := r.CasesOf(refund.OrderKey{Shop: "star", No: "T1003"})
		if err != nil {
			return err
		}
		entries, err := r.Timeline(cases[0])
		for _, entry := range entries {
			if entry.At.IsZero() {
				t.Errorf("%+v has no time", entry)
			}
			for _, name := range []string{"wang", "zhao", "chen"} {
				if entry.Person == refund.PersonID(world.Person(name).ID()) {
					got = append(got, fmt.Sprintf("%s %s %s", name, entry.Kind, entry.Text))
				}
			}
		}
		return err
	}))
	do(t, world.Close(t.Context()))
	want := []string{"wang pressed took", "wang pressed ", "wang pressed passed zhao", "zhao said talked", "chen pressed resumed",
		"zhao pressed ", "zhao pressed ", "zhao said refuse used"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}
