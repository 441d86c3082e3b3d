import type { Log, Provider } from "../protocol/provider";
import { serve } from "../protocol/server";
import { copyToRemote } from "./copy-to-remote";
import { localCommand } from "./local-command";
import { remoteCommand } from "./remote-command";
import { type Resource, diff } from "./resource";

const resources: Readonly<Record<string, Resource>> = {
  "command:local:Command": localCommand,
  "command:remote:Command": remoteCommand,
  "command:remote:CopyToRemote": copyToRemote,
};

let log: Log = () => undefined;

function resourceOf(type: string): Resource {
  const resource = resources[type];
  if (resource) return resource;
  const known = Object.keys(resources).join(", ");
  throw new Error(
    `the stand-in for the command plugin has no ${type}; it has ${known}. Install the official plugin`,
  );
}

const provider: Provider = {
  version: "1.2.1",
  async configure(_configuration, engineLog) {
    log = engineLog;
  },
  check: async request => resourceOf(request.type).check(request),
  diff: async request => diff(request),
  create: request => resourceOf(request.type).create(request, log),
  // Commands leave nothing that could be read: the state is what the last run gave.
  read: async ({ id, inputs, state }) => ({ id, inputs, state }),
  update: request => resourceOf(request.type).update(request, log),
  delete: request => resourceOf(request.type).delete(request, log),
};

void serve(provider, process.argv.slice(2));
