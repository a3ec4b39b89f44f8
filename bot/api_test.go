package bot

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"tuidan/refund"
)

func TestCallErrors(t *testing.T) {
	api, client := newAPI(t)
	for name, test := range map[string]struct {
		status int
		body   string
		want   fault
		retry  time.Duration
		to     refund.ChatID
	}{
		"told to wait":   {429, `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 3","parameters":{"retry_after":3}}`, waitFault, 3 * time.Second, 0},
		"html 429":       {429, `<html>`, waitFault, 0, 0},
		"html 502":       {502, `<html>Bad Gateway</html>`, serverFault, 0, 0},
		"a proxy's 403":  {403, `<html>Forbidden</html>`, serverFault, 0, 0},
		"a proxy's 404":  {404, `not here`, serverFault, 0, 0},
		"no JSON at 200": {200, `hello`, serverFault, 0, 0},
		"5xx":            {500, `{"ok":false,"error_code":500,"description":"Internal Server Error"}`, serverFault, 0, 0},
		"blocked":        {403, `{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}`, closedFault, 0, 0},
		"no chat":        {400, `{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`, closedFault, 0, 0},
		"same":           {400, `{"ok":false,"error_code":400,"description":"Bad Request: message is not modified: x"}`, sameFault, 0, 0},
		"token":          {401, `{"ok":false,"error_code":401,"description":"Unauthorized"}`, tokenFault, 0, 0},
		"method":         {404, `{"ok":false,"error_code":404,"description":"Not Found"}`, tokenFault, 0, 0},
		"rival":          {409, `{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request"}`, rivalFault, 0, 0},
		"other":          {400, `{"ok":false,"error_code":400,"description":"Bad Request: message text is empty"}`, badFault, 0, 0},
		"late":           {400, `{"ok":false,"error_code":400,"description":"Bad Request: query is too old and response timeout expired or query ID is invalid"}`, lateFault, 0, 0},
		"migrated":       {400, `{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":-1001234567890}}`, migrateFault, 0, -1001234567890},
	} {
		api.reply(func(call) (int, string) { return test.status, test.body })
		err := client.Call(t.Context(), "sendMessage", nil, nil)
		refusal, ok := errors.AsType[*APIError](err)
		if !ok || faultOf(err) != test.want || refusal.Status != test.status || refusal.RetryAfter != test.retry || refusal.MigrateTo != test.to {
			t.Errorf("%s: %#v, fault %d", name, err, faultOf(err))
		}
	}
}

func TestTheTokenIsInNoError(t *testing.T) {
	api, client := newAPI(t)
	api.reply(func(call) (int, string) {
		return 400, `{"ok":false,"error_code":400,"description":"bad ` + testToken + `"}`
	})
	errs := []error{client.Call(t.Context(), "getMe", nil, nil)}
	_, err := client.download(t.Context(), "nothing", nil)
	errs = append(errs, err)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	errs = append(errs, client.Call(gone, "getMe", nil, nil))
	api.Close()
	errs = append(errs, client.Call(t.Context(), "getMe", nil, nil))
	_, err = client.download(t.Context(), "nothing", nil)
	errs = append(errs, err)
	errs = append(errs, (&Client{URL: "http://bad host\x00", Token: testToken}).Call(t.Context(), "getMe", nil, nil))
	errs = append(errs, (&Client{Token: testToken, HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return nil, errors.New("cannot reach " + r.URL.String())
	})}}).Call(t.Context(), "getMe", nil, nil))
	for i, err := range errs {
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%d: %v", i, err)
		}
	}
	if !errors.Is(errs[2], context.Canceled) {
		t.Errorf("the cause is lost: %v", errs[2])
	}
}

func TestInDoubt(t *testing.T) {
	api, client := newAPI(t)
	api.reply(func(call) (int, string) { panic(abort) })
	if err := client.Call(t.Context(), "sendMessage", nil, nil); !inDoubt(err) {
		t.Errorf("cut off after the request: %v", err)
	}
	api.Close()
	if err := client.Call(t.Context(), "sendMessage", nil, nil); err == nil || inDoubt(err) {
		t.Errorf("never connected: %v", err)
	}
}
