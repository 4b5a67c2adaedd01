module github.com/tollboard/tollboard/integrations/flogo/twiliosms

go 1.18

require github.com/project-flogo/core v1.6.20

require (
	github.com/araddon/dateparse v0.0.0-20190622164848-0fb0a474d195 // indirect
	go.uber.org/atomic v1.6.0 // indirect
	go.uber.org/multierr v1.5.0 // indirect
	go.uber.org/zap v1.16.0 // indirect
)
