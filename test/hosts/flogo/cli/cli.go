// Package cli pins the Flogo command line, which .ci/hosts/flogo.sh builds.
package cli

import _ "github.com/project-flogo/cli/commands"
