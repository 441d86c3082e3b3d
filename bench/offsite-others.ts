import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { openSegment } from "../host-scripts/runtime/journal";
import { debianPackages } from "../lab/debian";
import { runnerOf } from "../stacks/runner";
import { syncingModule } from "../test/runners/support/far";
import { createOffsiteWorld, type OffsiteWorld } from "../test/runners/support/offsite-world";
import { median } from "./ratio";
import type { Row } from "./row";

const night = { files: 50_000, changed: 1_000, bytes: 1024, runs: 3 } as const;

/** With what borg needs of Python, of the same release. */
const packages = [
  ...["restic", "borgbackup", "python3-msgpack", "python3-packaging", "python3-pyparsing"],
  ...["python3-pkg-resources", "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib"],
  ...["libacl1", "liblz4-1", "libssl3", "libxxhash0", "libzstd1", "libexpat1", "zlib1g", "libffi8"],
];

/** What one night costs its host, and the way there. */
interface Cost {
  readonly wireBytes: number;
  readonly cpuMs: number;
  readonly ms: number;
}

/** The same change of the same folder, to the same machine over the same sshd: the runner, restic and borg, each with its usual settings. */
export async function benchOffsiteOthers(): Promise<Row[]> {
  const world = await createOffsiteWorld(1_200, 4_096);
  const wire = await countingWay(world.far.port);
  try {
    const { destination, legs } = world.config;
    world.far.configureModule(...syncingModule(world.far.tree));
    world.writeConfig({
      ...{ legs: legs.slice(0, 1), predecessors: [], fullPass: "2099-01-01 UTC" },
      ...{ destination: { ...destination, port: wire.port }, scrub: { periodMs: 3_650 * 86_400_000 } },
    });
    const { path: bundle } = await runnerOf("offsite-sync");
    const nights = {
      "offsite-sync": [process.execPath, bundle, "--config", join(world.folder, "config.json")],
      ...(await others(world, wire.port)),
    };
    const names = Array.from({ length: night.files }, (_, index) => `folder-${index % 200}/file-${index}`);
    write(world, names);
    for (const argv of Object.values(nights)) await cost(world, wire, argv);
    const costs: Record<keyof typeof nights, Cost[]> = { "offsite-sync": [], restic: [], borg: [] };
    for (let run = 0; run < night.runs; run += 1) {
      write(
        world,
        names.filter((_, index) => index % (night.files / night.changed) === run),
      );
      for (const name of ["offsite-sync", "restic", "borg"] as const) {
        await world.inside("sh", "-c", "sync; echo 3 >/proc/sys/vm/drop_caches");
        costs[name].push(await cost(world, wire, nights[name]));
      }
    }
    const of = (name: keyof typeof nights, what: keyof Cost): number =>
      median(costs[name].map(each => each[what]));
    return (["restic", "borg"] as const).flatMap(other =>
      (["wireBytes", "cpuMs", "ms"] as const).map((what): Row => {
        const [ours, theirs] = [of("offsite-sync", what), of(other, what)];
        const words = { wireBytes: "bytes on the wire", cpuMs: "processor time of the host", ms: "time" };
        return {
          name: `offsite-sync, ${night.changed.toLocaleString("en")} changed of ${night.files.toLocaleString("en")} files of ${night.bytes} bytes, both ends cold, ${words[what]} against ${other}`,
          value: `${(ours / theirs).toFixed(2)} × (${Math.round(ours)} to ${Math.round(theirs)})`,
          aim: "≤ 1 ×",
          ok: ours <= theirs,
        };
      }),
    );
  } finally {
    wire.close();
    await world.close();
  }
}

/** Makes a repository of each there, and an account's key that opens a shell, which both of them need. */
async function others(world: OffsiteWorld, port: number): Promise<Record<"restic" | "borg", string[]>> {
  const { folder, far } = world;
  const programs = join(folder, "far", "others");
  cpSync(await debianPackages("restic-borg", packages), programs, { recursive: true });
  const borg = join(folder, "far", "borg");
  const libraries = ["usr/lib", "lib"].map(path => join(programs, path, "x86_64-linux-gnu")).join(":");
  writeFileSync(
    borg,
    `#!/bin/sh\nexport LD_LIBRARY_PATH=${libraries} PYTHONHOME=${programs}/usr PYTHONPATH=${programs}/usr/lib/python3/dist-packages\nexec ${programs}/usr/bin/python3.11 ${programs}/usr/bin/borg "$@"\n`,
  );
  chmodSync(borg, 0o755);
  // As an installation does: else each start would compile it.
  execFileSync(join(programs, "usr/bin/python3.11"), ["-m", "compileall", "-q", join(programs, "usr/lib")], {
    env: { LD_LIBRARY_PATH: libraries, PYTHONHOME: join(programs, "usr") },
  });
  const key = join(folder, "others-key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  appendFileSync(join(folder, "far", "authorized_keys"), readFileSync(`${key}.pub`));
  await far.stop();
  far.configure("Subsystem sftp internal-sftp");
  await far.start();
  const repositories = join(far.tree, "others");
  await far.inside("install", "-d", "-o", "64000", repositories);
  const ssh = [
    ...["ssh", "-F", "/dev/null", "-p", String(port), "-i", key, "-o", "BatchMode=yes"],
    ...["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"],
  ].join(" ");
  const restic = [
    ...[
      "env",
      "RESTIC_PASSWORD=bench",
      join(programs, "usr/bin/restic"),
      "--cache-dir",
      join(folder, "cache"),
    ],
    ...["-r", `sftp:nas@127.0.0.1:${repositories}/restic`],
    ...["-o", `sftp.command=${ssh} nas@127.0.0.1 -s sftp`],
  ];
  const repository = `ssh://nas@127.0.0.1:${port}${repositories}/borg`;
  const borgs = (command: string, ...args: string[]): string[] => [
    ...["env", "BORG_PASSPHRASE=bench", `BORG_BASE_DIR=${folder}/borg-base`, `BORG_RSH=${ssh}`, borg],
    ...[command, "--remote-path", borg, ...args],
  ];
  await world.inside("env", ...restic, "init");
  await world.inside("env", ...borgs("init", "--encryption=repokey", repository));
  const source = join(folder, "backup");
  return {
    restic: [...restic, "backup", source],
    borg: borgs("create", `${repository}::{now:%s%f}`, source),
  };
}

function write(world: OffsiteWorld, names: readonly string[]): void {
  const segment = openSegment(world.journal, "paths");
  for (const name of names) {
    const path = join(world.backup, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, randomBytes(night.bytes));
    segment.add(Buffer.from(name));
  }
  segment.promote();
}

async function cost(world: OffsiteWorld, wire: Way, argv: readonly string[]): Promise<Cost> {
  const [startBytes, startMs] = [wire.bytes(), performance.now()];
  const times = await world.inside(
    "sh",
    ...[
      "-c",
      `"$@" >/dev/null 2>"$0" || { cat "$0" >&2; exit 1; }; times`,
      join(world.folder, "said"),
      ...argv,
    ],
  );
  const ms = performance.now() - startMs;
  // Its second line: what the shell has waited for, user and system.
  const cpuMs = [...(times.trim().split("\n").at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  );
  return { wireBytes: wire.bytes() - startBytes, cpuMs, ms };
}

interface Way {
  readonly port: number;
  bytes(): number;
  close(): void;
}

/** A port that leads to another one, and counts what crosses in both directions. */
async function countingWay(to: number): Promise<Way> {
  let bytes = 0;
  const server = createServer(near => {
    const far = connect(to, "127.0.0.1");
    for (const socket of [near, far]) {
      socket.on("data", chunk => (bytes += chunk.length));
      socket.on("error", () => undefined);
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, bytes: () => bytes, close: () => void server.close() };
}
