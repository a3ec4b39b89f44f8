package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"tuidan/refund"
)

// The words that a policy file may use.
var (
	kinds       = []refund.Kind{refund.Card, refund.TopUp, refund.Membership}
	fulfilments = []refund.Fulfilment{refund.Auto, refund.ByHand}
	goods       = []refund.Goods{refund.Unused, refund.Used, refund.Failed, refund.Partial, refund.UnknownGoods}
	items       = []refund.Item{refund.IntendedAccount, refund.ChargedAccount, refund.TransactionTime, refund.Picture,
		refund.ProofOfNonUse, refund.OrderScreenshot, refund.Conversation, refund.Description}
	faults       = []refund.Party{refund.Buyer, refund.Merchant, refund.Platform, refund.Supplier}
	ruleOutcomes = []refund.Outcome{refund.Refund, refund.AskEvidence, refund.AskSupplier, refund.Review, refund.Refuse}
	accountForms = []string{"cn_mobile", "email", "game_id"}
	guardWords   = []string{"ask_evidence", "ask_supplier", "review", "two_approvals"}
	checkPoints  = []string{"in_time", "complete", "accurate"}
	amountForms  = []string{wholeAmount, missingAmount}

	kindValues       = texts(kinds)
	fulfilmentValues = texts(fulfilments)
	itemValues       = texts(items)
)

// maxOwnerDays bounds the days that an owner has.
const maxOwnerDays = 365

// guardOutcomes are what a guard may make of a decision.
var guardOutcomes = map[string]strictness{
	"ask_evidence": asksEvidence, "ask_supplier": asksSupplier, "review": reviews, "two_approvals": twoApprovals,
}

// Limits of what a policy may have, far above any honest one.
const (
	maxProducts = 1_000
	maxRules    = 200 // and as many guards
	maxLocales  = 20
)

// Load reads a policy that is one file. The name is only told in mistakes. The
// error is always *Mistakes and holds every mistake that one reading can find:
// what is not YAML at all hides the rest of the file.
func Load(name string, data []byte) (*Policy, error) {
	p, r := load(name, data, nil)
	return r.result(p)
}

// Open reads a policy file and those that it rests on (`base`), each by read, which
// gets the name, then names relative to it. The error is *Mistakes, unless the file
// itself cannot be read.
func Open(name string, read func(name string) ([]byte, error)) (*Policy, error) {
	data, err := read(name)
	if err != nil {
		return nil, err
	}
	p, r := load(name, data, read)
	return r.result(p)
}

// Inspect is Open for somebody who wants to know everything at once: beside the
// mistakes that keep a policy from being used, also those that Check finds, as far
// as the file can be read. The policy is nil when it cannot be used.
func Inspect(name string, read func(name string) ([]byte, error), locales ...string) (*Policy, Mistakes, error) {
	data, err := read(name)
	if err != nil {
		return nil, nil, err
	}
	p, r := load(name, data, read)
	if len(r.mistakes) == 0 {
		return p, p.Check(locales...), nil
	}
	p.rules = slices.DeleteFunc(p.rules, func(rule rule) bool { return rule.when.checked == nil })
	p.guards = slices.DeleteFunc(p.guards, func(guard guard) bool { return guard.when.checked == nil })
	return nil, sortMistakes(append(r.mistakes, p.Check(locales...)...), r.files), nil
}

// load reads a policy as far as it can be read. Where the reader has mistakes, the
// policy must not be used.
func load(name string, data []byte, read func(string) ([]byte, error)) (*Policy, *reader) {
	r := &reader{locales: map[string]bool{}, off: map[string]bool{}}
	p := &Policy{}
	if root := r.open(name, data, read); root != nil {
		r.policy(p, root)
		p.text = data
		if len(r.files) > 1 {
			p.text = r.resolved(root)
		}
		p.root = root
	}
	p.files, p.texts, p.locales = r.files, r.texts, names(r.locales)
	sum := sha256.Sum256(p.text)
	p.Hash = hex.EncodeToString(sum[:])
	return p, r
}

func (r *reader) result(p *Policy) (*Policy, error) {
	if len(r.mistakes) == 0 {
		return p, nil
	}
	mistakes := Mistakes(sortMistakes(r.mistakes, r.files))
	return nil, &mistakes
}

// policy reads the file's sections. Those that others refer to come first,
// wherever the file has them.
func (r *reader) policy(p *Policy, root *node) {
	if root.kind != mapping {
		r.wrong(root, "", "a policy is written as names with values, not as %s", root.kind)
		return
	}
	top := r.record(&node{src: r.files[0], line: 1, column: 1}, root, "a policy", policyForm)
	top.need("version") // each file's was looked at when it was opened
	p.currency = r.currency(top.need("currency"))
	r.suppliers(p, top.get("suppliers"))
	r.products(p, top)
	r.evidence(p, top.get("evidence"))
	p.hours = r.hours(top.keys["working_hours"], top.get("working_hours"))
	p.clauses = map[string]refund.Texts{}
	r.refusals(p, top.need("refusals"))
	r.guards(p, top.get("guards"))
	r.rules(p, top.need("rules"))
	if n := top.get("warn_refused"); n != nil {
		number, ok := strings.CutSuffix(n.text, "%")
		if n.kind != scalar || !ok {
			r.wrong(n, "", "warn_refused is a share such as 40 %%, not `%s`", short(n.text))
		} else {
			p.warnRefused = int(r.percent(n, "warn_refused", strings.TrimSpace(number)))
			p.settings["policy"] = []Setting{{Name: "warn_refused", Value: n.text, From: "policy", Line: n.line}}
		}
	}
	if n := top.need("deadlines"); n != nil {
		r.deadlines(p, top.keys["deadlines"], n)
	}
}

func (r *reader) currency(n *node) string {
	code := r.word(n, "currency")
	if _, err := refund.ParseMoney("0", code); n != nil && n.kind == scalar && (err != nil || len(code) > 5) {
		r.wrong(n, "", "currency `%s` is not a code such as CNY, USDT or XTR", short(code))
		return ""
	}
	return code
}

func (r *reader) suppliers(p *Policy, n *node) {
	p.suppliers = map[string]Ability{}
	for _, e := range r.entries(n, "suppliers") {
		name := r.name(e.key, "supplier")
		m := r.record(e.key, e.value, "supplier "+short(e.key.text), supplierForm)
		p.suppliers[name] = Ability{
			RollsBack: r.flag(m.get("rolls_back"), "rolls_back"),
			Adjusts:   r.flag(m.get("adjusts"), "adjusts"),
			Within:    r.duration(m.need("within"), "within", false),
		}
	}
}

// products reads kinds and products. A product takes what it does not say itself
// from the product that it is like, else from its kind.
func (r *reader) products(p *Policy, top record) {
	p.kinds, p.settings = map[refund.Kind]Product{}, map[string][]Setting{}
	for _, e := range r.entries(top.get("kinds"), "kinds") {
		kind := choice(r, e.key, "kind", kinds...)
		m := r.record(e.key, e.value, "kind "+short(e.key.text), kindForm)
		own := Setting{Name: "kind", Value: string(kind), From: "kind " + string(kind), File: e.key.src.name, Line: e.key.line}
		p.kinds[kind], p.settings[own.From] = r.product(p, m, own.From, Product{Kind: kind}, []Setting{own})
	}
	p.products = map[string]Product{}
	entries := r.entries(top.get("products"), "products")
	parts := make(map[string]record, len(entries))
	if len(entries) > maxProducts {
		r.wrong(entries[maxProducts].key, "", "a policy has at most %d products", maxProducts)
		entries = entries[:maxProducts]
	}
	for _, e := range entries {
		if r.isOff(e.value) {
			r.wrong(e.key, r.nearest(e.key.text, p.names), "there is no product `%s` in a base to switch off", short(e.key.text))
			continue
		}
		p.names = append(p.names, e.key.text)
		parts[e.key.text] = r.record(e.key, e.value, "product "+short(e.key.text), productForm)
	}
	for _, name := range p.names {
		r.resolve(p, name, parts, nil)
	}
}

// resolve reads one product after the one that it is like. The trail names the
// products that led here.
func (r *reader) resolve(p *Policy, name string, parts map[string]record, trail []string) {
	if _, done := p.products[name]; done {
		return
	}
	m, from := parts[name], "product "+name
	var base Product
	var settings []Setting
	if like := m.get("like"); like != nil {
		other := r.word(like, "like")
		switch {
		case other == "": // told already
		case other == name || slices.Contains(trail, other):
			circle := append(slices.Clone(trail[max(0, slices.Index(trail, other)):]), name, other)
			if other == name {
				circle = []string{name, name}
			}
			r.wrong(like, "", "products are like each other in a circle: %s", short(strings.Join(circle, " → ")))
			base.Fulfilment, base.Window = refund.Auto, time.Hour // what the circle hides is not told too
		case !slices.Contains(p.names, other):
			r.wrong(like, r.nearest(other, p.names), "there is no product `%s` to be like", short(other))
			base.Fulfilment, base.Window = refund.Auto, time.Hour
		default:
			r.resolve(p, other, parts, append(trail, name))
			base, settings = p.products[other], slices.Clone(p.settings["product "+other])
		}
	}
	if n := m.get("kind"); n != nil || m.get("like") == nil {
		kind := choice(r, m.need("kind"), "kind", kinds...)
		if m.get("like") == nil {
			base, settings = p.kinds[kind], slices.Clone(p.settings["kind "+string(kind)])
		}
		base.Kind = kind
		if n != nil {
			settings = set(settings, Setting{Name: "kind", Value: n.text, From: from, File: n.src.name, Line: n.line})
		}
	}
	base.Name, base.Title = name, r.words(m.get("title"), "the title of "+short(name))
	p.products[name], p.settings[from] = r.product(p, m, from, base, settings)
}

// set replaces the setting of the same name.
func set(settings []Setting, s Setting) []Setting {
	return append(slices.DeleteFunc(settings, func(other Setting) bool { return other.Name == s.Name }), s)
}

// product reads what a product or kind says itself, over what it is based on.
func (r *reader) product(p *Policy, m record, from string, product Product, settings []Setting) (Product, []Setting) {
	for _, field := range kindForm {
		if n := m.get(field.name); n != nil && field.name != "instant" {
			settings = set(settings, Setting{Name: field.name, Value: n.text, From: from, File: n.src.name, Line: n.line})
		}
	}
	if n := m.get("fulfilment"); n != nil {
		product.Fulfilment = choice(r, n, "fulfilment", fulfilments...)
	} else if product.Fulfilment == "" {
		m.need("fulfilment")
	}
	if n := m.get("window"); n != nil {
		product.Window = r.duration(n, "window", false)
	} else if product.Window == 0 {
		m.need("window")
	}
	if n := m.get("automation"); n != nil {
		product.Automation = choice(r, n, "automation", automations...)
	}
	if n := m.get("instant"); n != nil { // how files said it before there was automation
		product.Automation = AutomateRules
		if r.flag(n, "instant") {
			product.Automation = AutomateAll
		}
		if m.get("automation") != nil {
			r.wrong(n, "", "`automation` says already what `instant` says")
		}
		settings = set(settings, Setting{Name: "automation", Value: string(product.Automation), From: from, File: n.src.name, Line: n.line})
	}
	if n := m.get("account"); n != nil {
		product.Account = choice(r, n, "account", accountForms...)
	}
	if n := m.get("supplier"); n != nil {
		product.Supplier = r.word(n, "supplier")
		if _, ok := p.suppliers[product.Supplier]; !ok && product.Supplier != "" {
			r.wrong(n, r.nearest(product.Supplier, names(p.suppliers)), "supplier `%s` is not under `suppliers`", short(product.Supplier))
		}
	}
	return product, settings
}

func (r *reader) evidence(p *Policy, n *node) {
	for _, item := range r.list(n, "evidence") {
		m := r.record(item, item, "an evidence entry", evidenceForm)
		e := evidence{
			reasons: choices(r, m.need("reasons"), "reason", refund.Reasons()...),
			kinds:   choices(r, m.get("kinds"), "kind", kinds...),
			goods:   choices(r, m.get("goods"), "goods", goods...),
		}
		if len(m.values) > 0 && m.get("required") == nil && m.get("optional") == nil {
			r.wrong(item, "", "an evidence entry needs `required` or `optional`")
		}
		for _, part := range []string{"required", "optional"} {
			for _, ask := range r.entries(m.get(part), part) {
				name := choice(r, ask.key, "item", items...)
				if ask.value.kind == empty {
					r.wrong(ask.key, "", "say why %s is asked: {zh-Hans: …, en: …}", ask.key.text)
				}
				e.asks = append(e.asks, Ask{Item: name, Required: part == "required", Why: r.words(ask.value, "why "+ask.key.text+" is asked")})
			}
		}
		p.evidence = append(p.evidence, e)
	}
}

func (r *reader) refusals(p *Policy, n *node) {
	if n != nil && n.kind == mapping && len(n.entries) == 0 {
		r.wrong(n, "", "`refusals` is empty: merchants could not refuse anything")
	}
	for _, e := range r.entries(n, "refusals") {
		code := r.name(e.key, "refusal")
		switch {
		case code == Unanswered:
			r.wrong(e.key, "", "nobody chooses `%s`; its words stand under `deadlines`, `merchant`", Unanswered)
		case e.value.kind == empty:
			r.wrong(e.key, "", "refusal %s has no clause: a buyer is told which one (R26)", code)
		}
		p.refusals = append(p.refusals, code)
		p.clauses[code] = r.words(e.value, "refusal "+short(code))
	}
}

func (r *reader) guards(p *Policy, n *node) {
	seen := map[string]*node{}
	for _, item := range r.atMost(maxRules, r.list(n, "guards"), "guards") {
		if r.isOff(item) {
			r.noneToSwitchOff(item, n, "guard")
			continue
		}
		m := r.record(item, item, "a guard", guardForm)
		g := guard{name: r.unique(m.need("name"), "guard", seen), at: r.spot(either(m.get("name"), item))}
		if g.name == CurrencyGuard {
			r.wrong(m.get("name"), "", "every policy has the guard `%s` already: orders in another currency go to a person", CurrencyGuard)
		}
		g.when, _ = r.condition(m.need("when"))
		g.strict = guardOutcomes[choice(r, m.need("outcome"), "a guard's outcome", guardWords...)]
		g.say = r.words(m.need("say"), "what the guard says")
		p.guards = append(p.guards, g)
	}
}

// atMost returns a list's items and says when there are too many.
func (r *reader) atMost(most int, items []*node, what string) []*node {
	if len(items) <= most {
		return items
	}
	r.wrong(items[most], "", "a policy has at most %d %s", most, what)
	return items[:most]
}

// unique returns a name that no other entry of the list has.
func (r *reader) unique(n *node, what string, seen map[string]*node) string {
	name := r.name(n, what)
	if name == "" {
		return ""
	}
	if first := seen[name]; first != nil {
		r.wrong(n, "", "%s `%s` stands twice; it was already given in line %d", what, name, first.line)
	}
	seen[name] = n
	return name
}

func (r *reader) rules(p *Policy, n *node) {
	if n != nil && n.kind == list && len(n.items) == 0 {
		r.wrong(n, "", "`rules` is empty: every request would go to a person")
	}
	seen := map[string]*node{}
	// Rules that read a signal: one that refuses, then or later, would refuse because
	// of it, if only by not being forestalled.
	type risk struct {
		when             *node
		signals, refuses []string
	}
	var risks []risk
	for _, item := range r.atMost(maxRules, r.list(n, "rules"), "rules") {
		if r.isOff(item) {
			r.noneToSwitchOff(item, n, "rule")
			continue
		}
		m := r.record(item, item, "a rule", ruleForm)
		rule := rule{
			name:          r.unique(m.need("name"), "rule", seen),
			at:            r.spot(either(m.get("name"), item)),
			outcome:       choice(r, m.need("outcome"), "outcome", ruleOutcomes...),
			fault:         choice(r, m.get("fault"), "fault", faults...),
			fails:         choice(r, m.get("fails"), "fails", checkPoints...),
			amount:        r.share(p, m.keys["amount"], m.get("amount")),
			recover:       r.flag(m.get("recover"), "recover"),
			needsEvidence: r.flag(m.get("needs_evidence"), "needs_evidence"),
			exempt:        r.exempt(p, m.keys["exempt"], m.get("exempt")),
			clause:        r.words(m.get("clause"), "the clause"),
		}
		if n := m.get("withdraw"); n != nil {
			withdraw := r.flag(n, "withdraw")
			rule.withdraw = &withdraw
		}
		var compiled bool
		rule.when, compiled = r.condition(m.need("when"))

		if rule.clause == nil && slices.Contains(p.refusals, rule.name) {
			rule.clause = p.clauses[rule.name]
		}
		if rule.clause == nil && m.get("clause") == nil {
			if rule.wordless = rule.outcome != refund.Refuse; !rule.wordless {
				r.wrong(either(m.get("name"), item), "", "rule %s refuses without a `clause`: a buyer is told which one (R26)", rule.name)
			}
		}
		if compiled && rule.outcome == refund.Refund && !rule.when.readsEstablished() {
			r.wrong(m.get("when"), "", "rule %s pays, so its condition must read what a record establishes: %s (R12)", rule.name, establishedNames())
		}
		if rule.recover && (rule.fault == refund.Nobody && m.get("fault") == nil || rule.fault == refund.Buyer) {
			r.wrong(m.get("recover"), "", "rule %s recovers, so its `fault` must be somebody else's than the buyer's (R45)", rule.name)
		}
		if rule.needsEvidence && rule.outcome == refund.Refuse {
			r.wrong(m.get("needs_evidence"), "", "rule %s refuses: no evidence would change that", rule.name)
		}
		if signals := rule.when.signals(); len(signals) > 0 {
			risks = append(risks, risk{when: m.get("when"), signals: signals})
		}
		if rule.outcome == refund.Refuse {
			for i := range risks {
				risks[i].refuses = append(risks[i].refuses, rule.name)
			}
		}
		p.rules = append(p.rules, rule)
		if _, ok := p.clauses[rule.name]; !ok {
			p.clauses[rule.name] = rule.clause
		}
	}
	for _, risk := range risks {
		if len(risk.refuses) > 0 {
			r.wrong(risk.when, "", "a signal refuses nobody: neither a rule that refuses (%s) nor one before it may read %s; a guard may",
				strings.Join(risk.refuses, ", "), strings.Join(risk.signals, ", "))
		}
	}
}

// exempt reads which guards a rule is exempt from: a list of names, or all_but
// with a list of names.
func (r *reader) exempt(p *Policy, at, n *node) []bool {
	exempt := make([]bool, len(p.guards))
	if n == nil {
		return exempt
	}
	named, allBut := n, false
	if n.kind == mapping {
		m := r.record(at, n, "exempt", exemptForm)
		if named = m.need("all_but"); named == nil {
			return exempt
		}
		allBut = true
	}
	known := make([]string, len(p.guards))
	for i, guard := range p.guards {
		known[i], exempt[i] = guard.name, allBut
	}
	for _, item := range r.list(named, "exempt") {
		word := r.word(item, "guard")
		i := slices.Index(known, word)
		if i < 0 {
			if item.kind == scalar && !r.off[word] {
				r.wrong(item, r.nearest(word, known), "there is no guard `%s`", short(word))
			}
			continue
		}
		exempt[i] = !allBut
	}
	return exempt
}

func (r *reader) deadlines(p *Policy, at, n *node) {
	m := r.record(at, n, "deadlines", deadlinesForm)
	if n.kind != mapping {
		return
	}
	if n := m.need("buyer"); n != nil {
		buyer := r.record(m.keys["buyer"], n, "the buyer's deadline", buyerForm)
		p.buyer.Remind = r.remind(buyer.get("remind"))
		p.buyer.BeforeDue = r.duration(buyer.get("before_due"), "before_due", false)
	}
	if n := m.need("merchant"); n != nil {
		merchant := r.record(m.keys["merchant"], n, "the merchants' deadline", merchantForm)
		p.merchant = Ladder{
			Remind:    r.remind(merchant.get("remind")),
			BeforeDue: r.duration(merchant.get("before_due"), "before_due", false),
			Owner:     r.duration(merchant.get("owner"), "owner", false),
			Default:   r.duration(merchant.need("default"), "default", false),
			PaysUpTo:  r.money(merchant.get("pays_up_to"), "pays_up_to", p.currency),
			OwnerDays: r.count(merchant.need("owner_days"), "owner_days", 1, maxOwnerDays),
		}
		if n := merchant.get("owner"); n != nil && p.merchant.Default > 0 && p.merchant.Owner >= p.merchant.Default {
			r.wrong(n, "", "the owner is told before the default applies, not after")
		}
		if n := merchant.get("before_due"); n != nil && p.merchant.Default > 0 && p.merchant.BeforeDue >= p.merchant.Default {
			r.wrong(n, "", "that warning would come before the merchants have had any time")
		}
		p.clauses[Unanswered] = r.words(merchant.need("unanswered"), "the refusal when nobody decided")
	}
	p.evidenceAtLeast = r.duration(m.need("evidence_at_least"), "evidence_at_least", false)
	p.survives = r.duration(m.need("survives"), "survives", true)
	p.undo = r.duration(m.need("undo"), "undo", true)
}

// remind reads reminder steps, each later than the one before.
func (r *reader) remind(n *node) []time.Duration {
	var steps []time.Duration
	for _, item := range r.list(n, "remind") {
		step := r.duration(item, "a reminder", false)
		if len(steps) > 0 && step != 0 && step <= steps[len(steps)-1] {
			r.wrong(item, "", "reminders come one after another: %s is not later than %s", step, steps[len(steps)-1])
		}
		steps = append(steps, step)
	}
	return steps
}

func either(n, other *node) *node {
	if n != nil {
		return n
	}
	return other
}

func names[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

func establishedNames() string {
	var names []string
	for _, v := range variables {
		if v.Established {
			names = append(names, v.Name)
		}
	}
	return strings.Join(names, ", ")
}
