package simulator

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is something that goes wrong with API calls. Of Drop, HTML and Code the first that is set decides what the client
// gets; with none of them the call only takes Delay longer.
type Fault struct {
	// Method is the API method it concerns, in any case, or "file" for a download; "" or "*" means all, getUpdates too.
	Method string
	// Chat narrows it to calls with this chat_id; 0 means any call.
	Chat int64
	// Times is how many calls it hits before it is over; 0 means until ClearFaults.
	Times int
	// Delay is how long the call is held before anything happens, by Options.After.
	Delay time.Duration
	// Applied lets the call take effect before its answer is lost or replaced: accepted, and the bot does not know.
	Applied bool
	// Drop closes the connection without an answer.
	Drop bool
	// HTML answers with a web page instead of JSON, as a proxy in between does. The status is Code, or 502.
	HTML bool
	// Code is the error_code and the HTTP status of the answer.
	Code int
	// Description replaces the usual text for Code.
	Description string
	// RetryAfter is parameters.retry_after, in seconds.
	RetryAfter int
}

// Fault switches a fault on. Faults are tried in the order in which they were switched on; one call meets at most one.
func (s *Server) Fault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults switches all faults off.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// takeFault returns the fault that this call meets, or nil.
func (s *Server) takeFault(method string, chat int64) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Method != "" && f.Method != "*" && !strings.EqualFold(f.Method, method) || f.Chat != 0 && f.Chat != chat {
			continue
		}
		hit := *f
		if f.Times == 1 {
			s.faults = slices.Delete(s.faults, i, i+1)
		} else if f.Times > 1 {
			f.Times--
		}
		return &hit
	}
	return nil
}

// replaces reports whether the fault takes the place of the call's own answer.
func (f *Fault) replaces() bool { return f.Drop || f.HTML || f.Code != 0 }

// hold keeps the call back for the fault's delay.
func (s *Server) hold(ctx context.Context, f *Fault) {
	if f.Delay <= 0 {
		return
	}
	select {
	case <-s.after(f.Delay):
	case <-ctx.Done():
	case <-s.closing:
	}
}

// answer gives the client what the fault says.
func (f *Fault) answer(w http.ResponseWriter) {
	switch {
	case f.Drop:
		panic(http.ErrAbortHandler) // how net/http closes a connection without an answer
	case f.HTML:
		code := f.Code
		if code == 0 {
			code = http.StatusBadGateway
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		// The client may be gone; there is nobody to tell.
		_, _ = fmt.Fprintf(w, "<html>\r\n<head><title>%d %s</title></head>\r\n</html>\r\n", code, http.StatusText(code))
	default:
		writeError(w, &apiError{code: f.Code, description: f.text(), retryAfter: f.RetryAfter})
	}
}

// text is the description that usually comes with the fault's code.
func (f *Fault) text() string {
	switch {
	case f.Description != "":
		return f.Description
	case f.Code == http.StatusForbidden:
		return "Forbidden: bot was blocked by the user"
	case f.Code == http.StatusTooManyRequests:
		return tooMany(f.RetryAfter).(*apiError).description
	case f.Code == http.StatusConflict:
		return conflict(takenOver).(*apiError).description
	}
	return http.StatusText(f.Code)
}
