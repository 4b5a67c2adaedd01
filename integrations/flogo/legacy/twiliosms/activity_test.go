package twiliosms

import (
	"os"
	"testing"

	"github.com/TIBCOSoftware/flogo-contrib/action/flow/test"
	"github.com/TIBCOSoftware/flogo-lib/core/activity"
)

func metadata(t *testing.T) *activity.Metadata {
	text, err := os.ReadFile("activity.json")
	if err != nil {
		t.Fatal(err)
	}
	return activity.NewMetadata(string(text))
}

func eval(t *testing.T, inputs map[string]interface{}) map[string]interface{} {
	t.Helper()
	act := NewActivity(metadata(t))
	context := test.NewTestActivityContext(act.Metadata())
	for name, value := range inputs {
		context.SetInput(name, value)
	}
	done, err := act.Eval(context)
	if err != nil || !done {
		t.Fatalf("done %v, error %v", done, err)
	}
	outputs := map[string]interface{}{}
	for name := range act.Metadata().Output {
		outputs[name] = context.GetOutput(name)
	}
	return outputs
}

func TestDescribesTheDocumentsInputs(t *testing.T) {
	described := metadata(t)
	for _, name := range []string{"accountSid", "authToken", "urlString", "method", "messageBody", "to", "from"} {
		if described.Input[name] == nil {
			t.Errorf("no input %s", name)
		}
	}
	if method := described.Input["method"].Value(); method != "Send SMS" {
		t.Errorf("method is %v by default", method)
	}
}

func TestBlankInputs(t *testing.T) {
	inputs := map[string]interface{}{}
	for _, next := range []struct{ code, name string }{
		{"504", "urlString"}, {"505", "accountSid"}, {"506", "authToken"}, {"501", "messageBody"}, {"502", "to"}, {"503", "from"},
	} {
		outputs := eval(t, inputs)
		if outputs["statusCode"] != next.code || outputs["status"] != "Failed" {
			t.Errorf("got %v, want %s", outputs, next.code)
		}
		inputs[next.name] = "x"
	}
}

// Against a simulator or a gateway: TWILIO_TEST_URL is its scheme, host and port.
func TestSendSMSAndRetriveRecipients(t *testing.T) {
	url := os.Getenv("TWILIO_TEST_URL")
	if url == "" {
		t.Skip("TWILIO_TEST_URL is not set: scheme, host and port of a simulator or a gateway")
	}
	inputs := map[string]interface{}{
		"accountSid": os.Getenv("TWILIO_TEST_ACCOUNT_SID"),
		"authToken":  os.Getenv("TWILIO_TEST_AUTH_TOKEN"),
		"urlString":  url + "/2010-04-01/Accounts/",
		"method":     "Retrive Recipients",
	}
	retrieved := eval(t, inputs)
	if retrieved["statusCode"] != "200" {
		t.Fatalf("got %v", retrieved)
	}
	inputs["method"] = "Send SMS"
	inputs["messageBody"] = "Hello from Flogo"
	inputs["from"] = os.Getenv("TWILIO_TEST_FROM")
	inputs["to"] = retrieved["message"]
	sent := eval(t, inputs)
	if sent["statusCode"] != "200" || sent["status"] != "Success" {
		t.Errorf("got %v", sent)
	}
	inputs["authToken"] = "wrong"
	inputs["legacyCodes"] = true
	if refused := eval(t, inputs); refused["statusCode"] != "203" {
		t.Errorf("got %v", refused)
	}
}
