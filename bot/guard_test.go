package bot

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"tuidan/bot/locker"
	"tuidan/refund"
)

func TestGuard(t *testing.T) {
	keys, err := locker.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	shape := regexp.MustCompile(`K\d{4}`)
	intake := &fakeIntake{}
	guard := &Guard{Intake: intake, Keys: keys, Secrets: func(text string) (found [][2]int) {
		for _, at := range shape.FindAllStringIndex(text, -1) {
			found = append(found, [2]int{at[0], at[1]})
		}
		return found
	}}
	const private = `{"update_id":7,"message":{"message_id":5,"date":1,"from":{"id":9007199254740993},"chat":{"id":9,"type":"private"},`
	for _, test := range []struct{ name, raw, text, secrets string }{
		{"text", private + `"text":"a K1234 b K5678 <c>"}}`, "a ••• b ••• <c>", "K1234 K5678"},
		{"caption", private + `"caption":"K1234","photo":[{"file_id":"f","width":1,"height":1}]}}`, "•••", "K1234"},
		{"edit", strings.Replace(private, `"message":`, `"edited_message":`, 1) + `"text":"K1234"}}`, "•••", "K1234"},
		{"answer", private + `"text":"why","reply_to_message":{"message_id":4,"text":"K1234"},"quote":{"text":"K1234"}}}`, "why", ""},
		{"none", private + `"text":"hello"}}`, "hello", ""},
		{"start link", private + `"text":"/start K1234_x"}}`, "/start K1234_x", ""},
		{"group", `{"update_id":7,"message":{"message_id":5,"chat":{"id":-1,"type":"group"},"text":"K1234"}}`, "K1234", ""},
	} {
		intake.taken = nil
		if err := guard.Take(t.Context(), []json.RawMessage{json.RawMessage(test.raw)}, nil); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		got := intake.taken[0]
		translator := Translator{ShopOf: func(refund.ChatID) refund.ShopID { return "star" }}
		event, err := translator.Translate(json.RawMessage(got))
		if err != nil || event.Text != test.text && event.Command == "" || UpdateID(json.RawMessage(got)) != 7 {
			t.Errorf("%s: %q, %v", test.name, event.Text, err)
		}
		if unchanged := test.text != "•••" && test.secrets == "" && test.name != "answer"; unchanged != (got == test.raw) {
			t.Errorf("%s: handed on %s", test.name, got)
		}
		if test.name != "group" && test.name != "start link" && (shape.MatchString(got) || strings.Contains(test.raw, "9007") != strings.Contains(got, "9007199254740993")) {
			t.Errorf("%s: handed on %s", test.name, got)
		}
		var opened []string
		for _, secret := range event.Secrets {
			text, err := keys.Open(secret.Sealed, locker.SecretLabel(secret.Chat, secret.Message))
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			opened = append(opened, text)
		}
		if strings.Join(opened, " ") != test.secrets {
			t.Errorf("%s: sealed %q", test.name, opened)
		}
	}
	intake.taken = nil
	if err := guard.Take(t.Context(), []json.RawMessage{json.RawMessage(`"torn`), json.RawMessage(`{"update_id":8,"message":[]}`)}, nil); err != nil || len(intake.taken) != 2 {
		t.Errorf("what is no update: %v, %v", intake.taken, err)
	}
}

// TestAnswerOpensSecrets shows a secret in an answer to a press, and says so when it
// does not open.
func TestAnswerOpensSecrets(t *testing.T) {
	keys, _ := locker.NewKeys()
	others, _ := locker.NewKeys()
	sealed, err := keys.Seal("K1234", locker.SecretLabel(9, 5))
	if err != nil {
		t.Fatal(err)
	}
	words := refund.Words{Key: "secret_is", Args: map[string]refund.Arg{"Secret": {Secret: &refund.Secret{Chat: 9, Message: 5, Sealed: sealed}}}}
	if got := (&Answerer{Keys: keys}).opened(words); got.Args["Secret"].Text != "K1234" || words.Args["Secret"].Text != "" {
		t.Errorf("%+v, and the words given are %+v", got, words)
	}
	if got := (&Answerer{Keys: others}).opened(words); got.Key != "secret_lost" {
		t.Errorf("another key: %+v", got)
	}
}
