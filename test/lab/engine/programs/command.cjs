/* eslint-disable @typescript-eslint/no-require-imports -- the engine runs this file as it is, as CommonJS */
// Commands and copies, as settings.json says: on one host where they name no other.
const { readFileSync } = require("node:fs");
require("./sdk.cjs");
const pulumi = require("@pulumi/pulumi");
const command = require("@pulumi/command");

const {
  connection,
  commands = {},
  copies = {},
  locals = {},
} = JSON.parse(readFileSync("settings.json", "utf8"));
const secrets = ({ secretStdin, ...args }) =>
  secretStdin ? { ...args, stdin: pulumi.secret(secretStdin) } : args;

for (const [name, args] of Object.entries(commands))
  new command.remote.Command(name, { connection, ...secrets(args) });
for (const [name, args] of Object.entries(locals)) new command.local.Command(name, secrets(args));
for (const [name, { file, folder, text, remotePath, triggers }] of Object.entries(copies)) {
  const source = file
    ? new pulumi.asset.FileAsset(file)
    : folder
      ? new pulumi.asset.FileArchive(folder)
      : new pulumi.asset.StringAsset(text);
  new command.remote.CopyToRemote(name, { connection, source, remotePath, triggers });
}
