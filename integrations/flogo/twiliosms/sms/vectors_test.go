package sms

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// The same vectors run through the host in TypeScript: test/contract/hosts/flogo-vectors.test.ts.
const vectorFile = "../../vectors.json"

type scripted struct {
	Method  string   `json:"method"`
	To      string   `json:"to"`
	URI     string   `json:"uri"`
	Answers []script `json:"answers"`
}

type script struct {
	Drop        bool            `json:"drop"`
	Status      int             `json:"status"`
	ContentType string          `json:"contentType"`
	Location    string          `json:"location"`
	Body        json.RawMessage `json:"body"`
}

type vector struct {
	Name        string                 `json:"name"`
	Inputs      map[string]interface{} `json:"inputs"`
	LegacyCodes interface{}            `json:"legacyCodes"`
	Unreachable bool                   `json:"unreachable"`
	Twilio      []scripted             `json:"twilio"`
	Output      struct {
		StatusCode    string `json:"statusCode"`
		Status        string `json:"status"`
		Message       string `json:"message"`
		FailedNumbers string `json:"failedNumbers"`
	} `json:"output"`
}

func TestVectors(t *testing.T) {
	text, err := os.ReadFile(vectorFile)
	if os.IsNotExist(err) {
		t.Skip("vectors.json lies in the repository, not in the module")
	}
	var file struct {
		Vectors []vector `json:"vectors"`
	}
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range file.Vectors {
		t.Run(one.Name, func(t *testing.T) { run(t, one) })
	}
	t.Logf("%d vectors", len(file.Vectors))
}

func run(t *testing.T, one vector) {
	twilio := &scriptedTwilio{t: t, script: one.Twilio, seen: map[string]int{}}
	server := httptest.NewServer(twilio)
	defer server.Close()
	address := server.URL
	if one.Unreachable {
		address = closedAddress(t)
	}
	for name, value := range one.Inputs {
		if text, ok := value.(string); ok {
			one.Inputs[name] = strings.Replace(text, "{url}", address, 1)
		}
	}
	client := New()
	client.sleep = func(context.Context, time.Duration) error { return nil }
	one.Inputs["legacyCodes"] = one.LegacyCodes
	got := client.Run(context.Background(), one.Inputs)

	if got.StatusCode != one.Output.StatusCode || got.Status != one.Output.Status {
		t.Errorf("got %s %s, want %s %s", got.StatusCode, got.Status, one.Output.StatusCode, one.Output.Status)
	}
	if got.FailedNumbers != one.Output.FailedNumbers {
		t.Errorf("failedNumbers: got %q, want %q", got.FailedNumbers, one.Output.FailedNumbers)
	}
	pattern := "(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(one.Output.Message), `\{any\}`, ".+") + "$"
	if !regexp.MustCompile(pattern).MatchString(got.Message) {
		t.Errorf("message:\n got %q\nwant %q", got.Message, one.Output.Message)
	}
	twilio.complain()
	said, _ := json.Marshal(got)
	if token, ok := one.Inputs["authToken"].(string); ok && len(token) > 5 && strings.Contains(string(said), strings.TrimSpace(token)) {
		t.Error("the output holds the auth token")
	}
}

type scriptedTwilio struct {
	t      *testing.T
	mutex  sync.Mutex
	script []scripted
	seen   map[string]int
}

func (s *scriptedTwilio) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	_ = request.ParseForm()
	user, password, _ := request.BasicAuth()
	if user == "" || password != "token-of-the-vectors" || !strings.Contains(request.URL.Path, "/Accounts/"+user+"/") {
		s.t.Errorf("%s %s comes without its credentials", request.Method, request.URL)
	}
	answer := s.next(request)
	if answer == nil {
		s.t.Errorf("unexpected request: %s %s %s", request.Method, request.URL.RequestURI(), request.PostForm.Get("To"))
		response.WriteHeader(http.StatusTeapot)
		return
	}
	if answer.Drop {
		connection, _, err := response.(http.Hijacker).Hijack()
		if err != nil {
			s.t.Fatal(err)
		}
		_ = connection.Close()
		return
	}
	contentType := answer.ContentType
	if contentType == "" {
		contentType = "application/json"
	}
	response.Header().Set("Content-Type", contentType)
	if answer.Location != "" {
		response.Header().Set("Location", answer.Location)
	}
	response.WriteHeader(answer.Status)
	var text string
	if json.Unmarshal(answer.Body, &text) != nil {
		text = string(answer.Body)
	}
	if answer.Status != http.StatusNotModified {
		_, _ = response.Write([]byte(text))
	}
}

func (s *scriptedTwilio) next(request *http.Request) *script {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, one := range s.script {
		key := one.Method + one.To + one.URI
		fits := one.Method == request.Method && one.To == request.PostForm.Get("To")
		if one.Method == http.MethodGet {
			fits = one.Method == request.Method && one.URI == request.URL.RequestURI()
		}
		if fits && s.seen[key] < len(one.Answers) {
			s.seen[key]++
			return &one.Answers[s.seen[key]-1]
		}
	}
	return nil
}

// complain: every answer was asked for, so a number that comes twice was sent to once, and a refusal was tried once.
func (s *scriptedTwilio) complain() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, one := range s.script {
		if key := one.Method + one.To + one.URI; s.seen[key] != len(one.Answers) {
			s.t.Errorf("%s %s%s: %d of %d answers were asked for", one.Method, one.To, one.URI, s.seen[key], len(one.Answers))
		}
	}
}

func closedAddress(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "http://" + listener.Addr().String()
}
