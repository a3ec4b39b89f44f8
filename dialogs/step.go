// Package dialogs is the state machine of the desk: Step says what follows from
// one event, and nothing else decides, not even who may press a button. It is
// pure: no clock, no I/O, the same inputs give the same result.
//
// A buyer's request begins as a draft in his chat (draft.go) and becomes a case
// when the order is shown to be his. What each event means in each status stands
// in one table (table.go); judging, paying and waiting have a file each.
package dialogs

import (
	"maps"
	"slices"
	"time"

	"tuidan/policy"
	"tuidan/refund"
)

// Facts is what a step may know beside its records, read from one snapshot.
type Facts struct {
	Now        time.Time
	Shop       refund.Shop    // of the case, the draft or the group, with the people who work for it now; zero when not known yet
	Crew       refund.Crew    // of Shop
	Named      []refund.Staff // of Shop, as the config names them
	Shops      []refund.Shop  // all of them
	Policy     *policy.Policy // of Shop, as the case was promised it; nil when Shop is not known
	Newer      *policy.Policy // in force now, when that is another one
	PolicyLost bool           // the promised one is gone, and Policy is the one in force
	Policies   func(refund.ShopID) *policy.Policy
	Terms      map[string]refund.Terms // of Shop's channels by name
	Account    refund.Account          // of the case's, the job's or the draft's order
	Tries      int                     // wrong tries on the draft's order within the last hour, all chats
	Claims     int                     // cases of this chat within policy.ClaimsWithin

	AccountClaims int            // cases about an account of this one within policy.ClaimsWithin, this one included
	ShopClaims    []refund.Money // of the shop's newest other cases, what their orders cost: policy.UsualOf within policy.UsualWithin
	ClaimedBefore bool           // the case's order had another case before
	WrongTries    int            // wrong tries of this chat within policy.TriesWithin
	OtherContact  bool           // one of them was on the case's order

	NoHelp      bool // the order's supplier has an interface, which can neither be alerted nor asked to adjust or take back
	SeenBefore  bool // of Sealed: the picture stands in another case of the shop
	Understood  refund.Understood
	Edited      refund.Post         // of Edited: what is known of the message
	Post        refund.Post         // that a group message answers, or that a button of /review stands under
	Open        []refund.Case       // the chat's open cases
	Own         []refund.Case       // all of the chat's cases, oldest first; where NeedsOwn says so
	Busy        bool                // something is still being asked for the chat; where NeedsOwn says so
	Unsorted    []refund.Unsorted   // all that wait in Shop, oldest first; where NeedsUnsorted says so
	Differences []refund.Difference // all of Shop; where NeedsDifferences says so
	Ledger      []refund.Posting    // of Shop, oldest first; where NeedsLedger says so
	Ends        []refund.End        // of Shop within FiguresOver, oldest first; where NeedsEnds says so, or as LookFor does
	Queue       refund.Queue        // of Shop; this and the next two as LookFor says
	Found       []refund.Located    // in the order in which they are shown
	Matches     int                 // cases of which Found are the first
	Done        time.Time           // when Shop's chore was last done that ChoreOf names; zero: never
}

// Answer is what a press is answered with, to the presser alone.
type Answer struct {
	Words refund.Words // zero Key: silently
	Zone  string       // IANA name of the presser's zone; "": UTC
	Alert bool         // in a box that must be closed
}

// Result is what a step changes and causes. A nil record is unchanged; a changed
// one carries the version it is to be stored with.
type Result struct {
	Chat        *refund.Chat
	Case        *refund.Case
	Account     *refund.Account
	Tries       []refund.Try
	Pictures    []refund.Look
	Messages    []refund.Message  // without Seq; Key only for those that replace each other
	Jobs        []refund.Job      // without ID
	Unsorted    []refund.Unsorted // without ID
	SortedOut   []refund.Unsorted
	Crew        *refund.Crew
	Lost        []refund.PersonID // who has no role in the shop any more: what they took is to be freed
	Ledger      []refund.Posting
	Differences []refund.Difference
	Chores      []refund.Chore
	Answer      *Answer
	Erase       bool          // the chat and all that it left; of the rest only Messages and Answer count
	Note        string        // for the timeline
	Judged      bool          // the policy was asked, for which Facts need the signals of Case
	Done        []refund.Note // noted on the card in this step, for the timeline
}

// Step says what follows from an event. The case is nil when none is concerned.
// The given records are not changed; the result holds copies.
func Step(chat refund.Chat, c *refund.Case, event refund.Event, facts Facts) Result {
	facts.Understood = withRoles(facts.Understood)
	s := &step{event: event, facts: facts, chat: chat, account: facts.Account}
	if c != nil && c.ID != "" {
		s.c = c
	}
	s.greet()
	switch {
	case event.Shop != "":
		s.inGroup()
	case s.c != nil && !fromBuyer(event.Kind):
		s.apply()
	default:
		s.inPrivate()
	}
	s.keepSecrets()
	return s.finish()
}

// fromBuyer reports whether events of this kind come from a person in a private chat.
func fromBuyer(kind refund.EventKind) bool {
	switch kind {
	case refund.Said, refund.Ordered, refund.Pressed, refund.Sent, refund.Edited, refund.Odd:
		return true
	}
	return false
}

// step is one run of Step: the records as they become, and what was caused.
type step struct {
	event  refund.Event
	facts  Facts
	chat   refund.Chat
	c      *refund.Case
	before refund.Status

	account                      refund.Account
	ownChat, ownCase, ownAccount bool
	ownCrew                      bool
	showCard                     bool
	beside                       string         // what the policy not followed would have decided, for the timeline
	lead                         []refund.Words // said before the next text to the buyer
	result                       Result
}

func (s *step) now() time.Time { return s.facts.Now }

// sent is when the person acted: Telegram's date where there is one, so that a
// message written before a deadline counts although it was read after it.
func (s *step) sent() time.Time {
	if s.event.Sent.IsZero() || s.event.Sent.After(s.now()) {
		return s.now()
	}
	return s.event.Sent
}

// touchChat makes the chat this step's own to change.
func (s *step) touchChat() *refund.Chat {
	if !s.ownChat {
		s.ownChat = true
		s.chat.Open = slices.Clone(s.chat.Open)
		s.chat.Tries = slices.Clone(s.chat.Tries)
		s.chat.Timers = slices.Clone(s.chat.Timers)
		if s.chat.Draft != nil {
			draft := *s.chat.Draft
			draft.Secrets = slices.Clone(draft.Secrets)
			draft.Facts, draft.Doubts = maps.Clone(draft.Facts), maps.Clone(draft.Doubts)
			s.chat.Draft = &draft
		}
	}
	return &s.chat
}

// touch makes the case this step's own to change.
func (s *step) touch() *refund.Case {
	if !s.ownCase {
		s.ownCase = true
		s.before = s.c.Status
		own := *s.c
		own.Facts, own.Doubts = maps.Clone(own.Facts), maps.Clone(own.Doubts)
		own.Asked = slices.Clone(own.Asked)
		own.Awaited = slices.Clone(own.Awaited)
		if own.Album != nil {
			album := *own.Album
			album.Failed = slices.Clone(album.Failed)
			own.Album = &album
		}
		own.Evidence = slices.Clone(own.Evidence)
		own.Secrets = slices.Clone(own.Secrets)
		own.Decisions = slices.Clone(own.Decisions)
		own.Approvals = slices.Clone(own.Approvals)
		own.Payouts = slices.Clone(own.Payouts)
		own.Notes = slices.Clone(own.Notes)
		own.Timers = slices.Clone(own.Timers)
		own.Talk.Albums, own.Talk.Unsent = clonePasses(own.Talk.Albums), clonePasses(own.Talk.Unsent)
		s.c = &own
	}
	return s.c
}

func clonePasses(passes []refund.Pass) []refund.Pass {
	passes = slices.Clone(passes)
	for i := range passes {
		passes[i].Messages = slices.Clone(passes[i].Messages)
	}
	return passes
}

// touchAccount makes the order account this step's own to change.
func (s *step) touchAccount() *refund.Account {
	s.ownAccount = true
	return &s.account
}

func (s *step) job(job refund.Job) {
	job.Chat = s.chat.ID
	s.result.Jobs = append(s.result.Jobs, job)
}

// caseJob asks the outside world something about the case.
func (s *step) caseJob(kind refund.JobKind) {
	s.job(refund.Job{Kind: kind, Case: s.c.ID, Order: s.c.Order, Facts: s.c.Facts})
}

// greet keeps what Telegram says of the person.
func (s *step) greet() {
	e := s.event
	if e.Shop != "" || !fromBuyer(e.Kind) {
		return
	}
	first := s.chat.Name == "" && s.chat.Since.IsZero() // the desk may have written before he did
	if e.Name != "" && e.Name != s.chat.Name || e.Locale != "" && e.Locale != s.chat.Language || first || s.chat.Blocked {
		chat := s.touchChat()
		if first {
			chat.Since = s.now()
		}
		chat.ID, chat.Name, chat.Language, chat.Blocked = e.Chat, e.Name, e.Locale, false
	}
}

func (s *step) finish() Result {
	if s.c != nil && s.ownCase && s.showCard {
		s.putCard()
	}
	s.haste()
	r := s.result
	if s.ownChat {
		chat := s.chat
		chat.Version++
		r.Chat = &chat
	}
	if s.ownCase {
		c := *s.c
		c.Version++
		r.Case = &c
	}
	if s.ownCrew {
		crew := s.facts.Crew
		crew.Version++
		r.Crew = &crew
	}
	if s.ownAccount {
		account := s.account
		account.Version++
		r.Account = &account
	}
	return r
}
