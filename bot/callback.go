package bot

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"tuidan/refund"
)

// maxCallbackData is the limit of callback_data, in bytes.
// (Bot API: InlineKeyboardButton)
const maxCallbackData = 64

// callbackVersion starts the data of every button. Buttons live in chats for
// years: a change of the format needs a new version beside this one.
const callbackVersion = "1"

// Errors of the callback codec.
var (
	ErrCallbackTooLong = errors.New("callback data longer than 64 bytes")
	ErrForeignCallback = errors.New("not this desk's callback data")
)

// EncodeAction writes what a button means as its callback data:
// "1:CASE:N:DO:ARG", N in base 36. Only Arg may hold a colon. It fails with
// ErrCallbackTooLong, and for parts that could not be read back.
func EncodeAction(a refund.Action) (string, error) {
	if !plainPart(string(a.Case)) || !plainPart(a.Do) || a.Do == "" || a.N < 0 || a.N > math.MaxInt32 || !utf8.ValidString(a.Arg) {
		return "", fmt.Errorf("action %+v cannot be written as callback data", a)
	}
	data := strings.Join([]string{callbackVersion, string(a.Case), strconv.FormatInt(int64(a.N), 36), a.Do, a.Arg}, ":")
	if len(data) > maxCallbackData {
		return "", fmt.Errorf("action %q: %w", data, ErrCallbackTooLong)
	}
	return data, nil
}

// DecodeAction reads callback data strictly: what EncodeAction would not write
// is ErrForeignCallback. That it reads says nothing about who may press it.
func DecodeAction(data string) (refund.Action, error) {
	parts := strings.SplitN(data, ":", 5)
	if len(data) > maxCallbackData || len(parts) != 5 || parts[0] != callbackVersion {
		return refund.Action{}, ErrForeignCallback
	}
	n, err := strconv.ParseInt(parts[2], 36, 32)
	if err != nil {
		return refund.Action{}, ErrForeignCallback
	}
	action := refund.Action{Case: refund.CaseID(parts[1]), N: int(n), Do: parts[3], Arg: parts[4]}
	if again, err := EncodeAction(action); err != nil || again != data {
		return refund.Action{}, ErrForeignCallback
	}
	return action, nil
}

// plainPart reports whether a text has only the characters of case ids and of
// the names of actions.
func plainPart(text string) bool {
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}
