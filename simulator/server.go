package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-telegram/bot/models"
)

// DefaultToken is the bot token when Options names none.
const DefaultToken = "4242424242:simulated-token"

// Options say what kind of Telegram it is. Only Now is required.
type Options struct {
	// Token is the bot's token; "" means DefaultToken. The number before the colon is the bot's user id.
	Token string
	// Username is the bot's, without the @; "" means tuidan_bot.
	Username string
	// Now is the clock for message dates, expiry and limits.
	Now func() time.Time
	// After is the clock for waiting: long polls, delays, webhook retries; nil means time.After. Waiting for a network is
	// real even where Now is not, so most callers leave it alone.
	After func(time.Duration) <-chan time.Time
	// Limits are the rate limits; the zero value switches them off.
	Limits Limits
	// KeepMessages is how many messages of a chat are remembered; 0 means all. An older one can be neither seen nor edited.
	KeepMessages int
	// KeepCalls is how many accepted calls, refusals and callback queries are remembered; 0 means all.
	KeepCalls int
	// PrivacyMode keeps from the bot what is said in groups where it is not an administrator, unless it is addressed. It is
	// on for most real bots; see GroupOptions.Bot, whose default makes the bot an administrator.
	PrivacyMode bool
	// WebhookRetry is the pause before an update that the webhook refused is sent again; 0 means 1 s.
	WebhookRetry time.Duration
}

// Server is the Bot API for one bot, with the people and groups around it. It is an http.Handler; its other methods play
// the world and look at it. All methods are safe for concurrent use.
type Server struct {
	options Options
	bot     *models.User
	methods map[string]method // by name in lower case
	client  *http.Client      // calls the webhook
	files   fileStore

	life    context.Context // ends with Close
	end     context.CancelFunc
	closing <-chan struct{}
	work    sync.WaitGroup // every goroutine that the server started

	mu        sync.Mutex
	queue     queue
	poll      *poll           // the getUpdates call that waits, if one does
	allowed   map[string]bool // allowed_updates; empty means the default
	hook      *webhook        // nil while the bot polls
	users     map[int64]*User
	byName    map[string]*User
	chats     map[int64]*chat
	lastID    int // message ids outside supergroups are counted over all chats
	lastGroup int64
	queries   history[*query]
	queryByID map[string]*query
	commands  map[string]raw
	stars     []*charge
	allowance bucket
	faults    []*Fault
	calls     history[Call]
	refusals  history[Refusal]
	unknown   []string
	watchers  map[*watcher]struct{}
	serial    int64 // numbers everything that only needs to differ
}

// method is one method of the Bot API. It reads and checks its parameters, and returns what is then done under the lock.
type method struct {
	name    string
	prepare func(*params) (apply, error)
}

// apply takes effect and returns the result, which must not change afterwards. It runs with Server.mu held.
type apply func() (any, error)

// New makes a server without people. It panics when Options.Now is missing or Options.Token is no token, which are
// mistakes in the program.
func New(o Options) *Server {
	if o.Now == nil {
		panic("simulator: Options.Now is missing")
	}
	if o.Token == "" {
		o.Token = DefaultToken
	}
	if o.Username == "" {
		o.Username = "tuidan_bot"
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.WebhookRetry == 0 {
		o.WebhookRetry = hookRetry
	}
	number, _, _ := strings.Cut(o.Token, ":")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		panic("simulator: a token begins with the bot's id and a colon")
	}
	s := &Server{
		options:   o,
		bot:       &models.User{ID: id, IsBot: true, FirstName: "退单", Username: o.Username},
		client:    &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: hookConnections}},
		queue:     queue{next: firstUpdateID},
		users:     make(map[int64]*User),
		byName:    make(map[string]*User),
		chats:     make(map[int64]*chat),
		queries:   history[*query]{keep: o.KeepCalls},
		queryByID: make(map[string]*query),
		commands:  make(map[string]raw),
		calls:     history[Call]{keep: o.KeepCalls},
		refusals:  history[Refusal]{keep: o.KeepCalls},
		watchers:  make(map[*watcher]struct{}),
	}
	s.files.byID = make(map[string]*file)
	s.files.byPath = make(map[string]*file)
	s.life, s.end = context.WithCancel(context.Background())
	s.closing = s.life.Done()
	s.methods = s.table()
	return s
}

// Close ends long polls, webhook deliveries and watches, and waits for the server's goroutines. The state stays readable.
func (s *Server) Close() {
	s.mu.Lock()
	s.dropWebhook(false)
	s.end()
	s.mu.Unlock()
	s.work.Wait()
	s.client.CloseIdleConnections()
}

// Token is the bot's token.
func (s *Server) Token() string { return s.options.Token }

// BotID is the bot's user id.
func (s *Server) BotID() int64 { return s.bot.ID }

func (s *Server) now() time.Time { return s.options.Now() }

func (s *Server) after(d time.Duration) <-chan time.Time { return s.options.After(d) }

// nextSerial numbers things that only need to differ from each other. The caller holds s.mu.
func (s *Server) nextSerial() int64 {
	s.serial++
	return s.serial
}

// ServeHTTP answers /bot<token>/<method> and /file/bot<token>/<path> (Bot API: Making requests).
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, isFile := strings.CutPrefix(r.URL.Path, "/file/bot")
	if !isFile {
		var ok bool
		if rest, ok = strings.CutPrefix(r.URL.Path, "/bot"); !ok {
			writeError(w, errNotFound)
			return
		}
	}
	token, name, _ := strings.Cut(rest, "/")
	switch {
	case token != s.options.Token:
		writeError(w, errUnauthorized)
	case isFile:
		s.serveFile(w, r, name)
	default:
		s.serveMethod(w, r, name)
	}
}

func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request, name string) {
	m, ok := s.methods[strings.ToLower(name)]
	if !ok {
		s.mu.Lock()
		s.unknown = append(s.unknown, name)
		s.mu.Unlock()
		writeError(w, errNotFound)
		return
	}
	p, err := readParams(r)
	if err != nil {
		writeError(w, badRequest("can't parse request: "+err.Error()))
		return
	}
	fault := s.takeFault(m.name, p.int("chat_id"))
	if fault != nil {
		s.hold(r.Context(), fault)
		if fault.replaces() && !fault.Applied {
			fault.answer(w)
			return
		}
	}
	result, err := s.call(r.Context(), m, p)
	switch {
	case fault != nil && fault.replaces():
		fault.answer(w)
	case err != nil:
		writeError(w, err)
	default:
		writeResult(w, result)
	}
}

// call carries a request out and records it. getUpdates is neither recorded nor under the lock: it waits.
func (s *Server) call(ctx context.Context, m method, p *params) (any, error) {
	if m.prepare == nil {
		return s.getUpdates(ctx, p)
	}
	do, err := m.prepare(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	var result any
	if err == nil {
		result, err = do()
	}
	s.record(m.name, p, result, err)
	return result, err
}

func writeResult(w http.ResponseWriter, result any) {
	body, ok := result.(raw)
	if !ok {
		var err error
		if body, err = json.Marshal(result); err != nil {
			writeError(w, err)
			return
		}
	}
	out := make([]byte, 0, len(body)+24)
	out = append(out, `{"ok":true,"result":`...)
	out = append(out, body...)
	writeJSON(w, http.StatusOK, append(out, '}'))
}

func writeError(w http.ResponseWriter, err error) {
	var refusal *apiError
	if !errors.As(err, &refusal) {
		refusal = &apiError{code: http.StatusInternalServerError, description: "Internal Server Error: " + err.Error()}
	}
	parameters := make(map[string]any)
	if refusal.retryAfter != 0 {
		parameters["retry_after"] = refusal.retryAfter
	}
	if refusal.migrateTo != 0 {
		parameters["migrate_to_chat_id"] = refusal.migrateTo
	}
	answer := map[string]any{"ok": false, "error_code": refusal.code, "description": refusal.description}
	if len(parameters) > 0 {
		answer["parameters"] = parameters
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic("simulator: an error answer cannot be encoded: " + err.Error())
	}
	writeJSON(w, refusal.code, body)
}

func writeJSON(w http.ResponseWriter, code int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	// A client that went away is the client's business.
	_, _ = w.Write(body)
}
