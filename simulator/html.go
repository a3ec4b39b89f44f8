package simulator

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/go-telegram/bot/models"
)

// htmlTags are the tags that Telegram accepts and what each becomes (Bot API: HTML style).
var htmlTags = map[string]models.MessageEntityType{
	"b": models.MessageEntityTypeBold, "strong": models.MessageEntityTypeBold,
	"i": models.MessageEntityTypeItalic, "em": models.MessageEntityTypeItalic,
	"u": models.MessageEntityTypeUnderline, "ins": models.MessageEntityTypeUnderline,
	"s": models.MessageEntityTypeStrikethrough, "strike": models.MessageEntityTypeStrikethrough,
	"del":  models.MessageEntityTypeStrikethrough,
	"span": models.MessageEntityTypeSpoiler, "tg-spoiler": models.MessageEntityTypeSpoiler,
	"a":    models.MessageEntityTypeTextLink,
	"code": models.MessageEntityTypeCode, "pre": models.MessageEntityTypePre,
	"blockquote": models.MessageEntityTypeBlockquote,
	"tg-emoji":   models.MessageEntityTypeCustomEmoji,
	"tg-time":    "date_time",
}

type openTag struct {
	name   string
	entity wireEntity
}

// parseHTML turns a text with parse_mode HTML into what a person sees and its entities. It refuses what Telegram refuses.
func parseHTML(source string) (string, []wireEntity, error) {
	var (
		text     strings.Builder
		units    int // length of text so far, UTF-16
		open     []openTag
		entities []wireEntity
	)
	write := func(s string) {
		text.WriteString(s)
		units += utf16Len(s)
	}
	for i := 0; i < len(source); {
		switch next := strings.IndexAny(source[i:], "<&"); {
		case next < 0:
			write(source[i:])
			i = len(source)
		case next > 0:
			write(source[i : i+next])
			i += next
		case source[i] == '&':
			end := characterReference(source[i:])
			write(html.UnescapeString(source[i : i+end]))
			i += end
		default:
			end := strings.IndexByte(source[i:], '>')
			if end < 0 {
				return "", nil, entityError("Unclosed start tag at byte offset %d", i)
			}
			body := source[i+1 : i+end]
			if name, closing := strings.CutPrefix(body, "/"); closing {
				if len(open) == 0 {
					return "", nil, entityError("Unexpected end tag at byte offset %d", i)
				}
				last := open[len(open)-1]
				if name = strings.ToLower(strings.TrimSpace(name)); name != "" && name != last.name {
					return "", nil, entityError("Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"",
						i, last.name, name)
				}
				open = open[:len(open)-1]
				if last.entity.Length = units - last.entity.Offset; last.entity.Length > 0 {
					entities = append(entities, last.entity)
				}
			} else {
				tag, err := startTag(body, i)
				if err != nil {
					return "", nil, err
				}
				tag.entity.Offset = units
				open = append(open, tag)
			}
			i += end + 1
		}
	}
	if len(open) > 0 {
		return "", nil, entityError("Can't find end tag corresponding to start tag \"%s\"", open[len(open)-1].name)
	}
	return text.String(), entities, nil
}

// characterReference is the length of the reference that s begins with, or 1 when the & stands for itself.
func characterReference(s string) int {
	end := strings.IndexByte(s, ';')
	if end < 0 {
		return 1
	}
	switch name := s[1:end]; {
	case name == "lt", name == "gt", name == "amp", name == "quot":
		return end + 1
	case strings.HasPrefix(name, "#") && html.UnescapeString(s[:end+1]) != s[:end+1]:
		return end + 1
	}
	return 1
}

func startTag(body string, at int) (openTag, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(body), " ")
	name = strings.ToLower(name)
	kind, ok := htmlTags[name]
	attributes := tagAttributes(rest)
	if !ok || name == "span" && attributes["class"] != "tg-spoiler" {
		return openTag{}, entityError("Unsupported start tag \"%s\" at byte offset %d", name, at)
	}
	tag := openTag{name: name, entity: wireEntity{Type: kind}}
	switch name {
	case "a":
		tag.entity.URL = attributes["href"]
	case "code":
		tag.entity.Language = strings.TrimPrefix(attributes["class"], "language-")
	case "blockquote":
		if _, ok := attributes["expandable"]; ok {
			tag.entity.Type = models.MessageEntityTypeExpandableBlockquote
		}
	case "tg-emoji":
		tag.entity.CustomEmojiID = attributes["emoji-id"]
	case "tg-time":
		unix, err := strconv.ParseInt(attributes["unix"], 10, 64)
		if err != nil {
			return openTag{}, entityError("Tag \"tg-time\" must have a valid attribute \"unix\" at byte offset %d", at)
		}
		tag.entity.UnixTime = unix
		tag.entity.DateTimeFormat = attributes["format"]
	}
	return tag, nil
}

// tagAttributes reads name, name=value, name="value" and name='value', separated by spaces.
func tagAttributes(rest string) map[string]string {
	attributes := make(map[string]string)
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		end := strings.IndexAny(rest, "= ")
		if end < 0 {
			attributes[rest] = ""
			break
		}
		name := rest[:end]
		if rest[end] == ' ' {
			attributes[name] = ""
			rest = rest[end:]
			continue
		}
		value := rest[end+1:]
		if value != "" && (value[0] == '"' || value[0] == '\'') {
			quoted, after, _ := strings.Cut(value[1:], value[:1])
			value, rest = quoted, after
		} else {
			value, rest, _ = strings.Cut(value, " ")
		}
		attributes[strings.ToLower(name)] = html.UnescapeString(value)
	}
	return attributes
}

func entityError(format string, args ...any) error {
	return badRequest("can't parse entities: " + fmt.Sprintf(format, args...))
}
