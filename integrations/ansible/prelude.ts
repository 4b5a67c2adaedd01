/**
 * What stands before the program in a module file. Ansible runs the file with `/bin/sh` as its first line says, and each
 * line is valid in both languages: to the shell `":"` does nothing with the words after it, to JavaScript the rest of the
 * line is a comment. So a machine without Node, or with an old one, gets a failure that names what is missing.
 */

const NO_NODE = JSON.stringify({
  failed: true,
  changed: false,
  msg: 'This module needs Node.js 18 or newer on the machine where it runs (%s). Install it there, or run the task where it is: delegate_to: localhost.',
});

/**
 * `WANT_JSON` is the word by which Ansible writes the arguments as JSON. Node reads the program from its standard input,
 * which is then CommonJS whatever a package.json above Ansible's temporary folder says.
 */
export const PRELUDE = [
  '#!/bin/sh',
  '":" // WANT_JSON; PATH="$PATH:/usr/local/bin:/opt/homebrew/bin"; found=$(node --version 2>/dev/null) || found=',
  `":" //; case "$found" in v1[89].*|v[2-9][0-9].*|v[1-9][0-9][0-9].*) exec node - "$@" <"$0";; esac`,
  `":" //; printf '${NO_NODE}\\n' "\${found:-none was found}"; exit 1`,
  '',
].join('\n');
