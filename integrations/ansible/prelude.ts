/**
 * What stands before the program in a module file. Ansible runs the file with `/bin/sh` as its first line says, and each
 * line is valid in both languages: to the shell `":"` does nothing with the words after it, to JavaScript the rest of the
 * line is a comment. So a machine without Node, or with an old one, gets a failure that names what is missing.
 */

function lacking(found: string): string {
  const msg = `This module needs Node.js 18 or newer on the machine where it runs (${found}). Install it there, or run the task where it is: delegate_to: localhost.`;
  return JSON.stringify({ failed: true, changed: false, msg });
}

/**
 * Runs the file that it is given as a function with `require`: that is CommonJS whatever a package.json above Ansible's
 * temporary folder says. Written for every Node there is, and without the shell's quote.
 */
const BOOT = [
  'var node = process.versions.node',
  `if (parseInt(node, 10) < 18) { console.log(${JSON.stringify(lacking('v%s'))}.replace("%s", node)); process.exit(1) }`,
  'var text = require("fs").readFileSync(process.argv[1], "utf8").replace(/^#!.*/, "")',
  'new Function("require", "__filename", text)(require, process.argv[1])',
].join('; ');

/** `WANT_JSON` is the word by which Ansible writes the arguments as JSON. */
export const PRELUDE = [
  '#!/bin/sh',
  '":" // WANT_JSON; PATH="$PATH:/usr/local/bin:/opt/homebrew/bin"',
  `":" //; command -v node >/dev/null && exec node -e '${BOOT}' "$0" "$@"`,
  `":" //; echo '${lacking('none was found')}'; exit 1`,
  '',
].join('\n');
