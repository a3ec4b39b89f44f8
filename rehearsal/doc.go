// Package rehearsal plays conversation scripts against a whole desk and says
// what each party must see.
//
// A script is a txtar archive in the form of testscript
// (github.com/rogpeppe/go-internal): one command a line, and after them the
// files that it carries. The desk is the real one, over HTTP against a
// simulator.Server and with a store in a temporary folder; the clock, the shop's
// order system, the suppliers, the payment channel and all people are the
// script's. This package knows a desk only by what Plan and Desk say; app builds
// it.
//
//	World      the people and everything else around one desk, and its clock
//	commands   the table of commands, each a function of a World
//	Params     the commands as testscript wants them, for go test
//	Run        scripts of anybody, refused first and then run and reported
//
// After each command the desk settles: nothing is in flight, and nothing is due
// within Settle of the command's time. So no script ever sleeps.
package rehearsal
