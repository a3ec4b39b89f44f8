package dialogs

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tuidan/policy"
	"tuidan/refund"
)

// collect asks the buyer for one thing; the missing step is always named. (R29)
func (s *step) collect(item refund.Item) {
	if item == "" {
		item = refund.Description
	}
	s.enter(refund.Collecting)
	s.ask(item)
}

// ask asks for an item, with the reason why it is needed. (R31)
func (s *step) ask(item refund.Item) {
	c := s.touch()
	c.Asking = item
	c.Questions++
	if doubt, ok := c.Doubts[item]; ok {
		s.askDoubt(item, doubt)
		return
	}
	text := lines(w("ask_"+string(item), "Order", c.Order.No))
	if why := s.whyAsked(item); len(why) > 0 {
		text = append(text, shopText(why))
	} else if slices.Contains(c.Asked, item) {
		text = append(text, w("shop_asks"))
	}
	if !item.Typed() {
		text = append(text, w("file_limit", "Size", refund.MaxFileBytes>>20))
	}
	s.say(append(text, w("ask_by", "By", s.dueAt())), s.askButtons(item)...)
}

// whyAsked is the shop's own reason for asking for an item: the promised policy's,
// or the newer one's where only that asks for it.
func (s *step) whyAsked(item refund.Item) refund.Texts {
	for _, p := range []*policy.Policy{s.facts.Policy, s.facts.Newer} {
		if p == nil {
			continue
		}
		for _, ask := range p.Asks(s.c.Reason, s.c.Order.Kind, s.goods()) {
			if ask.Item == item && len(ask.Why) > 0 {
				return ask.Why
			}
		}
	}
	return nil
}

// askDoubt asks whether what was read in the buyer's words is what he meant.
func (s *step) askDoubt(item refund.Item, doubt refund.Fact) {
	value := w("plain", "Text", doubt.Value)
	if item == refund.TransactionTime {
		value = w("moment", "At", doubt.At)
	}
	s.say(lines(w("is_it_so", "Item", itemText(item), "Value", value), w("ask_by", "By", s.dueAt())), append(rows(
		s.caseButton(w("button_yes_so", "Value", value), "so", string(item), refund.Good),
		s.caseButton(w("button_not_so"), "not_so", string(item), refund.Plain)), s.askButtons(item)...)...)
}

// askButtons offer what the bot can fill in by itself. (R47)
func (s *step) askButtons(item refund.Item) [][]refund.Button {
	var buttons []refund.Button
	switch {
	case item == refund.IntendedAccount && s.c.Order.Account != "":
		buttons = append(buttons, s.caseButton(w("button_order_account", "Account", s.c.Order.Account), "fill", string(item), refund.Plain))
	case item == refund.TransactionTime && !s.c.Order.PaidAt.IsZero():
		buttons = append(buttons, s.caseButton(w("button_order_time", "At", s.c.Order.PaidAt), "fill", string(item), refund.Plain))
	}
	return rows(append(buttons, s.caseButton(w("button_withdraw"), "withdraw", "", refund.Plain))...)
}

// next asks for what is still missing, or goes on to check and judge.
func (s *step) next() {
	c := s.touch()
	if s.awaits() {
		return
	}
	if item := s.missing(); item != "" {
		if item != c.Asking {
			s.card()
		}
		s.ask(item)
		return
	}
	s.progress(w("all_there", "Order", c.Order.No))
	s.check()
}

// saidCollecting takes a typed answer, and says helpfully what is wrong with a bad one.
func (s *step) saidCollecting() {
	c := s.c
	if !c.Asking.Typed() {
		switch {
		case s.takeStated(""):
			s.next()
			return
		case s.heardCollecting():
			return
		}
		if !s.offerCollecting(w("picture_expected")) {
			s.keepUnclear()
			s.askAgain(w("picture_expected"))
		}
		return
	}
	if s.takeStated(c.Asking) {
		s.next()
		return
	}
	if !s.answers(c.Asking) && s.heardCollecting() {
		return
	}
	fact, wrong := s.read(c.Asking, s.event.Text)
	switch {
	case wrong.Key != "" && s.chats():
		s.askAgain() // nothing is wrong with it
		return
	case wrong.Key != "":
		if s.offerCollecting(wrong) {
			return
		}
		if !triesName(s.event.Text) {
			s.keepUnclear() // a name would be somebody's
		}
		s.say(lines(wrong), s.askButtons(c.Asking)...)
		return
	}
	s.fill(c.Asking, fact)
}

// answers reports whether the text holds what could fill the item, right or not.
func (s *step) answers(item refund.Item) bool {
	sure, doubts := s.stated(item)
	_, isSure := sure[item]
	_, isDoubt := doubts[item]
	return isSure || isDoubt
}

func (s *step) fill(item refund.Item, fact refund.Fact) {
	s.setFact(item, fact)
	s.next()
}

// read reads a text that is nothing but the answer; wrong has a key when it
// cannot be right.
func (s *step) read(item refund.Item, text string) (fact refund.Fact, wrong refund.Words) {
	text = strings.TrimSpace(text)
	switch item {
	case refund.IntendedAccount, refund.ChargedAccount:
		if len(s.event.Secrets) > 0 { // the mask is no account
			return fact, w("bad_account_" + shapeName(s.facts.Policy.Product(s.c.Order.Product, s.c.Order.Kind).Account))
		}
		return s.checked(item, refund.Fact{Value: text})
	case refund.TransactionTime:
		slot, ok := s.slot(refund.SlotTime)
		if !ok {
			return fact, w("bad_time")
		}
		return s.checked(item, refund.Fact{Value: text, At: slot.At.UTC()})
	}
	if utf8.RuneCountInString(text) < 4 {
		return fact, w("bad_description")
	}
	return refund.Fact{Value: clip(text, 600)}, wrong
}

// checked validates what a buyer says, typed or read in his words, and brings it
// into one form; wrong has a key when it cannot be right.
func (s *step) checked(item refund.Item, fact refund.Fact) (_ refund.Fact, wrong refund.Words) {
	c := s.c
	switch item {
	case refund.IntendedAccount, refund.ChargedAccount:
		shape := s.facts.Policy.Product(c.Order.Product, c.Order.Kind).Account
		account, ok := readAccount(fact.Value, shape)
		if !ok {
			return fact, w("bad_account_" + shapeName(shape))
		}
		fact.Value = account
		if other := c.Facts[refund.IntendedAccount].Value; item == refund.ChargedAccount && sameAccount(account, other) {
			return fact, w("same_account", "Account", other)
		}
	case refund.TransactionTime:
		switch {
		case fact.At.After(s.sent()):
			return fact, w("time_in_future", "At", fact.At)
		case !c.Order.PaidAt.IsZero() && fact.At.Before(c.Order.PaidAt.Add(-deskPatience)):
			return fact, w("time_before_order", "At", fact.At, "Paid", c.Order.PaidAt)
		}
	}
	return fact, wrong
}

func clip(text string, runes int) string {
	if utf8.RuneCountInString(text) <= runes {
		return text
	}
	return string([]rune(text)[:runes]) + "…"
}

var (
	mobile = regexp.MustCompile(`^1[3-9]\d{9}$`)
	mail   = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	gameID = regexp.MustCompile(`^[\p{L}\p{N}._#-]{4,32}$`)
	anyID  = regexp.MustCompile(`^\S{3,64}$`)
)

// readAccount normalises an account and reports whether it has the product's shape.
func readAccount(text, shape string) (string, bool) {
	account := plainAccount(text)
	switch shape {
	case "cn_mobile":
		return account, mobile.MatchString(account)
	case "email":
		return account, mail.MatchString(account)
	case "game_id":
		return account, gameID.MatchString(account) && strings.ContainsAny(account, digits)
	}
	return account, anyID.MatchString(account)
}

func shapeName(shape string) string {
	switch shape {
	case "cn_mobile", "email", "game_id":
		return shape
	}
	return "any"
}

// plainAccount folds what people type differently for the same account.
func plainAccount(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case unicode.IsSpace(r), r == '-' && !strings.Contains(text, "@"):
			return -1
		}
		return r
	}, strings.TrimSpace(text))
	if rest, ok := strings.CutPrefix(text, "+86"); ok && mobile.MatchString(rest) {
		return rest
	}
	return text
}

func sameAccount(a, b string) bool {
	return a != "" && strings.EqualFold(plainAccount(a), plainAccount(b))
}

// sentFile takes a picture, a document or a forwarded text as evidence. It
// counts when it is sealed.
func (s *step) sentFile() {
	c := s.touch()
	file := s.event.File
	var bytes int64
	for _, evidence := range c.Evidence {
		bytes += evidence.Size
	}
	switch {
	case file != nil && file.Size > refund.MaxFileBytes:
		s.gather()
		s.fileFailed(refund.TooBig)
		s.sayLead()
		return
	case len(c.Evidence)+len(c.Awaited) >= refund.MaxEvidence || file != nil && bytes+file.Size > refund.MaxEvidenceBytes:
		if !c.Full {
			c.Full = true
			s.say(lines(w("evidence_full", "Count", refund.MaxEvidence)))
		}
		return
	}
	if slices.Contains(c.Awaited, s.event.Message) {
		return
	}
	item := refund.Picture
	switch {
	case file == nil:
		item = refund.Conversation
	case c.Status == refund.Collecting && !c.Asking.Typed() && c.Asking != "":
		item = c.Asking
	}
	if file != nil && c.Status == refund.Collecting {
		s.takeStated(c.Asking) // what stands under it
	}
	for _, evidence := range c.Evidence {
		if evidence.Message == s.event.Message {
			item = evidence.Item
		}
	}
	c.Awaited = append(c.Awaited, s.event.Message)
	s.gather()
	job := refund.Job{Kind: refund.Seal, Case: c.ID, File: file, Message: s.event.Message, Item: item, Text: s.event.Text, SentAt: s.sent()}
	if file == nil {
		job.Text = s.event.Forward + "\n" + s.event.Text
	}
	s.job(job)
}

// albumPause is how long after a picture of an album the next one may come. They
// come at once but are handed over one by one.
const albumPause = 3 * time.Second

// gather begins or goes on to gather the album that the message belongs to, if any.
func (s *step) gather() {
	if s.event.Album == "" {
		return
	}
	c := s.touch()
	if c.Album == nil {
		c.Album = &refund.Album{ID: s.event.Album}
	}
	c.SetTimer(refund.TimerAlbum, s.now().Add(albumPause))
}

// awaits reports whether a file of the buyer is on its way, or the rest of an album
// may be.
func (s *step) awaits() bool {
	_, gathering := s.c.Timer(refund.TimerAlbum)
	return gathering || len(s.c.Awaited) > 0
}

// fileFailed says before the next text why a file is no evidence; of an album when
// all of it has come, and once.
func (s *step) fileFailed(fail refund.Fail) {
	if album := s.c.Album; album == nil {
		s.lead = append(s.lead, failText(fail))
	} else if !slices.Contains(album.Failed, fail) {
		album.Failed = append(album.Failed, fail)
	}
}

func failText(fail refund.Fail) refund.Words {
	switch fail {
	case refund.TooBig:
		return w("file_too_big", "Size", refund.MaxFileBytes>>20)
	case refund.WrongKind:
		return w("file_wrong_kind")
	case refund.Unreachable:
		return w("file_not_fetched")
	}
	return w("file_unreadable")
}

// sayLead says what waits to be said before the next text when there is none.
func (s *step) sayLead() {
	if len(s.lead) > 0 {
		s.say(nil)
	}
}

// sealed keeps evidence whose file is on disk, and goes on when it was the last
// one on its way.
func (s *step) sealed() {
	s.keepSealed()
	s.filesCame()
}

// sealedLate keeps evidence of a closed case.
func (s *step) sealedLate() {
	s.keepSealed()
	s.sayLead()
}

func (s *step) keepSealed() {
	c := s.touch()
	message := s.event.Job.Message
	c.Awaited = slices.DeleteFunc(c.Awaited, func(m int) bool { return m == message })
	if s.event.Result.Evidence == nil {
		s.fileFailed(s.event.Result.Fail)
		return
	}
	evidence := *s.event.Result.Evidence
	evidence.Words = clip(strings.TrimSpace(s.event.Job.Text), maxWords)
	evidence.Revision, evidence.SealedAt, evidence.SeenOther = 1, s.now(), s.facts.SeenBefore
	for _, earlier := range c.Evidence {
		if earlier.Message == message {
			evidence.Revision = earlier.Revision + 1
		}
	}
	c.Evidence = append(c.Evidence, evidence)
	if c.Album != nil {
		c.Album.Kept = true
	}
	if evidence.HasLook {
		s.result.Pictures = append(s.result.Pictures, refund.Look{Shop: c.Shop, Hash: evidence.Look, Case: c.ID})
	}
	if p := s.event.Job.Pass; p != nil {
		s.pass(*p)
	} else {
		s.exhibit(evidence)
	}
	if c.Shown {
		s.showCard = true
	}
}

// filesCame goes on once every file on its way has come or failed. An album is
// answered as the one answer that it is.
func (s *step) filesCame() {
	if s.awaits() {
		return
	}
	c := s.touch()
	kept := s.event.Result.Evidence != nil
	if album := c.Album; album != nil {
		c.Album, kept = nil, album.Kept
		for _, fail := range album.Failed {
			s.fileFailed(fail)
		}
	}
	switch {
	case c.Status == refund.Collecting && kept && c.Asking.Typed() && !c.Has(c.Asking):
		s.askAgain(w("evidence_kept"))
	case c.Status == refund.Collecting && (kept || c.Asking != "" && c.Has(c.Asking)):
		s.next() // what was asked for may have come meanwhile and waited for this file
	case c.Status == refund.AwaitingApproval && len(c.Evidence) > len(c.Decision().Seen):
		s.progress(w("evidence_kept"))
		s.decideAgain()
	case c.Status != refund.Collecting && c.Status != refund.HandedOver && kept:
		s.progress(w("evidence_kept"))
	}
	s.sayLead()
}

// decideAgain makes a new decision of new evidence, since a decision names what it
// saw; what lies with the merchants stays there, whatever the policy would say now.
func (s *step) decideAgain() {
	d, seen := *s.c.Decision(), s.judgement()
	if seen.Outcome == refund.Review {
		d = seen
	}
	d.Guards, d.Check = seen.Guards, seen.Check
	d.Approvals = max(d.Approvals, seen.Approvals)
	escalated := s.c.Escalated
	due, _ := s.c.Timer(refund.TimerDue)
	s.decide(s.toReview(d))
	if escalated || due.At.Before(s.dueAt()) {
		// More evidence must not push the deadline away.
		s.c.Escalated = escalated
		s.c.SetTimer(refund.TimerDue, due.At)
		s.nextReminder()
	}
}
