package bot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// paperwork makes what it is told.
type paperwork struct {
	made refund.Made
	err  error
	asks int
}

func (p *paperwork) Make(refund.Reader, refund.Message) (refund.Made, error) {
	p.asks++
	return p.made, p.err
}

func chart(text, instead string) refund.Message {
	return refund.Message{Kind: refund.Chart, Shop: "s", Lines: []refund.Words{{Key: text}}, Else: []refund.Words{{Key: instead}},
		Figures: &refund.Figures{}, ReplyTo: 9, Prefer: refund.SendAgain}
}

func TestUpload(t *testing.T) {
	var fields map[string]string
	var name string
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, attributes, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil {
			t.Error(err)
		}
		fields = map[string]string{"path": strings.ReplaceAll(r.URL.Path, testToken, "TOKEN")}
		reader := multipart.NewReader(r.Body, attributes["boundary"])
		for {
			part, err := reader.NextPart()
			if err != nil {
				break
			}
			data, _ := io.ReadAll(part)
			fields[part.FormName()] = string(data)
			if part.FileName() != "" {
				name = part.FileName()
			}
		}
		_, _ = io.WriteString(w, `{"ok":true,"result":{"message_id":5}}`)
	})
	client := &Client{URL: "http://desk.example", Token: testToken, HTTP: direct(api)}
	var sent struct {
		ID int `json:"message_id"`
	}
	params := uploadParams{ChatID: -1001, Caption: "\"one\"\ntwo", Markup: keyboard{Rows: [][]button{{{Text: "a", Data: "b"}}}}}
	err := client.Upload(context.Background(), "sendDocument", params, "document", refund.Made{Name: "退款-T1.html", Data: []byte("<p>")}, &sent)
	if err != nil || sent.ID != 5 || name != "退款-T1.html" {
		t.Errorf("sent %d as %q: %v", sent.ID, name, err)
	}
	want := map[string]string{"path": "/botTOKEN/sendDocument", "chat_id": "-1001", "caption": "\"one\"\ntwo",
		"reply_markup": `{"inline_keyboard":[[{"text":"a","callback_data":"b"}]]}`, "document": "<p>"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOutboxSendsWhatItMakes(t *testing.T) {
	s := newStage(t, Limits{})
	papers := &paperwork{made: refund.Made{Name: "figures.png", Kind: refund.PhotoFile, Data: []byte("PNG")}}
	s.outbox.Papers = papers
	s.start()
	s.put(chart("main", "rest"))
	calls := s.idle()
	if len(calls) != 1 || calls[0].method != "sendPhoto" || s.desk.stored() != 0 {
		t.Errorf("sent %v, stored %d", calls, s.desk.stored())
	}
	// A file that is refused for now is made again, as things then are.
	s.api.reply(func(call) (int, string) { return refusal(500, "Internal Server Error") })
	record := refund.Message{Kind: refund.Paper, Shop: "s", Case: "7.1", Lines: []refund.Words{{Key: "here it is"}}, Else: []refund.Words{{Key: "not made"}}}
	papers.made.Kind = refund.DocumentFile
	s.put(record)
	s.idle()
	s.api.reply(nil)
	calls = s.advance(time.Minute)
	if len(calls) != 1 || calls[0].method != "sendDocument" || papers.asks != 3 || len(s.desk.posts) != 1 || s.desk.posts[0].Case != "7.1" {
		t.Errorf("sent %v after %d makings, posts %v", calls, papers.asks, s.desk.posts)
	}
}

func TestOutboxSaysWhatItCannotMake(t *testing.T) {
	for name, papers := range map[string]Papers{
		"nobody makes any": nil,
		"no font":          &paperwork{err: errors.New("no font")},
		"empty":            &paperwork{},
		"too big":          &paperwork{made: refund.Made{Kind: refund.PhotoFile, Data: bytes.Repeat([]byte{1}, refund.MaxMadeBytes+1)}},
	} {
		s := newStage(t, Limits{})
		s.outbox.Papers = papers
		s.start()
		s.put(chart("main", "rest"), refund.Message{Kind: refund.Paper, Shop: "s", Lines: []refund.Words{{Key: "here it is"}}, Else: []refund.Words{{Key: "not made"}}})
		if got := texts(s.idle()); got != "main\nrest not made" || s.desk.stored() != 0 {
			t.Errorf("%s: said %q, stored %d", name, got, s.desk.stored())
		}
	}
}
