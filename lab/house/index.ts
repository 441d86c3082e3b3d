import { execa } from "execa";
import { helper } from "../servers/http";
import { inNamespace, isInNamespace } from "../namespace";
import { makeMachine } from "./machine";
import { applyObjects } from "./objects";
import { makeVolumes } from "./volumes";

/** Makes what lives on the lab's Proxmox host: a machine, volumes of more than twenty claims, and the claims themselves. Each is left as it is if there. */
export async function ensureHouse(say: (line: string) => void): Promise<void> {
  await Promise.all([
    makeMachine().then(() => makeVolumes(say)),
    isInNamespace() ? applyObjects() : applyInside(),
  ]);
}

/** One process for all objects: from outside, each exchange with the API would be one of its own. */
async function applyInside(): Promise<void> {
  const [program = "", ...args] = inNamespace(helper("house"));
  const { failed, stderr, shortMessage } = await execa(program, args, { stdin: "ignore", reject: false });
  if (failed) throw new Error(stderr.trim() || shortMessage);
}
