package sms

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func inputsFor(server *httptest.Server, to string) map[string]interface{} {
	return map[string]interface{}{
		"urlString": server.URL + "/2010-04-01/Accounts/", "accountSid": "AC1", "authToken": "token",
		"messageBody": "Hello", "to": to, "from": "+15550000001",
	}
}

func numbers(count int) string {
	list := make([]string, count)
	for place := range list {
		list[place] = fmt.Sprintf("+1617555%04d", place)
	}
	return strings.Join(list, ",")
}

func created(response http.ResponseWriter) {
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprintf(response, `{"sid": "SM%032x"}`, 1)
}

func TestManyRequestsAreBoundedAndReuseTheirConnections(t *testing.T) {
	var under, most, connections int32
	// The first ones answer only when all lanes are busy, so that they are seen to be.
	var full sync.WaitGroup
	full.Add(contract.Twilio.Lanes)
	var begun int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		now := atomic.AddInt32(&under, 1)
		defer atomic.AddInt32(&under, -1)
		for old := atomic.LoadInt32(&most); now > old && !atomic.CompareAndSwapInt32(&most, old, now); {
			old = atomic.LoadInt32(&most)
		}
		if int(atomic.AddInt32(&begun, 1)) <= contract.Twilio.Lanes {
			full.Done()
		}
		full.Wait()
		created(response)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			atomic.AddInt32(&connections, 1)
		}
	}
	server.Start()
	defer server.Close()
	output := New().Run(context.Background(), inputsFor(server, numbers(200)))
	if output.StatusCode != "200" {
		t.Fatalf("got %+v", output)
	}
	if int(most) != contract.Twilio.Lanes {
		t.Errorf("%d requests at a time, want %d", most, contract.Twilio.Lanes)
	}
	// A body that is not read to its end or not closed would cost a connection for each text.
	if int(connections) > 2*contract.Twilio.Lanes {
		t.Errorf("%d connections for 200 texts", connections)
	}
}

func TestASilentServerIsGivenUpAndWhatItWasAskedIsUnsure(t *testing.T) {
	limit := contract.Twilio.TimeoutMs
	contract.Twilio.TimeoutMs = 50
	defer func() { contract.Twilio.TimeoutMs = limit }()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	output := New().Run(context.Background(), inputsFor(server, "+16175551212"))
	if output.StatusCode != "1001" || !strings.HasPrefix(output.Message, "Do not resend: ") || output.FailedNumbers != "" {
		t.Errorf("got %+v", output)
	}
	inputs := inputsFor(server, "")
	inputs["method"] = "Retrive Recipients"
	if output := New().Run(context.Background(), inputs); output.StatusCode != "901" {
		t.Errorf("got %+v", output)
	}
}

func TestAStoppedFlowWaitsForWhatLeftAndBeginsNoMore(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var begun int32
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		atomic.AddInt32(&begun, 1)
		stop()
		created(response)
	}))
	defer server.Close()
	output := New().Run(ctx, inputsFor(server, numbers(100)))
	if output.StatusCode != "201" {
		t.Errorf("got %s: %s", output.StatusCode, output.Message)
	}
	if failed := strings.Count(output.FailedNumbers, ":"); failed+int(begun) != 100 {
		t.Errorf("%d begun, %d failed", begun, failed)
	}
}

func TestWhatMeetsEveryRecipientIsFoundOutOnce(t *testing.T) {
	var asked int32
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		atomic.AddInt32(&asked, 1)
		response.WriteHeader(http.StatusUnauthorized)
		_, _ = response.Write([]byte(`{"code": 20003, "message": "Authenticate", "status": 401}`))
	}))
	defer server.Close()
	output := New().Run(context.Background(), inputsFor(server, numbers(500)))
	if output.StatusCode != "401" || strings.Count(output.FailedNumbers, ":") != 500 {
		t.Errorf("got %s %s", output.StatusCode, output.Message)
	}
	if int(asked) > 2*contract.Twilio.Lanes {
		t.Errorf("asked %d times", asked)
	}
}
