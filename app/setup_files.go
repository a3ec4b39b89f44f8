package app

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"tuidan/bot/locker"
	"tuidan/refund"
)

// Where setup puts things, from the config's folder.
const (
	tokenFile    = "secrets/token"
	shopKeyFile  = "secrets/shop.key"
	evidenceFile = "secrets/evidence.keys"
	policyFile   = "policy.yaml"
	ordersFile   = "orders.csv"
)

// writeNew writes a file that is not there yet, whole, and readable by its owner
// alone. A file that is there is fs.ErrExist and stays.
func writeNew(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	part, err := writePart(path, data)
	if err != nil {
		return err
	}
	defer os.Remove(part)
	return os.Link(part, path) // it never replaces a file
}

// replace writes a file in place of another in one go.
func replace(path string, data []byte) error {
	part, err := writePart(path, data)
	if err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}

func writePart(path string, data []byte) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// configText is a first config. tuidan.example.yaml explains every key.
var configText = template.Must(template.New("config").Funcs(template.FuncMap{"quote": strconv.Quote}).Parse(
	`# Made by tuidan setup. tuidan.example.yaml explains every key; tuidan check names every mistake.

telegram:
{{- if .API}}
  api_url: {{.API}}
{{- end}}
{{- if .Token}}
  token_file: {{.Token}}
{{- end}}
  mode: polling
evidence_key_file: {{.Evidence}}     # keep a copy apart from the data
locale: {{.Locale}}

shops:
  - id: shop                         # the same for ever
    title: {{quote .Title}}
    locale: {{.Locale}}
    currency: {{.Currency}}
    zone: {{.Zone}}
    group: {{.Group}}
    staff:
{{- range .Staff}}
      - {{.}}
{{- end}}
    key_file: {{.Key}}       # signs the links on the shop's order pages
    policy: {{.Policy}}              # the rules: read it aloud and change what is not yours
    orders: {kind: csv, path: {{.Orders}}}   # to try it; README has a table of the kinds
    suppliers:                       # to try it
      dyr: {kind: sandbox}
      fulu: {kind: sandbox}
      kin: {kind: sandbox}
    channels:
      sandbox: {kind: sandbox}       # to try it: it moves no money
`))

// firstConfig is what configText is filled with.
type firstConfig struct {
	API, Token, Evidence, Locale, Title, Currency, Zone, Key, Policy, Orders string
	Group                                                                    refund.ChatID
	Staff                                                                    []string
}

// staffLine writes a person as an entry of staff.
func staffLine(one StaffConfig) string {
	return fmt.Sprintf("{id: %d, name: %s, role: %s}", one.ID, strconv.Quote(one.Name), one.Role)
}

// sampleOrders are two orders to try the desk with, paid a while ago.
func sampleOrders(currency string, now time.Time) []byte {
	at := func(ago time.Duration) string { return now.Add(-ago).UTC().Format(time.RFC3339) }
	return fmt.Appendf(nil, `order_no,merchant,product,kind,fulfilment,title,amount,currency,net_paid,refunded,channel,charge_id,paid_at,completed_at,state,revealed_at,account,buyer_contact,buyer_id,supplier,supplier_no
T1001,shop,cmcc30,topup,auto,移动话费30元,30.00,%[1]s,30.00,0.00,sandbox,ch_1001,%[2]s,%[3]s,failed,,13800138000,try@example.com,,dyr,S-1001
T2001,shop,steam50,card,auto,Steam 充值卡 50元,50.00,%[1]s,48.00,0.00,sandbox,ch_2001,%[2]s,%[3]s,delivered,,,try@example.com,,kin,S-2001
`, currency, at(time.Hour), at(55*time.Minute))
}

// supplies makes the files that a first config names and that are not there yet. It
// returns those that were.
func supplies(folder, currency string, now time.Time) (there []string, err error) {
	policy, err := sample.ReadFile("sample/policy.yaml")
	if err != nil {
		return nil, err
	}
	key := make([]byte, 24)
	_, _ = rand.Read(key) // it never fails
	for _, file := range []struct {
		name string
		make func(path string) error
	}{
		{shopKeyFile, func(path string) error { return writeNew(path, []byte(base64.RawURLEncoding.EncodeToString(key)+"\n")) }},
		{evidenceFile, locker.CreateKeyFile},
		{policyFile, func(path string) error { return writeNew(path, policy) }},
		{ordersFile, func(path string) error { return writeNew(path, sampleOrders(currency, now)) }},
	} {
		path := filepath.Join(folder, filepath.FromSlash(file.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return there, err
		}
		if _, err := os.Lstat(path); err == nil {
			there = append(there, file.name)
			continue
		}
		if err := file.make(path); err != nil {
			return there, fmt.Errorf("make %s: %w", file.name, err)
		}
	}
	return there, nil
}

// errByHand is returned for a config that setup cannot change without touching more.
var errByHand = errors.New("the config is written in a way that setup cannot change")

// rewritten returns a config's text with another group and other staff of its first
// shop, and everything else, also its comments, as it is. It fails with errByHand
// rather than change anything else.
func rewritten(name string, text []byte, group refund.ChatID, staff []StaffConfig) ([]byte, error) {
	before, places := readConfig(name, text)
	want := before
	want.Shops = slices.Clone(before.Shops)
	if len(want.Shops) == 0 {
		return nil, errByHand
	}
	lines := strings.Split(string(text), "\n")
	if want.Shops[0].Group != int64(group) {
		at, ok := places["shops[0].group"]
		if !ok {
			return nil, errByHand
		}
		old := strconv.FormatInt(want.Shops[0].Group, 10)
		head, value, _ := strings.Cut(lines[at-1], ":")
		lines[at-1] = head + ":" + strings.Replace(value, old, strconv.FormatInt(int64(group), 10), 1)
		want.Shops[0].Group = int64(group)
	}
	if !slices.Equal(want.Shops[0].Staff, staff) {
		first, ok := places["shops[0].staff"]
		if !ok {
			return nil, errByHand
		}
		last := first
		for key, line := range places {
			if strings.HasPrefix(key, "shops[0].staff[") {
				last = max(last, line)
			}
		}
		// The value may begin on a line below its key.
		key := func(line string) string { return strings.TrimLeft(line, " -") }
		for first > 1 && !strings.HasPrefix(key(lines[first-1]), "staff:") {
			first--
		}
		indent := lines[first-1][:len(lines[first-1])-len(key(lines[first-1]))]
		fresh := []string{indent + "staff:"}
		for _, one := range staff {
			fresh = append(fresh, strings.Repeat(" ", len(indent))+"  - "+staffLine(one))
		}
		lines = slices.Replace(lines, first-1, last, fresh...)
		want.Shops[0].Staff = staff
	}
	changed := []byte(strings.Join(lines, "\n"))
	if now, _ := readConfig(name, changed); !reflect.DeepEqual(now, want) {
		return nil, errByHand
	}
	return changed, nil
}

// readConfig reads a config's text alone, and on which line each key stands. What is
// wrong with it was told before, or makes it another one.
func readConfig(name string, text []byte) (Config, map[string]int) {
	r := &reader{file: name}
	var config Config
	r.read(text, &config)
	places := make(map[string]int, len(r.places))
	for key, at := range r.places {
		places[key] = at.Line
	}
	if len(r.problems) > 0 {
		return Config{}, places
	}
	return config, places
}

// exists reports whether a file is there.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// configOf fills in a first config.
func configOf(c firstConfig) ([]byte, error) {
	var out bytes.Buffer
	err := configText.Execute(&out, c)
	return out.Bytes(), err
}
