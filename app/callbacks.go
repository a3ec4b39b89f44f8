package app

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"tuidan/refund"
)

// maxCallback is the longest callback that is read, in bytes.
const maxCallback = 64 << 10

// callbackPath is where a supplier calls: /callbacks/SHOP/SUPPLIER/SECRET.
const callbackPath = "/callbacks/{shop}/{supplier}/{secret}"

// caller is a supplier that can call us.
type caller interface {
	// Heard reads a callback. Nothing that it says is believed.
	Heard(body []byte) (refund.Hint, error)
	// Thanks is what the supplier takes for having been heard.
	Thanks() string
}

// heard is one supplier whose calls are heard.
type heard struct {
	shop     refund.ShopID
	supplier string
	secret   Secret
	caller   caller
}

// callbacks hears suppliers. A call is a hint that asking is worth while, so all
// that protects it is a secret in its path, and all that it can cause is a query.
type callbacks struct {
	suppliers []heard
	hint      func(context.Context, refund.ShopID, string, refund.Hint) error
	log       *slog.Logger
}

func (c *callbacks) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+callbackPath, c.serve)
	return mux
}

// serve answers 200 when what follows is on disk, whether or not the order is
// known. Any other status has the supplier call again.
func (c *callbacks) serve(w http.ResponseWriter, r *http.Request) {
	one := c.find(r)
	if one == nil {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if err != nil {
		status := http.StatusBadRequest
		if _, long := errors.AsType[*http.MaxBytesError](err); long {
			status = http.StatusRequestEntityTooLarge
		}
		c.log.Warn("callback not read", "shop", one.shop, "supplier", one.supplier, "error", err)
		http.Error(w, http.StatusText(status), status)
		return
	}
	hint, err := one.caller.Heard(body)
	if err != nil {
		c.log.Warn("callback not understood", "shop", one.shop, "supplier", one.supplier, "error", err)
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	if err := c.hint(r.Context(), one.shop, one.supplier, hint); err != nil {
		c.log.Error("callback not stored", "shop", one.shop, "supplier", one.supplier, "error", err)
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, one.caller.Thanks()) // a supplier that hung up calls again
}

// find returns the supplier whose secret the path holds.
func (c *callbacks) find(r *http.Request) *heard {
	for i := range c.suppliers {
		one := &c.suppliers[i]
		if string(one.shop) == r.PathValue("shop") && one.supplier == r.PathValue("supplier") &&
			subtle.ConstantTimeCompare([]byte(one.secret), []byte(r.PathValue("secret"))) == 1 {
			return one
		}
	}
	return nil
}

// Times of a server for callbacks.
const callbackTimeout = 15 * time.Second

// hear starts to listen to suppliers, if any may call.
func (d *desk) hear() error {
	listen := d.parts.config.Callbacks.Listen
	if listen == "" || len(d.parts.heard) == 0 {
		return nil
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen for callbacks: %w", err)
	}
	calls := &callbacks{suppliers: d.parts.heard, hint: d.engine.Hint, log: d.parts.log}
	server := &http.Server{
		Handler: calls.handler(), ReadTimeout: callbackTimeout, WriteTimeout: callbackTimeout, ReadHeaderTimeout: callbackTimeout,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(d.parts.log.Handler(), slog.LevelDebug),
	}
	d.run("callbacks", func(ctx context.Context) error {
		return serveUntil(ctx, server, func() error { return server.Serve(listener) })
	})
	return nil
}

// serveUntil serves until ctx is done and gives who is still there his time.
func serveUntil(ctx context.Context, server *http.Server, serve func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- serve() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), hookStopTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close() // whoever is still there has had his time, and calls again
	}
	return nil
}
