module tollboard.test/flogo-legacy

go 1.18

require (
	github.com/TIBCOSoftware/flogo-contrib v0.5.8
	github.com/TIBCOSoftware/flogo-lib v0.5.8
	github.com/tollboard/tollboard/integrations/flogo/legacy/twiliosms v0.1.0
)

require (
	github.com/julienschmidt/httprouter v1.3.0 // indirect
	github.com/konsorten/go-windows-terminal-sequences v1.0.1 // indirect
	github.com/sirupsen/logrus v1.4.1 // indirect
	github.com/tollboard/tollboard/integrations/flogo/twiliosms v0.1.0 // indirect
	go.uber.org/atomic v1.6.0 // indirect
	go.uber.org/multierr v1.5.0 // indirect
	go.uber.org/zap v1.16.0 // indirect
	golang.org/x/sys v0.0.0-20190422165155-953cdadca894 // indirect
)

replace (
	github.com/tollboard/tollboard/integrations/flogo/legacy/twiliosms => ../../../../integrations/flogo/legacy/twiliosms
	github.com/tollboard/tollboard/integrations/flogo/twiliosms => ../../../../integrations/flogo/twiliosms
)
