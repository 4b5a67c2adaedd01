package twiliosms

import (
	"os"
	"strings"
	"testing"

	"github.com/project-flogo/core/activity"
	"github.com/project-flogo/core/support/log"
	"github.com/project-flogo/core/support/test"
)

// The examples run against any Twilio: a simulator (`npx tollboard simulator --accounts examples/seeds/simulator.yaml`),
// the address of a gateway, or Twilio itself.
func twilio(t *testing.T) map[string]interface{} {
	url := os.Getenv("TWILIO_TEST_URL")
	if url == "" {
		t.Skip("TWILIO_TEST_URL is not set: scheme, host and port of a simulator or a gateway")
	}
	return map[string]interface{}{
		"accountSid": os.Getenv("TWILIO_TEST_ACCOUNT_SID"),
		"authToken":  os.Getenv("TWILIO_TEST_AUTH_TOKEN"),
		"urlString":  url + "/2010-04-01/Accounts/",
		"from":       os.Getenv("TWILIO_TEST_FROM"),
	}
}

func eval(t *testing.T, settings, inputs map[string]interface{}) *Output {
	t.Helper()
	act, err := New(test.NewActivityInitContext(settings, nil))
	if err != nil {
		t.Fatal(err)
	}
	context := test.NewActivityContext(act.Metadata())
	for name, value := range inputs {
		context.SetInput(name, value)
	}
	done, err := act.Eval(context)
	if err != nil || !done {
		t.Fatalf("done %v, error %v", done, err)
	}
	output := &Output{}
	if err := context.GetOutputObject(output); err != nil {
		t.Fatal(err)
	}
	return output
}

func with(inputs map[string]interface{}, more map[string]interface{}) map[string]interface{} {
	for name, value := range more {
		inputs[name] = value
	}
	return inputs
}

func expect(t *testing.T, output *Output, statusCode, status string) {
	t.Helper()
	if output.StatusCode != statusCode || output.Status != status {
		t.Errorf("got %s %s, want %s %s: %s", output.StatusCode, output.Status, statusCode, status, output.Message)
	}
}

func TestIsRegistered(t *testing.T) {
	if activity.Get(activity.GetRef(&Activity{})) == nil {
		t.Error("the engine does not know the activity")
	}
}

func TestSendSMSToOne(t *testing.T) {
	output := eval(t, nil, with(twilio(t), map[string]interface{}{
		"method":      "Send SMS",
		"messageBody": "Hello from Flogo",
		"to":          "+16175551212",
	}))
	expect(t, output, "200", "Success")
	if output.Message != "SMS sent successfully to :+16175551212" || output.FailedNumbers != "" {
		t.Errorf("got %q, failed %q", output.Message, output.FailedNumbers)
	}
}

func TestSendSMSToMany(t *testing.T) {
	output := eval(t, nil, with(twilio(t), map[string]interface{}{
		"method":      "Send SMS",
		"messageBody": "Hello from Flogo",
		"to":          "+16175551212,+16175551213,+16175551214",
	}))
	expect(t, output, "200", "Success")
}

func TestSendSMSToManyWithABadOne(t *testing.T) {
	output := eval(t, nil, with(twilio(t), map[string]interface{}{
		"method":      "Send SMS",
		"messageBody": "Hello from Flogo",
		"to":          "+16175551212,+1617,+16175551214",
	}))
	expect(t, output, "201", "Partial-Success")
	if output.FailedNumbers != "+1617:" {
		t.Errorf("failed %q", output.FailedNumbers)
	}
}

func TestRetriveRecipientsAndSendToThem(t *testing.T) {
	retrieved := eval(t, nil, with(twilio(t), map[string]interface{}{"method": "Retrive Recipients"}))
	expect(t, retrieved, "200", "Success")
	if !strings.HasPrefix(retrieved.Message, "+") {
		t.Fatalf("got %q", retrieved.Message)
	}
	sent := eval(t, nil, with(twilio(t), map[string]interface{}{
		"method":      "Send SMS",
		"messageBody": "Hello from Flogo",
		"to":          retrieved.Message,
	}))
	expect(t, sent, "200", "Success")
}

func TestWrongAuthToken(t *testing.T) {
	wrong := map[string]interface{}{"method": "Retrive Recipients", "authToken": "wrong"}
	expect(t, eval(t, nil, with(twilio(t), wrong)), "401", "Failed")
	legacy := map[string]interface{}{"legacyCodes": true}
	expect(t, eval(t, legacy, with(twilio(t), wrong)), "203", "Failed")
}

func TestBlankInputs(t *testing.T) {
	inputs := map[string]interface{}{}
	for _, next := range []struct{ code, name string }{
		{"504", "urlString"}, {"505", "accountSid"}, {"506", "authToken"}, {"501", "messageBody"}, {"502", "to"}, {"503", "from"},
	} {
		expect(t, eval(t, nil, inputs), next.code, "Failed")
		inputs[next.name] = "x"
	}
}

func TestUnknownMethod(t *testing.T) {
	output := eval(t, nil, map[string]interface{}{
		"urlString": "http://127.0.0.1:1/Accounts/", "accountSid": "AC1", "authToken": "x", "method": "Send Fax",
	})
	expect(t, output, "1001", "Failed")
}

// loud is a context whose log nobody may write to.
type loud struct {
	activity.Context
	t *testing.T
}

func (context loud) Logger() log.Logger {
	context.t.Error("the activity asked for a log")
	return context.Context.Logger()
}

// The original wrote SID, token, numbers and body to the debug log.
func TestS5AsksForNoLog(t *testing.T) {
	act, err := New(test.NewActivityInitContext(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	context := test.NewActivityContext(act.Metadata())
	for name, value := range map[string]interface{}{
		"urlString": "http://127.0.0.1:1/Accounts/", "accountSid": "AC1", "authToken": "x",
		"messageBody": "Hello", "to": "+16175551212", "from": "+16175550100",
	} {
		context.SetInput(name, value)
	}
	if _, err := act.Eval(loud{context, t}); err != nil {
		t.Fatal(err)
	}
	if code := context.GetOutput("statusCode"); code != "901" {
		t.Errorf("got %v", code)
	}
}
