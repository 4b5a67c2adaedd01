#!/usr/bin/env node
/*
 * Starts the command line on a Node that can run it. Plain old syntax throughout, so that any Node parses this file far
 * enough to say what is wrong or to hand over to the Node binary that a clone of the repository brings along.
 */
'use strict';

var fs = require('fs');
var path = require('path');

var FLOOR = [24, 15];
var root = path.join(__dirname, '..');

if (runsHere(process.versions.node)) load();
else handOver();

function runsHere(version) {
  var parts = version.split('.');
  var major = Number(parts[0]);
  return major > FLOOR[0] || (major === FLOOR[0] && Number(parts[1]) >= FLOOR[1]);
}

function load() {
  require('module').enableCompileCache();
  require(entryFile())
    .main(process.argv.slice(2))
    .then(function (code) {
      process.exitCode = code;
    });
}

/* The build when there is one; in a clone only while no source file is newer, so that an edit is never hidden. */
function entryFile() {
  var built = path.join(root, 'dist', 'cli', 'main.js');
  var source = path.join(root, 'src', 'cli', 'main.ts');
  if (!fs.existsSync(built)) return source;
  if (!fs.existsSync(source)) return built;
  return newestTime(path.join(root, 'src')) > fs.statSync(built).mtimeMs ? source : built;
}

function newestTime(folder) {
  var newest = 0;
  fs.readdirSync(folder, { withFileTypes: true }).forEach(function (entry) {
    var name = path.join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestTime(name) : fs.statSync(name).mtimeMs);
  });
  return newest;
}

/* A clone has Node 24 among its development packages (see toolchain/); the published package has not. */
function handOver() {
  var binary = path.join(root, 'node_modules', 'node-linux-' + process.arch, 'bin', 'node');
  if (process.platform !== 'linux' || !fs.existsSync(binary)) {
    console.error(
      'tollboard needs Node ' +
        FLOOR.join('.') +
        ' or newer; this is ' +
        process.version +
        '. Install it from https://nodejs.org.',
    );
    process.exit(2);
  }
  var child = require('child_process').spawn(binary, [__filename].concat(process.argv.slice(2)), { stdio: 'inherit' });
  child.on('error', function (error) {
    console.error('tollboard could not start ' + binary + ': ' + error.message);
    process.exit(2);
  });
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
  ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'].forEach(function (name) {
    process.on(name, function () {
      if (!(name === 'SIGINT' || name === 'SIGQUIT') || !terminalTellsAll()) child.kill(name);
    });
  });
}

/* Ctrl-C at a terminal reaches the child as well; forwarding it would make it two, and the second one is not polite. */
function terminalTellsAll() {
  try {
    var text = fs.readFileSync('/proc/self/stat', 'latin1');
    var fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    var group = fields[2];
    var terminal = fields[4];
    var foregroundGroup = fields[5];
    return terminal !== '0' && foregroundGroup === group;
  } catch (_) {
    return false;
  }
}
