package dialogs

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"tuidan/policy"
	"tuidan/refund"
)

// productsShown is how many products a list offers as buttons; more are found by
// name.
const productsShown = 30

// Section is one part of what is published of a product's rules.
type Section struct {
	Head  refund.Words
	Lines []refund.Words
}

// PublishedRules are a product's rules as buyers read them, in the chat and on the
// shop's page: first how fast unused goods are refunded, then what is refunded
// although it was used, then the time to apply. All of it is read from the policy. (R57-R60)
func PublishedRules(p *policy.Policy, product policy.Product) []Section {
	sections := []Section{
		termsSection(p, product, refund.Unused, w("rules_unused")),
		termsSection(p, product, refund.Failed, w("rules_failed")),
		termsSection(p, product, refund.Used, w("rules_used")),
	}
	var times []refund.Words
	if product.Window > 0 {
		times = lines(w("rules_window", "Window", product.Window))
		if late := p.Late(product); len(late) > 0 && p.Survives() > product.Window {
			times = append(times, w("rules_late", "Reasons", reasonsText(late), "Survives", p.Survives()))
		}
		sections = append(sections, Section{w("rules_time"), times})
	}
	if says := p.Warnings(); len(says) > 0 {
		looks := Section{Head: w("rules_person_first")}
		for _, say := range says {
			looks.Lines = append(looks.Lines, shopText(say))
		}
		sections = append(sections, looks)
	}
	return sections
}

func termsSection(p *policy.Policy, product policy.Product, goods refund.Goods, head refund.Words) Section {
	section := Section{Head: head}
	terms := p.Terms(product, goods)
	for i, term := range terms {
		why := reasonsText(term.Reasons)
		switch {
		case len(terms) == 1:
			why = w("rules_any_reason")
		case i == len(terms)-1 && len(term.Reasons) > 3:
			why = w("rules_other_reasons")
		}
		section.Lines = append(section.Lines, termLine(p, product, term.Decision, why))
	}
	return section
}

func termLine(p *policy.Policy, product policy.Product, d refund.Decision, why refund.Words) refund.Words {
	clause := w("plain", "Text", "")
	if len(d.Clause) > 0 {
		clause = shopText(d.Clause)
	}
	switch d.Outcome {
	case refund.Refund:
		return w("rules_refund", "Reasons", why, "Clause", clause)
	case refund.AskSupplier:
		ability, _ := p.Supplier(product.Supplier)
		return w("rules_supplier", "Reasons", why, "Clause", clause, "Within", supplierTime(ability))
	case refund.Refuse:
		return w("rules_refuse", "Reasons", why, "Clause", clause)
	}
	return w("rules_review", "Reasons", why, "Clause", clause, "Within", p.Merchant().Default)
}

// reasonsText lists reasons. Halves nest less deep than one after the other.
func reasonsText(reasons []refund.Reason) refund.Words {
	if len(reasons) == 1 {
		return reasonText(reasons[0])
	}
	half := (len(reasons) + 1) / 2
	return w("rules_and", "First", reasonsText(reasons[:half]), "Rest", reasonsText(reasons[half:]))
}

// ProductTitle names a product for buyers.
func ProductTitle(product policy.Product) refund.Words {
	if len(product.Title) > 0 {
		return shopText(product.Title)
	}
	return w("plain", "Text", product.Name)
}

// rulesText is what is published of a product, as one message.
func rulesText(p *policy.Policy, product policy.Product, title refund.Words) []refund.Words {
	text := lines(w("rules_of", "Title", title))
	for _, section := range PublishedRules(p, product) {
		text = append(text, refund.Words{}, section.Head)
		for _, line := range section.Lines {
			text = append(text, w("rules_item", "Line", line))
		}
	}
	return text
}

// policyLink begins the payload of a product page's link to its rules.
const policyLink = "policy_"

// policyCommand answers /policy in private: a product's rules, or which products
// there are. (R56, R59)
func (s *step) policyCommand(named string) {
	s.c = nil
	for _, shop := range s.rulesShops() {
		p := s.facts.Policies(shop.ID)
		if product, ok := p.Find(named); ok {
			s.say(append(rulesText(p, product, ProductTitle(product)), refund.Words{}, w("start_again")))
			return
		}
	}
	s.say(lines(w("rules_in_short"), w("rules_which")), s.productButtons()...)
}

// rulesShops are the shops that a question about rules can mean, the one last dealt
// with first.
func (s *step) rulesShops() []refund.Shop {
	shops := slices.DeleteFunc(slices.Clone(s.facts.Shops), func(shop refund.Shop) bool { return s.facts.Policies(shop.ID) == nil })
	last := s.chat.Shop
	if s.chat.Draft != nil && s.chat.Draft.Shop != "" {
		last = s.chat.Draft.Shop
	}
	slices.SortStableFunc(shops, func(a, b refund.Shop) int {
		switch last {
		case a.ID:
			return -1
		case b.ID:
			return 1
		}
		return 0
	})
	return shops
}

func (s *step) productButtons() [][]refund.Button {
	var buttons []refund.Button
	for _, shop := range s.rulesShops() {
		for _, product := range s.facts.Policies(shop.ID).Products() {
			if len(buttons) < productsShown {
				buttons = append(buttons, refund.Button{Label: ProductTitle(product),
					Action: refund.Action{Do: "policy", Arg: productKey(shop.ID, product)}})
			}
		}
	}
	return rows(buttons...)
}

// productKey names a product in a button, whose data is short.
func productKey(shop refund.ShopID, product policy.Product) string {
	return fmt.Sprintf("%s:%08x", shop, crc32.ChecksumIEEE([]byte(product.Name)))
}

// pressedPolicy shows the rules of the product that a button names.
func (s *step) pressedPolicy(key string) {
	for _, shop := range s.rulesShops() {
		for _, product := range s.facts.Policies(shop.ID).Products() {
			if productKey(shop.ID, product) == key {
				s.answer(refund.Words{})
				s.say(append(rulesText(s.facts.Policies(shop.ID), product, ProductTitle(product)), refund.Words{}, w("start_again")))
				return
			}
		}
	}
	s.alert(w("button_old"))
}

// policyPayload returns the product that a start payload asks the rules of; false
// for the payload of an order.
func (s *step) policyPayload(payload string) (string, bool) {
	for _, shop := range s.facts.Shops {
		if _, signed := shop.OpenPayload(payload); signed {
			return "", false
		}
	}
	return strings.CutPrefix(payload, policyLink)
}
