package simulator

import (
	"errors"
	"fmt"
	"net/http"
)

// Errors of the Go side: the person cannot do in the app what was asked.
var (
	// ErrBlocked is returned when a person who blocked the bot writes to it or presses its buttons.
	ErrBlocked = errors.New("the person has blocked the bot")
	// ErrNotMember is returned when a person acts in a group without being in it.
	ErrNotMember = errors.New("the person is not in the group")
	// ErrNoChat is returned for a chat that does not exist.
	ErrNoChat = errors.New("no such chat")
	// ErrNoMessage is returned for a message that does not exist, was deleted, or was written by somebody else.
	ErrNoMessage = errors.New("no such message")
	// ErrNoTopic is returned for a topic that does not exist or was deleted.
	ErrNoTopic = errors.New("no such topic")
	// ErrTopicClosed is returned when somebody who is no administrator writes in a closed topic.
	ErrTopicClosed = errors.New("the topic is closed")
)

// apiError is a refusal as it goes over the wire (Bot API: Making requests).
type apiError struct {
	code        int
	description string
	retryAfter  int   // seconds; ResponseParameters.retry_after
	migrateTo   int64 // ResponseParameters.migrate_to_chat_id
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.code, e.description) }

func badRequest(description string) error {
	return &apiError{code: http.StatusBadRequest, description: "Bad Request: " + description}
}

func forbidden(description string) error {
	return &apiError{code: http.StatusForbidden, description: "Forbidden: " + description}
}

func conflict(description string) error {
	return &apiError{code: http.StatusConflict, description: "Conflict: " + description}
}

func migrated(to int64) error {
	return &apiError{
		code:        http.StatusBadRequest,
		description: "Bad Request: group chat was upgraded to a supergroup chat",
		migrateTo:   to,
	}
}

func tooMany(seconds int) error {
	return &apiError{
		code:        http.StatusTooManyRequests,
		description: fmt.Sprintf("Too Many Requests: retry after %d", seconds),
		retryAfter:  seconds,
	}
}

var (
	errUnauthorized = &apiError{code: http.StatusUnauthorized, description: "Unauthorized"}
	errNotFound     = &apiError{code: http.StatusNotFound, description: "Not Found"}
)
