import { bundleRunner } from "../../../host-scripts/bundle-runner";
import { projectRoot } from "../../../lab/cache";
import { type CommandResult, mustOnHost, onHost } from "../../../lab/hosts";
import type { LvmPvcSnapshotConfig } from "../../../plan/contracts/lvm-pvc-snapshot";
import { stamp } from "../../../host-scripts/runtime/lvm/snapshots";

const folder = "/root/restore-test";
export const stateDir = `${folder}/state`;

/** On a machine that is busy with other tests, a command of LVM takes ten times what it takes else. */
const timeoutMs = 1_800_000;

/** Runs a command on the host whose volumes the tests break. */
export const onPve2 = (command: string, input?: string): Promise<string> =>
  mustOnHost("pve2", command, { timeoutMs, ...(input !== undefined && { input }) });

/** Puts the program, its config and its kubeconfig on the host. */
export async function install(kubeconfig: string): Promise<void> {
  const { text } = await bundleRunner("lvm-pvc-snapshot", projectRoot);
  await onPve2(`rm -rf ${folder}; mkdir -p -m 700 ${folder}/credentials`);
  await onPve2(`cat >${folder}/lvm-pvc-snapshot.cjs`, text);
  await onPve2(`cat >${folder}/config.json`, JSON.stringify(config));
  await onPve2(`cat >${folder}/kill-at`, killAt);
  await writeKubeconfig(kubeconfig);
}

export async function writeKubeconfig(text: string): Promise<void> {
  await onPve2(`umask 077; cat >${folder}/credentials/kubeconfig`, text);
}

const limits = { dataPercent: 90, metadataPercent: 90 };
const config: LvmPvcSnapshotConfig = {
  ...{ job: "lvm-pvc-snapshot", host: "pve2", zone: "UTC", budgetMs: 600_000, stateDir },
  textfile: `${folder}/lvm-pvc-snapshot.prom`,
  restoresTextfile: `${folder}/restores.prom`,
  pushgateway: { url: "http://10.77.0.1:9091", timeoutMs: 1000, attempts: 1 },
  ...{ vg: "pve", pool: "data", pattern: "vm-*-pvc-*", excludeNamespaces: [] },
  keep: { kind: "age", ms: 86_400_000, atLeast: 1 },
  guard: { thinOut: limits, decline: limits },
  ...{ credentialsDir: `${folder}/credentials`, restoreKubeconfig: "kubeconfig" },
};

// Kills the program as soon as it prints a line with a certain text, from its own host: nothing is faster.
const killAt = `text=$1; signal=$2; shift 2
coproc RUN { exec node ${folder}/lvm-pvc-snapshot.cjs --config ${folder}/config.json restore "$@" 2>&1; }
pid=$RUN_PID; exec 3<&"\${RUN[0]}"
while read -r line <&3; do
  echo "$line"
  case $line in *"$text"*) kill -$signal $pid; text="no such text";; esac
done
wait $pid; echo "ended with $?"
`;

/** Runs the restore. Its lines come in `stdout`. */
export function restore(...words: readonly string[]): Promise<CommandResult> {
  return onHost(
    "pve2",
    `node ${folder}/lvm-pvc-snapshot.cjs --config ${folder}/config.json restore ${words.join(" ")} 2>&1`,
    {
      timeoutMs,
    },
  );
}

/** What the command says of all volumes. */
export function list(): Promise<string> {
  return onPve2(`node ${folder}/lvm-pvc-snapshot.cjs --config ${folder}/config.json list`);
}

/** Text of the textfile with the restores that have not ended. */
export function unfinishedSeries(): Promise<string> {
  return onPve2(`cat ${config.restoresTextfile}`);
}

/** Runs the restore, and sends it a signal once it prints a line with this text. @returns its lines */
export function interrupt(
  text: string,
  signal: "KILL" | "TERM",
  ...words: readonly string[]
): Promise<string> {
  return onPve2(`bash ${folder}/kill-at '${text}' ${signal} ${words.join(" ")}`);
}

/** Makes a small volume with one file, and a snapshot of it as the job makes it. @returns the snapshot's name */
export async function makeVolume(volume: string): Promise<string> {
  const snapshot = `${volume}_snap_${stamp(Date.now())}`;
  await onPve2(`set -e; lvcreate -qq -V 32M -T pve/data -n ${volume} --addtag pve-vm-9999; mkfs.ext4 -q /dev/pve/${volume}
    mount /dev/pve/${volume} /mnt; echo then >/mnt/file; umount /mnt
    lvcreate -qq -s --addtag holdfast.lvm-pvc-snapshot -n ${snapshot} pve/${volume}`);
  return snapshot;
}

/** Name, tags and UUID of every volume of a test: what a refused restore must leave as it is. */
export function volumes(): Promise<string> {
  return onPve2("lvs --noheadings -o lv_name,lv_tags,lv_uuid,origin pve");
}

/** Ends every process that a test has left and removes its volumes. */
export async function removeVolumes(): Promise<void> {
  await onPve2(
    "for i in $(lvs --noheadings -o lv_name pve | grep restore-test); do umount -q /run/lab-pods/$i; lvremove -qq -y pve/$i || exit; done",
  );
}
