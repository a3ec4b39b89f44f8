package main

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tuidan/intents"
)

// speedRounds is how often every message is read while its time is taken.
const speedRounds = 20

// speed measures the time of reading one message, what it allocates, and what
// model and tables hold in memory.
func speed(context.Context, string) ([]figure, error) {
	corpus, err := intents.Bundled()
	if err != nil {
		return nil, err
	}
	shipped, err := intents.Shipped()
	if err != nil {
		return nil, err
	}
	file, err := shipped.Encode()
	if err != nil {
		return nil, err
	}
	finder, err := intents.NewSlots(nil)
	if err != nil {
		return nil, err
	}

	before := heap()
	model, err := intents.Load(file)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(corpus.Validation))
	for i, s := range corpus.Validation {
		texts[i] = s.Text
	}
	model.Classify(texts[0])
	held := (float64(heap()) - float64(before)) / 1e6
	runtime.KeepAlive([]any{corpus, shipped, model, file})

	classified := times(texts, func(text string) { model.Classify(text) })
	now := time.Now()
	found := times(texts, func(text string) { finder.Find(text, now, time.UTC) })
	at := 0
	allocations := testing.AllocsPerRun(len(texts), func() {
		model.Classify(texts[at%len(texts)])
		at++
	})
	return []figure{
		{Key: "model_bytes", Value: float64(len(file)), Bar: 4_000_000, Most: true, unit: "bytes", what: "the shipped model"},
		{Key: "model_memory_mb", Value: held, Bar: 10, Most: true, unit: "MB", what: "model and tables in memory"},
		{Key: "message_p50_us", Value: quantile(classified, 0.5), Bar: 50, Most: true, unit: "µs", what: "to know what a message is for"},
		{Key: "message_p99_us", Value: quantile(classified, 0.99), Bar: 200, Most: true, unit: "µs"},
		{Key: "message_allocations", Value: allocations, Bar: 2, Most: true, unit: "allocations"},
		{Key: "hostile_ms", Value: slowest(intents.NewReader(model, finder), now), Bar: 2, Most: true, unit: "ms", what: "to read the worst of the hostile texts whole"},
		{Key: "slots_p50_us", Value: quantile(found, 0.5), unit: "µs", what: "to find its slots"},
		{Key: "slots_p99_us", Value: quantile(found, 0.99), unit: "µs"},
	}, nil
}

// hostile are texts of 4,096 characters when repeated: characters that stand for many,
// words without end, and what the readers of slots try again and again.
var hostile = []string{"ﷺ", "Ⅷ", "㍿", "①", "㏾", "a\u0301", "\u0344", "字", "a.", "1.", "+1", "_", "8点", "三_", "的撤回1", "😀", "\u202eabc ", "' OR 1=1;-- ",
	`{"text":[`, "\x00", "\xff"}

// slowest is the time of the worst hostile text, each the best of some tries since
// the machine does other things too, in milliseconds.
func slowest(reader *intents.Reader, now time.Time) float64 {
	const tries = 40
	worst := time.Duration(0)
	for _, unit := range hostile {
		text := strings.Repeat(unit, 4096/utf8.RuneCountInString(unit))
		best := time.Hour
		for range tries {
			began := time.Now()
			reader.Understand(text, now, time.UTC)
			best = min(best, time.Since(began))
		}
		worst = max(worst, best)
	}
	return float64(worst.Microseconds()) / 1000
}

// heap is what is held in memory, in bytes.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what pools dropped goes in the second
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// times takes the time of each text, in microseconds, after a round to warm up.
func times(texts []string, read func(string)) []float64 {
	var all []float64
	for round := range speedRounds + 1 {
		for _, text := range texts {
			began := time.Now()
			read(text)
			if round > 0 {
				all = append(all, float64(time.Since(began).Nanoseconds())/1000)
			}
		}
	}
	slices.Sort(all)
	return all
}

func quantile(sorted []float64, q float64) float64 {
	return sorted[int(q*float64(len(sorted)-1))]
}
