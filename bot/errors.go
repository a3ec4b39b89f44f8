package bot

import (
	"errors"
	"strings"
)

// ErrToken is returned when Telegram does not know the token or the method: no
// call will ever succeed.
var ErrToken = errors.New("the bot's token is refused")

// fault says what a failed call means for what comes next. Telegram gives codes
// only; its descriptions are the one place where texts must be matched.
type fault int

const (
	noFault      fault = iota
	waitFault          // 429: told to wait
	serverFault        // 5xx, no answer: try again
	tokenFault         // 401, 404: stop
	rivalFault         // 409: somebody else polls
	migrateFault       // the group has a new id
	closedFault        // the chat cannot be reached
	sameFault          // an edit that changes nothing
	goneFault          // the message to edit is not there or cannot be edited
	topicFault         // the topic was deleted
	shutFault          // the topic is closed
	plainFault         // the group has no topics
	rightFault         // the bot lacks a right
	lateFault          // a callback query that is too old
	badFault           // any other 4xx: it will not get better
)

func faultOf(err error) fault {
	if err == nil {
		return noFault
	}
	refusal, ok := errors.AsType[*APIError](err)
	if !ok {
		return serverFault
	}
	description := strings.ToLower(refusal.Description)
	has := func(texts ...string) bool {
		for _, text := range texts {
			if strings.Contains(description, text) {
				return true
			}
		}
		return false
	}
	switch code := refusal.Code; {
	case refusal.foreign && code != 400 && code != 413 && code != 429:
		return serverFault // a proxy knows neither tokens nor chats
	case refusal.MigrateTo != 0:
		return migrateFault
	case code == 429:
		return waitFault
	case code == 401 || code == 404:
		return tokenFault
	case code == 409:
		return rivalFault
	case code == 403:
		return closedFault
	case code == 400 && has("chat not found", "user is deactivated", "peer_id_invalid", "bot was kicked",
		"group is deactivated", "not enough rights to send", "have no rights to send"):
		return closedFault
	case code == 400 && has("thread not found", "topic_id_invalid", "topic_deleted"):
		return topicFault
	case code == 400 && has("topic_closed"):
		return shutFault
	case code == 400 && has("not a forum", "only for supergroups"):
		return plainFault
	case code == 400 && has("not enough rights", "chat_admin_required", "need administrator rights"):
		return rightFault
	case code == 400 && has("message is not modified", "topic_not_modified"):
		return sameFault
	case code == 400 && has("message to edit not found", "message can't be edited", "message_id_invalid",
		"message identifier is not specified"):
		return goneFault
	case code == 400 && has("query is too old", "query id is invalid", "query_id_invalid"):
		return lateFault
	case code >= 400 && code < 500:
		return badFault
	}
	return serverFault
}

// inDoubt reports whether a call without a refusal may have been carried out.
func inDoubt(err error) bool {
	lost, ok := errors.AsType[*CallError](err)
	return ok && lost.Written
}
