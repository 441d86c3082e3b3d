import type { Client } from "ssh2";
import { type Run, commandResource, commandSchema } from "./command";
import { connectionSchema } from "./connection";
import { dial } from "./dial";
import type { Resource } from "./resource";
import { type RunOutput, acceptsVariable, run } from "./session";

const schema = commandSchema.extend({ connection: connectionSchema });

type Inputs = ReturnType<typeof schema.parse>;

/** `command:remote:Command`: commands that run on another host over SSH. */
export const remoteCommand: Resource = commandResource<Inputs>(schema, ["connection"], execute);

async function execute(asked: Run<Inputs>): Promise<RunOutput> {
  const { inputs, command, onLine } = asked;
  const client = await dial(inputs.connection, asked.progress);
  try {
    const environment = await acceptedEnvironment(client, asked);
    return await run(client, { command, stdin: inputs.stdin, environment, onLine });
  } finally {
    client.end();
  }
}

const advice =
  "This only works if the SSH server is configured to accept it (AcceptEnv); otherwise put it before the command, as in 'VAR=value command'";

/** A variable of the program that the server refuses is an error; the output of the run before is only offered. */
async function acceptedEnvironment(
  client: Client,
  { inputs, previous, warn }: Run<Inputs>,
): Promise<Record<string, string>> {
  const names = [...Object.keys(inputs.environment), ...Object.keys(previous)];
  const accepted = await Promise.all(names.map(name => acceptsVariable(client, name)));
  const refused = names.filter((_, index) => !accepted[index]);
  const own = refused.find(name => name in inputs.environment);
  if (own !== undefined)
    throw new Error(`could not set environment variable "${own}": ssh: setenv failed. ${advice}`);
  for (const name of refused) warn(`Unable to set '${name}'. ${advice}`);
  const all = { ...inputs.environment, ...previous };
  return Object.fromEntries(Object.entries(all).filter(([name]) => !refused.includes(name)));
}
