import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { debianPackages } from "../debian";
import { operatorCrds } from "./crds";
import { firewallPrograms } from "./firewall/sshd";
import { kubernetesPrograms } from "./kubernetes";
import { readLabFile } from "./places";
import { labDir } from "../facts";

const programs = z.strictObject({
  etcd: z.string(),
  apiServer: z.string(),
  controllerManager: z.string(),
  scheduler: z.string(),
  kubelet: z.string(),
  prometheus: z.string(),
  promtool: z.string(),
  alertmanager: z.string(),
  amtool: z.string(),
  pushgateway: z.string(),
  /** Files with the custom resource definitions that the API serves. */
  crds: z.array(z.string()).min(1),
});

/** Absolute paths of the programs that the servers are made of. */
export type Programs = z.infer<typeof programs>;

/** Servers that come as Debian packages. They are unpacked, not installed: an install would start daemons on this machine. */
const packages = ["etcd-server", "prometheus", "prometheus-alertmanager", "prometheus-pushgateway"] as const;

const programsFile = join(labDir, "programs.json");

/**
 * Fetches or builds every program, the slow build beside the downloads. Needs the network, so it runs outside the
 * lab's namespace, and leaves the paths in a file for what runs inside.
 */
export async function preparePrograms(say: (line: string) => void): Promise<Programs> {
  const build = new AbortController();
  const [kubernetes, crds, debian] = await Promise.all([
    kubernetesPrograms(say, build.signal),
    operatorCrds(),
    debianPackages("servers", [...packages]),
    firewallPrograms(),
  ]).catch((error: unknown) => {
    // A download that failed is told at once, not after minutes of a build that goes on beside it.
    build.abort();
    throw error;
  });
  const found: Programs = {
    ...kubernetes,
    crds,
    etcd: join(debian, "usr/bin/etcd"),
    prometheus: join(debian, "usr/bin/prometheus"),
    promtool: join(debian, "usr/bin/promtool"),
    alertmanager: join(debian, "usr/bin/prometheus-alertmanager"),
    amtool: join(debian, "usr/bin/amtool"),
    pushgateway: join(debian, "usr/bin/prometheus-pushgateway"),
  };
  mkdirSync(labDir, { recursive: true });
  writeFileSync(programsFile, JSON.stringify(found, null, 2));
  return found;
}

/**
 * The paths that the last `preparePrograms` left.
 * @throws when none ran in this lab
 */
export function readPrograms(): Programs {
  return programs.parse(JSON.parse(readLabFile(programsFile)));
}
