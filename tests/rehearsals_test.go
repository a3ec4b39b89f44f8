package tests

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tuidan/app"
	"tuidan/rehearsal"
)

// TestRehearsals plays every conversation in rehearsals/ against the whole desk.
func TestRehearsals(t *testing.T) {
	t.Parallel()
	params := rehearsal.Params(app.Rehearsed)
	params.Dir = "rehearsals"
	testscript.Run(t, params)
}
