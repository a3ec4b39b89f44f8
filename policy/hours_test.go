package policy

import (
	"strings"
	"testing"
	"time"

	"tuidan/refund"
)

const atWork = `working_hours:
  open:
    - {days: [mon, tue, wed, thu, fri], from: 09:00, to: 21:30}
    - {days: [sat], from: 22:00, to: 24:00}
    - {days: [sun], from: 0:00, to: 02:00}
  closed: [2026-10-01]
rules:
`

// read is the value of a variable in a decision.
func read(d refund.Decision, name string) string {
	for _, reading := range d.Reads {
		if reading.Name == name {
			return reading.Value
		}
	}
	return "not there"
}

func TestWorkingHours(t *testing.T) {
	p, err := Load("f.yaml", []byte(strings.Replace(small, "rules:\n", atWork, 1)))
	if err != nil {
		t.Fatal(err)
	}
	always, err := Load("f.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	china := time.FixedZone("China", 8*60*60)
	for _, test := range []struct {
		at   string
		zone *time.Location
		want string
	}{
		{"2026-03-02T01:00:00Z", china, "true"}, // Monday, nine in the morning
		{"2026-03-02T00:59:59Z", china, "false"},
		{"2026-03-02T13:29:59Z", china, "true"},
		{"2026-03-02T13:30:00Z", china, "false"},
		{"2026-03-02T09:00:00Z", nil, "true"},
		{"2026-03-02T01:00:00Z", nil, "false"},
		{"2026-03-06T16:30:00Z", china, "false"}, // Saturday, past midnight
		{"2026-03-07T15:59:00Z", china, "true"},
		{"2026-03-07T16:00:00Z", china, "true"}, // Sunday
		{"2026-03-07T18:00:00Z", china, "false"},
		{"2026-10-01T03:00:00Z", china, "false"}, // a Thursday that is a holiday
		{"2026-09-30T03:00:00Z", china, "true"},
	} {
		at, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		f := facts(refund.ChangedMind)
		f.Now, f.Zone = at, test.zone
		if got := read(p.Decide(f), "working_hours"); got != test.want {
			t.Errorf("%s in %s: %s, want %s", test.at, test.zone, got, test.want)
		}
		if got := read(always.Decide(f), "working_hours"); got != "true" {
			t.Errorf("without hours: %s", got)
		}
	}
}

// TestWorkingHoursAreTried has the search for unreachable rules and what is published
// know of hours.
func TestWorkingHoursAreTried(t *testing.T) {
	file := strings.Replace(small, "rules:\n", atWork+"  - {name: day, when: working_hours, outcome: review}\n  - {name: night, when: \"!working_hours\", outcome: review}\n", 1)
	p, err := Load("f.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	var never []string
	for _, mistake := range p.unreachable(p.table()) {
		never = append(never, mistake.Text)
	}
	if len(never) != 2 || !strings.HasSuffix(never[0], "(day, night)") {
		t.Errorf("unreachable: %q; want failed and block", never)
	}
	if terms := p.Terms(p.Product("p1", ""), refund.Unused); terms[0].Decision.Rule != "day" {
		t.Errorf("what is published is of the night: %+v", terms[0].Decision.Rule)
	}
}

func TestSinceCompletion(t *testing.T) {
	p := sample(t)
	f := facts(refund.ChangedMind)
	if d := p.Decide(f); read(d, "completion_known") != "false" || read(d, "since_completion") != "0s" {
		t.Errorf("not known: %s, %s", read(d, "completion_known"), read(d, "since_completion"))
	}
	f.Order.CompletedAt, f.Reported = now.Add(-5*time.Hour), now.Add(-2*time.Hour)
	if d := p.Decide(f); read(d, "completion_known") != "true" || read(d, "since_completion") != "3h0m0s" {
		t.Errorf("reported after three hours: %s, %s", read(d, "completion_known"), read(d, "since_completion"))
	}
	f.Order.CompletedAt = now.Add(time.Hour)
	if d := p.Decide(f); read(d, "since_completion") != "0s" {
		t.Errorf("in the future: %s", read(d, "since_completion"))
	}
	// Replay computes both anew: an older program did not keep them.
	file := strings.Replace(small, "rules:\n", atWork+"  - {name: mine, when: 'since_completion > duration(\"2h\") && !working_hours', outcome: review}\n", 1)
	hourly, err := Load("f.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	c := refund.Case{Order: f.Order, OpenedAt: now}
	c.Order.CompletedAt = now.Add(-3 * time.Hour)
	d := p.Decide(facts(refund.ChangedMind))
	d.At = now
	if again := hourly.Again(&c, &d, time.UTC); again.Rule != "mine" { // Monday, two in the morning
		t.Errorf("decided again by %q", again.Rule)
	}
	if again := hourly.Again(&c, &d, time.FixedZone("China", 8*60*60)); again.Rule == "mine" {
		t.Error("the shop's zone does not count")
	}
}

// TestAfterWork counts working time only: over a night, a weekend, a holiday, past
// midnight, and over the hour that a summer time takes away.
func TestAfterWork(t *testing.T) {
	china := time.FixedZone("China", 8*60*60)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	week := hours{open: []shift{{weekdays[1:6], 9 * time.Hour, 21 * time.Hour}, {weekdays[6:], 10 * time.Hour, 18 * time.Hour}},
		closed: []string{"2026-10-01", "2026-10-02"}}
	split := hours{open: []shift{{weekdays, 14 * time.Hour, 18 * time.Hour}, {weekdays, 9 * time.Hour, 12 * time.Hour}, {weekdays, 11 * time.Hour, 12 * time.Hour}}}
	night := hours{open: []shift{{weekdays, 22 * time.Hour, 24 * time.Hour}, {weekdays, 0, 2 * time.Hour}}}
	for _, test := range []struct {
		name  string
		hours hours
		zone  *time.Location
		from  string
		span  time.Duration
		want  string
	}{
		{"always", hours{}, china, "2026-03-02 23:00", 24 * time.Hour, "2026-03-03 23:00"},
		{"within a day", week, china, "2026-03-02 10:00", 30 * time.Minute, "2026-03-02 10:30"},
		{"over a night", week, china, "2026-03-02 20:30", time.Hour, "2026-03-03 09:30"},
		{"from the night", week, china, "2026-03-02 23:00", time.Hour, "2026-03-03 10:00"},
		{"to the end of a day", week, china, "2026-03-02 20:00", time.Hour, "2026-03-02 21:00"},
		{"two days of twelve hours", week, china, "2026-03-02 10:00", 24 * time.Hour, "2026-03-04 10:00"},
		{"over a Sunday", week, china, "2026-03-07 17:00", 2 * time.Hour, "2026-03-09 10:00"},
		{"over holidays", week, china, "2026-09-30 20:00", 2 * time.Hour, "2026-10-03 11:00"},
		{"the next opening", week, china, "2026-03-07 18:00", 0, "2026-03-09 09:00"},
		{"open now", week, china, "2026-03-07 17:59", 0, "2026-03-07 17:59"},
		{"over a break", split, china, "2026-03-02 11:30", time.Hour, "2026-03-02 14:30"},
		{"overlapping times count once", split, china, "2026-03-02 09:00", 7 * time.Hour, "2026-03-02 18:00"},
		{"past midnight", night, china, "2026-03-02 23:30", time.Hour, "2026-03-03 00:30"},
		{"only holidays", hours{closed: []string{"2026-03-03"}}, china, "2026-03-02 23:00", 2 * time.Hour, "2026-03-04 01:00"},
		{"summer time begins", hours{open: []shift{{weekdays, 0, 24 * time.Hour}}}, berlin, "2026-03-29 01:00", 2 * time.Hour, "2026-03-29 04:00"},
		{"the wall's clock in summer time", week, berlin, "2026-03-28 17:00", 2 * time.Hour, "2026-03-30 10:00"},
		{"never open", hours{open: []shift{{[]string{"mon"}, 0, 0}}}, china, "2026-03-02 10:00", time.Hour, "2029-03-04 10:00"},
	} {
		from, err := time.ParseInLocation("2006-01-02 15:04", test.from, test.zone)
		if err != nil {
			t.Fatal(err)
		}
		p := &Policy{hours: test.hours}
		got := p.AfterWork(from.UTC(), test.span, test.zone)
		if text := got.In(test.zone).Format("2006-01-02 15:04"); text != test.want {
			t.Errorf("%s: %s, not %s", test.name, text, test.want)
		}
		if test.name != "never open" && test.span == 0 && !p.AtWork(got, test.zone) {
			t.Errorf("%s: nobody works at %s", test.name, got)
		}
	}
}
