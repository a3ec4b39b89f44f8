package reports

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tuidan/locales"
	"tuidan/refund"
	"tuidan/storage/memory"
)

var (
	start = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	shop  = refund.Shop{ID: "star", Title: "Star Cards", Staff: []refund.Staff{{Person: 5, Name: "wang", Role: refund.Approver}}}
)

func texts(t *testing.T) *locales.Catalogs {
	t.Helper()
	catalogs, err := locales.Load(locales.Embedded)
	if err != nil {
		t.Fatal(err)
	}
	return catalogs
}

// months are ends and postings of a shop that gets better.
func months() refund.Figures {
	var ends []refund.End
	var ledger []refund.Posting
	cny := func(minor int64) refund.Money { return refund.Money{Minor: minor, Currency: "CNY"} }
	reasons := []refund.Reason{refund.FailedTopUp, refund.FailedTopUp, refund.FailedTopUp, refund.WrongAccount, refund.BoughtWrong, refund.CardInvalid, ""}
	books := []refund.Book{refund.Owed(refund.Supplier), refund.Returns, refund.Goodwill, refund.OwnFault, refund.Owed(refund.Platform)}
	to := start.AddDate(0, 2, 0)
	for i := range 220 {
		at := start.Add(time.Duration(i) * 6 * time.Hour)
		end := refund.End{At: at, Opened: at.Add(-time.Hour), Reason: reasons[i%len(reasons)], Status: refund.Refunded, Rule: "failed",
			Answered: time.Duration(1+i%90) * time.Second, Decided: time.Duration(i%7+1) * 4 * time.Minute, Accepted: time.Duration(i%9+1) * 40 * time.Second,
			Alone: i%3 != 0, Easy: (i*7)%10 < 2+i/30, Signal: i%19 == 0}
		if i%5 == 0 {
			end.Status, end.Easy, end.Rule = refund.Refused, false, []string{"used", "window", "own_words"}[i%3]
		} else {
			ledger = append(ledger, refund.Posting{At: at, Booking: refund.BookPaid, Debit: books[i%len(books)], Credit: refund.Channels, Amount: cny(int64(1000 + i*37))})
		}
		ends = append(ends, end)
	}
	f := refund.FiguresOf(ends, ledger, refund.Queue{Total: 12, Urgent: 1, Money: 2}, to.AddDate(0, 0, -30), to)
	for i := range f.Refusals {
		f.Refusals[i].Words = &refund.Words{Key: "shop_text", Args: map[string]refund.Arg{"Text": {Texts: refund.Texts{
			"zh-Hans": []string{"已经到账或者使用的商品不退。", "超过申请时间。", "处理人自己写的理由"}[i%3], "en": []string{"What arrived or was used is not refunded, as stated.", "Too late.", "In their own words"}[i%3]}}}}
	}
	return f
}

// look writes what was made where somebody can look at it.
func look(t *testing.T, name string, data []byte) {
	t.Helper()
	folder := os.Getenv("TUIDAN_LOOK")
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name), data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestPicture(t *testing.T) {
	message := refund.Message{Kind: refund.Chart, Shop: "star", Locale: "en", Zone: "Asia/Shanghai"}
	for name, figures := range map[string]refund.Figures{
		"full": months(), "empty": refund.FiguresOf(nil, nil, refund.Queue{}, start, start.AddDate(0, 0, 7)),
	} {
		message.Figures = &figures
		maker := &Maker{Texts: texts(t), Shops: []refund.Shop{shop}}
		made, err := maker.Make(nil, message)
		if err != nil {
			t.Fatal(err)
		}
		look(t, name+"_en.png", made.Data)
		picture, err := png.Decode(bytes.NewReader(made.Data))
		if err != nil || picture.Bounds().Dx() != width || made.Kind != refund.PhotoFile || len(made.Data) > 1<<20 {
			t.Errorf("%s: %d bytes, %v", name, len(made.Data), err)
		}
	}
}

// TestPictureInChinese needs one of the fonts that README names.
func TestPictureInChinese(t *testing.T) {
	figures := months()
	message := refund.Message{Kind: refund.Chart, Shop: "star", Locale: "zh-Hans", Zone: "Asia/Shanghai", Figures: &figures}
	maker := &Maker{Texts: texts(t), Shops: []refund.Shop{shop}}
	if made, err := maker.Make(nil, message); !errors.Is(err, ErrNoFont) || made.Data != nil {
		t.Errorf("without a font: %v", err)
	}
	for _, path := range []string{os.Getenv("TUIDAN_FONT"), DebianFont} {
		font, err := InstallFont(path)
		if err != nil {
			continue
		}
		maker.Font = font
		made, err := maker.Make(nil, message)
		if err != nil {
			t.Fatal(err)
		}
		look(t, "full_zh.png", made.Data)
		return
	}
	t.Log("no font with Chinese letters is installed here")
}

func TestInstallFont(t *testing.T) {
	if _, err := InstallFont(filepath.Join(t.TempDir(), "none.ttf")); err == nil {
		t.Error("a font that is not there was read")
	}
	path := filepath.Join(t.TempDir(), "no.ttf")
	if err := os.WriteFile(path, []byte("no font"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := InstallFont(path); err == nil {
		t.Error("a file that is no font was read")
	}
}

func TestPaper(t *testing.T) {
	paid := refund.Money{Minor: 3000, Currency: "CNY"}
	c := refund.Case{ID: "7.1", Version: 1, Shop: "star", Chat: 7, Buyer: "<b>Li</b>", Reason: refund.WrongAccount, Status: refund.Refunded,
		OpenedAt: start, ClosedAt: start.Add(time.Hour),
		Order: refund.Order{OrderKey: refund.OrderKey{Shop: "star", No: "T/1001"}, Title: "移动话费30元", Amount: paid, NetPaid: &paid, Channel: "alipay",
			ChargeID: "ch_1", PaidAt: start.Add(-time.Hour), State: refund.StateArrived},
		Facts:    map[refund.Item]refund.Fact{refund.ChargedAccount: {Value: "13800138000"}, refund.TransactionTime: {Value: "昨天", At: start.Add(-time.Hour)}},
		Evidence: []refund.Evidence{{Item: refund.Picture, SHA256: strings.Repeat("ab", 32), Size: 12345, Revision: 2, SentAt: start, SealedAt: start.Add(time.Second)}},
		Decisions: []refund.Decision{{Number: 1, Outcome: refund.Review, At: start.Add(time.Minute)},
			{Number: 2, Outcome: refund.Refund, Amount: paid, At: start.Add(time.Hour), By: 5, Fault: refund.Supplier, Goods: refund.Used, Words: "It is <i>ours</i>.",
				Clause: refund.Texts{"en": "Wrong accounts are refunded."}}},
		Payouts: []refund.Payout{{Amount: paid, Channel: "alipay", State: refund.Accepted, Reference: "R-77", PlannedAt: start, AcceptedAt: start.Add(time.Hour)}},
		Notes:   []refund.Note{{Person: 5, Name: "wang", Did: "approved", At: start.Add(time.Hour)}},
	}
	store := memory.New()
	other := c
	other.ID, other.Status, other.Evidence, other.Payouts, other.OpenedAt = "7.2", refund.Refused, nil, nil, start.Add(2*time.Hour)
	talk := refund.Case{ID: "8.1", Version: 1, Shop: "star", Chat: 8, Buyer: "Zhou", Status: refund.HandedOver, OpenedAt: start}
	if err := store.Apply(context.Background(), refund.Commit{Cases: []refund.Case{c, other, talk}, Timeline: []refund.Entry{
		{Case: "7.1", At: start, Kind: "found", To: refund.Collecting}, {Case: "7.1", At: start.Add(time.Hour), Kind: "pressed", Person: 5, From: refund.AwaitingApproval, To: refund.Paying, Text: "refund failed"},
		{Case: "7.1", At: start.Add(2 * time.Hour), Kind: "said", Person: 7, To: refund.Refunded},
	}}); err != nil {
		t.Fatal(err)
	}
	maker := &Maker{Texts: texts(t), Shops: []refund.Shop{shop}}
	make := func(id refund.CaseID, locale string) string {
		t.Helper()
		var made refund.Made
		if err := store.View(context.Background(), func(r refund.Reader) (err error) {
			made, err = maker.Make(r, refund.Message{Kind: refund.Paper, Shop: "star", Case: id, Locale: locale, Zone: "Asia/Shanghai"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		look(t, string(id)+"_"+locale+".html", made.Data)
		if id != "8.1" && made.Name != "refund-T_1001.html" || made.Kind != refund.DocumentFile {
			t.Errorf("made %s, %s", made.Name, made.Kind)
		}
		return string(made.Data)
	}
	text := make("7.1", "en")
	for _, part := range []string{"Refund record of order T/1001", "Star Cards", "Request 2", "ch_1", "R-77", strings.Repeat("ab", 32), "12345",
		"2026-03-02 10:00:00 &#43;08:00", "wang", "It is &lt;i&gt;ours", "Wrong accounts are refunded.", "&lt;b&gt;Li", "accepted by the channel", "At fault: supplier", "pressed a button"} {
		if !strings.Contains(text, part) {
			t.Errorf("the record lacks %q", part)
		}
	}
	for _, part := range []string{"<script", "http://", "https://", "src=", "refund failed", "7.1", "<b>Li"} {
		if strings.Contains(text, part) {
			t.Errorf("the record has %q", part)
		}
	}
	make("7.1", "zh-Hans")
	if text := make("8.1", "en"); !strings.Contains(text, "Zhou") {
		t.Error("a talk without an order is not named")
	}
}
