package rehearsal

import (
	"errors"
	"strings"
)

// word is one argument of a line. Plain tells which of its bytes stood outside
// quotes, where testscript expands variables.
type word struct {
	text  string
	plain string // the parts outside quotes
}

var errQuote = errors.New("unterminated quoted argument")

// splitLine takes a line apart as testscript does, without expanding anything:
// words are apart by spaces, single quotes keep a text together, a doubled quote
// stands for one, and # starts a comment.
func splitLine(line string) ([]word, error) {
	var words []word
	var text, plain strings.Builder
	inWord, quoted := false, false
	for i := 0; ; i++ {
		end := i >= len(line)
		switch {
		case !quoted && (end || strings.IndexByte(" \t\r#", line[i]) >= 0):
			if inWord {
				words = append(words, word{text.String(), plain.String()})
				text.Reset()
				plain.Reset()
				inWord = false
			}
			if end || line[i] == '#' {
				return words, nil
			}
		case end:
			return nil, errQuote
		case line[i] == '\'' && quoted && i+1 < len(line) && line[i+1] == '\'':
			text.WriteByte('\'')
			i++
		case line[i] == '\'':
			inWord, quoted = true, !quoted
		default:
			inWord = true
			text.WriteByte(line[i])
			if !quoted {
				plain.WriteByte(line[i])
			}
		}
	}
}

// Fields takes a line of a script apart: spaces separate, single quotes keep a
// text together, # starts a comment.
func Fields(line string) ([]string, error) {
	words, err := splitLine(line)
	return texts(words), err
}

func texts(words []word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.text
	}
	return out
}
