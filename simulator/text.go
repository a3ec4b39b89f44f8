package simulator

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-telegram/bot/models"
)

// Lengths that the Bot API allows, in UTF-16 units.
const (
	maxText    = 4096
	maxCaption = 1024
	maxAnswer  = 200
)

// utf16Len is the length of text in UTF-16 units, in which Telegram counts everything.
func utf16Len(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// entityPatterns find what Telegram's servers mark in a person's text. What borders a match decides too; see entitiesOf.
var entityPatterns = []struct {
	kind    models.MessageEntityType
	pattern *regexp.Regexp
}{
	{models.MessageEntityTypeBotCommand, regexp.MustCompile(`/[A-Za-z0-9_]{1,32}(@[A-Za-z0-9_]{3,32})?`)},
	{models.MessageEntityTypeMention, regexp.MustCompile(`@[A-Za-z0-9_]{4,32}`)},
	{models.MessageEntityTypeURL, regexp.MustCompile(`https?://[^\s<>"]+`)},
}

// entitiesOf marks commands, mentions and links. A command or mention must stand apart from letters, digits and slashes,
// so that a path or an e-mail address is none.
func entitiesOf(text string) []wireEntity {
	if !strings.ContainsAny(text, "/@") {
		return nil
	}
	var found []wireEntity
	for _, e := range entityPatterns {
		for _, at := range e.pattern.FindAllStringIndex(text, -1) {
			before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
			after, _ := utf8.DecodeRuneInString(text[at[1]:])
			if e.kind != models.MessageEntityTypeURL && (joins(before) || joins(after)) {
				continue
			}
			found = append(found, wireEntity{
				Type:   e.kind,
				Offset: utf16Len(text[:at[0]]),
				Length: utf16Len(text[at[0]:at[1]]),
			})
		}
	}
	return found
}

func joins(r rune) bool {
	if r == utf8.RuneError {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_/<>@", r)
}

// addressesBot reports whether a bot in privacy mode sees the text: a command for it, or its mention.
func addressesBot(text, username string) bool {
	mention := "@" + username
	for _, e := range entitiesOf(text) {
		word := utf16Slice(text, e.Offset, e.Length)
		switch e.Type {
		case models.MessageEntityTypeBotCommand:
			_, to, directed := strings.Cut(word, "@")
			if !directed || strings.EqualFold("@"+to, mention) {
				return true
			}
		case models.MessageEntityTypeMention:
			if strings.EqualFold(word, mention) {
				return true
			}
		}
	}
	return false
}

// utf16Slice cuts length units out of text, beginning at offset; both must lie within it.
func utf16Slice(text string, offset, length int) string {
	return string(utf16.Decode(utf16.Encode([]rune(text))[offset : offset+length]))
}
