// Package locales turns refund.Words into texts that a person reads.
//
// A catalog is one YAML file per locale, named by its tag (zh-Hans.yaml), in the
// format of go-i18n: a key and its text, or the text's CLDR plural forms, which
// the value named Count picks from.
//
//	order_found: "找到订单 {{.Order}}，实付 {{.Paid}}。"
//	files_left:
//	  one:   "{{.Count}} file left"
//	  other: "{{.Count}} files left"
//
// A new language is a new file: how it writes money, times and spans is in the
// catalog too, under the keys below.
//
//	money_CNY     one currency's pattern, of .Amount ("30.00")
//	money         any other currency's, of .Amount and .Currency
//	time          of .Year .Month .Day .MonthName .Weekday .Hour .Minute
//	months        twelve names for .MonthName, apart by spaces
//	weekdays      seven names for .Weekday, Sunday first
//	span_days, span_hours, span_minutes, span_seconds
//	              of .Count
//	span_both     of .Long and .Short: "1 day 2 hours"
//
// Texts are plain: no HTML, no Markdown.
package locales
