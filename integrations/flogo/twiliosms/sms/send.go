package sms

import (
	"context"
	"math/rand"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

type verdict int

const (
	taken verdict = iota
	refused
	// unsure: it may have been sent, and must not be sent again.
	unsure
)

// outcome is what is known of one recipient.
type outcome struct {
	to      string
	verdict verdict
	sid     string
	at      time.Time
	// failure of a refused one.
	failure failure
	// reason of an unsure one.
	reason string
}

// failure is one in the activity's words.
type failure struct {
	code string
	text string
}

// sendAll has one outcome per recipient, in input order, with a bounded number of requests under way.
func (client *Client) sendAll(ctx context.Context, j *job) []outcome {
	outcomes := make([]outcome, len(j.recipients))
	handed := make(chan place)
	var halt stop
	var lanes sync.WaitGroup
	for lane := 0; lane < contract.Twilio.Lanes && lane < len(outcomes); lane++ {
		lanes.Add(1)
		go func() {
			defer lanes.Done()
			for next := range handed {
				outcomes[next.index] = client.sendOne(ctx, j, next, &halt)
			}
		}()
	}
	for index, to := range j.recipients {
		handed <- place{index, to, halt.get()}
	}
	close(handed)
	lanes.Wait()
	return outcomes
}

// place is one recipient's, handed to a lane with what was known to meet everybody by then: earlier recipients never
// fail by what a later one found out.
type place struct {
	index int
	to    string
	known *failure
}

// stop holds what meets every recipient alike (no connection, wrong credentials): found out once, not a thousand times.
type stop struct {
	mutex   sync.Mutex
	failure *failure
}

func (s *stop) get() *failure {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.failure
}

func (s *stop) set(one failure) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.failure == nil {
		s.failure = &one
	}
}

func (client *Client) sendOne(ctx context.Context, j *job, p place, halt *stop) outcome {
	result := outcome{to: p.to, at: client.now()}
	refuse := func(one failure) outcome {
		result.verdict = refused
		result.failure = one
		return result
	}
	if p.known != nil {
		return refuse(*p.known)
	}
	if ctx.Err() != nil {
		return refuse(failure{contract.Codes.Internal, contract.Texts.Reason["stopped"]})
	}
	form := url.Values{"To": {canonical(p.to)}, "From": {j.from}, "Body": {j.body}}
	for attempt := 1; ; attempt++ {
		// Not of the flow's context: that would not call the request back, only lose its answer.
		got := client.exchange(context.Background(), j, http.MethodPost, j.address("/Messages.json"), form)
		if got.err != nil && !got.left {
			one := unconnected(got)
			halt.set(one)
			return refuse(one)
		}
		if got.succeeded() {
			if sid, ok := got.object()["sid"].(string); ok && contract.sid.MatchString(sid) {
				result.verdict, result.sid = taken, sid
				return result
			}
			result.verdict, result.reason = unsure, contract.Texts.Reason["noSid"]
			return result
		}
		body := got.refusal()
		if body == nil || got.status >= 500 {
			result.verdict, result.reason = unsure, got.reason()
			return result
		}
		if tooFast(body) && attempt < contract.Twilio.Attempts {
			if client.sleep(ctx, backoff(attempt, got.header.Get("Retry-After"))) == nil {
				continue
			}
		}
		one := failureOf(got, contract.Codes.Send)
		if got.status == http.StatusUnauthorized {
			halt.set(one)
		}
		return refuse(one)
	}
}

// tooFast: never processed, and may be repeated.
func tooFast(body *twilioError) bool {
	for _, code := range contract.Twilio.TooFast {
		if body.Code != nil && *body.Code == code {
			return true
		}
	}
	return false
}

// backoff doubles with every attempt, with jitter; a longer Retry-After (seconds) is honoured.
func backoff(attempt int, retryAfter string) time.Duration {
	limit := milliseconds(contract.Twilio.MaxBackoffMs)
	step := milliseconds(contract.Twilio.BackoffMs) << (attempt - 1)
	if step > limit {
		step = limit
	}
	pause := step/2 + time.Duration(rand.Int63n(int64(step/2)+1))
	if seconds, err := strconv.Atoi(retryAfter); err == nil && seconds > 0 {
		asked := time.Duration(seconds) * time.Second
		if asked > limit {
			asked = limit
		}
		if asked > pause {
			pause = asked
		}
	}
	return pause
}
