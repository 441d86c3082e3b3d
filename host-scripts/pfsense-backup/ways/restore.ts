import { withoutAhead } from "../../runtime/clock";
import { exitCodes, Refusal, RunnerError } from "../../runtime/errors";
import type { PfsenseBackupConfig } from "../../../plan/contracts/pfsense-backup";
import { intoFolder } from "../../runtime/into-folder";
import { momentText } from "../../runtime/moment";
import { required } from "../../runtime/required";
import { restoreTree } from "../../runtime/restore-tree";
import { shell } from "../../runtime/shell";
import type { Answer, RestoreRequest, WayContext } from "../../runtime/ways";
import { files } from "../sums";
import { judge, lackText, type Listed, listedGenerations, madeText, verifyDisk } from "./judged";

/**
 * Copies a generation out, and never touches the firewall: whoever administers it gives it its configuration.
 * @throws {RunnerError}
 */
export async function restore(
  { into, atMs, dryRun, switches }: RestoreRequest,
  context: WayContext<PfsenseBackupConfig>,
): Promise<Answer> {
  const { config, log, stop, lock } = context;
  if (into === undefined)
    throw new RunnerError(exitCodes.usage, {
      failed: "restore needs --into DIR: a firewall gets its configuration from a person, by its own page",
      kept: "Nothing was changed.",
      next: shell`${config.job} restore --into ${`/root/${config.folder}-restored`}`,
    });
  await verifyDisk(context);
  const incomplete = switches.has("incomplete");
  const { generation, notes } = chosen(config, { atMs, incomplete });
  const { path } = await intoFolder(into, { disk: config.target.path, dryRun, stop: stop.signal });
  const result = { period: generation.period, made: madeText(generation), into: path };
  if (dryRun)
    return {
      text: [
        `would copy ${namesOf(generation)} of ${generation.period} (fetched ${madeText(generation)}) to ${path}`,
        ...notes,
      ].join("\n"),
      result: { ...result, dryRun },
    };
  const { folder } = generation;
  const lockFd = required(lock, "lock").fd;
  await restoreTree({
    ...{ from: folder, into: path, keepsRoot: true, stateDir: config.stateDir },
    ...{ lockFd, log, stop: stop.signal },
  });
  const { faults, members } = await judge(context, generation, path);
  return {
    text: [
      ...notes,
      `${namesOf(generation)} of ${generation.period}, fetched ${madeText(generation)}: in ${path}`,
      ...(generation.lacks.includes("config.xml")
        ? [shell`Its config.xml: tar -xzf ${`${path}/full.tar.gz`} -C ${path} cf/conf/config.xml`]
        : [
            `By hand, from a computer with a browser: ${config.api.url}, Diagnostics, Backup & Restore, Restore Backup, with ${path}/config.xml. The firewall installs its packages again and restarts.`,
          ]),
      ...(generation.lacks.includes("full.tar.gz")
        ? []
        : [
            shell`A single file: tar -xzf ${`${path}/full.tar.gz`} -C ${path} PATH   (PATH without a slash at its start, such as var/db/…)`,
          ]),
    ].join("\n"),
    result: {
      ...{ ...result, members },
      ...(generation.lacks.includes("config.xml") ? {} : { config: `${path}/config.xml` }),
    },
    ...(faults.length > 0 && {
      failure: {
        failed: `the generation ${generation.period} is no good: ${faults.join("; ")}`,
        kept: `What there is of it is in ${path}; the other generations are as they were.`,
        next: shell`${config.job} verify   (then an earlier good one: ${config.job} restore --at TIME --into another folder)`,
      },
    }),
  };
}

/** Switches of a restore. */
export const restoreSwitches = {
  incomplete: "a config.xml without a tar, or a tar alone, will do where it is newer",
};

function namesOf({ lacks }: Listed): string {
  return files.filter(name => !lacks.includes(name)).join(" and ");
}

interface Chosen {
  readonly generation: Listed;
  /** What somebody should know of a newer one. */
  readonly notes: readonly string[];
}

/** The newest whole generation that is not younger than a time. What is incomplete is never taken in silence. */
function chosen(
  config: PfsenseBackupConfig,
  { atMs, incomplete }: { readonly atMs: number | undefined; readonly incomplete: boolean },
): Chosen {
  const all = listedGenerations(config);
  const until =
    atMs === undefined
      ? withoutAhead(all, ({ madeMs }) => madeMs ?? 0)
      : all.filter(({ madeMs }) => madeMs !== undefined && madeMs <= atMs);
  const [newest] = until;
  const next = shell`${config.job} list   (then, to have what there is: the same with --incomplete)`;
  if (!newest)
    throw new Refusal(
      all.length === 0
        ? `there is no generation of ${config.folder}`
        : `no generation of ${config.folder} was fetched by ${momentText(atMs ?? 0)}`,
      shell`${config.job} list`,
    );
  const found = incomplete ? newest : until.find(generation => lackText(generation) === undefined);
  if (!found)
    throw new Refusal(
      `all that there is of ${config.folder} is incomplete: ${newest.period} ${lackText(newest)}`,
      next,
    );
  const newer = `a newer one, of ${newest.period}, fetched ${madeText(newest)}, ${lackText(newest)}: to have it, the same with --incomplete`;
  return { generation: found, notes: found === newest ? [] : [newer] };
}
