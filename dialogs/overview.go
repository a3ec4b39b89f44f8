package dialogs

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tuidan/refund"
)

const (
	queuePage    = 8  // cases that /queue shows at once
	listed       = 10 // at most, by the other commands
	statsDefault = 7  // days of /stats
	statsMost    = 365
)

// turnQueue is what the buttons under /queue mean; their argument is the page.
const turnQueue = "queue"

// Look says what a step needs to know about a shop's cases in general.
type Look struct {
	What LookKind
	Skip int    // of LookQueue
	Max  int    // cases at most
	Text string // of LookFind: a part of an order number, a name or an account
	// Since is from when LookFigures needs ends, and From postings.
	Since, From time.Time
}

// LookKind is which of a shop's cases a step needs.
type LookKind string

// The kinds of looking. LookOrder is for the cases of an order before those that
// LookFind gives.
const (
	LookNowhere LookKind = ""
	LookQueue   LookKind = "queue"
	LookMine    LookKind = "mine"
	LookFind    LookKind = "find"
	LookOrder   LookKind = "order"
	LookFigures LookKind = "figures"
)

// LookFor returns what a step of the event needs of the shop's cases in
// Facts.Queue, Found, Matches, Ends and Ledger: for the commands by which people in
// the group look around.
func LookFor(event refund.Event, shop refund.Shop, now time.Time) Look {
	role := shop.RoleOf(event.Person)
	if event.Shop == "" || event.Shop != shop.ID || role == refund.NoRole {
		return Look{}
	}
	text := strings.TrimSpace(event.Text)
	switch {
	case turnsQueue(event):
		return Look{What: LookQueue, Skip: pageOf(event) * queuePage, Max: queuePage}
	case event.Kind != refund.Ordered:
	case event.Command == "queue":
		return Look{What: LookQueue, Max: queuePage}
	case event.Command == "mine":
		return Look{What: LookMine, Max: listed}
	case event.Command == "find" && text != "":
		return Look{What: LookFind, Max: listed, Text: text}
	case (event.Command == "case" || event.Command == "export") && text != "":
		return Look{What: LookOrder, Max: listed, Text: text}
	case event.Command == "stats" && role.Decides():
		if days, ok := statsDays(text); ok {
			return figuresLook(days, now)
		}
	}
	return Look{}
}

// turnsQueue reports whether an event is a button under /queue.
func turnsQueue(event refund.Event) bool {
	return event.Shop != "" && event.Kind == refund.Pressed && event.Action.Case == "" && event.Action.Do == turnQueue
}

// pageOf returns which page a button under /queue asks for, counted from 0.
func pageOf(event refund.Event) int {
	page, err := strconv.Atoi(event.Action.Arg)
	if err != nil || page < 0 || page > 100_000 {
		return 0
	}
	return page
}

// statsDays reads how far /stats looks back: "7d", "30", or nothing for a week.
func statsDays(text string) (int, bool) {
	if text == "" {
		return statsDefault, true
	}
	days, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(text), "d"), "天"))
	return days, err == nil && days >= 1 && days <= statsMost
}

// looksAround handles the commands by which people in the group look around. It
// reports whether the event was one; whoever has no role gets no answer to a
// command.
func (s *step) looksAround(role refund.Role) bool {
	if turnsQueue(s.event) {
		s.c = nil
		if role == refund.NoRole {
			s.alert(w("not_staff"))
			return true
		}
		s.answer(refund.Words{})
		s.showQueue()
		return true
	}
	commands := map[string]func(){"queue": s.showQueue, "mine": s.showMine, "find": s.showFound, "case": s.showCase, "export": s.export, "stats": s.showStats}
	do, known := commands[s.event.Command]
	if s.event.Kind != refund.Ordered || !known {
		return false
	}
	s.c = nil // a card that the command answers is not concerned
	if role != refund.NoRole {
		do()
	}
	return true
}

// replyHere answers a command where it was given.
func (s *step) replyHere(text ...refund.Words) *refund.Message {
	m := s.groupMessage(refund.Say, text)
	m.OnCard, m.ReplyTo, m.Here, m.Thread = false, s.event.Message, true, s.event.Topic
	s.result.Messages = append(s.result.Messages, m)
	return &s.result.Messages[len(s.result.Messages)-1]
}

// showQueue shows a page of the open cases, urgent ones and money first, each with
// who moves and by when. Turning the page replaces it. (R1, R25)
func (s *step) showQueue() {
	queue := s.facts.Queue
	if queue.Total == 0 {
		s.putQueue(lines(w("queue_empty")), nil)
		return
	}
	page, last := 0, (queue.Total-1)/queuePage
	if turnsQueue(s.event) {
		page = pageOf(s.event)
	}
	if len(s.facts.Found) == 0 { // cases were closed since the button was made
		s.putQueue(lines(w("queue_shorter", "Count", queue.Total)), [][]refund.Button{{queueButton(w("button_first_page"), 0)}})
		return
	}
	text := append(lines(w("queue_head", "Count", queue.Total)), queueCounts(queue.Urgent, queue.Money)...)
	text = append(text, s.caseList()...)
	var turn []refund.Button
	if page > 0 {
		turn = append(turn, queueButton(w("button_page_before"), page-1))
	}
	if page < last {
		turn = append(turn, queueButton(w("button_page_after"), page+1))
	}
	var keys [][]refund.Button
	if len(turn) > 0 {
		text = append(text, refund.Words{}, w("queue_page", "Page", strconv.Itoa(page+1), "Pages", strconv.Itoa(last+1)))
		keys = [][]refund.Button{turn}
	}
	s.putQueue(text, keys)
}

func queueButton(label refund.Words, page int) refund.Button {
	return refund.Button{Label: label, Action: refund.Action{Do: turnQueue, Arg: strconv.Itoa(page)}}
}

// queueCounts say how many of the open cases cannot wait; nothing when none.
func queueCounts(urgent, money int) []refund.Words {
	var text []refund.Words
	if urgent > 0 {
		text = append(text, w("queue_urgent", "Count", urgent))
	}
	if money > 0 {
		text = append(text, w("queue_money", "Count", money))
	}
	return text
}

func (s *step) putQueue(text []refund.Words, keys [][]refund.Button) {
	m := s.replyHere(text...)
	m.Buttons = keys
	if s.event.Kind == refund.Pressed {
		m.Kind, m.FromChat, m.FromMsg, m.ReplyTo = refund.Rewrite, s.event.Chat, s.event.Message, 0
		m.Key = "queue/" + strconv.FormatInt(int64(s.event.Chat), 10) + "/" + strconv.Itoa(s.event.Message)
	}
}

// showMine shows the open cases that the asker acted on, and to an owner those that
// wait for him. Who claims a case will stand in refund.Case.Hands.
func (s *step) showMine() {
	if len(s.facts.Found) == 0 {
		s.replyHere(w("mine_none"))
		return
	}
	text := append(lines(w("mine_head", "Count", s.facts.Matches)), s.caseList()...)
	s.replyHere(append(text, s.moreCases("queue_more")...)...)
}

// showFound shows what was found by a part of an order number, a name or an account.
func (s *step) showFound() {
	switch {
	case strings.TrimSpace(s.event.Text) == "":
		s.replyHere(w("find_how"))
	case len(s.facts.Found) == 0:
		s.replyHere(w("find_none"))
	default:
		text := append(lines(w("find_head", "Count", s.facts.Matches)), s.caseList()...)
		s.replyHere(append(text, s.moreCases("find_more")...)...)
	}
}

func (s *step) moreCases(key string) []refund.Words {
	if more := s.facts.Matches - len(s.facts.Found); more > 0 {
		return lines(refund.Words{}, w(key, "Count", more))
	}
	return nil
}

// chosenCase is the case that /case or /export names: of an order the newest, of
// other texts the only one. It asks when there are several, and says when none.
func (s *step) chosenCase(how string) *refund.Located {
	text := refund.FindText(s.event.Text)
	same := func(one refund.Located) bool { return refund.FindText(one.Case.Order.No) == text }
	found := s.facts.Found
	switch {
	case text == "":
		s.replyHere(w(how))
	case len(found) == 0:
		s.replyHere(w("find_none"))
	case len(found) == 1, same(found[0]):
		return &found[0]
	default:
		s.replyHere(append(append(lines(w("case_which", "Count", s.facts.Matches)), s.caseList()...), s.moreCases("find_more")...)...)
	}
	return nil
}

// showCase shows how one case stands, with what was done about it. An answer to it
// is as one to the card.
func (s *step) showCase() {
	one := s.chosenCase("case_how")
	if one == nil {
		return
	}
	c := &one.Case
	text := lines(s.caseHead(c))
	if c.Order.Title != "" {
		text = append(text, w("case_title", "Title", c.Order.Title, "Buyer", c.Buyer))
	}
	text = append(text, w("case_opened", "At", c.OpenedAt), s.caseState(c))
	for _, note := range c.Notes {
		text = append(text, w("card_note", "At", note.At, "Name", noteName(note), "Did", w("did_"+note.Did), "Text", note.Text))
	}
	if p := c.Payout(); p != nil && c.Status == refund.Refunded {
		text = append(text, w("card_paid", "Amount", p.Amount))
	}
	link, linked := cardLink(one.Posted)
	if linked {
		text = append(text, link)
	}
	m := s.replyHere(text...)
	m.Case = c.ID
	if !linked && one.Posted.Message != 0 {
		m.OnCard = true // where no link leads to a message, an answer does
	}
}

// caseList is two lines a case: which, and who moves by when; and where its card is.
func (s *step) caseList() []refund.Words {
	var text []refund.Words
	for i := range s.facts.Found {
		one := &s.facts.Found[i]
		text = append(text, refund.Words{}, s.caseHead(&one.Case), s.caseState(&one.Case))
		if link, ok := cardLink(one.Posted); ok {
			text = append(text, link)
		}
	}
	return text
}

// caseHead names a case: what cannot wait has a mark.
func (s *step) caseHead(c *refund.Case) refund.Words {
	buyer := c.Buyer
	if buyer == "" {
		buyer = "–" // he has no name there, or was forgotten
	}
	head := w("queue_talk", "Buyer", buyer)
	if c.Order.No != "" {
		head = w("queue_case", "Order", c.Order.No, "Reason", reasonText(c.Reason), "Amount", c.Order.Amount, "Buyer", buyer)
	}
	switch {
	case !c.Open():
		return head
	case c.Rank() == refund.RankUrgent:
		return w("queue_mark_urgent", "Which", head)
	case c.Rank() == refund.RankMoney:
		return w("queue_mark_money", "Which", head)
	}
	return head
}

// caseState says who moves next and by when, or how it ended and when.
func (s *step) caseState(c *refund.Case) refund.Words {
	status := statusText(c)
	party, by := c.Next()
	switch {
	case !c.Open():
		return w("case_ended", "Status", status, "At", c.ClosedAt)
	case by.Before(s.now()):
		return w("queue_late", "Status", status, "Party", w("party_"+string(party)), "By", by)
	}
	return w("card_next", "Status", status, "Party", w("party_"+string(party)), "By", by)
}

// supergroups is what comes before a supergroup's own number in its id.
const supergroups = -1_000_000_000_000

// cardLink leads to a case's card; false for a card in a plain group, whose messages
// have no links. (Bot API: Chat)
func cardLink(posted refund.Posted) (refund.Words, bool) {
	if posted.Message == 0 || posted.Chat > supergroups {
		return refund.Words{}, false
	}
	return w("plain", "Text", "https://t.me/c/"+strconv.FormatInt(supergroups-int64(posted.Chat), 10)+"/"+strconv.Itoa(posted.Message)), true
}

// export sends all that is kept of an order's cases, as one document. (R61)
func (s *step) export() {
	one := s.chosenCase("export_how")
	if one == nil {
		return
	}
	m := s.replyHere(w("export_done", "Order", orderOr(&one.Case)))
	m.Kind, m.Case = refund.Paper, one.Case.ID
	m.Else = lines(w("export_failed", "Order", orderOr(&one.Case)))
}

func orderOr(c *refund.Case) string {
	if c.Order.No == "" {
		return c.Buyer
	}
	return c.Order.No
}

// Beside the commands, what the figures of a shop are made of.

// figuresOf sums up what the facts have from a time until now.
func (s *step) figuresOf(from time.Time) refund.Figures {
	return refund.FiguresOf(s.facts.Ends, s.facts.Ledger, s.facts.Queue, from, s.now())
}

// showStats shows the shop's figures as a picture with the main ones as text.
func (s *step) showStats() {
	if !s.facts.Shop.RoleOf(s.event.Person).Decides() {
		s.replyHere(w("deciders_only")) // as the ledger: who only talks to buyers is told nothing of money
		return
	}
	days, ok := statsDays(strings.TrimSpace(s.event.Text))
	if !ok {
		s.replyHere(w("stats_how"))
		return
	}
	figures := s.figuresOf(s.now().AddDate(0, 0, -days))
	s.chart(s.replyHere(append(openFigures(figures), w("stats_head", "Shop", s.facts.Shop.Title, "Count", days))...), figures)
}

// chart adds the main figures to a message, and a picture of all.
func (s *step) chart(m *refund.Message, figures refund.Figures) {
	m.Lines = append(m.Lines, mainFigures(figures)...)
	s.named(&figures)
	m.Kind, m.Figures, m.Else = refund.Chart, &figures, s.otherFigures(figures)
}

// named puts the shop's plain words in place of the names of rules and codes.
func (s *step) named(figures *refund.Figures) {
	figures.Refusals = slices.Clone(figures.Refusals)
	for i := range figures.Refusals {
		words := s.refusalText(figures.Refusals[i].Name)
		figures.Refusals[i].Words = &words
	}
}

// mainFigures are those that stand below the picture.
func mainFigures(f refund.Figures) []refund.Words {
	if f.Ended == 0 {
		return lines(w("stats_quiet"))
	}
	text := lines(w("stats_ended", "Count", f.Ended, "Decided", f.Decided, "Refused", f.Refused))
	if f.Easy.Whole > 0 {
		text = append(text, w("stats_easy", "Share", share(f.Easy.Part, f.Easy.Whole), "Part", f.Easy.Part, "Count", f.Easy.Whole))
	}
	if f.Decided > 0 {
		text = append(text, w("stats_alone", "Part", f.Alone, "Count", f.Decided))
	}
	if f.Answer.Count > 0 {
		text = append(text, w("stats_answer", "Median", f.Answer.Median, "P90", f.Answer.P90))
	}
	if f.Decision.Count > 0 {
		text = append(text, w("stats_decision", "Median", f.Decision.Median, "P90", f.Decision.P90))
	}
	if f.TopUps.Count > 0 {
		text = append(text, w("stats_topups", "Median", f.TopUps.Median, "P90", f.TopUps.P90, "Part", f.Prompt, "Count", f.TopUps.Count))
	}
	return append(text, w("stats_signals", "Count", f.Signals))
}

// openFigures say how many cases wait.
func openFigures(f refund.Figures) []refund.Words {
	if f.Open == 0 {
		return lines(w("stats_all_well"))
	}
	return append(lines(w("queue_head", "Count", f.Open)), queueCounts(f.Urgent, f.Money)...)
}

// otherFigures are the tables and lines of the picture, for when there is none.
func (s *step) otherFigures(f refund.Figures) []refund.Words {
	zone := s.facts.Shop.Zone
	if zone == nil {
		zone = time.UTC
	}
	var text []refund.Words
	table := func(head string, rows []refund.Words) {
		if len(rows) > 0 {
			text = append(append(text, refund.Words{}, w(head)), rows...)
		}
	}
	var reasons, refusals, weeks, paid []refund.Words
	for _, one := range f.Reasons {
		reasons = append(reasons, w("stats_row", "What", ReasonOf(one), "Value", strconv.Itoa(one.Count)))
	}
	for _, one := range first(f.Refusals, listed) {
		refusals = append(refusals, w("stats_row", "What", *one.Words, "Value", strconv.Itoa(one.Count)))
	}
	for _, week := range f.Weeks {
		if week.Whole > 0 {
			weeks = append(weeks, w("stats_week", "Day", week.From.In(zone).Format("01-02"), "Share", share(week.Part, week.Whole), "Part", week.Part, "Count", week.Whole))
		}
	}
	for _, one := range f.Paid {
		paid = append(paid, w("stats_row", "What", BookText(one.Book), "Value", w("amount", "Amount", one.Amount)))
	}
	table("stats_reasons", reasons)
	table("stats_weeks", weeks)
	table("stats_refusals", refusals)
	table("stats_paid", paid)
	return text
}

// ReasonOf names what a count of reasons counts; conversations without an order
// have none.
func ReasonOf(one refund.Count) refund.Words {
	if one.Name == "" {
		return w("stats_talks")
	}
	return reasonText(refund.Reason(one.Name))
}

// BookText says whose fault a refund was that was booked to a book. (R44)
func BookText(book refund.Book) refund.Words { return w("fault_" + string(book)) }

// DigestLook returns from when DigestOf needs ends and postings.
func DigestLook(now time.Time) Look {
	return figuresLook(statsDefault, now)
}

func figuresLook(days int, now time.Time) Look {
	from := now.AddDate(0, 0, -days)
	return Look{What: LookFigures, From: from, Since: refund.FiguresSince(from, now)}
}

// DigestOf is what a shop's group is told once a day, also when there is nothing to
// tell. It reads Now, Shop, Policy, Queue, Ends and Ledger.
func DigestOf(facts Facts) []refund.Message {
	s := &step{facts: facts}
	day := s.figuresOf(facts.Now.AddDate(0, 0, -1))
	text := append(lines(w("digest_head", "Shop", facts.Shop.Title)), openFigures(day)...)
	if day.Open > 0 {
		text = append(text, w("digest_how"))
	}
	text = append(text, w("digest_day", "Count", day.Ended, "Refunds", day.Easy.Whole, "Refused", day.Refused), w("digest_week"))
	m := s.groupMessage(refund.Say, text)
	m.OnCard = false
	s.chart(&m, s.figuresOf(facts.Now.AddDate(0, 0, -statsDefault)))
	return []refund.Message{m}
}
