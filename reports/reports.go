// Package reports makes what a shop's people are sent as a file: a picture of its
// figures, and a document of what is kept of an order. It reads and changes nothing.
package reports

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"
	"unicode"

	"github.com/go-analyze/charts"

	"tuidan/refund"
)

// Texts writes words; locales.Catalogs does.
type Texts interface {
	Text(locale string, words refund.Words, zone *time.Location) (string, error)
}

// Maker makes pictures and documents. It may be used by many goroutines; its fields
// must not change once it is used.
type Maker struct {
	Texts Texts
	Shops []refund.Shop // to name shops and their people
	// Font is the family that pictures are written in, as InstallFont names it. ""
	// is one that has Latin letters only.
	Font string
}

// ErrNoFont is returned for a picture whose texts have a letter that the font has
// not.
var ErrNoFont = errors.New("the font lacks a letter")

// InstallFont reads a TrueType font (.ttf or .ttc) and returns its family's name for
// Maker.Font.
func InstallFont(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if err := charts.InstallFont(path, data); err != nil {
		return "", fmt.Errorf("font %s: %w", path, err)
	}
	return path, nil
}

// DebianFont is where Debian's package fonts-wqy-microhei has its font, with Chinese
// and Latin letters. A font needs both: fonts-droid-fallback has no Latin ones.
const DebianFont = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"

// Writes reports whether a font, as InstallFont names it, has every letter of a
// text. What it lacks of other signs is left out of pictures.
func Writes(font, text string) bool {
	letters := charts.GetFont(font)
	for _, r := range text {
		if (unicode.IsLetter(r) || unicode.IsNumber(r)) && letters.Index(r) == 0 {
			return false
		}
	}
	return true
}

// Make makes the file of a message of the kinds Chart and Paper. It fails with
// ErrNoFont, wrapped, where no picture can be written; a panic of the drawing is an
// error, too.
func (m *Maker) Make(r refund.Reader, message refund.Message) (made refund.Made, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}
	}()
	zone, err := time.LoadLocation(message.Zone)
	if err != nil {
		zone = time.UTC
	}
	w := writer{texts: m.Texts, locale: message.Locale, zone: zone}
	shop := m.shop(message.Shop)
	switch {
	case message.Kind == refund.Chart && message.Figures != nil:
		return m.picture(&w, shop, *message.Figures)
	case message.Kind == refund.Paper:
		return Paper(r, m.Texts, shop, message.Case, message.Locale, zone)
	}
	return made, fmt.Errorf("no file is made of a message of kind %s", message.Kind)
}

func (m *Maker) shop(id refund.ShopID) refund.Shop {
	for _, shop := range m.Shops {
		if shop.ID == id {
			return shop
		}
	}
	return refund.Shop{ID: id}
}

// writer writes words for one reader and keeps the first fault.
type writer struct {
	texts  Texts
	locale string
	zone   *time.Location
	err    error
}

func (w *writer) words(words refund.Words) string {
	text, err := w.texts.Text(w.locale, words, w.zone)
	if w.err == nil {
		w.err = err
	}
	return text
}

// text writes a catalog text without values.
func (w *writer) text(key string) string { return w.words(refund.Words{Key: key}) }

// with writes a catalog text with one value.
func (w *writer) with(key, name string, value refund.Arg) string {
	return w.words(refund.Words{Key: key, Args: map[string]refund.Arg{name: value}})
}

func (w *writer) money(amount refund.Money) string {
	return w.with("amount", "Amount", refund.Arg{Money: &amount})
}

func (w *writer) span(span time.Duration) string {
	return w.with("span", "Span", refund.Arg{Span: span})
}
