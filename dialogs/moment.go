package dialogs

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	fullDate  = regexp.MustCompile(`(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?`)
	shortDate = regexp.MustCompile(`(\d{1,2})[-/月](\d{1,2})[日号]?`)
	clockTime = regexp.MustCompile(`(\d{1,2})\s*[:：点时]\s*(\d{1,2}|半)?`)
)

// readTime reads a moment as people type it: "2026-03-02 09:30", "3月2日 9点半",
// "昨晚8点", "yesterday 20:15", "09:30" (today), "刚刚". What it cannot resolve to a
// day and an hour it does not guess.
func readTime(text string, now time.Time, zone *time.Location) (time.Time, bool) {
	if zone == nil {
		zone = time.UTC
	}
	text = strings.ToLower(plainDigits(text))
	local := now.In(zone)
	switch strings.TrimSpace(text) {
	case "刚刚", "刚才", "just now", "now", "现在":
		return now, true
	}
	year, month, day := local.Date()
	dated := false
	rest := text
	if m := fullDate.FindStringSubmatch(text); m != nil {
		year, month, day, dated = number(m[1]), time.Month(number(m[2])), number(m[3]), true
		rest = strings.Replace(text, m[0], " ", 1)
	} else if m := shortDate.FindStringSubmatch(text); m != nil {
		month, day, dated = time.Month(number(m[1])), number(m[2]), true
		rest = strings.Replace(text, m[0], " ", 1)
	} else {
		for back, words := range [][]string{{"今", "today"}, {"昨", "yesterday"}, {"前天"}} {
			for _, word := range words {
				if strings.Contains(text, word) {
					year, month, day = local.AddDate(0, 0, -back).Date()
				}
			}
		}
	}
	m := clockTime.FindStringSubmatch(rest)
	if m == nil {
		return time.Time{}, false
	}
	hour, minute := number(m[1]), 0
	if m[2] == "半" {
		minute = 30
	} else if m[2] != "" {
		minute = number(m[2])
	}
	for _, late := range []string{"下午", "晚", "pm", "p.m."} {
		if strings.Contains(rest, late) && hour < 12 {
			hour += 12
			break
		}
	}
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 {
		return time.Time{}, false
	}
	at := time.Date(year, month, day, hour, minute, 0, 0, zone)
	if at.Day() != day {
		return time.Time{}, false
	}
	if dated && !strings.Contains(text, strconv.Itoa(year)) && at.After(now.AddDate(0, 0, 1)) {
		at = at.AddDate(-1, 0, 0) // a date without a year is a past one
	}
	return at, true
}

// number reads digits that a pattern has matched.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

func plainDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, text)
}
