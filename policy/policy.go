// Package policy decides what a shop's rules say about one refund request.
// It does no I/O and never reads the clock: Facts carries everything.
//
// Load turns a policy file into a Policy or names every mistake in it. Decide
// then works in three layers, from records to risk: the gate reads the state of
// the goods (R15), the first rule whose condition holds gives the outcome, and
// every guard that holds may make the outcome stricter. Where nothing decides, a
// person does: the answer to doubt is always review.
package policy

import (
	"slices"
	"time"

	"tuidan/refund"
)

// Policy is one shop's loaded rules. It is immutable and safe for many
// goroutines. Lists and texts that its methods return are shared: do not change
// them. The zero value knows no product and reviews everything.
type Policy struct {
	Hash string // SHA-256 of Text, hex

	text      []byte
	root      *node
	files     []*source // its own, then those that it rests on
	currency  string    // of the amounts that conditions name
	kinds     map[refund.Kind]Product
	products  map[string]Product
	names     []string             // of products, in the file's order
	settings  map[string][]Setting // by "product NAME", "kind KIND" and "policy"
	suppliers map[string]Ability
	evidence  []evidence
	hours     hours
	rules     []rule
	guards    []guard
	refusals  []string
	clauses   map[string]refund.Texts // by rule or refusal code
	texts     []placed
	locales   []string

	warnRefused int // hundredths of a percent; 0: no warning

	buyer, merchant                 Ladder
	evidenceAtLeast, survives, undo time.Duration
}

// Product is what the policy says of one product.
type Product struct {
	Name       string
	Title      refund.Texts // that buyers read; nil: Name
	Kind       refund.Kind
	Fulfilment refund.Fulfilment
	Window     time.Duration // after completion (R32)
	Automation Automation
	Account    string // shape of the account topped up: "cn_mobile", "email", "game_id" or "" for any
	Supplier   string
}

// Ask is one thing that a reason needs.
type Ask struct {
	Item     refund.Item
	Required bool
	Why      refund.Texts // why it is asked, by locale
}

// Ability is what a supplier can do. (R14)
type Ability struct {
	RollsBack, Adjusts bool
	Within             time.Duration // its time to answer
}

// Ladder is how one party is reminded and what follows.
type Ladder struct {
	Remind    []time.Duration // after the party got the move
	BeforeDue time.Duration   // one more reminder this long before the time is up; 0: none
	Owner     time.Duration   // the owner is told after; 0: never
	Default   time.Duration   // the default applies after; 0: other rules say when
	PaysUpTo  refund.Money    // the default's limit; zero: the default pays nothing
	OwnerDays int             // days that the owner, reminded daily, has
}

// evidence is one entry of the file's evidence list. Empty kinds or goods mean any.
type evidence struct {
	reasons []refund.Reason
	kinds   []refund.Kind
	goods   []refund.Goods
	asks    []Ask
}

func (e evidence) concerns(reason refund.Reason, kind refund.Kind, goods refund.Goods) bool {
	return slices.Contains(e.reasons, reason) &&
		(len(e.kinds) == 0 || slices.Contains(e.kinds, kind)) &&
		(len(e.goods) == 0 || slices.Contains(e.goods, goods))
}

// Product returns the named product; for one that the file does not name, what
// the file says of its kind. A kind that the file does not name either has no
// window and is not instant.
func (p *Policy) Product(name string, kind refund.Kind) Product {
	if product, ok := p.products[name]; ok {
		return product
	}
	product := p.kinds[kind]
	product.Name, product.Kind = name, kind
	return product
}

// Setting is one value of a product and where the file gives it.
type Setting struct {
	Name  string // as in the file: "window"
	Value string // as in the file: "72h"; "" when nothing gives one
	From  string // "product NAME", "kind KIND" or "policy", that says it
	File  string // the policy's own, or one that it rests on
	Line  int    // of the file; 0 when nothing gives a value
}

// Products lists the products that the file names, in its order.
func (p *Policy) Products() []Product {
	var products []Product
	for _, name := range p.names {
		products = append(products, p.products[name])
	}
	return products
}

// Settings returns every value of a product that the file names, or of a kind, by
// "product NAME" or "kind KIND", and where it comes from: the product itself, one
// that it is like, or the kind; for "policy", what concerns the shop. Nil for what
// the file does not name.
func (p *Policy) Settings(of string) []Setting {
	given := p.settings[of]
	if given == nil || of == "policy" {
		return given
	}
	var all []Setting
	for _, field := range productForm {
		if field.name == "like" || field.name == "title" || field.name == "instant" { // where values come from, words, and automation's other name
			continue
		}
		setting := Setting{Name: field.name}
		if i := slices.IndexFunc(given, func(s Setting) bool { return s.Name == field.name }); i >= 0 {
			setting = given[i]
		}
		all = append(all, setting)
	}
	return all
}

// Asks returns what a reason needs, in the order of asking. An item that several
// entries of the file name stands once, required when any of them requires it;
// the first entry's reason for asking is told. (R29, R30)
func (p *Policy) Asks(reason refund.Reason, kind refund.Kind, goods refund.Goods) []Ask {
	var asks []Ask
	for _, entry := range p.evidence {
		if !entry.concerns(reason, kind, goods) {
			continue
		}
		for _, ask := range entry.asks {
			at := slices.IndexFunc(asks, func(known Ask) bool { return known.Item == ask.Item })
			if at < 0 {
				asks = append(asks, ask)
				continue
			}
			asks[at].Required = asks[at].Required || ask.Required
		}
	}
	return asks
}

// Supplier returns the recorded capability; false for an unknown supplier.
func (p *Policy) Supplier(name string) (Ability, bool) {
	ability, ok := p.suppliers[name]
	return ability, ok
}

// Currency is the code that the file's limits are in. An order in another one
// cannot be measured by them.
func (p *Policy) Currency() string { return p.currency }

// Buyer returns how a buyer is reminded of missing evidence. Its Default is
// zero: evidence is due by the window and by EvidenceAtLeast.
func (p *Policy) Buyer() Ladder { return p.buyer }

// Merchant returns how merchants are reminded and what applies when they stay
// silent. (R25)
func (p *Policy) Merchant() Ladder { return p.merchant }

// WarnRefused is the share of decided requests, in hundredths of a percent, above
// which the owners are told that the shop refuses too much; 0: they are not. (R54)
func (p *Policy) WarnRefused() int { return p.warnRefused }

// Undo is the time in which a verdict can be taken back; zero: none.
func (p *Policy) Undo() time.Duration { return p.undo }

// Survives is how long after completion reasons other than personal ones are
// heard. (R33)
func (p *Policy) Survives() time.Duration { return p.survives }

// InTime reports whether a request at this moment is within the product's window,
// and whether it is within the longer time for other than personal reasons. An
// order that is not known to be complete is in time. (R32, R33)
func (p *Policy) InTime(order refund.Order, at time.Time) (inWindow, survives bool) {
	if order.CompletedAt.IsZero() {
		return true, true
	}
	window := p.Product(order.Product, order.Kind).Window
	inWindow = window == 0 || !at.After(order.CompletedAt.Add(window))
	return inWindow, inWindow || !at.After(order.CompletedAt.Add(p.survives))
}

// EvidenceAtLeast is the least time that a buyer has for evidence, counted from
// the opening of his case.
func (p *Policy) EvidenceAtLeast() time.Duration { return p.evidenceAtLeast }

// Unanswered is the code of a refusal that follows because nobody decided in
// time. Merchants cannot choose it.
const Unanswered = "unanswered"

// Clause returns the shop's words for a refusal code, a rule, or Unanswered; a
// refusal code goes before a rule of the same name. Nil when the file has none. (R26)
func (p *Policy) Clause(code string) refund.Texts { return p.clauses[code] }

// Refusals lists the codes that merchants may refuse with, in the file's order. (R38, R39)
func (p *Policy) Refusals() []string { return p.refusals }

// Locales lists the locales that the file's texts are written in, sorted.
func (p *Policy) Locales() []string { return p.locales }

// Untranslated returns one Mistake for each text that lacks one of the given
// locales; without arguments, one of Locales. They do not keep a policy from
// being used: readers of that locale see the text in another one. (R65)
func (p *Policy) Untranslated(locales ...string) []Mistake {
	if len(locales) == 0 {
		locales = p.locales
	}
	var missing []Mistake
	for _, text := range p.texts {
		for _, locale := range locales {
			if text.words[locale] == "" {
				mistake := text.at
				mistake.Text = "this text is not written in " + locale
				missing = append(missing, mistake)
			}
		}
	}
	return missing
}

// Check returns what a policy that loads should not be left with: texts that lack
// one of the given locales, as Untranslated says, rules that say nothing to buyers,
// that never decide, would pay on a claim alone, or would leave unused goods with a
// buyer who is paid, and guards that never fire. None keeps a policy from being used.
func (p *Policy) Check(locales ...string) []Mistake {
	t := p.table()
	return sortMistakes(slices.Concat(p.Untranslated(locales...), p.wordless(), p.unreachable(t), p.unfounded(t), p.keeping(t), p.idle(t)), p.files)
}

// wordless tells the rules without a clause: a buyer would be told no reason. (R5)
func (p *Policy) wordless() []Mistake {
	var found []Mistake
	for _, rule := range p.rules {
		if rule.wordless {
			mistake := rule.at
			mistake.Text = "rule " + rule.name + " has no `clause`: buyers are told by it why (R5)"
			found = append(found, mistake)
		}
	}
	return found
}

// placed is a text and where the file has it.
type placed struct {
	words refund.Texts
	at    Mistake // without Text
}
