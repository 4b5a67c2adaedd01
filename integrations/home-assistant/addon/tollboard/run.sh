#!/bin/sh
# Starts the gateway with the options of the add-on. What it stores is in the add-on's data, which Home Assistant backs up;
# events go to the event API of the Home Assistant that the add-on belongs to.
set -eu
umask 077
data=${TOLLBOARD_ADDON_DATA:-/data}

TOLLBOARD_ADDON_DATA=$data node -e '
  const { readFileSync, writeFileSync } = require("node:fs");
  const { join } = require("node:path");
  const data = process.env.TOLLBOARD_ADDON_DATA;
  const options = JSON.parse(readFileSync(join(data, "options.json"), "utf8"));
  const blocks = {
    listen: { host: "0.0.0.0", hosts: options.hosts },
    ...(options.public_url ? { public_url: options.public_url } : {}),
    data: join(data, "tollboard"),
    twilio: { account_sid: options.account_sid, auth_token: options.auth_token },
  };
  // JSON is YAML.
  const lines = Object.entries(blocks).map(([name, block]) => name + ": " + JSON.stringify(block));
  // The token of the supervisor is another at each start; it stays in the environment and out of backups.
  lines.push(
    "sinks:",
    "  home_assistant: {kind: home_assistant, url: \"http://supervisor/core\", token: !env SUPERVISOR_TOKEN}",
  );
  writeFileSync(join(data, "tollboard.yaml"), lines.join("\n") + "\n");
'
exec tollboard start --config "$data/tollboard.yaml" --simulator never "$@"
