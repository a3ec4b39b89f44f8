//go:build !windows

package app

import (
	"os"
	"os/signal"
	"syscall"
)

// hangUps tells of each SIGHUP, which asks to read the policies again. Stop ends it.
func hangUps() (<-chan os.Signal, func()) {
	came := make(chan os.Signal, 1)
	signal.Notify(came, syscall.SIGHUP)
	return came, func() { signal.Stop(came) }
}
