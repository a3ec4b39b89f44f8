package tests

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tuidan/app"
	"tuidan/rehearsal"
	"tuidan/simulator"
)

// TestRehearsals plays every conversation in rehearsals/ against the whole desk.
func TestRehearsals(t *testing.T) {
	t.Parallel()
	heard := &ear{secrets: []string{simulator.DefaultToken}}
	t.Cleanup(func() { heard.report(t) })
	params := rehearsal.Params(app.Rehearsed, heard.log())
	params.Dir = "rehearsals"
	testscript.Run(t, params)
}
