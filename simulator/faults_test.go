package simulator

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	for _, test := range []struct {
		name        string
		fault       Fault
		status      int // 0: the connection broke
		description string
		retryAfter  int
		effect      bool
	}{
		{"code", Fault{Method: "sendMessage", Code: 500}, 500, "Internal Server Error", 0, false},
		{"any method", Fault{Code: 403}, 403, "Forbidden: bot was blocked by the user", 0, false},
		{"retry after", Fault{Method: "sendmessage", Code: 429, RetryAfter: 7},
			429, "Too Many Requests: retry after 7", 7, false},
		{"own words", Fault{Method: "*", Code: 400, Description: "Bad Request: odd"}, 400, "Bad Request: odd", 0, false},
		{"accepted, answer replaced", Fault{Code: 502, Applied: true}, 502, "Bad Gateway", 0, true},
		{"web page", Fault{HTML: true}, 502, "", 0, false},
		{"connection lost before", Fault{Drop: true}, 0, "", 0, false},
		{"connection lost after", Fault{Drop: true, Applied: true}, 0, "", 0, true},
		{"another method", Fault{Method: "getMe", Code: 500}, 200, "", 0, true},
		{"another chat", Fault{Chat: 5, Code: 500}, 200, "", 0, true},
		{"only late", Fault{Delay: time.Hour}, 200, "", 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := make(chan time.Time)
			close(now)
			a := newAPI(t, func(o *Options) { o.After = func(time.Duration) <-chan time.Time { return now } })
			li := a.sim.User("li")
			li.OpenPrivate()
			a.sim.Fault(test.fault)
			body := strings.NewReader(`{"chat_id":"` + fmt.Sprint(li.ID()) + `","text":"x"}`)
			response, err := http.Post(a.url+"/bot"+a.sim.Token()+"/sendMessage", "application/json", body)
			switch {
			case test.status == 0:
				if err == nil {
					t.Errorf("answered %s", response.Status)
				}
			case err != nil:
				t.Fatal(err)
			case test.fault.HTML:
				page, _ := io.ReadAll(response.Body)
				if !strings.HasPrefix(string(page), "<html>") || response.StatusCode != test.status {
					t.Errorf("%s: %s", response.Status, page)
				}
			default:
				out := a.read(response)
				if out.Status != test.status || out.Description != test.description ||
					out.Parameters.RetryAfter != test.retryAfter {
					t.Errorf("got %+v", out)
				}
			}
			if response != nil {
				_ = response.Body.Close()
			}
			if got := len(a.sim.Messages(li.ID())) > 0; got != test.effect {
				t.Errorf("message posted: %t, want %t", got, test.effect)
			}
			if got := len(a.sim.Calls()) > 0; got != test.effect {
				t.Errorf("call recorded: %t, want %t", got, test.effect)
			}
		})
	}
}

func TestFaultTimes(t *testing.T) {
	a := newAPI(t, nil)
	a.sim.Fault(Fault{Method: "getMe", Code: 500, Times: 2})
	for i, want := range []int{500, 500, 200} {
		if got := a.call("getMe", nil).Status; got != want {
			t.Errorf("call %d: %d, want %d", i+1, got, want)
		}
	}
	a.sim.Fault(Fault{Code: 500})
	a.sim.ClearFaults()
	if got := a.call("getMe", nil).Status; got != 200 {
		t.Errorf("after ClearFaults: %d", got)
	}
}
