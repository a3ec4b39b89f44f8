package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tuidan/intents"
	"tuidan/refund"
)

// intentsLine is what kong reads of `tuidan intents …`.
type intentsLine struct {
	Train struct {
		Data   string   `help:"Folder of sentences; without it those that the shipped model was made of." placeholder:"DIR"`
		With   []string `help:"Learn these too: a file of label<TAB>text, or \"reviewed\" for what was sorted with /review. The result is a challenger: it replaces the current model only when no intent gets worse." placeholder:"FILE"`
		Out    string   `help:"The model's file. Without it model.bin; with --with reviewed the shop's own model." placeholder:"FILE"`
		Config string   `help:"The config file, for --with reviewed." placeholder:"FILE" default:"tuidan.yaml"`
	} `cmd:"" help:"Train the model that reads messages. Example: tuidan intents train --with reviewed"`
	Classify struct {
		Config string `help:"Read with this shop's model, order numbers and product names." placeholder:"FILE"`
	} `cmd:"" help:"Read messages from standard input, one a line or as JSON lines with text, locale, sent_at and zone, and print what they mean as JSON lines. Example: echo '充了半小时没到账' | tuidan intents classify"`
	Eval struct {
		Train string `help:"Train afresh on this file of label<TAB>text." placeholder:"FILE"`
		Test  string `help:"Evaluate on this file." placeholder:"FILE"`
		OOS   string `name:"oos" help:"Messages that are none of the labels: text, or label<TAB>text." placeholder:"FILE"`
		JSON  bool   `name:"json" help:"Print JSON."`
	} `cmd:"" help:"Evaluate the shipped model on the validation sentences, or any data: --train F --test F [--oos F]. Example: tuidan intents eval"`
}

// ownModel is where a shop keeps a model of its own, below the data folder, and
// beside it what its people sorted.
const (
	ownModel      = "intents/model.bin"
	ownReviewed   = "intents/reviewed.tsv"
	reviewedWords = "reviewed"
)

// trainIntents is `tuidan intents train`.
func trainIntents(line *intentsLine, args, environment []string, stdout, stderr io.Writer) error {
	options := line.Train
	corpus, err := openCorpus(options.Data)
	if err != nil {
		return tellMistakes(err, stderr)
	}
	if err := intents.Unknown(slices.Concat(corpus.Training, corpus.Validation, corpus.Test), allLabels()); err != nil {
		return tellMistakes(err, stderr)
	}
	if len(options.With) > 0 && len(corpus.Validation) == 0 {
		return fmt.Errorf("%s has no validation sentences, by which a challenger is held against the current model", options.Data)
	}
	if repeats := corpus.Repeats(corpus.Training); len(repeats) > 0 {
		for _, repeat := range repeats {
			fmt.Fprintln(stderr, repeat)
		}
		return fmt.Errorf("%d training sentences nearly repeat frozen ones, which would make the figures a lie; take them out", len(repeats))
	}
	out, current := options.Out, ""
	var data string
	if slices.Contains(options.With, reviewedWords) {
		setup, err := LoadConfig(options.Config, environment)
		if err != nil {
			return tellProblems(err, stderr)
		}
		data = string(setup.Config.Data)
		current = filepath.Join(data, ownModel)
		if out == "" {
			out = current
		}
	}
	if out == "" {
		out = "model.bin"
	}
	if current == "" {
		current = out
	}
	var own []intents.Sentence
	labels := intents.LabelsOf(corpus.Training)
	for _, with := range options.With {
		file := with
		if with == reviewedWords {
			file = filepath.Join(data, ownReviewed)
		}
		some, err := readOwn(file, labels)
		if err != nil {
			return tellMistakes(err, stderr)
		}
		if len(some) == 0 {
			return fmt.Errorf("%s holds no sentence: lines of label<TAB>text", file)
		}
		some = withoutRepeats(corpus, some, stdout)
		fmt.Fprintf(stdout, "%s: %d sentences\n", file, len(some))
		own = append(own, some...)
	}

	var champion *intents.Model
	var name string
	if len(options.With) > 0 {
		if champion, name, err = openModel(current); err != nil {
			return err
		}
	}
	settings := intents.DefaultSettings()
	settings.Products = corpus.Products
	learnt := len(corpus.Training) + len(own)
	training, validation := intents.Examples(corpus.Training), intents.Examples(corpus.Validation)
	began := time.Now()
	var model *intents.Model
	if champion != nil {
		model, err = champion.Challenger(training, intents.Examples(own), validation, settings)
	} else {
		model, err = intents.Train(training, validation, settings)
	}
	if err != nil {
		return fmt.Errorf("train on %d sentences: %w", learnt, err)
	}
	took := time.Since(began)
	model.Origin.Command = "tuidan " + strings.Join(args, " ")
	model.Origin.Data = corpus.Hashes
	file, err := model.Encode()
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "learnt %d sentences in %.1f s: %d labels, %d bytes\n", learnt, took.Seconds(), len(model.Labels), len(file))
	if champion != nil {
		if worse := compare(champion, model, corpus.Validation, stdout); len(worse) > 0 {
			fmt.Fprintf(stdout, "not replaced: %s would lose more than a point against the current model (%s)\n", strings.Join(worse, ", "), name)
			return errSaid
		}
	}
	if err := replaceFile(out, file); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "written: %s\n", out)
	return nil
}

// allLabels are the labels that a message can have.
func allLabels() []string {
	var labels []string
	for _, intent := range refund.Intents() {
		labels = append(labels, string(intent))
	}
	return labels
}

// openCorpus reads a folder of sentences, or those in the program.
func openCorpus(dir string) (*intents.Corpus, error) {
	if dir == "" {
		return intents.Bundled()
	}
	corpus, err := intents.ReadCorpus(os.DirFS(dir))
	if err == nil && len(corpus.Training) == 0 {
		return nil, fmt.Errorf("%s holds no sentences: files such as zh-Hans.tsv with lines of label<TAB>text", dir)
	}
	return corpus, err
}

// tellMistakes writes joined errors a line each and says how many there are.
func tellMistakes(err error, to io.Writer) error {
	lines := strings.Split(err.Error(), "\n")
	if len(lines) == 1 {
		return err
	}
	fmt.Fprintf(to, "%s\n\n%d mistakes\n", err, len(lines))
	return errSaid
}

func readOwn(file string, labels []string) ([]intents.Sentence, error) {
	opened, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) && filepath.Base(file) == filepath.Base(ownReviewed) {
		return nil, fmt.Errorf("%s is not there yet: sort some messages with /review in the group first", file)
	}
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	sentences, err := intents.ReadSentences(opened, file)
	return sentences, errors.Join(err, intents.Unknown(sentences, labels))
}

// withoutRepeats leaves out what nearly repeats a frozen sentence, and says so.
func withoutRepeats(corpus *intents.Corpus, own []intents.Sentence, stdout io.Writer) []intents.Sentence {
	refused := map[int]bool{}
	for _, repeat := range corpus.Repeats(own) {
		fmt.Fprintf(stdout, "left out: %s\n", repeat)
		refused[repeat.Sentence.Line] = true
	}
	return slices.DeleteFunc(own, func(s intents.Sentence) bool { return refused[s.Line] })
}

// openModel reads a model's file; where there is none, the shipped model counts.
func openModel(file string) (m *intents.Model, name string, err error) {
	contents, err := os.ReadFile(file)
	if file == "" || errors.Is(err, fs.ErrNotExist) {
		m, err = intents.Shipped()
		return m, "the one in the program", err
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the model: %w", err)
	}
	if m, err = intents.Load(contents); err != nil {
		return nil, "", fmt.Errorf("%s: %w", file, err)
	}
	return m, file, nil
}

// mostLost is how much of its F1 an intent may lose in a challenger.
const mostLost = 0.01

// compare prints what each intent gains or loses on the frozen validation
// sentences, and returns those that lose too much.
func compare(champion, challenger *intents.Model, validation []intents.Sentence, stdout io.Writer) (worse []string) {
	examples := intents.Examples(validation)
	before, after := champion.Evaluate(examples), challenger.Evaluate(examples)
	fmt.Fprintf(stdout, "\n%-20s %8s %8s %8s\n", "F1 in points", "current", "new", "change")
	for _, label := range slices.Sorted(maps.Keys(before.Labels)) {
		was, is := before.Labels[label].F1, after.Labels[label].F1
		fmt.Fprintf(stdout, "%-20s %8.1f %8.1f %+8.1f\n", label, 100*was, 100*is, 100*(is-was))
		if was-is > mostLost {
			worse = append(worse, label)
		}
	}
	fmt.Fprintf(stdout, "%-20s %8.1f %8.1f %+8.1f\n\n", "all (macro)", 100*before.MacroF1, 100*after.MacroF1, 100*(after.MacroF1-before.MacroF1))
	return worse
}

// openReading opens what reads messages: with a config the shop's own model, order
// numbers and products, without one what the program has.
func openReading(config string, environment []string, stderr io.Writer) (*intents.Model, *intents.Slots, error) {
	if config == "" {
		model, err := intents.Shipped()
		if err != nil {
			return nil, nil, fmt.Errorf("open the shipped model: %w", err)
		}
		slots, err := intents.NewSlots(nil)
		return model, slots, err
	}
	setup, err := LoadConfig(config, environment)
	if err != nil {
		return nil, nil, tellProblems(err, stderr)
	}
	return setup.Model, setup.Slots, nil
}

// replaceFile writes a file whole or not at all.
func replaceFile(file string, contents []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("make the model's folder: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*.new")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	_, err = temporary.Write(contents)
	err = errors.Join(err, temporary.Chmod(0o644), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", file, errors.Join(err, os.Remove(temporary.Name())))
	}
	return nil
}

// evaluation is what `tuidan intents eval` prints.
type evaluation struct {
	intents.Score
	AUROC        *float64 `json:"auroc"`          // of telling foreign messages; null: there are none
	ModelBytes   int      `json:"model_bytes"`    // on disk
	TrainSeconds *float64 `json:"train_seconds"`  // null: not trained
	Microseconds float64  `json:"us_per_message"` // mean
}

// evalIntents is `tuidan intents eval`.
func evalIntents(line *intentsLine, stdout, stderr io.Writer) error {
	options := line.Eval
	var model *intents.Model
	var test, foreign []intents.Sentence
	var result evaluation
	var err error
	switch {
	case options.Train == "" && options.Test == "":
		corpus, err := intents.Bundled()
		if err != nil {
			return err
		}
		if model, err = intents.Shipped(); err != nil {
			return fmt.Errorf("open the shipped model: %w", err)
		}
		test = corpus.Validation
	case options.Train == "" || options.Test == "":
		return errors.New("--train and --test go together: one file to learn, another to evaluate on")
	default:
		training, err := readLabelled(options.Train)
		if err != nil {
			return tellMistakes(err, stderr)
		}
		if test, err = readLabelled(options.Test); err != nil {
			return tellMistakes(err, stderr)
		}
		if err := intents.Unknown(test, intents.LabelsOf(training)); err != nil {
			return tellMistakes(err, stderr)
		}
		began := time.Now()
		if model, err = intents.Train(intents.Examples(training), nil, intents.DefaultSettings()); err != nil {
			return fmt.Errorf("train on %s: %w", options.Train, err)
		}
		took := time.Since(began).Seconds()
		result.TrainSeconds = &took
	}
	if options.OOS != "" {
		if foreign, err = readForeign(options.OOS); err != nil {
			return tellMistakes(err, stderr)
		}
	}
	file, err := model.Encode()
	if err != nil {
		return err
	}
	examples := intents.Examples(test)
	began := time.Now()
	result.Score = model.Evaluate(examples)
	result.Microseconds = float64(time.Since(began).Microseconds()) / float64(max(len(examples), 1))
	result.ModelBytes = len(file)
	inside, outside := model.Inside(examples), intents.Examples(foreign)
	if len(foreign) == 0 {
		outside = model.Foreign(examples)
	}
	if len(inside) > 0 && len(outside) > 0 {
		auroc := model.Separation(inside, outside)
		result.AUROC = &auroc
	}
	if options.JSON {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(result)
	}
	result.print(stdout)
	return nil
}

func readLabelled(file string) ([]intents.Sentence, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	sentences, err := intents.ReadSentences(opened, file)
	if err == nil && len(sentences) == 0 {
		err = fmt.Errorf("%s holds no line of label<TAB>text", file)
	}
	return sentences, err
}

// readForeign reads messages that have no label of ours: what stands before a
// tab does not count.
func readForeign(file string) ([]intents.Sentence, error) {
	contents, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var sentences []intents.Sentence
	n := 0
	for text := range strings.Lines(string(contents)) {
		n++
		if _, after, tab := strings.Cut(text, "\t"); tab {
			text = after
		}
		if text = strings.TrimSpace(text); text != "" {
			sentences = append(sentences, intents.Sentence{Example: intents.Example{Text: text}, File: file, Line: n})
		}
	}
	if len(sentences) == 0 {
		return nil, fmt.Errorf("%s holds no message", file)
	}
	return sentences, nil
}

func (e *evaluation) print(to io.Writer) {
	fmt.Fprintf(to, "messages           %d\n", e.Examples)
	fmt.Fprintf(to, "accuracy           %.2f %%\n", 100*e.Accuracy)
	fmt.Fprintf(to, "macro F1           %.2f %%\n", 100*e.MacroF1)
	if e.AUROC != nil {
		fmt.Fprintf(to, "AUROC, foreign     %.4f\n", *e.AUROC)
	}
	fmt.Fprintf(to, "followed           %.1f %%, of which right %.2f %%\n", 100*e.Accepted, 100*e.Precision)
	fmt.Fprintf(to, "offered as one of two  %.1f %%, of which right %.1f %%\n", 100*e.Offered, 100*e.OneOfTwo)
	fmt.Fprintf(to, "calibration error  %.4f\n", e.Error)
	fmt.Fprintf(to, "model              %d bytes\n", e.ModelBytes)
	if e.TrainSeconds != nil {
		fmt.Fprintf(to, "training           %.1f s\n", *e.TrainSeconds)
	}
	fmt.Fprintf(to, "per message        %.1f µs\n", e.Microseconds)
	fmt.Fprintf(to, "\n%-28s %8s %9s %8s %8s\n", "label", "messages", "precision", "recall", "F1")
	for _, name := range slices.Sorted(maps.Keys(e.Labels)) {
		label := e.Labels[name]
		fmt.Fprintf(to, "%-28s %8d %9.3f %8.3f %8.3f\n", name, label.Examples, label.Precision, label.Recall, label.F1)
	}
	if confusions := e.Confusions(); len(confusions) > 0 {
		fmt.Fprintf(to, "\n%-28s %-28s %s\n", "is", "was taken for", "times")
		for _, c := range confusions[:min(len(confusions), 40)] {
			fmt.Fprintf(to, "%-28s %-28s %d\n", c.Want, c.Got, c.Count)
		}
	}
}

// runIntents runs the chosen subcommand.
func runIntents(ctx context.Context, command string, line *intentsLine, args, environment []string, stdin io.Reader, stdout, stderr io.Writer) error {
	switch command {
	case "train":
		return trainIntents(line, args, environment, stdout, stderr)
	case "eval":
		return evalIntents(line, stdout, stderr)
	}
	return classifyIntents(ctx, line, environment, stdin, stdout, stderr)
}
