package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"tuidan/intents"
	"tuidan/refund"
)

// languages joins the locales that one bar is for.
var languages = []struct {
	name    string
	locales []string
	bar     float64
}{
	{"zh", []string{"zh-Hans", "zh-Hant"}, 0.95},
	{"en", []string{"en"}, 0.93},
	{"ru", []string{"ru"}, 0.93},
}

// own measures the shipped model on the desk's own sentences.
func own(context.Context, string) ([]figure, error) {
	corpus, err := intents.Bundled()
	if err != nil {
		return nil, err
	}
	model, err := intents.Shipped()
	if err != nil {
		return nil, err
	}
	var figures []figure
	for _, part := range []struct {
		name      string
		sentences []intents.Sentence
	}{{"validation", corpus.Validation}, {"test", corpus.Test}} {
		what := fmt.Sprintf("own %s sentences", part.name)
		for _, language := range languages {
			some := slices.DeleteFunc(slices.Clone(part.sentences), func(s intents.Sentence) bool {
				return !slices.Contains(language.locales, s.Locale())
			})
			figures = append(figures, figure{Key: part.name + "_macro_f1_" + language.name, Value: model.Evaluate(intents.Examples(some)).MacroF1,
				Bar: language.bar, unit: "%", what: fmt.Sprintf("%s in %s: %d", what, strings.Join(language.locales, " and "), len(some))})
		}
		examples := intents.Examples(part.sentences)
		score, noisy := model.Evaluate(examples), model.Evaluate(mistyped(examples))
		figures = append(figures,
			figure{Key: part.name + "_talk_to_human_recall", Value: score.Labels[string(refund.MeansTalkToHuman)].Recall, Bar: 0.99, unit: "%"},
			figure{Key: part.name + "_accepted_precision", Value: score.Precision, Bar: 0.985, unit: "%", what: "of what is followed"},
			figure{Key: part.name + "_accepted_share", Value: score.Accepted, Bar: 0.85, unit: "%", what: "is followed"},
			figure{Key: part.name + "_calibration_error", Value: score.Error, Bar: 0.03, Most: true},
			figure{Key: part.name + "_typo_loss", Value: score.Accuracy - noisy.Accuracy, Bar: 0.03, Most: true, unit: "points",
				what: "of accuracy with typos in 30 % of longer words"},
		)
	}
	return figures, nil
}

// A word is longer from so many letters on; of Han, which is written without
// blanks, a run between signs counts as a word.
const longer = 5

// mistyped makes a slip of the finger in 30 % of the longer words of each text:
// two neighbours swapped, one letter lost, doubled, or hit twice.
func mistyped(examples []intents.Example) []intents.Example {
	random := rand.New(rand.NewPCG(30, 100))
	noisy := slices.Clone(examples)
	for i := range noisy {
		var out []rune
		var word []rune
		end := func() {
			if len(word) >= longer && random.Float64() < 0.3 {
				at := 1 + random.IntN(len(word)-2)
				switch random.IntN(4) {
				case 0:
					word[at], word[at+1] = word[at+1], word[at]
				case 1:
					word = slices.Delete(word, at, at+1)
				case 2:
					word = slices.Insert(word, at, word[at])
				case 3:
					word[at] = word[at-1]
				}
			}
			out, word = append(out, word...), word[:0]
		}
		for _, r := range noisy[i].Text {
			if unicode.IsLetter(r) {
				word = append(word, r)
				continue
			}
			end()
			out = append(out, r)
		}
		end()
		noisy[i].Text = string(out)
	}
	return noisy
}

// stated is one line of a file of slots, as intents/data/README.md describes it.
type stated struct {
	Text   string    `json:"text"`
	SentAt time.Time `json:"sent_at"`
	Zone   string    `json:"zone"`
	Slots  []struct {
		Name  refund.SlotName `json:"name"`
		Value string          `json:"value"`
	} `json:"slots"`
}

// slots measures in how many sentences every slot is found with its value, and
// none that is not there.
func slots(context.Context, string) ([]figure, error) {
	finder, err := intents.NewSlots(nil)
	if err != nil {
		return nil, err
	}
	var figures []figure
	for _, part := range []string{"validation", "test"} {
		sentences, err := readStated(os.DirFS("intents/data"), part+"/slots.jsonl")
		if err != nil {
			return nil, err
		}
		right := 0
		for _, s := range sentences {
			zone, err := time.LoadLocation(s.Zone)
			if err != nil {
				return nil, err
			}
			found := finder.Find(s.Text, s.SentAt, zone)
			if slices.EqualFunc(found, s.Slots, func(got refund.Slot, want struct {
				Name  refund.SlotName `json:"name"`
				Value string          `json:"value"`
			}) bool {
				return got.Name == want.Name && got.Value == want.Value
			}) {
				right++
			}
		}
		figures = append(figures, figure{Key: part + "_slots_exact", Value: float64(right) / float64(len(sentences)), Bar: 0.95, unit: "%",
			what: fmt.Sprintf("of %d sentences with all slots right", len(sentences))})
	}
	return figures, nil
}

func readStated(dir fs.FS, name string) ([]stated, error) {
	contents, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil, fmt.Errorf("%w (run it from the folder of go.mod)", err)
	}
	var sentences []stated
	n := 0
	for line := range strings.Lines(string(contents)) {
		n++
		var s stated
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		sentences = append(sentences, s)
	}
	return sentences, nil
}
