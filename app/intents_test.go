package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tuidan/intents"
)

// words of a shop for which nothing but three intents exists.
var words = map[string][]string{
	"card_invalid": {"code", "rejected", "invalid", "卡密", "无效"},
	"failed_topup": {"topup", "credited", "balance", "充值", "到账"},
	"none":         {"weather", "football", "lunch", "天气", "足球"},
}

// lines are n messages of each label, of its own words and one that says nothing.
func lines(n int) string {
	var b strings.Builder
	for _, label := range []string{"card_invalid", "failed_topup", "none"} {
		w := words[label]
		for i := range n {
			fmt.Fprintf(&b, "%s\t%s %s %c%c\n", label, w[i%5], w[(i/5+1+i)%5], 'a'+i%26, 'a'+i/26)
		}
	}
	return b.String()
}

// swapped has the labels of two intents exchanged.
func swapped(lines string) string {
	return strings.NewReplacer("card_invalid\t", "failed_topup\t", "failed_topup\t", "card_invalid\t").Replace(lines)
}

// validation are messages of which everybody writes some: too short to be repeated.
const validation = "card_invalid\tcode invalid\ncard_invalid\t卡密 无效\nfailed_topup\tbalance topup\nfailed_topup\t充值到账\nnone\tlunch weather\nnone\tfootball\n"

// write puts files into a new folder.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func contents(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// only checks what is in a folder, so that nothing half written stays behind.
func only(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func TestTrainIntents(t *testing.T) {
	t.Parallel()
	data := write(t, map[string]string{"en.tsv": lines(20), "validation/en.tsv": validation, "products.txt": "Genshin\n"})
	out := filepath.Join(t.TempDir(), "new", "model.bin")
	args := []string{"intents", "train", "--data", data, "--out", out}
	code, said, fault := run("", args...)
	if code != exitOK || fault != "" || !strings.Contains(said, "learnt 60 sentences in ") || !strings.Contains(said, "3 labels") || !strings.Contains(said, "written: "+out) {
		t.Fatalf("exit %d, %s, %s", code, said, fault)
	}
	only(t, filepath.Dir(out), "model.bin")
	file := contents(t, out)
	m, err := intents.Load([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if m.Origin.Command != "tuidan "+strings.Join(args, " ") || m.Origin.Examples != 60 || len(m.Origin.Data) != 2 || !slices.Equal(m.Origin.Products, []string{"Genshin"}) {
		t.Errorf("origin is %+v", m.Origin)
	}
	if got := m.Classify("卡密无效"); got.Intent != "card_invalid" {
		t.Errorf("read as %+v", got)
	}
	// The same again gives the same file.
	if code, _, fault := run("", args...); code != exitOK || contents(t, out) != file {
		t.Errorf("another model the second time: exit %d, %s", code, fault)
	}
}

// TestTrainMistakes: nothing is written when something is wrong, and all of it is
// told.
func TestTrainMistakes(t *testing.T) {
	t.Parallel()
	frozen := "card_invalid\tI bought a code here and it was rejected as already used by somebody\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		args  []string
		want  []string
	}{
		{"bad lines", map[string]string{"en.tsv": "greet\thi\nbroken\n\thello\ngreet\t\xff\n", "ru.tsv": "x\n"}, nil,
			[]string{"en.tsv:2: no tab", "en.tsv:3: an empty label", "en.tsv:4: not UTF-8", "ru.tsv:1: no tab", "4 mistakes"}},
		{"one bad line", map[string]string{"en.tsv": "greet\thi\nbroken\n"}, nil, []string{"tuidan: en.tsv:2: no tab"}},
		{"unknown labels", map[string]string{"en.tsv": "greet\thi\ngreets\thi\n", "validation/en.tsv": "refund\tgive it back\n"}, nil,
			[]string{`en.tsv:2: unknown label "greets" (there are: failed_topup, `, `validation/en.tsv:1: unknown label "refund"`, "2 mistakes"}},
		{"near repetition", map[string]string{"en.tsv": lines(3) + "card_invalid\ti bought a code here, and it was rejected as already used by somebody!\n", "test/en.tsv": frozen}, nil,
			[]string{"en.tsv:10: ", " nearly repeats test/en.tsv:1 ", "1 training sentences nearly repeat frozen ones"}},
		{"changed validation", map[string]string{"en.tsv": lines(3), "validation/en.tsv": validation, "frozen.sha256": strings.Repeat("0", 64) + "  validation/en.tsv\n"}, nil,
			[]string{"validation/en.tsv: its SHA-256 is not the one in frozen.sha256"}},
		{"no sentences", map[string]string{"notes.txt": "x"}, nil, []string{"holds no sentences: files such as zh-Hans.tsv"}},
		{"one label", map[string]string{"en.tsv": "greet\thi you\ngreet\thi there\n"}, nil, []string{"train on 2 sentences: training needs examples of at least two labels"}},
		{"no such file", map[string]string{"en.tsv": lines(3), "validation/en.tsv": validation}, []string{"--with", "nowhere.tsv"}, []string{"nowhere.tsv: no such file"}},
		{"nothing to compare with", map[string]string{"en.tsv": lines(3)}, []string{"--with", "nowhere.tsv"}, []string{"has no validation sentences"}},
		{"no config", map[string]string{"en.tsv": lines(3), "validation/en.tsv": validation}, []string{"--with", "reviewed", "--config", "nowhere.yaml"}, []string{"read the config: open nowhere.yaml"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			out := filepath.Join(dir, "model.bin")
			code, said, fault := run("", append([]string{"intents", "train", "--data", write(t, test.files), "--out", out}, test.args...)...)
			if code != exitWrong || strings.Contains(said, "written") {
				t.Errorf("exit %d, %s", code, said)
			}
			for _, want := range test.want {
				if !strings.Contains(fault, want) {
					t.Errorf("%q is not told:\n%s", want, fault)
				}
			}
			only(t, dir)
		})
	}
}

// TestChallenger: what a file adds replaces the model only when no intent gets
// worse.
func TestChallenger(t *testing.T) {
	t.Parallel()
	data := write(t, map[string]string{"en.tsv": lines(20), "validation/en.tsv": validation,
		"test/en.tsv": "card_invalid\tI bought a code here and it was rejected as already used by somebody\n"})
	dir := write(t, map[string]string{
		"good.tsv":    "card_invalid\tcode rejected again\nnone\tno lunch\nnone\ti bought a code here and it was rejected as already used by somebody!\n",
		"bad.tsv":     swapped(lines(75)),
		"unknown.tsv": "card_invalid\tcode rejected\ncard_broken\tcode rejected\nno tab\n",
		"broken.bin":  "not a model",
	})
	out := filepath.Join(dir, "model.bin")
	train := func(out string, with ...string) (int, string, string) {
		args := []string{"intents", "train", "--data", data, "--out", out}
		for _, name := range with {
			args = append(args, "--with", filepath.Join(dir, name))
		}
		return run("", args...)
	}
	if code, said, fault := train(out); code != exitOK {
		t.Fatalf("exit %d, %s, %s", code, said, fault)
	}
	first := contents(t, out)

	code, said, fault := train(out, "bad.tsv")
	if code != exitWrong || fault != "" || !strings.Contains(said, "not replaced: card_invalid, failed_topup would lose more than a point against the current model ("+out+")") {
		t.Errorf("a bad file: exit %d, %s, %s", code, said, fault)
	}
	if contents(t, out) != first {
		t.Error("a worse model has replaced the current one")
	}

	code, said, fault = train(out, "unknown.tsv")
	for _, want := range []string{`unknown.tsv:2: unknown label "card_broken"`, "unknown.tsv:3: no tab", "2 mistakes"} {
		if code != exitWrong || !strings.Contains(fault, want) {
			t.Errorf("unknown labels: exit %d, %s, %s", code, said, fault)
		}
	}

	code, said, fault = train(out, "good.tsv")
	for _, want := range []string{
		"left out: " + filepath.Join(dir, "good.tsv") + ":3: ", "nearly repeats test/en.tsv:1 ", "good.tsv: 2 sentences", "learnt 62 sentences",
		"F1 in points", "card_invalid            100.0    100.0     +0.0", "all (macro)", "written: " + out,
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not told:\n%s", want, said)
		}
	}
	if code != exitOK || fault != "" || contents(t, out) == first {
		t.Errorf("a good file: exit %d, %s, %s", code, said, fault)
	}

	broken := filepath.Join(dir, "broken.bin")
	if code, said, fault = train(broken, "good.tsv"); code != exitWrong || !strings.Contains(fault, "broken.bin: not a model of tuidan intents") || contents(t, broken) != "not a model" {
		t.Errorf("in the place of no model: exit %d, %s, %s", code, said, fault)
	}
	// Where there is no model yet, the one in the program is to be beaten.
	code, said, fault = train(filepath.Join(dir, "none.bin"), "bad.tsv")
	if code != exitWrong || !strings.Contains(said, "against the current model (the one in the program)") {
		t.Errorf("against the shipped model: exit %d, %s, %s", code, said, fault)
	}
	only(t, dir, "bad.tsv", "broken.bin", "good.tsv", "model.bin", "unknown.tsv")
}

// TestTrainReviewed learns what people of the shop sorted, and makes the shop's own
// model of it.
func TestTrainReviewed(t *testing.T) {
	t.Parallel()
	// What the model in the program does not know.
	validation := "card_invalid\tzorblax\nfailed_topup\tquuxify\nnone\tfrobnitz\n"
	data := write(t, map[string]string{"en.tsv": lines(20), "validation/en.tsv": validation})
	config := folder(t, good)
	args := []string{"intents", "train", "--data", data, "--with", "reviewed", "--config", config}
	own := filepath.Join(filepath.Dir(config), "data", "intents")
	reviewed, model := filepath.Join(own, "reviewed.tsv"), filepath.Join(own, "model.bin")

	code, said, fault := run("", args...)
	if code != exitWrong || !strings.Contains(fault, reviewed+" is not there yet: sort some messages with /review in the group first") {
		t.Fatalf("without any: exit %d, %s, %s", code, said, fault)
	}
	if _, err := os.Stat(model); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a model was written: %v", err)
	}

	sorted := strings.Repeat("card_invalid\tzorblax\nfailed_topup\tquuxify\nnone\tfrobnitz\n", 20)
	if err := errors.Join(os.MkdirAll(own, 0o700), os.WriteFile(reviewed, []byte(sorted), 0o600)); err != nil {
		t.Fatal(err)
	}
	code, said, fault = run("", args...)
	if code != exitOK || !strings.Contains(said, reviewed+": 60 sentences") || !strings.Contains(said, "written: "+model) {
		t.Fatalf("exit %d, %s, %s", code, said, fault)
	}
	only(t, own, "model.bin", "reviewed.tsv")
	setup, err := LoadConfig(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := setup.Model.Classify("zorblax"); got.Intent != "card_invalid" {
		t.Errorf("the desk does not read with its own model: %+v", got)
	}

	// A damaged model is told by its name, and nothing is read with it.
	if err := os.WriteFile(model, []byte(contents(t, model)[:1000]), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = LoadConfig(config, nil)
	if err == nil || !strings.Contains(err.Error(), model) || !strings.Contains(err.Error(), "the model file is damaged") || !strings.Contains(err.Error(), "remove it to use the model in the program") {
		t.Errorf("a damaged model: %v", err)
	}
}

// TestReplaceFile: a file is there whole or as it was.
func TestReplaceFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a", "b", "model.bin")
	for _, text := range []string{"first", "second, and longer", ""} {
		if err := replaceFile(file, []byte(text)); err != nil || contents(t, file) != text {
			t.Errorf("%v, %q", err, contents(t, file))
		}
		only(t, filepath.Dir(file), "model.bin")
	}
	// A folder cannot be replaced by a file: nothing stays behind.
	if err := replaceFile(filepath.Join(dir, "a"), []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	only(t, dir, "a")
	if err := replaceFile(filepath.Join(file, "model.bin"), []byte("x")); err == nil || contents(t, file) != "" {
		t.Errorf("below a file: %v", err)
	}
}

// evaluated reads the JSON that eval prints.
func evaluated(t *testing.T, out string) map[string]any {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return got
}

func TestEvalIntents(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		// Any labels will do, and out-of-scope messages are of none.
		"train.tsv": strings.NewReplacer("card_invalid\t", "card\t", "failed_topup\t", "transfer\t", "none\t", "oos\t").Replace(lines(30)),
		"test.tsv":  "card\tcode invalid\ncard\t卡密 rejected\ntransfer\tbalance topup\ntransfer\t充值 credited\n",
		"oos.tsv":   "football weather\noos\tlunch\n\n天气足球\n",
	})
	in := func(name string) string { return filepath.Join(dir, name) }
	code, out, fault := run("", "intents", "eval", "--train", in("train.tsv"), "--test", in("test.tsv"), "--oos", in("oos.tsv"), "--json")
	if code != exitOK || fault != "" {
		t.Fatalf("exit %d, %s, %s", code, out, fault)
	}
	got := evaluated(t, out)
	for field, want := range map[string]float64{"examples": 4, "accuracy": 1, "macro_f1": 1, "auroc": 1} {
		if v, ok := got[field].(float64); !ok || math.Abs(v-want) > 1e-9 {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
	for _, field := range []string{"ece", "model_bytes", "train_seconds", "us_per_message"} {
		if v, ok := got[field].(float64); !ok || v < 0 {
			t.Errorf("%s is %v", field, got[field])
		}
	}
	if labels, ok := got["labels"].(map[string]any); !ok || len(labels) != 2 {
		t.Errorf("labels are %v", got["labels"])
	}

	// In words, and without messages out of scope.
	code, out, fault = run("", "intents", "eval", "--train", in("train.tsv"), "--test", in("test.tsv"))
	if code != exitOK || fault != "" || !strings.Contains(out, "accuracy           100.00 %") || !strings.Contains(out, "training  ") || strings.Contains(out, "AUROC") {
		t.Errorf("exit %d, %s, %s", code, out, fault)
	}
}

// TestEvalShipped evaluates the model in the program on the validation sentences.
func TestEvalShipped(t *testing.T) {
	t.Parallel()
	const least = 0.92
	code, out, fault := run("", "intents", "eval", "--json")
	if code != exitOK || fault != "" {
		t.Fatalf("exit %d, %s, %s", code, out, fault)
	}
	got := evaluated(t, out)
	if got["train_seconds"] != nil {
		t.Errorf("trained in %v seconds", got["train_seconds"])
	}
	for _, field := range []string{"accuracy", "macro_f1", "auroc"} {
		if v, ok := got[field].(float64); !ok || v < least || v > 1 {
			t.Errorf("%s is %v, at least %v", field, got[field], least)
		}
	}
}

func TestEvalMistakes(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"train.tsv": lines(10), "test.tsv": "none\tlunch\n", "unknown.tsv": "none\tlunch\nsome\tlunch\nany\tlunch\n", "bad.tsv": "none\tlunch\nlunch\n", "empty.tsv": "\n\n", "alike.tsv": "none\tlunch\nnone\tlunch\n",
	})
	for _, test := range []struct {
		name string
		args []string // after --train …
		want string
	}{
		{"nothing to test on", []string{"train.tsv"}, "--train and --test go together"},
		{"bad training line", []string{"bad.tsv", "--test", "test.tsv"}, "bad.tsv:2: no tab"},
		{"bad test line", []string{"train.tsv", "--test", "bad.tsv"}, "bad.tsv:2: no tab"},
		{"unknown labels", []string{"train.tsv", "--test", "unknown.tsv"}, `unknown.tsv:3: unknown label "any"`},
		{"empty test", []string{"train.tsv", "--test", "empty.tsv"}, "empty.tsv holds no line of label<TAB>text"},
		{"empty training", []string{"empty.tsv", "--test", "test.tsv"}, "empty.tsv holds no line of label<TAB>text"},
		{"nothing foreign", []string{"train.tsv", "--test", "test.tsv", "--oos", "empty.tsv"}, "empty.tsv holds no message"},
		{"one label", []string{"alike.tsv", "--test", "test.tsv"}, "alike.tsv: training needs examples of at least two labels"},
		{"no such file", []string{"train.tsv", "--test", "nowhere.tsv"}, "nowhere.tsv: no such file"},
		{"no such foreign file", []string{"train.tsv", "--test", "test.tsv", "--oos", "nowhere.tsv"}, "nowhere.tsv: no such file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			args := []string{"intents", "eval", "--train"}
			for _, arg := range test.args {
				if strings.HasSuffix(arg, ".tsv") {
					arg = filepath.Join(dir, arg)
				}
				args = append(args, arg)
			}
			code, out, fault := run("", args...)
			if code != exitWrong || out != "" || !strings.Contains(fault, test.want) {
				t.Errorf("exit %d, %s, %s; want %s", code, out, fault, test.want)
			}
		})
	}
	// Messages of one kind only tell nothing of telling kinds apart.
	code, out, fault := run("", "intents", "eval", "--train", filepath.Join(dir, "train.tsv"), "--test", filepath.Join(dir, "test.tsv"), "--json")
	if code != exitOK || fault != "" || evaluated(t, out)["auroc"] != nil {
		t.Errorf("exit %d, %s, %s", code, out, fault)
	}
}

// TestIntentsHelp: every subcommand explains itself, with an example.
func TestIntentsHelp(t *testing.T) {
	t.Parallel()
	for command, flags := range map[string][]string{"train": {"--data", "--with", "--out", "--config"}, "classify": {"--config"}, "eval": {"--train", "--test", "--oos", "--json"}} {
		code, out, _ := run("", "intents", command, "--help")
		if code != exitOK || !strings.Contains(out, "Example:") {
			t.Errorf("%s: exit %d, %s", command, code, out)
		}
		for _, flag := range flags {
			if !strings.Contains(out, flag) {
				t.Errorf("%s says nothing of %s", command, flag)
			}
		}
		if code, _, fault := run("", "intents", command, "--nonsense"); code != exitUsage || !strings.Contains(fault, "--nonsense") {
			t.Errorf("%s --nonsense: exit %d, %s", command, code, fault)
		}
	}
}

// TestOpenModel: where there is no file the shipped model counts, and nothing but a
// model is taken for one.
func TestOpenModel(t *testing.T) {
	t.Parallel()
	shipped, err := intents.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{"broken.bin": "x", "folder/x": ""})
	for _, test := range []struct {
		file, name, want string
	}{
		{"", "the one in the program", ""},
		{filepath.Join(dir, "nowhere.bin"), "the one in the program", ""},
		{filepath.Join(dir, "broken.bin"), "", "broken.bin: not a model of tuidan intents"},
		{filepath.Join(dir, "folder"), "", "read the model: "},
	} {
		m, name, err := openModel(test.file)
		if test.want == "" {
			if m != shipped || name != test.name || err != nil {
				t.Errorf("%q: %s, %v", test.file, name, err)
			}
			continue
		}
		if m != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v", test.file, err)
		}
	}
	var out bytes.Buffer
	if err := tellMistakes(errors.Join(errors.New("a"), errors.New("b")), &out); !errors.Is(err, errSaid) || out.String() != "a\nb\n\n2 mistakes\n" {
		t.Errorf("%v, %q", err, out.String())
	}
}
