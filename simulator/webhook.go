package simulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Defaults of setWebhook and of its delivery (Bot API: setWebhook).
const (
	hookConnections = 40
	hookTimeout     = 60 * time.Second
	hookRetry       = time.Second
	secretHeader    = "X-Telegram-Bot-Api-Secret-Token"
)

// webhook is a bot that is called instead of polling. Server.mu guards its mutable fields.
type webhook struct {
	url, secret string
	connections int
	slots       chan struct{} // as many as connections
	ctx         context.Context
	cancel      context.CancelFunc
	lanes       map[lane][]*update // undelivered, oldest first; a goroutine works on each lane that is here
	lastError   string
	lastErrorAt time.Time
}

func (s *Server) setWebhook(p *params) (apply, error) {
	url := p.text("url")
	if url == "" {
		return s.deleteWebhook(p)
	}
	if !strings.HasPrefix(url, "http://127.0.0.1") && !strings.HasPrefix(url, "http://localhost") &&
		!strings.HasPrefix(url, "https://") {
		return nil, badRequest("bad webhook: An HTTPS URL must be provided for webhook")
	}
	connections := int(p.int("max_connections"))
	if connections <= 0 || connections > 100 {
		connections = hookConnections
	}
	if err := s.allow(p); err != nil {
		return nil, err
	}
	return func() (any, error) {
		s.dropWebhook(p.flag("drop_pending_updates"))
		if s.poll != nil {
			s.poll.end(hookSet)
		}
		hook := &webhook{
			url:         url,
			secret:      p.text("secret_token"),
			connections: connections,
			slots:       make(chan struct{}, connections),
			lanes:       make(map[lane][]*update),
		}
		hook.ctx, hook.cancel = context.WithCancel(s.life)
		s.hook = hook
		for _, u := range s.queue.updates {
			s.deliver(hook, u)
		}
		return true, nil
	}, nil
}

func (s *Server) deleteWebhook(p *params) (apply, error) {
	return func() (any, error) {
		s.dropWebhook(p.flag("drop_pending_updates"))
		return true, nil
	}, nil
}

// dropWebhook ends the webhook, if there is one. Updates that it did not deliver stay queued unless they are dropped.
func (s *Server) dropWebhook(dropPending bool) {
	if s.hook != nil {
		s.hook.cancel()
		s.hook = nil
	}
	if dropPending {
		s.queue.clear()
	}
}

func (s *Server) getWebhookInfo(*params) (apply, error) {
	return func() (any, error) {
		s.queue.expire(s.now())
		info := map[string]any{"url": "", "has_custom_certificate": false, "pending_update_count": s.queue.pending}
		if hook := s.hook; hook != nil {
			info["url"] = hook.url
			info["max_connections"] = hook.connections
			if hook.lastError != "" {
				info["last_error_message"] = hook.lastError
				info["last_error_date"] = hook.lastErrorAt.Unix()
			}
		}
		if len(s.allowed) > 0 {
			kinds := make([]string, 0, len(s.allowed))
			for kind := range s.allowed {
				kinds = append(kinds, kind)
			}
			info["allowed_updates"] = kinds
		}
		return info, nil
	}, nil
}

// deliver puts an update into its lane and sets a goroutine to work on it unless one is. The caller holds s.mu.
func (s *Server) deliver(hook *webhook, u *update) {
	if u.gone || s.life.Err() != nil {
		return
	}
	waiting, working := hook.lanes[u.lane]
	hook.lanes[u.lane] = append(waiting, u)
	if !working {
		s.work.Go(func() { s.drain(hook, u.lane) })
	}
}

// drain delivers a lane's updates one after the other, each until the bot answers 2xx, and ends when the lane is empty.
func (s *Server) drain(hook *webhook, l lane) {
	for {
		u := s.nextOf(hook, l)
		if u == nil {
			return
		}
		select {
		case hook.slots <- struct{}{}:
		case <-hook.ctx.Done():
			return
		}
		err := s.callHook(hook, u)
		<-hook.slots
		if hook.ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		if err == nil {
			s.queue.remove(u)
		} else {
			hook.lastError, hook.lastErrorAt = err.Error(), s.now()
		}
		s.mu.Unlock()
		if err == nil {
			continue
		}
		select {
		case <-s.after(s.options.WebhookRetry):
		case <-hook.ctx.Done():
			return
		}
	}
}

// nextOf is the oldest update of a lane that still has to be delivered. Without one the lane is given up, under the same
// lock, so that the next update starts a new goroutine.
func (s *Server) nextOf(hook *webhook, l lane) *update {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.expire(s.now())
	waiting := hook.lanes[l]
	for len(waiting) > 0 && waiting[0].gone {
		waiting = waiting[1:]
	}
	if len(waiting) == 0 {
		delete(hook.lanes, l)
		return nil
	}
	hook.lanes[l] = waiting
	return waiting[0]
}

func (s *Server) callHook(hook *webhook, u *update) error {
	ctx, cancel := context.WithTimeout(hook.ctx, hookTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.url, bytes.NewReader(u.raw))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if hook.secret != "" {
		request.Header.Set(secretHeader, hook.secret)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	_, readErr := io.Copy(io.Discard, io.LimitReader(response.Body, maxBody))
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("Wrong response from the webhook: %s", response.Status) //lint:ignore ST1005 Telegram's words
	}
	return readErr
}
