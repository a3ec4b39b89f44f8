package payouts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// jsonRequest makes a request with a JSON body, which it returns too; nil content is
// no body. Its error does not quote the address, which may hold a credential.
func jsonRequest(ctx context.Context, method, address string, content any) (*http.Request, []byte, error) {
	var body []byte
	if content != nil {
		var err error
		if body, err = json.Marshal(content); err != nil {
			return nil, nil, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, errors.New("the request cannot be made")
	}
	if content != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, body, nil
}

// errUnreadable says that an answer is not what its provider documents.
var errUnreadable = errors.New("the answer cannot be read")
