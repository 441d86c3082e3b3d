import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { mustOnHost, startHosts } from "../../lab/hosts";
import { operatorEnvironment } from "../../lab/kubectl";
import { startNode } from "../../lab/node";
import { startServers } from "../../lab/servers";
import { pushgatewayPassword } from "../../lab/servers/pushgateway-login";
import type { EstateInput } from "../../plan";
import { ReleaseStack } from "../lab/release-stack";
import { mountNamespace, type MountNamespace } from "../runners/support/namespace";
import type { DatabaseServer } from "../runners/support/postgresql-server";
import { closeNamespace, pushSecret } from "./dump-cluster";

/** What dumps of a file's tests are made of. */
interface Asked {
  /** Name of the stack's folder. */
  readonly name: string;
  /** Starts what is dumped, once the node is there. @param folder that any user may reach @returns what has to be stopped */
  serve(mounts: MountNamespace, folder: string): Promise<readonly DatabaseServer[]>;
  /** @param own the lab's estate in small */
  estate(own: EstateInput): EstateInput;
  /** What the stack's secrets are, by name, once all of that runs. */
  secrets(): Readonly<Record<string, string>>;
}

/** What stands while the tests of a file run. */
export interface Stand {
  readonly stack: ReleaseStack;
  /** As it was installed. */
  readonly estate: EstateInput;
}

const quiet = (): void => undefined;

/** For all tests of a file: the lab's cluster with its node, servers to be dumped, and a stack that is installed there. @returns what tests ask */
export function stand({ name, serve, estate, secrets }: Asked): () => Stand {
  let folder: string | undefined;
  let mounts: MountNamespace | undefined;
  let servers: readonly DatabaseServer[] = [];
  let made: Stand | undefined;

  beforeAll(async () => {
    folder = mkdtempSync("/var/tmp/holdfast-lab-servers-");
    chmodSync(folder, 0o755);
    mounts = await mountNamespace();
    await Promise.all([startHosts({ only: ["pve"], say: quiet }), startServers(quiet)]);
    // Dumps of another file's database, which a destroy leaves: one that is much smaller would be held.
    await mustOnHost("pve", "rm -rf /srv/nfs/*-backup");
    await Promise.all([startNode(quiet), closeNamespace()]);
    servers = await serve(mounts, folder);
    // What is printed for people is typed as they do, by the real kubectl.
    Object.assign(process.env, await operatorEnvironment());
    const stack = await ReleaseStack.open(name);
    made = { stack, estate: estate(stack.estate()) };
    stack.setEstate(made.estate);
    for (const [secret, value] of Object.entries(secrets())) await stack.setSecret(secret, value);
    await stack.setSecret(pushSecret, pushgatewayPassword());
    await stack.mustUp();
  }, 1_200_000);

  afterAll(async () => {
    const ended = await made?.stack.destroy();
    await Promise.all(servers.map(server => server.stop()));
    await mounts?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    // What stays would be in the way of the next file's.
    expect(ended ?? { exitCode: 0 }).toMatchObject({ exitCode: 0 });
  });

  return () => {
    if (!made) throw new Error("nothing stands yet: ask within a test");
    return made;
  };
}
