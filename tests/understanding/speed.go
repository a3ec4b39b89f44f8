package main

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

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
		{Key: "slots_p50_us", Value: quantile(found, 0.5), unit: "µs", what: "to find its slots"},
		{Key: "slots_p99_us", Value: quantile(found, 0.99), unit: "µs"},
	}, nil
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
