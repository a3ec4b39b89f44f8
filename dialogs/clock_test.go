package dialogs

import (
	"testing"
	"time"

	"tuidan/refund"
)

// TestAwake moves reminders out of a buyer's night, and never past what they warn of.
func TestAwake(t *testing.T) {
	at := func(text string) time.Time {
		at, err := time.Parse("2 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, test := range []struct{ name, moved, at, due, zone, want string }{
		{"by day", "2 10:00", "2 12:00", "5 10:00", "", "2 12:00"},
		{"late in the evening", "2 10:00", "2 22:00", "5 10:00", "", "3 08:00"},
		{"in the night", "2 10:00", "3 07:59", "5 10:00", "", "3 08:00"},
		{"the morning is no night", "2 10:00", "3 08:00", "5 10:00", "", "3 08:00"},
		{"due in the morning: the evening before", "2 10:00", "3 06:00", "3 07:00", "", "2 22:00"},
		{"due at eight", "2 10:00", "3 07:00", "3 08:00", "", "2 22:00"},
		{"due before midnight", "2 10:00", "2 22:30", "2 23:30", "", "2 22:00"},
		{"begun in the same night", "2 23:00", "3 05:00", "3 06:00", "", "3 05:00"},
		{"where he says he is", "2 00:00", "2 17:00", "5 10:00", "Etc/GMT-8", "3 00:00"},
		{"a zone that nobody can choose", "2 10:00", "2 12:00", "5 10:00", "Mars/Base", "2 12:00"},
	} {
		s := &step{c: &refund.Case{MovedAt: at(test.moved)}, chat: refund.Chat{Zone: test.zone}}
		if got := s.awake(at(test.at), at(test.due)).Format("2 15:04"); got != at(test.want).Format("2 15:04") {
			t.Errorf("%s: %s, not %s", test.name, got, test.want)
		}
	}
}

// TestClockZones checks that each zone's name and offset are one and the same.
func TestClockZones(t *testing.T) {
	for _, zone := range clockZones {
		location, err := time.LoadLocation(zone.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, month := range []time.Month{time.January, time.July} {
			_, offset := time.Date(2026, month, 1, 0, 0, 0, 0, location).Zone()
			if time.Duration(offset)*time.Second != zone.offset {
				t.Errorf("%s is %ds from UTC in %s, not %s", zone.name, offset, month, zone.offset)
			}
		}
	}
}
