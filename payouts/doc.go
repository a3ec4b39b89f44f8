// Package payouts gives money back through payment channels, and asks them
// whether it went. What each channel promises about repeating and asking is in
// its refund.Terms; the desk goes by those and by nothing else. (R21)
//
// Sandbox is a channel to try the desk against. It keeps its own books, apart from
// the desk's, and so can judge whether the desk paid twice. Every other channel asks a
// provider over HTTP, one file a provider. They keep to these rules:
//
//   - An error leaves the money in doubt: a time-out, a 5xx, a code that is not
//     documented, an answer that is not signed as it should be.
//   - PayoutFailed is the provider's own word that nothing was paid. A refusal of a
//     request that may be a repeated one counts only when the provider, asked, does
//     not know the payout (refused). A payout that lacks what every request needs fails
//     without one, for it lacks that at every try.
//   - ErrNotFound is the provider's word too, never a guess: who books a refund only
//     when it is done cannot say it.
//   - A payout's key becomes the provider's number for the request (requestNo), so the
//     same payout is the same request for ever.
//   - Errors, notes and references carry codes and a provider's short words, never an
//     address, a header, a body or a credential.
//
// What a service that a shop writes for itself must do is in http.openapi.yaml.
//
// A new channel is one file here, one row in the conformance test (channels_test.go),
// and one in app/channels.go and README's table.
package payouts
