package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Client speaks Twilio's REST dialect. The zero value is not usable; see New.
type Client struct {
	http  *http.Client
	now   func() time.Time
	sleep func(ctx context.Context, pause time.Duration) error
}

// New is a client with a connection pool of its own. Proxies come from the environment (HTTPS_PROXY, NO_PROXY).
func New() *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost = contract.Twilio.Lanes * 2
	transport.MaxIdleConnsPerHost = contract.Twilio.Lanes
	return &Client{
		http: &http.Client{
			Transport: transport,
			// Credentials must not follow wherever an answer points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		now:   time.Now,
		sleep: sleep,
	}
}

// answer is a whole answer, or why there is none.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
	// left is false only when nothing of the request can have left this machine.
	left bool
}

// twilioError is the body of Twilio's own refusals.
type twilioError struct {
	Code     *int    `json:"code"`
	Message  *string `json:"message"`
	MoreInfo string  `json:"more_info"`
	Status   *int    `json:"status"`
}

// exchange makes one request and reads its whole answer, within the time limit; the body is always closed.
func (client *Client) exchange(ctx context.Context, j *job, method, address string, form url.Values) answer {
	ctx, cancel := context.WithTimeout(ctx, milliseconds(contract.Twilio.TimeoutMs))
	defer cancel()
	var connected int32
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { atomic.StoreInt32(&connected, 1) },
	})
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return answer{err: reasonOf(err)}
	}
	request.SetBasicAuth(j.accountSid, j.authToken)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "tollboard-flogo/"+contract.Version)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := client.http.Do(request)
	left := func() bool { return atomic.LoadInt32(&connected) == 1 }
	if err != nil {
		return answer{err: reasonOf(err), left: left()}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, contract.Twilio.MaxAnswerBytes+1))
	if err == nil && int64(len(text)) > contract.Twilio.MaxAnswerBytes {
		limit := strconv.FormatInt(contract.Twilio.MaxAnswerBytes, 10)
		err = errors.New(fill(contract.Texts.Reason["tooLong"], map[string]string{"max": limit}))
	}
	if err != nil {
		return answer{status: response.StatusCode, err: reasonOf(err), left: true}
	}
	return answer{status: response.StatusCode, header: response.Header, body: text, left: true}
}

// reasonOf leaves out the method and the URL that net/http puts in front.
func reasonOf(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

func (a answer) succeeded() bool {
	return a.err == nil && a.status >= 200 && a.status < 300
}

// object is nil where the body is no JSON object.
func (a answer) object() map[string]interface{} {
	var object map[string]interface{}
	if err := json.Unmarshal(bytes.TrimSpace(a.body), &object); err != nil {
		return nil
	}
	return object
}

// refusal is Twilio's own error body, nil for a page of somebody between us: its code has five digits or more, or it
// lacks a code and has Twilio's request id.
func (a answer) refusal() *twilioError {
	if a.err != nil || a.status < 400 {
		return nil
	}
	var body twilioError
	if err := json.Unmarshal(a.body, &body); err != nil || body.Message == nil {
		return nil
	}
	if body.Status != nil && *body.Status != a.status {
		return nil
	}
	if body.Code == nil && a.header.Get("Twilio-Request-Id") == "" {
		return nil
	}
	if body.Code != nil && *body.Code < contract.Twilio.LeastErrorCode {
		return nil
	}
	return &body
}

// reason is why an answer proves nothing.
func (a answer) reason() string {
	if a.err != nil {
		return a.err.Error()
	}
	return fill(contract.Texts.Reason["status"], map[string]string{"status": fmt.Sprint(a.status)})
}

func (j *job) address(resource string) string {
	return j.base.String() + url.PathEscape(j.accountSid) + resource
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
