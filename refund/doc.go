// Package refund holds the nouns of the desk and their rules: shops and orders,
// chats and cases, decisions and payouts, and the Commit that changes them.
//
// One refund request is a Case. Everything that happens to it is an Event; a
// step of package dialogs turns an event into changed records and into effects:
// Messages to people and Jobs for the outside world. A Commit carries all of a
// step, each record with the version it was read at, and a store applies it
// whole or not at all.
//
// The package imports the standard library only and does no I/O. Times are UTC
// and truncated to seconds when stored.
package refund
