import type { InForce } from "../../plan/contracts/in-force";
import { exitCodes, RunnerError } from "../runtime/errors";
import { run } from "../runtime/run";
import { shell } from "../runtime/shell";
import type { Difference } from "./effective-state";

type Unit = Extract<InForce, { kind: "unit" }>;

/** Where a release puts its units: what systemd has loaded from elsewhere is another's. */
const folder = "/etc/systemd/system";
const properties =
  "Id,LoadState,SubState,FragmentPath,NeedDaemonReload,TimersCalendar,NextElapseUSecRealtime";

/** By systemd itself: what it has loaded, and when it starts that. Whether a file is the release's, its release.sh tells. */
export async function unitDifferences(units: readonly Unit[], stop: AbortSignal): Promise<Difference[]> {
  if (units.length === 0) return [];
  const shown = await systemd(
    ["systemctl", "show", `--property=${properties}`, "--", ...units.map(({ unit }) => unit)],
    stop,
  );
  const blocks = new Map(
    shown.split("\n\n").map(block => {
      const lines = block.split("\n").map(line => line.trim());
      return [valuesOf("Id", lines)[0] ?? "", lines] as const;
    }),
  );
  const calendars = await normalized([...new Set(units.flatMap(({ calendar }) => calendar ?? []))], stop);
  return units.flatMap(unit => ofUnit(unit, blocks.get(unit.unit) ?? [], calendars));
}

/** @param lines of `systemctl show` @param calendars each declared one, as systemd writes it */
function ofUnit(
  { unit, calendar }: Unit,
  lines: readonly string[],
  calendars: ReadonlyMap<string, string>,
): Difference[] {
  const said = (property: string): string => valuesOf(property, lines)[0] ?? "";
  const differs = (text: string, next = shell`systemctl cat ${unit}`): Difference[] => [
    { kind: "unit", subject: unit, text, next },
  ];
  const state = said("LoadState");
  if (state !== "loaded")
    return differs(`declared a unit, and systemd says that it is ${state || "unknown"}`, "pulumi up");
  const path = said("FragmentPath");
  if (path !== `${folder}/${unit}`)
    return differs(`declared "${folder}/${unit}", and systemd has loaded "${path}"`);
  if (said("NeedDaemonReload") === "yes")
    return differs(
      "its file was changed since systemd has loaded it: what is in force isn't what is written",
      shell`systemctl cat ${unit}; systemctl daemon-reload`,
    );
  if (calendar === undefined) return [];
  const declared = calendars.get(calendar) ?? calendar;
  const elapses = valuesOf("TimersCalendar", lines).map(text => /OnCalendar=(.*?) ;/.exec(text)?.[1] ?? text);
  if (elapses.length !== 1 || elapses[0] !== declared)
    return differs(
      `declared "${declared}", and systemd says ${elapses.map(text => `"${text}"`).join(" and ") || "no calendar"}`,
    );
  // While what a timer has started runs, as this very look does, it has no next time: that is reckoned at the end.
  if (said("SubState") !== "running" && !/\d/.test(said("NextElapseUSecRealtime")))
    return differs(
      `declared "${declared}", and systemd says that it elapses no more`,
      shell`systemctl start ${unit}`,
    );
  return [];
}

/** In systemd's own writing, by which two calendars are compared. */
async function normalized(
  calendars: readonly string[],
  stop: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (calendars.length === 0) return new Map();
  const stdout = await systemd(["systemd-analyze", "calendar", ...calendars], stop);
  const forms = [...stdout.matchAll(/^ *Normalized form: (.*)$/gm)].map(([, form = ""]) => form);
  return new Map(calendars.map((calendar, index) => [calendar, forms[index] ?? calendar]));
}

function valuesOf(property: string, lines: readonly string[]): string[] {
  return lines.flatMap(line => (line.startsWith(`${property}=`) ? [line.slice(property.length + 1)] : []));
}

/** What systemd answers, in one language and zone. @throws {RunnerError} where it can't be asked */
export async function systemd(argv: readonly [string, ...string[]], stop: AbortSignal): Promise<string> {
  const env = { LC_ALL: "C", TZ: "UTC" };
  const { stdout, stderr, exitCode, signal } = await run(argv, { timeoutMs: 60_000, stop, env });
  if (exitCode === 0) return stdout;
  const [program = "", word = ""] = argv;
  throw new RunnerError(exitCodes.failed, {
    failed: `systemd can't be asked: ${program} ${word} ended with ${exitCode ?? signal}: ${stderr.trim()}`,
    kept: "Nothing was changed; what the last look told stays told.",
    next: "systemctl status",
  });
}
