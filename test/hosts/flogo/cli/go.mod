module tollboard.test/flogo-cli

go 1.21

require github.com/project-flogo/cli v0.10.0

require (
	github.com/coreos/go-semver v0.2.0 // indirect
	github.com/inconshreveable/mousetrap v1.0.0 // indirect
	github.com/msoap/byline v1.1.1 // indirect
	github.com/project-flogo/core v0.9.5-beta.1 // indirect
	github.com/spf13/cobra v0.0.5 // indirect
	github.com/spf13/pflag v1.0.3 // indirect
	go.uber.org/atomic v1.4.0 // indirect
	go.uber.org/multierr v1.1.0 // indirect
	go.uber.org/zap v1.9.1 // indirect
)
