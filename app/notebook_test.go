package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tuidan/intents"
	"tuidan/refund"
)

func TestNotebook(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, has, text, want string
	}{
		{"a new file", "", "在吗", "greet\t在吗\n"},
		{"one more", "deny\tno\n", "在吗", "deny\tno\ngreet\t在吗\n"},
		{"tabs and lines", "", "\tone\r\ntwo\u2028 three\t", "greet\tone two three\n"},
		{"no text", "deny\tno\n", " \n", "deny\tno\n"},
		{"broken characters", "", "a\xffb", "greet\tab\n"},
		{"there already", "greet\t在吗\ndeny\tno\n", "在吗", "greet\t在吗\ndeny\tno\n"},
		{"there as another editor ends lines", "greet\t在吗\r\n", "在吗", "greet\t在吗\r\n"},
		{"under another label", "none\t在吗\n", "在吗", "none\t在吗\ngreet\t在吗\n"},
		{"torn by a crash", "deny\tno\ngreet\t在\xe5", "在吗", "deny\tno\ngreet\t在吗\n"},
		{"torn before its end", "greet\t在吗", "在吗", "greet\t在吗"},
		{"a person's line without an end", "deny\tno", "在吗", "deny\tno\ngreet\t在吗\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			file := filepath.Join(data, "intents", "reviewed.tsv")
			if test.has != "" {
				if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(test.has), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the second as after a crash
				if err := newNotebook(data).Note(t.Context(), "job-1", refund.MeansGreet, test.text); err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(file)
				if err != nil || string(got) != test.want {
					t.Fatalf("%q, %v; want %q", got, err, test.want)
				}
			}
			if _, err := intents.ReadSentences(strings.NewReader(test.want), file); err != nil {
				t.Errorf("cannot be learned: %v", err)
			}
		})
	}
	// Where it cannot be written, the desk hears of it.
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "intents"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newNotebook(data).Note(t.Context(), "job-1", refund.MeansGreet, "在吗"); err == nil {
		t.Error("a file in the folder's place was no error")
	}
}
