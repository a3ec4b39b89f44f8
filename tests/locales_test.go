package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/goccy/go-yaml"

	"tuidan/locales"
	"tuidan/policy"
	"tuidan/refund"
)

// families are the keys that dialogs puts together: what stands behind each prefix.
// did_ and owner_ are read from the calls that make them.
var families = map[string][]string{
	"issue_":      append(texts(refund.Reasons()), "wrong_item", "more"),
	"reason_":     texts(refund.Reasons()),
	"intent_":     texts(unclaimed()),
	"wish_":       {"case_status", "policy_question", "talk_to_human", "withdraw"},
	"ask_":        append(texts(items), "wrong_item", "more", "words"),
	"item_":       texts(items),
	"status_":     texts(refund.Statuses()),
	"party_":      append(texts(parties), string(refund.Platform)),
	"difference_": texts([]refund.DifferenceKind{refund.NotThere, refund.NotOurs, refund.OtherAmount}),
	"ledger_": texts([]refund.Book{refund.Channels, refund.Returns, refund.OwnFault, refund.Goodwill, refund.Recovered,
		refund.WrittenOff}),
	"mover_":       texts(parties),
	"role_":        append(texts([]refund.Role{refund.Agent, refund.Approver, refund.OwnerOf}), "now", "lost"),
	"goods_":       texts([]refund.Goods{refund.Unused, refund.Used, refund.Failed, refund.Partial, refund.UnknownGoods}),
	"state_":       texts(states),
	"refusal_":     {"fault_unclear", "incomplete", "late", "used", "window", "not_covered"},
	"fact_":        facts(),
	"outcome_":     {"refund", "ask_evidence", "ask_supplier", "review", "refuse", "adjust", "replace", "two_approvals", "asks"},
	"result_":      {"not_held", "failed", "exempt"},
	"verdict_":     {"for", "against", "open"},
	"kind_":        {"card", "topup", "membership"},
	"fulfilment_":  {"auto", "by_hand"},
	"answer_":      {"adjusts", "refunds", "refuses", "pending"},
	"nature_":      texts([]refund.Goods{refund.Unused, refund.Used, refund.Failed, refund.Partial, refund.UnknownGoods}),
	"trouble_":     texts(refund.Troubles()),
	"mark_":        {"for", "against", "open"},
	"cause_":       {"unknown", "personal", "buyer", "merchant", "supplier", "platform"},
	"change_":      texts([]policy.What{policy.Given, policy.Completed, policy.Matching, policy.FoundFailed, policy.FoundUnused, policy.SentElsewhere}),
	"changed_":     {"refund", "ask_evidence", "ask_supplier", "review"},
	"fault_":       {"returns", "own_fault", "goodwill", "owed_supplier", "owed_platform"},
	"payout_":      texts([]refund.PayoutState{refund.Planned, refund.Submitted, refund.Accepted, refund.Arrived, refund.PayoutFailed, refund.PayoutUnknown, refund.PayoutUndone}),
	"event_":       texts(eventKinds),
	"bad_account_": {"cn_mobile", "email", "game_id", "any"},
}

var (
	items = []refund.Item{refund.IntendedAccount, refund.ChargedAccount, refund.TransactionTime, refund.Picture,
		refund.ProofOfNonUse, refund.OrderScreenshot, refund.Conversation, refund.Description}
	eventKinds = []refund.EventKind{refund.Said, refund.Ordered, refund.Pressed, refund.Sent, refund.Edited, refund.Odd, refund.Blocked, refund.Unblocked,
		refund.TimeCame, refund.Found, refund.Recorded, refund.Supplied, refund.Withdrew, refund.Sealed, refund.Reread, refund.PaidOut, refund.SetAside, refund.Reported}
	parties = []refund.Party{refund.Buyer, refund.Merchant, refund.Owner, refund.Supplier, refund.Channel, refund.Desk}
	states  = []refund.State{refund.StatePaid, refund.StateProcessing, refund.StateDelivered, refund.StateRevealed, refund.StateRedeemed,
		refund.StateArrived, refund.StateFailed, refund.StatePartial, refund.StateUnknown}
)

// unclaimed are the intents that are no claim; a claim is called as its reason is.
func unclaimed() []refund.Intent {
	return slices.DeleteFunc(refund.Intents(), func(intent refund.Intent) bool { return intent.Reason() != "" })
}

// facts are what conditions of policies may read.
func facts() (names []string) {
	for _, v := range policy.Variables() {
		names = append(names, v.Name)
	}
	return names
}

func texts[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, one := range list {
		all[i] = string(one)
	}
	return all
}

// used is what the program's own source says about catalog keys.
type used struct {
	keys     map[string]token.Position // that must exist
	prefixes map[string]token.Position // of keys that are put together
	literals map[string]bool           // any text of the source; whoever is among them is not unused
}

func usedKeys(t *testing.T) used {
	t.Helper()
	u := used{map[string]token.Position{}, map[string]token.Position{}, map[string]bool{}}
	for _, room := range []string{"dialogs", "bot", "app", "reports"} {
		paths, err := filepath.Glob("../" + room + "/*.go")
		if err != nil || len(paths) == 0 {
			t.Fatalf("no source in %s: %v", room, err)
		}
		set := token.NewFileSet()
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			u.read(set, file, room == "dialogs")
		}
	}
	return u
}

// read notes a file's texts, and the keys where its calls mean keys.
func (u used) read(set *token.FileSet, file *ast.File, calls bool) {
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.BasicLit:
			if text, ok := literal(n); ok {
				u.literals[text] = true
			}
		case *ast.CallExpr:
			if calls {
				u.call(set, n)
			}
		}
		return true
	})
}

// call reads the calls that take a key, or a part of one.
func (u used) call(set *token.FileSet, call *ast.CallExpr) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	at, prefix := 0, ""
	switch name {
	case "w", "why", "askWhich":
	case "note", "staffNote", "settled", "toPeople":
		prefix = "did_"
	case "noteBy":
		at, prefix = 2, "did_"
	case "hold":
		prefix = "owner_"
	default:
		return
	}
	if len(call.Args) <= at {
		return
	}
	where := set.Position(call.Pos())
	switch arg := call.Args[at].(type) {
	case *ast.BasicLit:
		if text, ok := literal(arg); ok {
			u.keys[prefix+text] = where
		}
	case *ast.BinaryExpr:
		if first, ok := arg.X.(*ast.BasicLit); ok {
			if text, ok := literal(first); ok {
				u.prefixes[prefix+text] = where
			}
		}
	}
}

func literal(n *ast.BasicLit) (string, bool) {
	if n.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(n.Value)
	return text, err == nil
}

// TestKeysExist checks that every text the desk can say stands in every locale.
func TestKeysExist(t *testing.T) {
	catalogs := catalogTexts(t)
	u := usedKeys(t)
	for prefix, where := range u.prefixes {
		switch prefix {
		case "did_", "owner_": // read from the calls
			continue
		case "did_supplier_":
			for _, answer := range []refund.Answer{refund.Adjusts, refund.Refunds, refund.Refuses} {
				u.keys[prefix+string(answer)] = where
			}
			continue
		}
		rest, known := families[prefix]
		if !known {
			t.Errorf("%v: a family of keys that this test does not know: %q", where, prefix)
		}
		for _, one := range rest {
			u.keys[prefix+one] = where
		}
	}
	if len(u.keys) < 150 {
		t.Fatalf("only %d keys found in the source", len(u.keys))
	}
	for key, where := range u.keys {
		for locale, texts := range catalogs {
			if texts[key] == nil {
				t.Errorf("%v: key %q is not in %s", where, key, locale)
			}
		}
	}
}

// TestNoUnusedKeys checks that catalogs have nothing that nobody says.
func TestNoUnusedKeys(t *testing.T) {
	u := usedKeys(t)
	var prefixes []string
	for prefix := range families {
		prefixes = append(prefixes, prefix)
	}
	for locale, texts := range catalogTexts(t) {
		for key := range texts {
			_, said := u.keys[key]
			said = said || u.literals[key]
			for _, prefix := range prefixes {
				if rest, ok := strings.CutPrefix(key, prefix); ok && slices.Contains(families[prefix], rest) {
					said = true
				}
			}
			switch first, rest, _ := strings.Cut(key, "_"); first {
			case "money", "span", "time", "months", "weekdays": // the catalogs' own
				said = true
			case "command":
				said = said || u.literals[rest]
			case "did": // also given by the name of the button
				said = said || u.literals[rest] || strings.HasPrefix(rest, "supplier_")
			case "owner": // also given by why a payout is held
				said = said || u.literals[rest]
			case "refuse", "ask":
				said = said || u.literals[strings.TrimSuffix(key, "_hint")]
			}
			if !said {
				t.Errorf("%s: nobody says %q", locale, key)
			}
		}
	}
}

// TestCatalogsAgree runs the catalogs' own comparison: keys, placeholders, plurals.
func TestCatalogsAgree(t *testing.T) {
	catalogs, err := locales.Load(locales.Embedded)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range catalogs.Problems() {
		t.Error(problem)
	}
}

var (
	placeholder = regexp.MustCompile(`{{[^}]*}}`)
	// what even a Chinese text writes in Latin letters: a unit, commands, an example address
	latinAllowed = regexp.MustCompile(`\bMB\b|/policy reload|/[a-z]+|name@example\.com`)
	latin        = regexp.MustCompile(`[A-Za-z]+`)
	idPlace      = regexp.MustCompile(`{{[^}]*\.(ID|Id|Case|Chat|Person|User|Key|Hash)\b`)
)

// TestTextsAreInTheirLanguage keeps words of one language out of the other's
// texts, and ids out of all: nobody is shown a number that means nothing to him. (R65)
func TestTextsAreInTheirLanguage(t *testing.T) {
	for locale, texts := range catalogTexts(t) {
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			for _, text := range textForms(texts[key]) {
				if idPlace.MatchString(text) {
					t.Errorf("%s: %s shows an id: %s", locale, key, text)
				}
				plain := placeholder.ReplaceAllString(text, "")
				switch locale {
				case "zh-Hans":
					if word := latin.FindString(latinAllowed.ReplaceAllString(plain, "")); word != "" && key != "months" && key != "weekdays" {
						t.Errorf("%s: %s has the word %q: %s", locale, key, word, text)
					}
				case "en":
					if strings.ContainsFunc(plain, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
						t.Errorf("%s: %s has Chinese characters: %s", locale, key, text)
					}
				}
			}
		}
	}
}

// catalogTexts are the files as they are, by locale and key.
func catalogTexts(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	files, err := locales.Embedded.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := locales.Embedded.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]any{}
		if err := yaml.Unmarshal(data, &texts); err != nil {
			t.Fatalf("%s: %v", file.Name(), err)
		}
		all[strings.TrimSuffix(file.Name(), ".yaml")] = texts
	}
	if len(all) < 2 {
		t.Fatalf("%d catalogs", len(all))
	}
	return all
}

// textForms are a text's plural forms, or the one text.
func textForms(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case map[string]any:
		var forms []string
		for _, form := range slices.Sorted(maps.Keys(v)) {
			if text, ok := v[form].(string); ok {
				forms = append(forms, text)
			}
		}
		return forms
	}
	return nil
}
