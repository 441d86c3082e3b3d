import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopByHand } from "../lvm-pvc-snapshot/restore/by-hand";
import { absenceOf } from "./lvm/covered";
import { acceptCommand } from "./arguments";
import { LockHeld } from "./lock";
import { ready, shell } from "./shell";

const names = [
  "$(touch PWNED)",
  "`touch PWNED`",
  "a; touch PWNED; #",
  "a'b\"c $HOME",
  "caf\u00e9\n\u001b[2J",
  "a && touch PWNED",
];

/** Words of each command that bash starts for a text, which is run with every program replaced by one that tells its words. */
function started(text: string, programs: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "paste-"));
  try {
    const functions = programs.map(
      program => `${program}() { printf '%s\\0' ${program} "$@"; printf '\\1\\0'; }`,
    );
    const out = execFileSync("bash", ["-c", `${functions.join("\n")}\n${text}`], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(existsSync(join(folder, "PWNED"))).toBe(false);
    return out
      .split("\u0001\0")
      .slice(0, -1)
      .map(words => words.split("\0").slice(0, -1));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each(names)("what is put into a command is one word of it: %j", name => {
  expect(started(shell`ls -ld ${name}; df -h ${`/srv/${name}`}/sub`, ["ls", "df"])).toEqual([
    ["ls", "-ld", name],
    ["df", "-h", `/srv/${name}/sub`],
  ]);
  expect(started(shell`kubectl get ${[name, "x"]} -n ${1}`, ["kubectl"])).toEqual([
    ["kubectl", "get", name, "x", "-n", "1"],
  ]);
  const inner = shell`ls ${name}`;
  expect(started(shell`true ${name}; ${ready(inner)}`, ["ls"])).toEqual([["ls", name]]);
});

test.each(names)("no command that a runner prints runs what a name says: %j", name => {
  const [lost] = absenceOf({
    ...{ vg: "pve", snapshots: new Map(), map: new Map(), isCurrent: false, restores: [] },
    ...{
      covered: new Map([[name, undefined]]),
      live: new Set<string>(),
      forgotten: new Set<string>(),
      isCovered: () => true,
    },
  }).missing;
  const forget = /lvm-pvc-snapshot forget .*(?=\)$)/s.exec(lost?.next ?? "")?.[0] ?? "";
  expect(started(forget, ["lvm-pvc-snapshot"])).toEqual([["lvm-pvc-snapshot", "forget", name]]);
  expect(started(new LockHeld(name, []).next, ["fuser"])).toEqual([["fuser", "-v", name]]);
  expect(started(stopByHand({ kind: "ReplicaSet", namespace: "app", name }), ["kubectl"])).toEqual([
    ["kubectl", "-n", "app", "scale", "replicaset", name, "--replicas=0"],
  ]);
  const [words = []] = started(acceptCommand("nfs-mirror", name), ["unshare"]);
  expect(words).toHaveLength(6);
});
