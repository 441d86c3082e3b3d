import type { Trigger } from "./job";
import { type HostRights, sandboxLines } from "./systemd-sandbox";

/** A service that runs a runner of a release. */
interface RunnerUnit {
  readonly job: string;
  readonly description: string;
  /** File systems that the run needs; the runner checks their identity itself. */
  readonly mounts: readonly string[];
  readonly rights: HostRights;
  /** Folders that are made where they are missing, with the one above each. */
  readonly makes: readonly string[];
  /** Further lines of the [Service] section. */
  readonly service: readonly string[];
}

/** A oneshot service. */
export interface OneshotUnit extends RunnerUnit {
  readonly trigger: Pick<Trigger, "after">;
  /** systemd stops the run then; later than the runner's own budget. */
  readonly timeoutMs: number;
}

/** A oneshot service, and its timer. */
export interface HostUnits extends OneshotUnit {
  readonly trigger: Trigger;
}

/** A service that runs all the time. */
export interface DaemonUnit extends RunnerUnit {
  /** It has to say so often that it works, or is ended and started anew. */
  readonly watchdogMs: number;
}

/** Folder of a job's releases on its host; `current` in it is the live one. */
function releaseFolder(job: string): string {
  return `/opt/holdfast/${job}`;
}

/**
 * Text of the service. No RequiresMountsFor: a missing mount has to reach the runner, which reports it as a failure;
 * a dependency that failed would leave no trace in the metrics.
 */
export function serviceText(units: OneshotUnit): string {
  return lines([
    ...head(units),
    ...units.trigger.after.map(job => `After=${job}.service`),
    "",
    "[Service]",
    "Type=oneshot",
    `TimeoutStartSec=${seconds(units.timeoutMs)}`,
    ...body(units),
    ...sandboxLines(units.rights, units.makes),
  ]);
}

/**
 * Text of a service that runs all the time: started at boot, anew whenever it ends or falls silent, and never given up. It
 * sees what its host mounts and unmounts: a mount table of its own would hold a disk that the host has let go.
 */
export function daemonText(unit: DaemonUnit): string {
  return lines([
    ...head(unit),
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=notify",
    // A program that the runner starts speaks for it: Node has no datagrams of that kind.
    "NotifyAccess=all",
    // An activation waits two minutes for a service to be ready.
    "TimeoutStartSec=90s",
    `WatchdogSec=${seconds(unit.watchdogMs)}`,
    "Restart=always",
    "RestartSec=10s",
    ...body(unit),
    ...sandboxLines(unit.rights, unit.makes).filter(line => line !== "MountFlags=private"),
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ]);
}

function head(unit: RunnerUnit): string[] {
  return [
    "[Unit]",
    `Description=${unit.description}`,
    `After=network-online.target ${unit.mounts.map(mountUnit).join(" ")}`.trimEnd(),
    "Wants=network-online.target",
  ];
}

function body(unit: RunnerUnit): string[] {
  const runner = runnerCommand(unit.job);
  return [
    `ExecStart=${runner}`,
    `ExecStopPost=${runner} --report-end`,
    "TimeoutStopSec=90s",
    "KillMode=mixed",
    `SyslogIdentifier=${unit.job}`,
    ...unit.service,
  ];
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
  return runnerArgv(job).join(" ");
}

/** The same for a program that starts it, as words. */
export function runnerArgv(job: string): string[] {
  const current = `${releaseFolder(job)}/current`;
  return ["/usr/bin/node", `${current}/${job}.cjs`, "--config", `${current}/config.json`];
}

/** When a timer elapses; the calendar carries its zone, so the host's own setting doesn't matter. */
export function onCalendar({ calendar, zone }: Pick<Trigger, "calendar" | "zone">): string {
  return `${calendar} ${zone}`;
}

/** Text of the timer. */
export function timerText(units: HostUnits): string {
  const { trigger } = units;
  return lines([
    "[Unit]",
    `Description=${units.description} (timer)`,
    "",
    "[Timer]",
    `OnCalendar=${onCalendar(trigger)}`,
    `AccuracySec=${seconds(trigger.accuracyMs)}`,
    ...(trigger.randomizedDelayMs > 0 ? [`RandomizedDelaySec=${seconds(trigger.randomizedDelayMs)}`] : []),
    `Persistent=${trigger.catchUp}`,
    "",
    "[Install]",
    "WantedBy=timers.target",
  ]);
}

/** Text of a timer that starts its service soon after the boot, and from then on so long after each start. */
export function intervalTimerText(description: string, everyMs: number): string {
  return lines([
    "[Unit]",
    `Description=${description} (timer)`,
    "",
    "[Timer]",
    "OnBootSec=1min",
    `OnUnitActiveSec=${seconds(everyMs)}`,
    `AccuracySec=${seconds(Math.min(everyMs / 10, 60_000))}`,
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
