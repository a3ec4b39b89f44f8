// Package payouts gives money back through payment channels, and asks them
// whether it went. What each channel promises about repeating and asking is in
// its refund.Terms; the desk goes by those and by nothing else. (R21)
//
// Sandbox is a channel to try the desk against. It keeps its own books, apart from
// the desk's, and so can judge whether the desk paid twice.
package payouts
