package bot

import (
	"strings"
	"unicode/utf16"
)

// command finds the first command of a text that is meant for this bot and
// returns its name in lower case and the text after it. What stands before it
// does not matter: people greet. Offsets count UTF-16 units and come from
// outside, so each is checked. (Bot API: MessageEntity)
func command(text string, entities []wireEntity, username string) (name, rest string, ok bool) {
	var units []uint16
	for _, entity := range entities {
		if entity.Type != "bot_command" {
			continue
		}
		if units == nil {
			units = utf16.Encode([]rune(text))
		}
		if entity.Offset < 0 || entity.Length < 2 || entity.Offset > len(units) || entity.Length > len(units)-entity.Offset {
			continue
		}
		end := entity.Offset + entity.Length
		word := string(utf16.Decode(units[entity.Offset:end]))
		name, to, addressed := strings.Cut(word, "@")
		if addressed && !strings.EqualFold(to, username) {
			continue
		}
		name, slash := strings.CutPrefix(name, "/")
		if !slash || !commandName(name) {
			continue
		}
		return strings.ToLower(name), strings.TrimSpace(string(utf16.Decode(units[end:]))), true
	}
	return "", "", false
}

// commandName reports whether a text can be a command's name.
// (Bot API: BotCommand)
func commandName(text string) bool {
	if text == "" || len(text) > 32 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// units counts a text as Telegram does, in UTF-16 code units.
func units(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}
