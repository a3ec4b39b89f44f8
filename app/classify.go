package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
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

// message is one line of classify's input.
type message struct {
	Text   *string `json:"text"`
	Locale string  `json:"locale"` // told by some sources; the text itself says enough
	SentAt string  `json:"sent_at"`
	Zone   string  `json:"zone"`
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
	lines := bufio.NewScanner(stdin)
	lines.Buffer(nil, maxMessageLine)
	wrong, n := 0, 0
	for lines.Scan() && ctx.Err() == nil {
		n++
		text, sent, zone, err := readMessage(lines.Text(), now)
		if err != nil {
			wrong++
			fmt.Fprintf(stderr, "line %d: %v\n", n, err)
			continue
		}
		if err := encoder.Encode(classify(model, slots, text, sent, zone)); err != nil {
			return fmt.Errorf("write the answers: %w", err)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return errors.Join(out.Flush(), fmt.Errorf("line %d: longer than %d bytes", n+1, maxMessageLine))
	}
	if err := errors.Join(lines.Err(), out.Flush()); err != nil {
		return fmt.Errorf("read messages and write answers: %w", err)
	}
	if wrong > 0 {
		return errSaid
	}
	return nil
}

// readMessage reads one line: a JSON object with a text, or the text itself.
func readMessage(line string, now time.Time) (text string, sent time.Time, zone *time.Location, err error) {
	var m message
	if err := json.Unmarshal([]byte(line), &m); err != nil || m.Text == nil {
		return line, now, now.Location(), nil // people send braces too
	}
	sent = now
	if m.SentAt != "" {
		if sent, err = time.Parse(time.RFC3339, m.SentAt); err != nil {
			return "", sent, nil, fmt.Errorf("sent_at: %q is no time such as 2026-11-20T21:15:00+08:00", m.SentAt)
		}
	}
	zone = sent.Location()
	if m.Zone != "" {
		if zone, err = time.LoadLocation(m.Zone); err != nil {
			return "", sent, nil, fmt.Errorf("zone: %q is no time zone such as Asia/Shanghai", m.Zone)
		}
	}
	return *m.Text, sent, zone, nil
}

func classify(model *intents.Model, slots *intents.Slots, text string, sent time.Time, zone *time.Location) classified {
	reading := model.Classify(text)
	c := classified{Text: text, Intent: reading.Intent, Confidence: thousandths(reading.Confidence), Decision: reading.Trust,
		Second: reading.Second, Slots: []foundSlot{}}
	for _, slot := range slots.Find(text, sent, zone) {
		start := utf8.RuneCountInString(text[:slot.Start])
		c.Slots = append(c.Slots, foundSlot{Name: slot.Name, Value: slot.Value, Raw: slot.Raw, Start: start,
			End: start + utf8.RuneCountInString(slot.Raw), Confidence: thousandths(slot.Confidence)})
	}
	return c
}

func thousandths(v float32) float64 { return math.Round(float64(v)*1000) / 1000 }
