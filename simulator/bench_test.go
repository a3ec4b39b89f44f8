package simulator

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// serve makes one request without a network, so that only the server itself is measured.
func serve(b *testing.B, s *Server, method, body string) {
	request := httptest.NewRequest(http.MethodPost, "/bot"+s.Token()+"/"+method, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusOK {
		b.Fatal(recorder.Body.String())
	}
}

func crowd(b *testing.B) (*Server, []*User) {
	s := New(Options{Now: newClock().now, KeepMessages: 20, KeepCalls: 1000})
	b.Cleanup(s.Close)
	people := make([]*User, 500)
	for i := range people {
		people[i] = s.User(fmt.Sprint("buyer", i))
		people[i].OpenPrivate()
	}
	return s, people
}

func BenchmarkSendMessage(b *testing.B) {
	s, people := crowd(b)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			serve(b, s, "sendMessage", fmt.Sprintf(`{"chat_id":%d,"text":"退款已到账"}`, people[i%len(people)].ID()))
		}
	})
}

// BenchmarkUpdate is what one update costs to make, hand out in a batch of 100, and confirm.
func BenchmarkUpdate(b *testing.B) {
	s, people := crowd(b)
	for i := range b.N {
		if _, err := people[i%len(people)].Say(Where{}, "充了半小时还没到账"); err != nil {
			b.Fatal(err)
		}
		if i%maxBatch == maxBatch-1 {
			serve(b, s, "getUpdates", fmt.Sprintf(`{"offset":%d}`, firstUpdateID+i-maxBatch+1))
			serve(b, s, "getUpdates", fmt.Sprintf(`{"offset":%d,"limit":1}`, firstUpdateID+i+1))
		}
	}
}
