import type { Trigger } from "./job";
import { type HostRights, sandboxLines } from "./systemd-sandbox";

/** A oneshot service that runs a runner of a release, and its timer. */
export interface HostUnits {
  readonly job: string;
  readonly description: string;
  readonly trigger: Trigger;
  /** systemd stops the run then; later than the runner's own budget. */
  readonly timeoutMs: number;
  /** File systems that the run needs; the runner checks their identity itself. */
  readonly mounts: readonly string[];
  readonly rights: HostRights;
  /** Folders that are made where they are missing, with the one above each. */
  readonly makes: readonly string[];
  /** Further lines of the [Service] section. */
  readonly service: readonly string[];
}

/** Folder of a job's releases on its host; `current` in it is the live one. */
export function releaseFolder(job: string): string {
  return `/opt/holdfast/${job}`;
}

/**
 * Text of the service. No RequiresMountsFor: a missing mount has to reach the runner, which reports it as a failure;
 * a dependency that failed would leave no trace in the metrics.
 */
export function serviceText(units: HostUnits): string {
  const runner = runnerCommand(units.job);
  return lines([
    "[Unit]",
    `Description=${units.description}`,
    `After=network-online.target ${units.mounts.map(mountUnit).join(" ")}`.trimEnd(),
    ...units.trigger.after.map(job => `After=${job}.service`),
    "Wants=network-online.target",
    "",
    "[Service]",
    "Type=oneshot",
    `ExecStart=${runner}`,
    `ExecStopPost=${runner} --report-end`,
    `TimeoutStartSec=${seconds(units.timeoutMs)}`,
    "TimeoutStopSec=90s",
    "KillMode=mixed",
    `SyslogIdentifier=${units.job}`,
    ...units.service,
    ...sandboxLines(units.rights, units.makes),
  ]);
}

/**
 * Text of the command that an operator types: the job's name, and words such as `list`. It has a mount table of its own, as
 * the service has, and the operator's rights: a restore does what no nightly run may.
 */
export function commandText(job: string): string {
  return lines([
    "#!/bin/sh",
    `exec /usr/bin/unshare --mount --propagation private ${runnerCommand(job)} "$@"`,
  ]);
}

/** Command line of a job's live runner. */
export function runnerCommand(job: string): string {
  const current = `${releaseFolder(job)}/current`;
  return `/usr/bin/node ${current}/${job}.cjs --config ${current}/config.json`;
}

/** Text of the timer; the calendar carries its zone, so the host's own setting doesn't matter. */
export function timerText(units: HostUnits): string {
  const { trigger } = units;
  return lines([
    "[Unit]",
    `Description=${units.description} (timer)`,
    "",
    "[Timer]",
    `OnCalendar=${trigger.calendar} ${trigger.zone}`,
    `AccuracySec=${seconds(trigger.accuracyMs)}`,
    ...(trigger.randomizedDelayMs > 0 ? [`RandomizedDelaySec=${seconds(trigger.randomizedDelayMs)}`] : []),
    `Persistent=${trigger.catchUp}`,
    "",
    "[Install]",
    "WantedBy=timers.target",
  ]);
}

function lines(parts: readonly string[]): string {
  return `${parts.join("\n")}\n`;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)}s`;
}

/** systemd.unit(5), "String Escaping for Inclusion in Unit Names": "/" becomes "-", other bytes \xNN. */
function mountUnit(path: string): string {
  if (path === "/") return "-.mount";
  const escaped = [...Buffer.from(path.slice(1))].map(byte => {
    const char = String.fromCharCode(byte);
    if (char === "/") return "-";
    return /[A-Za-z0-9:_.]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `${escaped.join("")}.mount`;
}
