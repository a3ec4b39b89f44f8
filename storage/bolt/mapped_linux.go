package bolt

import (
	"os"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// release gives back the memory of the pages that opening has looked at, which is
// all of them: without a stored list of free pages bbolt walks the whole file. They
// stay in the system's cache and are mapped again when they are read. A system
// that refuses keeps them; that costs memory and nothing else.
func release(db *bbolt.DB, path string) {
	file, err := os.Stat(path)
	if err != nil {
		return
	}
	// The mapping is shared and only read, so nothing is lost, and it does not
	// move before somebody writes.
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, db.Info().Data, uintptr(file.Size()), unix.MADV_DONTNEED)
}
