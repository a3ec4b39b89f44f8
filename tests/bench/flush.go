package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// flushes measures what the disk itself takes to keep 16 KB, in milliseconds. An
// answer waits for four flushes, two for each of two commits, so the latency
// cannot be below four times this figure.
func flushes(folder string) (times []float64, err error) {
	const count, size = 200, 16 << 10
	file, err := os.Create(filepath.Join(folder, "flush"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	page := make([]byte, size)
	for i := range 2 * count {
		began := time.Now()
		if _, err := file.WriteAt(page, int64(i%count)*size); err != nil {
			return nil, err
		}
		if err := file.Sync(); err != nil {
			return nil, err
		}
		if i >= count { // the first half makes the file grow
			times = append(times, float64(time.Since(began).Microseconds())/1000)
		}
	}
	return times, nil
}
