// An app for the first generation of the Flogo engine: what its command line generated from flogo.json.
package main

import (
	_ "embed"
	"encoding/json"
	"os"

	"github.com/TIBCOSoftware/flogo-contrib/action/flow"
	"github.com/TIBCOSoftware/flogo-contrib/activity/actreturn"
	"github.com/TIBCOSoftware/flogo-contrib/trigger/rest"
	"github.com/TIBCOSoftware/flogo-lib/app"
	"github.com/TIBCOSoftware/flogo-lib/core/activity"
	"github.com/TIBCOSoftware/flogo-lib/core/trigger"
	"github.com/TIBCOSoftware/flogo-lib/engine"
	"github.com/TIBCOSoftware/flogo-lib/logger"

	"github.com/tollboard/tollboard/integrations/flogo/legacy/twiliosms"
)

//go:embed flogo.json
var appJSON []byte

// Of trigger.json and activity.json of these contributions, what the app needs.
const (
	restJSON = `{"ref": "github.com/TIBCOSoftware/flogo-contrib/trigger/rest",
		"settings": [{"name": "port", "type": "integer", "required": true}],
		"output": [{"name": "content", "type": "any"}],
		"reply": [{"name": "code", "type": "integer"}, {"name": "data", "type": "any"}]}`
	returnJSON = `{"ref": "github.com/TIBCOSoftware/flogo-contrib/activity/actreturn", "return": true,
		"input": [{"name": "mappings", "type": "array", "required": true}]}`
)

func main() {
	// The activity's own descriptor, as it is installed.
	descriptor, err := os.ReadFile(os.Args[1])
	check(err)
	activity.Register(twiliosms.NewActivity(activity.NewMetadata(string(descriptor))))
	activity.Register(actreturn.NewActivity(activity.NewMetadata(returnJSON)))
	metadata := trigger.NewMetadata(restJSON)
	check(trigger.RegisterFactory(metadata.ID, rest.NewFactory(metadata)))
	_ = flow.FLOW_REF

	config := &app.Config{}
	check(json.Unmarshal(appJSON, config))
	running, err := engine.New(config)
	check(err)
	check(running.Init(true))
	check(running.Start())
	select {}
}

func check(err error) {
	if err != nil {
		logger.Error(err.Error())
		os.Exit(1)
	}
}
