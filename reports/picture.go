package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode"

	"github.com/go-analyze/charts"

	"tuidan/refund"
)

// The picture's measures, in pixels.
const (
	width    = 1000
	margin   = 30
	half     = (width - 3*margin) / 2
	tile     = 96  // height of a figure's box
	barRow   = 34  // height of one bar
	barFrame = 60  // of a bar chart's title and edges
	weeks    = 270 // height of the weeks' chart
	rowsMost = 7   // bars of one chart
	nameMost = 14  // letters of a bar's name that are as wide as Chinese ones
)

var (
	ink    = charts.Color{R: 0x22, G: 0x2b, B: 0x38, A: 255}
	pale   = charts.Color{R: 0x6b, G: 0x77, B: 0x87, A: 255}
	ground = charts.Color{R: 0xf3, G: 0xf6, B: 0xfa, A: 255}
	blue   = charts.Color{R: 0x2f, G: 0x6f, B: 0xde, A: 255}
	green  = charts.Color{R: 0x2e, G: 0x9e, B: 0x6b, A: 255}
	amber  = charts.Color{R: 0xd9, G: 0x8a, B: 0x1f, A: 255}
	red    = charts.Color{R: 0xc9, G: 0x4a, B: 0x4a, A: 255}
)

// bars are the rows of one bar chart.
type bars struct {
	title  string
	names  []string
	values []float64
	labels []string
	color  charts.Color
}

func (b *bars) add(name string, value float64, label string) {
	if len(b.names) < rowsMost {
		b.names, b.values, b.labels = append(b.names, name), append(b.values, value), append(b.labels, label)
	}
}

func (b *bars) height() int { return barFrame + max(len(b.names), 2)*barRow }

// drawing is a picture in the making.
type drawing struct {
	*charts.Painter
	w      *writer
	family string
	font   charts.FontStyle
	err    error
}

// picture draws a shop's figures.
func (m *Maker) picture(w *writer, shop refund.Shop, f refund.Figures) (refund.Made, error) {
	reasons := bars{title: w.text("stats_reasons"), color: blue}
	for _, one := range f.Reasons {
		key := "stats_talks"
		if one.Name != "" {
			key = "reason_" + one.Name
		}
		reasons.add(w.text(key), float64(one.Count), strconv.Itoa(one.Count))
	}
	refusals := bars{title: w.text("stats_refusals"), color: red}
	for _, one := range f.Refusals {
		name := one.Name
		if one.Words != nil {
			name = w.words(*one.Words)
		}
		refusals.add(name, float64(one.Count), strconv.Itoa(one.Count))
	}
	paid := bars{title: w.text("stats_paid"), color: amber}
	for _, one := range f.Paid {
		paid.add(w.text("fault_"+string(one.Book)), major(one.Amount), w.money(one.Amount))
	}
	lower := max(refusals.height(), paid.height())
	upper := max(reasons.height(), weeks)
	height := 100 + tile + margin + upper + margin + lower + margin + timesHeight
	d := &drawing{w: w, family: m.Font, font: charts.FontStyle{Font: charts.GetFont(m.Font), FontColor: ink}}
	d.Painter = charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputPNG, Width: width, Height: height, Font: d.font.Font})
	d.FilledRect(0, 0, width, height, charts.ColorWhite, charts.ColorWhite, 0)

	d.write(shop.Title, margin, 48, 24, ink)
	d.write(f.From.In(w.zone).Format("2006-01-02")+" – "+f.To.In(w.zone).Format("2006-01-02"), margin, 76, 13, pale)
	y := 100
	for i, one := range d.tiles(f) {
		x := margin + i*(width-2*margin+12)/4
		d.FilledRect(x, y, x+(width-2*margin-36)/4, y+tile, ground, ground, 0)
		d.write(one[0], x+16, y+52, 26, ink)
		d.write(one[1], x+16, y+78, 12, pale)
	}
	y += tile + margin
	d.bars(reasons, margin, y, upper)
	d.weeks(f.Weeks, 2*margin+half, y, upper)
	y += upper + margin
	d.bars(refusals, margin, y, lower)
	d.bars(paid, 2*margin+half, y, lower)
	y += lower + margin
	d.times(f, y)
	if w.err != nil || d.err != nil {
		return refund.Made{}, fmt.Errorf("picture of figures: %w", firstOf(d.err, w.err))
	}
	data, err := d.Bytes()
	return refund.Made{Name: "figures.png", Kind: refund.PhotoFile, Data: data}, err
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// major is an amount in whole units, for the length of a bar.
func major(amount refund.Money) float64 {
	value, _ := strconv.ParseFloat(amount.Decimal(), 64)
	return value
}

// tiles are the four figures on top and what each is.
func (d *drawing) tiles(f refund.Figures) [4][2]string {
	median := "–"
	if f.Decision.Count > 0 {
		median = d.w.span(f.Decision.Median)
	}
	return [4][2]string{
		{strconv.Itoa(f.Ended), d.w.text("picture_ended")},
		{percent(f.Easy), d.w.text("picture_easy")},
		{percent(refund.Share{Part: f.Alone, Whole: f.Decided}), d.w.text("picture_alone")},
		{median, d.w.text("picture_decision")},
	}
}

func percent(s refund.Share) string {
	if s.Whole == 0 {
		return "–"
	}
	return strconv.Itoa((s.Part*100+s.Whole/2)/s.Whole) + "%"
}

// write writes a text whose baseline begins at a point.
func (d *drawing) write(text string, x, y int, size float64, color charts.Color) {
	d.Text(d.drawn(text), x, y, 0, charts.FontStyle{Font: d.font.Font, FontSize: size, FontColor: color})
}

// drawn returns a text as the font can write it: a sign that it lacks, such as an
// emoji, is left out; for a letter there is no way.
func (d *drawing) drawn(text string) string {
	var out []rune
	for _, r := range text {
		switch {
		case r == ' ' || d.font.Font.Index(r) != 0:
			out = append(out, r)
		case !Writes(d.family, string(r)):
			d.check(fmt.Errorf("%w: %q", ErrNoFont, r))
		}
	}
	return string(out)
}

// shorter cuts a name to the room that it has.
func shorter(text string) string {
	room := 2 * nameMost
	for i, r := range text {
		if room--; unicode.Is(unicode.Han, r) || r >= 0x3000 && r < 0x3040 || r >= 0xff00 {
			room--
		}
		if room < 0 {
			return text[:i] + "…"
		}
	}
	return text
}

// part is a place in the picture.
func (d *drawing) part(x, y, w, h int) *charts.Painter {
	return d.Child(charts.PainterBoxOption(charts.NewBox(x, y, x+w, y+h)))
}

// head writes a part's title.
func (d *drawing) head(title string, x, y int) { d.write(title, x, y+16, 14, ink) }

// bars draws a chart of horizontal bars, the first on top.
func (d *drawing) bars(b bars, x, y, room int) {
	d.head(b.title, x, y)
	if len(b.names) == 0 {
		d.write(d.w.text("picture_none"), x, y+60, 13, pale)
		return
	}
	n := len(b.names)
	names, values, labels := make([]string, n), make([]float64, n), make([]string, n)
	for i := range n { // the library draws the first at the bottom
		// The library tells a label's value and not its place, so no two are equal.
		names[n-1-i], values[n-1-i], labels[n-1-i] = d.drawn(shorter(b.names[i])), b.values[i]+float64(i)*1e-9, d.drawn(b.labels[i])
	}
	option := charts.NewBarChartOptionWithData([][]float64{values})
	option.Horizontal = true
	option.Theme = charts.GetDefaultTheme().WithSeriesColors([]charts.Color{b.color}).WithBackgroundColor(charts.ColorWhite)
	option.Padding = charts.NewBox(0, 4, 90, 0)
	option.Legend.Show = charts.Ptr(false)
	option.CategoryAxis.Labels = names
	option.CategoryAxis.LabelFontStyle = d.style(12, ink)
	option.ValueAxis = []charts.ValueAxisOption{{Show: charts.Ptr(false), Min: charts.Ptr(0.0)}}
	option.BarSize = 0.6
	option.SeriesList[0].Label = charts.SeriesLabel{Show: charts.Ptr(true), FontStyle: d.style(12, ink),
		LabelFormatter: func(_ int, _ string, value float64) (string, *charts.LabelStyle) {
			return labels[slices.Index(values, value)], nil
		}}
	d.check(d.part(x, y+26, half, min(b.height(), room)-26).BarChart(option))
}

// weeks draws the share of easy refunds by week.
func (d *drawing) weeks(all []refund.Week, x, y, room int) {
	d.head(d.w.text("stats_weeks"), x, y)
	var names []string
	var values []float64
	some := false
	for _, week := range all {
		names = append(names, week.From.In(d.w.zone).Format("01-02"))
		value := charts.GetNullValue()
		if week.Whole > 0 {
			value, some = float64(week.Part)*100/float64(week.Whole), true
		}
		values = append(values, value)
	}
	if !some {
		d.write(d.w.text("picture_none"), x, y+60, 13, pale)
		return
	}
	option := charts.NewLineChartOptionWithData([][]float64{values})
	option.Theme = charts.GetDefaultTheme().WithSeriesColors([]charts.Color{green}).WithBackgroundColor(charts.ColorWhite)
	option.Padding = charts.NewBox(0, 16, 16, 0)
	option.Legend.Show = charts.Ptr(false)
	option.XAxis.Labels = names
	option.XAxis.LabelCount = len(names)
	option.XAxis.LabelFontStyle = d.style(11, pale)
	option.YAxis = []charts.YAxisOption{{Min: charts.Ptr(0.0), Max: charts.Ptr(100.0), LabelCount: 5, LabelFontStyle: d.style(11, pale),
		ValueFormatter: func(v float64) string { return strconv.Itoa(int(v)) + "%" }}}
	option.SeriesList[0].Label = charts.SeriesLabel{Show: charts.Ptr(true), FontStyle: d.style(11, ink),
		LabelFormatter: func(_ int, _ string, v float64) (string, *charts.LabelStyle) {
			return strconv.Itoa(int(math.Round(v))) + "%", nil
		}}
	option.Symbol.Shape = charts.SymbolDot
	d.check(d.part(x, y+26, half, room-26).LineChart(option))
}

const timesHeight = 200

// times writes how long things took, and how many cases had a signal.
func (d *drawing) times(f refund.Figures, y int) {
	columns := []int{margin, 400, 540, 770}
	d.FilledRect(margin-12, y, width-margin+12, y+34, ground, ground, 0)
	for i, key := range []string{"picture_times", "picture_count", "picture_median", "picture_p90"} {
		d.write(d.w.text(key), columns[i], y+22, 12, pale)
	}
	for _, row := range []struct {
		key   string
		times refund.Times
	}{{"picture_answer", f.Answer}, {"picture_decided", f.Decision}, {"picture_topups", f.TopUps}} {
		y += 34
		cells := []string{d.w.text(row.key), strconv.Itoa(row.times.Count), "–", "–"}
		if row.times.Count > 0 {
			cells[2], cells[3] = d.w.span(row.times.Median), d.w.span(row.times.P90)
		}
		for i, cell := range cells {
			d.write(cell, columns[i], y+23, 13, ink)
		}
	}
	y += 48
	prompt := d.w.text("picture_prompt") + "  " + percent(refund.Share{Part: f.Prompt, Whole: f.TopUps.Count})
	d.write(prompt, margin, y+20, 13, ink)
	d.write(d.w.text("picture_signals")+"  "+strconv.Itoa(f.Signals), columns[2], y+20, 13, ink)
}

func (d *drawing) style(size float64, color charts.Color) charts.FontStyle {
	return charts.FontStyle{Font: d.font.Font, FontSize: size, FontColor: color}
}

func (d *drawing) check(err error) {
	if d.err == nil {
		d.err = err
	}
}
