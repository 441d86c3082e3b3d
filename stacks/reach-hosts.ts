import { createConnection } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import type { HostConnection } from "../components/host-release";
import { operatorFault } from "./operator-fault";
import type { ProbeTarget } from "./probe";

/** A host of the estate, and how it is reached. */
export interface ReachedHost {
  readonly name: string;
  readonly connection: HostConnection;
}

/**
 * Asks all hosts at the same time whether they let a deployment in, so that none begins that one of them would hold up for
 * ever or end half done.
 * @param down hosts that are left out: the operator knows that they don't answer
 * @param probe gives the cause where a host can't be used
 * @throws {pulumi.RunError} with one cause a host, and what to do about it
 */
export async function requireHosts(
  hosts: readonly ReachedHost[],
  down: readonly string[],
  probe: (target: ProbeTarget) => Promise<string | undefined>,
  agent: string | undefined,
): Promise<void> {
  const unknown = down.filter(name => !hosts.some(host => host.name === name));
  if (unknown.length > 0)
    throw operatorFault(
      `holdfast:hostsDown names ${unknown.join(", ")}, where no job is installed (hosts with one: ` +
        `${hosts.map(({ name }) => name).join(", ")}); nothing was changed. Next: pulumi config rm holdfast:hostsDown.`,
    );
  if (agent !== undefined) await requireAgent(agent);
  const asked = hosts.filter(({ name }) => !down.includes(name));
  const causes = await Promise.all(
    asked.map(async ({ name, connection }) => {
      const { privateKey, ...rest } = connection;
      const target = {
        ...rest,
        ...(privateKey === undefined ? {} : { privateKey: await textOf(privateKey) }),
        ...(agent === undefined ? {} : { agent }),
      };
      const cause = await probe(target);
      return cause === undefined ? [] : [{ name, cause, at: `${rest.user}@${rest.host}:${rest.port}` }];
    }),
  );
  const failed = causes.flat();
  if (failed.length === 0) return;
  throw operatorFault(
    [
      "Hosts can't be deployed to; nothing was changed.",
      ...failed.map(({ name, at, cause }) => `  ${name} (${at}): ${cause}`),
      "A preview needs no host. To deploy to the others while one stays down, as long as nothing changes on it: " +
        `pulumi config set holdfast:hostsDown ${failed.map(({ name }) => name).join(",")}`,
    ].join("\n"),
  );
}

/** The command plugin asks the agent whether or not it needs it, and fails without an answer. */
async function requireAgent(path: string): Promise<void> {
  const cause = await new Promise<Error | undefined>(resolve => {
    const socket = createConnection({ path });
    socket.once("connect", () => resolve(undefined)).once("error", resolve);
    socket.once("connect", () => socket.destroy());
  });
  if (cause)
    throw operatorFault(
      `No SSH agent answers at SSH_AUTH_SOCK (${cause.message}), and Pulumi's command plugin fails for each resource ` +
        "then; nothing was changed. Next: unset SSH_AUTH_SOCK, or start the agent.",
    );
}

function textOf(value: pulumi.Input<string>): Promise<string> {
  return new Promise(resolve => void pulumi.output(value).apply(resolve));
}
