package dialogs

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"tuidan/refund"
)

// moves lists every move, in the table's order.
var moves = []move{said, sent, edited, odd, buyerPressed, cancelled, askedPerson, staffPressed, staffSaid, passed, timeCame,
	recorded, supplied, withdrew, sealed, reread, paidOut, setAside}

// TestTableIsWhole checks that every status × move has a cell, that a cell which
// does nothing names its reason, and that a cell which does something needs none.
func TestTableIsWhole(t *testing.T) {
	for _, status := range refund.Statuses() {
		cells := table[status]
		if len(cells) != len(moves) {
			t.Errorf("%s: %d cells for %d moves", status, len(cells), len(moves))
		}
		for _, m := range moves {
			c, ok := cells[m]
			switch {
			case !ok:
				t.Errorf("%s × %s: no cell", status, m)
			case c.do == nil && c.why == "":
				t.Errorf("%s × %s: does nothing and does not say why", status, m)
			case c.do != nil && c.why != "":
				t.Errorf("%s × %s: does something and says why not", status, m)
			case c.do == nil && len(c.to) > 0:
				t.Errorf("%s × %s: does nothing and leads somewhere", status, m)
			}
		}
	}
}

// TestEveryStatusCanEnd checks that from every open status an end can be reached
// by time alone, so no case stays open for ever. (R25, invariant 2)
func TestEveryStatusCanEnd(t *testing.T) {
	for _, start := range refund.Statuses() {
		seen := map[refund.Status]bool{start: true}
		queue := []refund.Status{start}
		ends := start.Ended()
		for len(queue) > 0 && !ends {
			for _, next := range table[queue[0]][timeCame].to {
				ends = ends || next.Ended()
				if !seen[next] {
					seen[next] = true
					queue = append(queue, next)
				}
			}
			queue = queue[1:]
		}
		if !ends {
			t.Errorf("%s: time alone leads to no end", start)
		}
	}
}

// TestReadmeDiagram checks that README shows the diagram that the table gives.
// Write it anew with: go test ./dialogs -run Diagram -update-readme
func TestReadmeDiagram(t *testing.T) {
	const path, begin, end = "../README.md", "<!-- states: generated from dialogs/table.go -->\n", "<!-- end of states -->"
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(readme), begin)
	shown, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("README.md has no place for the diagram: %q … %q", begin, end)
	}
	want := diagram()
	if shown == want {
		return
	}
	if *updateReadme {
		if err := os.WriteFile(path, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Error("README.md's state diagram is stale; write it anew with: go test ./dialogs -run Diagram -update-readme")
}

// diagram draws the table as Mermaid reads it: one arrow for each pair of
// statuses, labelled with the moves that lead there.
func diagram() string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n    [*] --> collecting\n    [*] --> checking\n    [*] --> handed_over\n")
	for _, from := range refund.Statuses() {
		labels := map[refund.Status][]string{}
		for _, m := range moves {
			for _, target := range table[from][m].to {
				if target != from && !slices.Contains(labels[target], string(m)) {
					labels[target] = append(labels[target], string(m))
				}
			}
		}
		for _, target := range refund.Statuses() {
			if len(labels[target]) > 0 {
				fmt.Fprintf(&b, "    %s --> %s: %s\n", from, target, strings.Join(labels[target], ", "))
			}
		}
	}
	for _, status := range refund.Statuses() {
		if status.Ended() {
			fmt.Fprintf(&b, "    %s --> [*]\n", status)
		}
	}
	b.WriteString("```\n")
	return b.String()
}
