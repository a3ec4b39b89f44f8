package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tuidan/intents"
)

// dataSet is a public set of labelled messages. Foreign ones are out of scope of
// its labels.
type dataSet struct {
	training, test, foreign []intents.Example
}

// public learns the public data sets afresh. Without them there is nothing to
// measure, and that is said.
func public(ctx context.Context, folder string) ([]figure, error) {
	banking, err := readBanking(folder)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "understanding: no public data sets in %s: the lines about them are left out\n", folder)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	clinc, err := readClinc(folder)
	if err != nil {
		return nil, err
	}
	model, took, size, err := train(banking)
	if err != nil {
		return nil, fmt.Errorf("BANKING77: %w", err)
	}
	score := model.Evaluate(banking.test)
	figures := []figure{
		{Key: "banking77_accuracy", Value: score.Accuracy, Bar: 0.925, unit: "%", what: "BANKING77, test"},
		{Key: "banking77_macro_f1", Value: score.MacroF1, unit: "%"},
		{Key: "banking77_model_bytes", Value: float64(size), Bar: 4_000_000, Most: true, unit: "bytes", what: "model file"},
		{Key: "banking77_train_seconds", Value: took.Seconds(), Bar: 20, Most: true, unit: "s", what: "training"},
	}
	model, took, size, err = train(clinc)
	if err != nil {
		return nil, fmt.Errorf("CLINC150: %w", err)
	}
	score = model.Evaluate(clinc.test)
	figures = append(figures,
		figure{Key: "clinc150_in_scope_accuracy", Value: score.Accuracy, Bar: 0.935, unit: "%", what: "CLINC150, test, in scope; out of scope is one of the answers"},
		figure{Key: "clinc150_auroc", Value: model.Separation(clinc.test, clinc.foreign), Bar: 0.975, what: "of telling its out-of-scope messages"},
		figure{Key: "clinc150_model_bytes", Value: float64(size), Bar: 4_000_000, Most: true, unit: "bytes", what: "model file"},
		figure{Key: "clinc150_train_seconds", Value: took.Seconds(), Bar: 20, Most: true, unit: "s", what: "training"},
	)
	if _, err := exec.LookPath("fasttext"); err != nil {
		fmt.Fprintln(os.Stderr, "understanding: fasttext is not installed: its lines are left out")
		return figures, nil
	}
	for _, one := range []struct {
		key string
		set dataSet
	}{{"fasttext_banking77_accuracy", banking}, {"fasttext_clinc150_in_scope_accuracy", clinc}} {
		accuracy, err := fastText(ctx, one.set)
		if err != nil {
			return nil, fmt.Errorf("fastText: %w", err)
		}
		figures = append(figures, figure{Key: one.key, Value: accuracy, unit: "%", what: "the same test, by fastText"})
	}
	return figures, nil
}

// train does what `tuidan intents eval --train` does.
func train(set dataSet) (*intents.Model, time.Duration, int, error) {
	began := time.Now()
	model, err := intents.Train(set.training, nil, intents.DefaultSettings())
	if err != nil {
		return nil, 0, 0, err
	}
	took := time.Since(began)
	file, err := model.Encode()
	return model, took, len(file), err
}

func readBanking(folder string) (dataSet, error) {
	var set dataSet
	for _, part := range []struct {
		file string
		to   *[]intents.Example
	}{{"banking77_train.csv", &set.training}, {"banking77_test.csv", &set.test}} {
		file, err := os.Open(filepath.Join(folder, part.file))
		if err != nil {
			return set, err
		}
		rows, err := csv.NewReader(file).ReadAll()
		if err := errors.Join(err, file.Close()); err != nil {
			return set, fmt.Errorf("read %s: %w", part.file, err)
		}
		for _, row := range rows[1:] { // the first names the columns: text, category
			*part.to = append(*part.to, intents.Example{Label: row[1], Text: row[0]})
		}
	}
	return set, nil
}

func readClinc(folder string) (dataSet, error) {
	contents, err := os.ReadFile(filepath.Join(folder, "clinc150_oos_plus.json"))
	if err != nil {
		return dataSet{}, err
	}
	var parts map[string][][2]string
	if err := json.Unmarshal(contents, &parts); err != nil {
		return dataSet{}, fmt.Errorf("read CLINC150: %w", err)
	}
	of := func(name string) (examples []intents.Example) {
		for _, pair := range parts[name] {
			examples = append(examples, intents.Example{Label: pair[1], Text: pair[0]})
		}
		return examples
	}
	return dataSet{training: slices.Concat(of("train"), of("oos_train")), test: of("test"), foreign: of("oos_test")}, nil
}

// fastText is the accuracy of fastText's supervised mode, with the options that
// did best on a part of BANKING77's training split.
func fastText(ctx context.Context, set dataSet) (float64, error) {
	folder, err := os.MkdirTemp("", "understanding")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	training, test := filepath.Join(folder, "training"), filepath.Join(folder, "test")
	for file, examples := range map[string][]intents.Example{training: set.training, test: set.test} {
		if err := os.WriteFile(file, forFastText(examples), 0o600); err != nil {
			return 0, err
		}
	}
	model := filepath.Join(folder, "model")
	learn := exec.CommandContext(ctx, "fasttext", "supervised", "-input", training, "-output", model, "-lr", "1.0", "-epoch", "50",
		"-wordNgrams", "2", "-minn", "3", "-maxn", "5", "-dim", "100", "-thread", "2", "-verbose", "0")
	if out, err := learn.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	out, err := exec.CommandContext(ctx, "fasttext", "test", model+".bin", test, "1").Output()
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "P@1" {
			return strconv.ParseFloat(fields[1], 64)
		}
	}
	return 0, fmt.Errorf("no P@1 in %q", out)
}

// forFastText writes examples as fastText reads them: words in small letters,
// signs apart.
func forFastText(examples []intents.Example) []byte {
	var out bytes.Buffer
	for _, e := range examples {
		out.WriteString("__label__" + strings.ReplaceAll(e.Label, " ", "_"))
		word := false
		for _, r := range strings.ToLower(e.Text) {
			letter := unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\''
			if letter != word || !letter {
				out.WriteByte(' ')
			}
			if word = letter; !unicode.IsSpace(r) {
				out.WriteRune(r)
			}
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}
