package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"tuidan/refund"
)

// field is a name that a part of a policy may have.
type field struct {
	name   string
	needed bool // without it the part is not read, wherever it stands
	about  string
	value  schema
}

// form is the names of one part of a policy. The reader refuses others; the
// schema tells them to editors.
type form []field

func (f form) names() []string {
	names := make([]string, len(f))
	for i, field := range f {
		names[i] = field.name
	}
	return names
}

// The parts of a policy.
var (
	supplierForm = form{
		{"rolls_back", false, "It can take the credit back.", flagSchema},
		{"adjusts", false, "It can move the credit to the right account.", flagSchema},
		{"within", true, "Its time to answer.", spanSchema},
	}
	kindForm = form{
		{"fulfilment", true, "Delivered by a machine or by hand.", oneOf(fulfilments)},
		{"window", true, "To apply in, from the order's completion.", spanSchema},
		{"automation", false, "What the desk decides without a person: none, what the rules say, or unused goods at once as well.", oneOf(automations)},
		{"instant", false, "What automation says now: true is unused, false is failed.", flagSchema},
		{"account", false, "The shape of the account that is topped up.", oneOf(accountForms)},
		{"supplier", false, "Its name under suppliers.", textSchema},
	}
	productForm = slices.Concat(form{
		{"like", false, "Another product, from which it takes what it does not say itself.", textSchema},
		{"title", false, "What buyers call it.", wordsSchema},
		{"kind", false, "The kind of goods.", oneOf(kinds)},
	}, optional(kindForm))
	evidenceForm = form{
		{"reasons", true, "The reasons that need it.", listOf(oneOf(refund.Reasons()))},
		{"kinds", false, "Only for these kinds of goods.", listOf(oneOf(kinds))},
		{"goods", false, "Only in these states of the goods.", listOf(oneOf(goods))},
		{"required", false, "What is asked for, and why.", mapOf(items, wordsSchema)},
		{"optional", false, "What helps, and why.", mapOf(items, wordsSchema)},
	}
	shiftForm = form{
		{"days", true, "On these days.", listOf(oneOf(weekdays))},
		{"from", true, "From this time on, by the shop's clock.", clockSchema},
		{"to", true, "Until this time, later than from.", clockSchema},
	}
	hoursForm = form{
		{"open", false, "When somebody works; without it always.", listOf(object(shiftForm))},
		{"closed", false, "Days on which nobody does.", listOf(schema{"type": "string", "format": "date", "examples": []string{"2026-10-01"}})},
	}
	exemptForm = form{{"all_but", true, "The guards that it is not exempt from.", listOf(nameSchema)}}
	amountForm = form{
		{feeAmount, false, "All less a fee, such as 5 % or 2 CNY.", schema{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)? ?(%|[A-Z][A-Z0-9]{2,4})$`}},
		{fixedAmount, false, "This much, at most what is left.", moneySchema},
		{unusedAmount, false, "The part of this term, from the order's completion, that was not over when the buyer applied.", spanSchema},
	}
	ruleForm = form{
		{"name", true, "The rule's name, which no other rule has.", nameSchema},
		{"when", true, "", conditionSchema},
		{"outcome", true, "What the rule says.", oneOf(ruleOutcomes)},
		{"fault", false, "Whose fault it is.", oneOf(faults)},
		{"amount", false, "How much is paid: all that is left, of a partial delivery what did not arrive, or a part.", schema{"anyOf": []schema{oneOf(amountForms), notEmpty("maxProperties", notEmpty("minProperties", object(amountForm)))}}},
		{"withdraw", false, "The goods are taken back first; without it, when they are unused.", flagSchema},
		{"recover", false, "Refunded first, claimed later from whoever is at fault.", flagSchema},
		{"needs_evidence", false, "First what is missing is asked for.", flagSchema},
		{"fails", false, "Which of the buyer's three points it says failed.", oneOf(checkPoints)},
		{"exempt", false, "Guards that do not concern this rule.", schema{"anyOf": []schema{listOf(nameSchema), object(exemptForm)}}},
		{"clause", false, "What the buyer is told; without it, the words of the refusal of the rule's name.", wordsSchema},
	}
	guardForm = form{
		{"name", true, "The guard's name, which no other guard has.", nameSchema},
		{"when", true, "", conditionSchema},
		{"outcome", true, "What it makes of a milder decision.", oneOf(guardWords)},
		{"say", true, "Why, in plain words.", wordsSchema},
	}
	offForm = form{
		{"name", true, "The base's.", nameSchema},
		{"off", true, "It does not hold here.", schema{"const": true}},
	}
	buyerForm = form{
		{"remind", false, "After these times.", listOf(spanSchema)},
		{"before_due", false, "And once more this long before the time is up.", spanSchema},
	}
	merchantForm = form{
		{"remind", false, "After these times.", listOf(spanSchema)},
		{"before_due", false, "And once more this long before the time is up.", spanSchema},
		{"owner", false, "The owner is told after this time.", spanSchema},
		{"default", true, "After this time the default applies.", spanSchema},
		{"pays_up_to", false, "What the default pays at most.", moneySchema},
		{"owner_days", true, "Days that the owner has.", schema{"type": "integer", "minimum": 1, "maximum": maxOwnerDays}},
		{"unanswered", true, "What the buyer is told when nobody decided.", wordsSchema},
	}
	deadlinesForm = form{
		{"buyer", true, "How a buyer is reminded.", loose(buyerForm)},
		{"merchant", true, "How merchants are reminded, and what follows.", loose(merchantForm)},
		{"evidence_at_least", true, "A buyer's least time for evidence.", spanSchema},
		{"survives", true, "How long after completion other than personal reasons are heard.", spanOrZeroSchema},
		{"undo", true, "How long a verdict can be taken back.", spanOrZeroSchema},
	}
	policyForm = form{
		{"version", true, "Of this form of file.", schema{"const": 1}},
		{"base", false, "A policy file, by its path from this one. What it says holds here too, except what this file says itself.", schema{"type": "string"}},
		{"currency", true, "Of every amount and limit.", schema{"type": "string", "pattern": `^[A-Z][A-Z0-9]{2,4}$`}},
		{"kinds", false, "What holds for goods that products does not name.", mapOf(kinds, loose(kindForm))},
		{"products", false, "What the shop sells, by the name in its orders.", schema{"type": "object", "additionalProperties": orOff(loose(productForm), offForm[1:])}},
		{"suppliers", false, "What each can do.", byName(loose(supplierForm))},
		{"evidence", false, "What a buyer is asked for, in this order.", listOf(object(evidenceForm))},
		{"working_hours", false, "When somebody works at the shop, for the condition working_hours.", loose(hoursForm)},
		{"rules", true, "The first whose condition holds decides.", notEmpty("minItems", listOf(orOff(object(ruleForm), offForm)))},
		{"warn_refused", false, "Above this share of refusals the owners are told.", schema{"type": "string", "pattern": `^[0-9]+(\.[0-9]{1,2})? ?%$`, "examples": []string{"40 %"}}},
		{"guards", false, "Each may make a decision stricter.", listOf(orOff(object(guardForm), offForm))},
		{"refusals", true, "What merchants may refuse with.", notEmpty("minProperties", byName(wordsSchema))},
		{"deadlines", true, "What happens when somebody stays silent.", loose(deadlinesForm)},
	}
)

// schema is a part of a JSON Schema.
type schema map[string]any

// The kinds of values. YAML writes a number where a text may stand.
var (
	textSchema       = schema{"type": []string{"string", "number", "boolean"}}
	nameSchema       = schema{"type": "string", "pattern": `^[a-z][a-z0-9_-]{0,63}$`}
	flagSchema       = schema{"type": "boolean"}
	spanSchema       = schema{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(h|m|s|ms))+$`, "examples": []string{"72h", "30m", "10s"}}
	spanOrZeroSchema = schema{"anyOf": []schema{spanSchema, {"const": 0}}}
	clockSchema      = schema{"type": "string", "pattern": `^([01]?[0-9]|2[0-3]):[0-5][0-9]$|^24:00$`, "examples": []string{"09:00"}}
	moneySchema      = schema{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)? [A-Z][A-Z0-9]{2,4}$`, "examples": []string{"50 CNY"}}
	wordsSchema      = schema{"type": "object", "minProperties": 1, "propertyNames": schema{"pattern": `^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$`},
		"additionalProperties": textSchema, "description": "One text, by locale."}
	conditionSchema = schema{"type": []string{"string", "boolean"}, "maxLength": maxCondition, "description": conditionHelp()}
)

func oneOf[T ~string](words []T) schema { return schema{"enum": texts(words)} }

func listOf(item schema) schema { return schema{"type": "array", "items": item} }

func byName(value schema) schema {
	return schema{"type": "object", "propertyNames": nameSchema, "additionalProperties": value}
}

func mapOf[T ~string](keys []T, value schema) schema {
	return schema{"type": "object", "propertyNames": oneOf(keys), "additionalProperties": value}
}

func notEmpty(bound string, s schema) schema {
	s = maps.Clone(s)
	s[bound] = 1
	return s
}

func object(f form) schema {
	s := loose(f)
	s["required"] = f.needed()
	return s
}

// loose is an object of which nothing is needed.
func loose(f form) schema {
	properties := schema{}
	for _, field := range f {
		value := maps.Clone(field.value)
		if field.about != "" {
			value["description"] = field.about
		}
		properties[field.name] = value
	}
	return schema{"type": "object", "properties": properties, "additionalProperties": false}
}

func (f form) needed() []string {
	needed := []string{}
	for _, field := range f {
		if field.needed {
			needed = append(needed, field.name)
		}
	}
	return needed
}

// orOff is a value, or what switches the base's off.
func orOff(value schema, f form) schema { return schema{"anyOf": []schema{value, object(f)}} }

// standing is what a policy without a base must have: with one, any of it may be the
// base's.
func standing() schema {
	each := func(f form) schema { return schema{"additionalProperties": schema{"required": f.needed()}} }
	return schema{"required": policyForm.needed(), "properties": schema{
		"suppliers": each(supplierForm),
		"kinds":     each(kindForm),
		"products":  schema{"additionalProperties": schema{"anyOf": []schema{{"required": []string{"kind"}}, {"required": []string{"like"}}}}},
		"deadlines": schema{"required": deadlinesForm.needed(), "properties": schema{
			"buyer": schema{"required": buyerForm.needed()}, "merchant": schema{"required": merchantForm.needed()}}},
	}}
}

// optional is a form without anything needed.
func optional(f form) form {
	f = slices.Clone(f)
	for i := range f {
		f[i].needed = false
	}
	return f
}

// conditionHelp tells in an editor what conditions may read.
func conditionHelp() string {
	help := "A condition in CEL, such as goods == \"unused\" && !personal. It may read:"
	for _, v := range variables {
		help += fmt.Sprintf("\n- %s (%s): %s", v.Name, v.Type, v.Meaning)
	}
	return help
}

// Schema returns the JSON Schema (2020-12) of policy files, for editors that
// complete and check what is written. It is made of the names and words that Load
// reads; Load knows more: conditions, names that refer to others, what contradicts.
func Schema() []byte {
	s := loose(policyForm)
	s["required"] = []string{"version"}
	s["if"], s["else"] = schema{"required": []string{"base"}}, standing()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "The refund policy of a shop"
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic("policy: the schema cannot be written: " + err.Error()) // it is made of texts and numbers
	}
	return append(data, '\n')
}
