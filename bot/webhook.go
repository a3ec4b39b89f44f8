package bot

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	tgbot "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"tuidan/engine"
)

// maxUpdate bounds a webhook's body, in bytes.
const maxUpdate = 1 << 20

// secretHeader carries the secret of setWebhook. (Bot API: setWebhook)
const secretHeader = "X-Telegram-Bot-Api-Secret-Token"

// Webhook takes updates that Telegram posts, one each. 200 is its confirmation,
// so it is given only when the Intake has stored the update.
type Webhook struct {
	Intake Intake
	Secret string // 1–256 of A-Z a-z 0-9 _ -; nothing is taken while it is empty
	Log    *slog.Logger
}

// ServeHTTP answers 405 to anything but POST, 401 to a wrong secret, 413 to a
// body over 1 MB, 503 when the store refuses, so that Telegram posts again, and
// else 200: also to what is no JSON, which goes to the dead letters and would
// otherwise be posted for ever.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	if !h.authentic(r.Header.Get(secretHeader)) {
		http.Error(w, "wrong secret", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(w, "unreadable body", http.StatusBadRequest)
		return
	}
	raw := json.RawMessage(body)
	if !json.Valid(raw) {
		// A JSON text of what came, so that it can be stored among JSON.
		raw, _ = json.Marshal(string(body))
	}
	if err := h.Intake.Take(r.Context(), []json.RawMessage{raw}, nil); err != nil {
		h.Log.Error("update cannot be stored", "update", UpdateID(raw), "error", err)
		http.Error(w, "cannot store now", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// authentic compares hashes, so that not even the secret's length shows.
func (h *Webhook) authentic(given string) bool {
	want, got := sha256.Sum256([]byte(h.Secret)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && h.Secret != ""
}

// Register tells Telegram where to post updates. What waits is kept.
// connections (1–100; 0: Telegram's 40) bounds parallel posts.
// (Bot API: setWebhook)
func (h *Webhook) Register(ctx context.Context, client *Client, url string, connections int) error {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	if h.Secret == "" || len(h.Secret) > 256 || strings.Trim(h.Secret, allowed) != "" {
		return errors.New("set webhook: the secret must be 1 to 256 of A-Z a-z 0-9 _ -")
	}
	params := tgbot.SetWebhookParams{
		URL:            url,
		MaxConnections: connections,
		AllowedUpdates: AllowedUpdates,
		SecretToken:    h.Secret,
	}
	if err := client.Call(ctx, "setWebhook", params, nil); err != nil {
		if faultOf(err) == tokenFault {
			return fmt.Errorf("%w: %w", ErrToken, err)
		}
		return fmt.Errorf("set webhook: %w", err)
	}
	return nil
}

// AwaitDrained asks every two seconds how many updates still wait at Telegram
// and tells the Intake when none does. It returns when it has, or with ctx.
// (Bot API: getWebhookInfo)
func (h *Webhook) AwaitDrained(ctx context.Context, client *Client, clock engine.Clock) error {
	for {
		var info models.WebhookInfo
		err := client.Call(ctx, "getWebhookInfo", nil, &info)
		if err == nil && info.PendingUpdateCount == 0 {
			h.Intake.BacklogDrained()
			return nil
		}
		if err := clock.Wait(ctx, clock.Now().Add(2*time.Second)); err != nil {
			return err
		}
	}
}
