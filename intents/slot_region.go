package intents

import (
	"strings"
	"time"
)

// region is what a buyer's zone tells of the way that people there write.
type region struct {
	country    string // ISO 3166, "" when it makes no difference
	yuan       string // currency of 元 and 块
	monthFirst bool   // 11/3 is the 3rd of November in texts of the Latin script
}

// countries of zones, as far as phones, currencies or dates depend on them.
var countries = map[string]string{
	"Asia/Shanghai": "CN", "Asia/Urumqi": "CN", "Asia/Chongqing": "CN", "Asia/Harbin": "CN", "PRC": "CN",
	"Asia/Taipei": "TW", "ROC": "TW",
	"Asia/Hong_Kong": "HK", "Hongkong": "HK",
	"Asia/Macau": "MO", "Asia/Macao": "MO",
	"Asia/Singapore": "SG", "Singapore": "SG",
	"Asia/Manila":  "PH",
	"Asia/Kolkata": "IN", "Asia/Calcutta": "IN",
	"Asia/Karachi": "PK",
	"Asia/Tokyo":   "JP", "Asia/Seoul": "KR",
	"Europe/London": "GB", "GB": "GB",
	"Europe/Moscow": "RU", "Europe/Kaliningrad": "RU", "Europe/Samara": "RU", "Europe/Volgograd": "RU", "Europe/Saratov": "RU",
	"Europe/Astrakhan": "RU", "Europe/Ulyanovsk": "RU", "Europe/Kirov": "RU", "Europe/Simferopol": "RU",
	"Asia/Yekaterinburg": "RU", "Asia/Omsk": "RU", "Asia/Novosibirsk": "RU", "Asia/Barnaul": "RU", "Asia/Tomsk": "RU",
	"Asia/Novokuznetsk": "RU", "Asia/Krasnoyarsk": "RU", "Asia/Irkutsk": "RU", "Asia/Chita": "RU", "Asia/Yakutsk": "RU",
	"Asia/Vladivostok": "RU", "Asia/Khandyga": "RU", "Asia/Sakhalin": "RU", "Asia/Magadan": "RU", "Asia/Srednekolymsk": "RU",
	"Asia/Kamchatka": "RU", "Asia/Anadyr": "RU",
	"Asia/Almaty": "KZ", "Asia/Qyzylorda": "KZ", "Asia/Aqtau": "KZ",
	"America/Mexico_City": "MX", "America/Tijuana": "MX", "America/Monterrey": "MX", "America/Cancun": "MX",
	"America/Argentina/Buenos_Aires": "AR", "America/Bogota": "CO", "America/Santiago": "CL", "America/Sao_Paulo": "BR",
}

// monthsFirst are the countries outside America that write the month first even
// in texts of the Latin script.
const monthsFirst = "CN TW JP KR PH"

func regionOf(zone *time.Location) region {
	name := zone.String()
	r := region{country: countries[name], yuan: "CNY"}
	switch {
	case r.country == "" && (strings.HasPrefix(name, "America/") || strings.HasPrefix(name, "US/") || name == "Pacific/Honolulu"):
		r.country, r.monthFirst = "US", true
	case r.country != "":
		r.monthFirst = strings.Contains(monthsFirst, r.country)
	}
	switch r.country {
	case "TW":
		r.yuan = "TWD"
	case "HK":
		r.yuan = "HKD"
	case "MO":
		r.yuan = "MOP"
	}
	return r
}

// peso is the currency of "pesos" there.
func (r region) peso() string {
	switch r.country {
	case "MX":
		return "MXN"
	case "AR":
		return "ARS"
	case "CO":
		return "COP"
	case "CL":
		return "CLP"
	}
	return "PHP"
}

// rupee is the currency of "rupees" there.
func (r region) rupee() string {
	if r.country == "PK" {
		return "PKR"
	}
	return "INR"
}
