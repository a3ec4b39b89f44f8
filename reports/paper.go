package reports

import (
	"bytes"
	_ "embed"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tuidan/refund"
)

//go:embed paper.html
var paperText string

var paperPage = template.Must(template.New("paper").Parse(paperText))

// page is what the document shows, in the reader's words.
type page struct {
	Lang, Title, Shop, Made, Note string
	Order                         []field
	Cases                         []section
}

type field struct{ Name, Value string }

// section is one case of the order.
type section struct {
	Title  string
	Fields []field
	Tables []table
}

type table struct {
	Title string
	Heads []string
	Rows  [][]string
}

// algorithm is what evidence is hashed with.
var algorithm = refund.Arg{Text: "SHA-256"}

// stamp is how the document writes times: as a bank's statement does, with the zone.
const stamp = "2006-01-02 15:04:05 -07:00"

// Paper makes the document of all that is kept of a case and of the other cases of
// its order: a page of its own, without scripts or anything from outside, to be
// read, printed, or handed in where a payment is disputed. (R61)
func Paper(r refund.Reader, texts Texts, shop refund.Shop, id refund.CaseID, locale string, zone *time.Location) (refund.Made, error) {
	w := &writer{texts: texts, locale: locale, zone: zone}
	one, err := r.Case(id)
	if err != nil {
		return refund.Made{}, err
	}
	ids := []refund.CaseID{id}
	if one.Order.No != "" {
		if ids, err = r.CasesOf(one.Order.OrderKey); err != nil {
			return refund.Made{}, err
		}
	}
	p := page{Lang: locale, Title: w.with("paper_title", "Order", refund.Arg{Text: orderName(&one)}), Shop: shop.Title, Note: w.with("paper_note", "Algorithm", algorithm)}
	var last time.Time
	for i, id := range ids {
		c, err := r.Case(id)
		if err != nil {
			return refund.Made{}, err
		}
		entries, err := r.Timeline(id)
		if err != nil {
			return refund.Made{}, err
		}
		for _, entry := range entries {
			if entry.At.After(last) {
				last = entry.At
			}
		}
		p.Cases = append(p.Cases, w.section(&c, entries, shop, i+1))
		one = c // the newest reading of the order is the last case's
	}
	p.Order = w.order(&one)
	p.Made = w.with("paper_state", "At", refund.Arg{Text: w.at(last)})
	if w.err != nil {
		return refund.Made{}, w.err
	}
	var out bytes.Buffer
	if err := paperPage.Execute(&out, p); err != nil {
		return refund.Made{}, err
	}
	return refund.Made{Name: "refund-" + fileName(orderName(&one)) + ".html", Kind: refund.DocumentFile, Data: out.Bytes()}, nil
}

// orderName names a case: a conversation without an order by its buyer.
func orderName(c *refund.Case) string {
	if c.Order.No == "" {
		return c.Buyer
	}
	return c.Order.No
}

// fileName keeps what every file system takes.
func fileName(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, text)
}

func (w *writer) at(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(w.zone).Format(stamp)
}

// fields adds rows of a name and a value, and leaves out what is not known.
type fields struct {
	w    *writer
	list []field
}

func (f *fields) add(key, value string) {
	if value != "" && value != "–" {
		f.list = append(f.list, field{f.w.text(key), value})
	}
}

func (w *writer) order(c *refund.Case) []field {
	f := fields{w: w}
	o := &c.Order
	f.add("paper_order", o.No)
	f.add("paper_goods", o.Title)
	f.add("paper_buyer", c.Buyer)
	f.add("paper_contact", o.Contact)
	f.add("paper_account", o.Account)
	if o.No != "" {
		f.add("paper_amount", w.money(o.Amount))
	}
	if o.NetPaid != nil {
		f.add("paper_net_paid", w.money(*o.NetPaid))
	}
	f.add("paper_channel", o.Channel)
	f.add("paper_charge", o.ChargeID)
	f.add("paper_paid_at", w.at(o.PaidAt))
	f.add("paper_completed", w.at(o.CompletedAt))
	f.add("paper_revealed", w.at(o.RevealedAt))
	if o.State != "" {
		f.add("paper_shop_record", w.text("state_"+string(o.State)))
	}
	return f.list
}

func (w *writer) section(c *refund.Case, entries []refund.Entry, shop refund.Shop, n int) section {
	f := fields{w: w}
	if c.Reason != "" {
		f.add("paper_reason", w.text("reason_"+string(c.Reason)))
	}
	f.add("paper_opened", w.at(c.OpenedAt))
	f.add("paper_closed", w.at(c.ClosedAt))
	f.add("paper_status", w.text("status_"+string(c.Status)))
	if c.Record != nil {
		f.add("paper_supplier_record", w.text("state_"+string(c.Record.State))+w.recordTime(c.Record))
	}
	f.add("paper_supplier_words", c.SupplyNote)
	for _, item := range []refund.Item{refund.IntendedAccount, refund.ChargedAccount, refund.TransactionTime, refund.Description} {
		if fact, ok := c.Facts[item]; ok {
			value := fact.Value
			if !fact.At.IsZero() {
				value = w.at(fact.At)
			}
			f.add("item_"+string(item), value)
		}
	}
	who := func(person refund.PersonID, desk string) string {
		switch {
		case person == 0:
			return desk
		case person == refund.PersonID(c.Chat):
			return w.text("party_buyer")
		case shop.NameOf(person) != "":
			return shop.NameOf(person)
		}
		return w.text("paper_somebody")
	}
	s := section{Title: w.with("paper_case", "Number", refund.Arg{Text: strconv.Itoa(n)}), Fields: f.list}
	s.Tables = append(s.Tables, w.decisions(c, who), w.payouts(c, who), w.evidence(c), w.timeline(entries, who), w.notes(c, entries))
	s.Tables = slices.DeleteFunc(s.Tables, func(t table) bool { return len(t.Rows) == 0 })
	return s
}

func (w *writer) recordTime(record *refund.Record) string {
	if record.At.IsZero() {
		return ""
	}
	return " (" + w.at(record.At) + ")"
}

func (w *writer) table(title string, heads ...string) table {
	t := table{Title: w.text(title)}
	for _, head := range heads {
		t.Heads = append(t.Heads, w.text(head))
	}
	return t
}

func (w *writer) decisions(c *refund.Case, who func(refund.PersonID, string) string) table {
	t := w.table("paper_decisions", "paper_number", "paper_time", "paper_decision", "paper_amount", "paper_by", "paper_grounds")
	for i := range c.Decisions {
		d := &c.Decisions[i]
		amount := ""
		if d.Outcome == refund.Refund {
			amount = w.money(d.Amount)
		}
		var grounds []string
		if len(d.Clause) > 0 {
			grounds = append(grounds, w.with("shop_text", "Text", refund.Arg{Texts: d.Clause}))
		}
		if d.Words != "" {
			grounds = append(grounds, w.with("merchant_words", "Words", refund.Arg{Text: d.Words}))
		}
		if d.Fault != refund.Nobody {
			fault := refund.Words{Key: "party_" + string(d.Fault)}
			grounds = append(grounds, w.with("paper_fault", "Party", refund.Arg{Words: &fault}))
		}
		if d.Goods != "" {
			grounds = append(grounds, w.text("nature_"+string(d.Goods)))
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(d.Number), w.at(d.At), w.text("outcome_" + string(d.Outcome)), amount,
			who(d.By, w.text("paper_rules")), strings.Join(grounds, "\n")})
	}
	return t
}

func (w *writer) payouts(c *refund.Case, who func(refund.PersonID, string) string) table {
	t := w.table("paper_payouts", "paper_amount", "paper_state_of", "paper_planned", "paper_accepted", "paper_arrived", "paper_channel", "paper_reference")
	for i := range c.Payouts {
		p := &c.Payouts[i]
		state := w.text("payout_" + string(p.State))
		if p.PaidBy != 0 {
			state += " · " + who(p.PaidBy, "")
		}
		t.Rows = append(t.Rows, []string{w.money(p.Amount), state, w.at(p.PlannedAt), w.at(p.AcceptedAt), w.at(p.ArrivedAt), p.Channel, p.Reference})
	}
	return t
}

func (w *writer) evidence(c *refund.Case) table {
	t := w.table("paper_evidence", "paper_what", "paper_sent", "paper_sealed", "paper_size")
	t.Heads = append(t.Heads, w.with("paper_hash", "Algorithm", algorithm))
	for i := range c.Evidence {
		e := &c.Evidence[i]
		what := w.text("item_" + string(e.Item))
		if e.Revision > 1 {
			what += " #" + strconv.Itoa(e.Revision)
		}
		if e.Words != "" {
			what += "\n" + e.Words
		}
		t.Rows = append(t.Rows, []string{what, w.at(e.SentAt), w.at(e.SealedAt), strconv.FormatInt(e.Size, 10), e.SHA256})
	}
	return t
}

func (w *writer) timeline(entries []refund.Entry, who func(refund.PersonID, string) string) table {
	t := w.table("paper_timeline", "paper_time", "paper_what", "paper_by", "paper_status")
	for _, entry := range entries {
		t.Rows = append(t.Rows, []string{w.at(entry.At), w.event(entry.Kind), who(entry.Person, w.text("party_desk")),
			w.text("status_" + string(entry.To))})
	}
	return t
}

// event names what happened; what has no name in this version is "something else".
func (w *writer) event(kind string) string {
	text, err := w.texts.Text(w.locale, refund.Words{Key: "event_" + kind}, w.zone)
	if err != nil {
		return w.text("event_other")
	}
	return text
}

// notes are all that was done, by whom and when: the case itself keeps the last
// ones only.
func (w *writer) notes(c *refund.Case, entries []refund.Entry) table {
	t := w.table("paper_notes", "paper_time", "paper_by", "paper_what")
	var done []refund.Note
	for _, entry := range entries {
		done = append(done, entry.Done...)
	}
	if len(done) < len(c.Notes) { // from before the timeline kept them
		done = c.Notes
	}
	for _, note := range done {
		name := note.Name
		if name == "" {
			name = w.text("party_desk")
		}
		t.Rows = append(t.Rows, []string{w.at(note.At), name, strings.TrimSpace(w.text("did_"+note.Did) + " " + note.Text)})
	}
	return t
}
