package app

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"tuidan/engine"
	"tuidan/intents"
	"tuidan/refund"
)

// maxMessageLine is the longest line that classify reads, in bytes.
const maxMessageLine = 1 << 20

// classified is what classify prints for one message.
type classified struct {
	Text       string        `json:"text"`
	Intent     refund.Intent `json:"intent"`
	Confidence float64       `json:"confidence"`
	Decision   refund.Trust  `json:"decision"`
	Second     refund.Intent `json:"second"`
	Slots      []foundSlot   `json:"slots"`
}

// foundSlot is one slot; Start and End count characters of the text.
type foundSlot struct {
	Name       refund.SlotName `json:"name"`
	Value      string          `json:"value"`
	Raw        string          `json:"raw"`
	Start      int             `json:"start"`
	End        int             `json:"end"`
	Confidence float64         `json:"confidence"`
}

// message is one message with what is known of it.
type message struct {
	text string
	sent time.Time
	zone *time.Location
}

// classifyIntents is `tuidan intents classify`. A line that cannot be read is told
// on stderr by its number; the others are answered all the same.
func classifyIntents(ctx context.Context, line *intentsLine, environment []string, stdin io.Reader, stdout, stderr io.Writer) error {
	model, slots, err := openReading(line.Classify.Config, environment, stderr)
	if err != nil {
		return err
	}
	now := engine.SystemClock{}.Now()
	out := bufio.NewWriter(stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	in := bufio.NewReaderSize(stdin, 64<<10)
	wrong := 0
	for n := 1; ctx.Err() == nil; n++ {
		text, read := readLine(in)
		if errors.Is(read, io.EOF) {
			break
		}
		if read != nil && !errors.Is(read, errLongLine) {
			return errors.Join(out.Flush(), fmt.Errorf("read messages: %w", read))
		}
		m, err := readMessage(text, now)
		if err = cmp.Or(read, err); err != nil {
			wrong++
			fmt.Fprintf(stderr, "line %d: %v\n", n, err)
		} else if err := encoder.Encode(classify(model, slots, m)); err != nil {
			return fmt.Errorf("write the answers: %w", err)
		}
		if in.Buffered() == 0 { // somebody may wait for the answer before he asks more
			if err := out.Flush(); err != nil {
				return fmt.Errorf("write the answers: %w", err)
			}
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the answers: %w", err)
	}
	if wrong > 0 {
		return errSaid
	}
	return nil
}

var errLongLine = fmt.Errorf("longer than %d bytes", maxMessageLine)

// readLine reads a line without its end; errLongLine: it is passed over. io.EOF
// comes after the last one.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	length := 0
	for {
		part, err := in.ReadSlice('\n')
		if length += len(part); length <= maxMessageLine {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || length == 0) {
			return "", err
		}
		if length > maxMessageLine {
			return "", errLongLine
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
	}
}

// readMessage reads one line: a JSON object with a text, or the text itself.
func readMessage(line string, now time.Time) (message, error) {
	m := message{text: line, sent: now, zone: now.Location()}
	var object struct {
		Text *string `json:"text"`
	}
	if err := json.Unmarshal([]byte(line), &object); err != nil || object.Text == nil {
		return m, nil // people send braces too
	}
	m.text = *object.Text
	var details struct {
		Locale string `json:"locale"` // told by some sources; the text itself says enough
		SentAt string `json:"sent_at"`
		Zone   string `json:"zone"`
	}
	err := json.Unmarshal([]byte(line), &details)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return m, fmt.Errorf("%s: it is a text, not a %s", wrong.Field, wrong.Value)
	} else if err != nil {
		return m, err
	}
	if details.SentAt != "" {
		if m.sent, err = time.Parse(time.RFC3339, details.SentAt); err != nil {
			return m, fmt.Errorf("sent_at: %q is no time such as 2026-11-20T21:15:00+08:00", details.SentAt)
		}
		m.zone = m.sent.Location()
	}
	if details.Zone != "" {
		if m.zone, err = time.LoadLocation(details.Zone); err != nil {
			return m, fmt.Errorf("zone: %q is no time zone such as Asia/Shanghai", details.Zone)
		}
	}
	return m, nil
}

func classify(model *intents.Model, slots *intents.Slots, m message) classified {
	reading := model.Classify(m.text)
	c := classified{Text: m.text, Intent: reading.Intent, Confidence: thousandths(reading.Confidence), Decision: reading.Trust,
		Second: reading.Second, Slots: []foundSlot{}}
	for _, slot := range slots.Find(m.text, m.sent, m.zone) {
		start := utf8.RuneCountInString(m.text[:slot.Start])
		c.Slots = append(c.Slots, foundSlot{Name: slot.Name, Value: slot.Value, Raw: slot.Raw, Start: start,
			End: start + utf8.RuneCountInString(slot.Raw), Confidence: thousandths(slot.Confidence)})
	}
	return c
}

func thousandths(v float32) float64 { return math.Round(float64(v)*1000) / 1000 }
