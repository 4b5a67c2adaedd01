// Package twiliosms is the activity for the first generation of the Flogo engine (TIBCOSoftware/flogo-lib).
package twiliosms

import (
	"context"

	"github.com/TIBCOSoftware/flogo-lib/core/activity"

	"github.com/tollboard/tollboard/integrations/flogo/twiliosms/sms"
)

// Activity is shared by every task of an app that uses it.
type Activity struct {
	metadata *activity.Metadata
	client   *sms.Client
}

// NewActivity is what this generation of the engine looks for; metadata is that of activity.json.
func NewActivity(metadata *activity.Metadata) activity.Activity {
	return &Activity{metadata: metadata, client: sms.New()}
}

// Metadata is of the engine's interface.
func (a *Activity) Metadata() *activity.Metadata {
	return a.metadata
}

// Eval carries the task out. It always completes: what went wrong is in the outputs. It writes no log.
func (a *Activity) Eval(ctx activity.Context) (bool, error) {
	inputs := map[string]interface{}{}
	for name := range a.metadata.Input {
		inputs[name] = ctx.GetInput(name)
	}
	output := a.client.Run(context.Background(), inputs)
	ctx.SetOutput("statusCode", output.StatusCode)
	ctx.SetOutput("status", output.Status)
	ctx.SetOutput("message", output.Message)
	ctx.SetOutput("failedNumbers", output.FailedNumbers)
	return true, nil
}
