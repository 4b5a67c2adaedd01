// Package twiliosms is the Flogo activity that sends texts and reads verified recipients through Twilio.
package twiliosms

import (
	"context"

	"github.com/project-flogo/core/activity"
	"github.com/project-flogo/core/data/coerce"
	"github.com/project-flogo/core/data/metadata"

	"github.com/tollboard/tollboard/integrations/flogo/twiliosms/sms"
)

func init() {
	_ = activity.Register(&Activity{}, New)
}

// Settings are read once, when the flow is loaded.
type Settings struct {
	LegacyCodes bool `md:"legacyCodes"` // 201, 202 and 203 as in the original activity
}

// Input is described in descriptor.json. It requires nothing here: a blank input has a code of its own.
type Input struct {
	AccountSid  string `md:"accountSid"`
	AuthToken   string `md:"authToken"`
	UrlString   string `md:"urlString"`
	Method      string `md:"method"`
	MessageBody string `md:"messageBody"`
	To          string `md:"to"`
	From        string `md:"from"`
}

// Output is described in descriptor.json.
type Output struct {
	StatusCode    string `md:"statusCode"`
	Status        string `md:"status"`
	Message       string `md:"message"`
	FailedNumbers string `md:"failedNumbers"`
}

// ToMap is of the engine's interface.
func (input *Input) ToMap() map[string]interface{} {
	return map[string]interface{}{
		"accountSid":  input.AccountSid,
		"authToken":   input.AuthToken,
		"urlString":   input.UrlString,
		"method":      input.Method,
		"messageBody": input.MessageBody,
		"to":          input.To,
		"from":        input.From,
	}
}

// FromMap is of the engine's interface.
func (input *Input) FromMap(values map[string]interface{}) error {
	fields := map[string]*string{
		"accountSid":  &input.AccountSid,
		"authToken":   &input.AuthToken,
		"urlString":   &input.UrlString,
		"method":      &input.Method,
		"messageBody": &input.MessageBody,
		"to":          &input.To,
		"from":        &input.From,
	}
	return intoTexts(fields, values)
}

// ToMap is of the engine's interface.
func (output *Output) ToMap() map[string]interface{} {
	return map[string]interface{}{
		"statusCode":    output.StatusCode,
		"status":        output.Status,
		"message":       output.Message,
		"failedNumbers": output.FailedNumbers,
	}
}

// FromMap is of the engine's interface.
func (output *Output) FromMap(values map[string]interface{}) error {
	fields := map[string]*string{
		"statusCode":    &output.StatusCode,
		"status":        &output.Status,
		"message":       &output.Message,
		"failedNumbers": &output.FailedNumbers,
	}
	return intoTexts(fields, values)
}

func intoTexts(fields map[string]*string, values map[string]interface{}) error {
	for name, field := range fields {
		text, err := coerce.ToString(values[name])
		if err != nil {
			return err
		}
		*field = text
	}
	return nil
}

var activityMd = activity.ToMetadata(&Settings{}, &Input{}, &Output{})

// Activity is one task of a flow; its client is shared by all evaluations of it.
type Activity struct {
	client      *sms.Client
	legacyCodes bool
}

// New makes the activity of one task.
func New(ctx activity.InitContext) (activity.Activity, error) {
	settings := &Settings{}
	if err := metadata.MapToStruct(ctx.Settings(), settings, true); err != nil {
		return nil, err
	}
	return &Activity{client: sms.New(), legacyCodes: settings.LegacyCodes}, nil
}

// Metadata is of the engine's interface.
func (*Activity) Metadata() *activity.Metadata {
	return activityMd
}

// Eval carries the task out. It always completes: what went wrong is in the outputs. It writes no log.
func (a *Activity) Eval(ctx activity.Context) (bool, error) {
	inputs := map[string]interface{}{"legacyCodes": a.legacyCodes}
	for name := range (&Input{}).ToMap() {
		inputs[name] = ctx.GetInput(name)
	}
	result := a.client.Run(contextOf(ctx), inputs)
	output := Output(result)
	return true, ctx.SetOutputObject(&output)
}

// contextOf is the flow's context where the engine has one (core 1.6 and newer).
func contextOf(ctx activity.Context) context.Context {
	if cancelable, ok := ctx.(interface{ GoContext() context.Context }); ok && cancelable.GoContext() != nil {
		return cancelable.GoContext()
	}
	return context.Background()
}
