import { z } from "zod";
import { exitCodes, Refusal, RunnerError } from "../errors";
import { CommandMissing, run } from "../run";
import { firstLines } from "../tail";

/** A logical volume as LVM lists it; see lvs(8), "Reports". */
export interface LogicalVolume {
  readonly uuid: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** Thin pool that it lies in; empty for the pool itself. */
  readonly pool: string;
  /** Volume that it is a snapshot of; empty once that is gone. */
  readonly origin: string;
  /** Id in the pool. Of two volumes that exist, the later one has the greater id; an id comes again after its volume is gone. */
  readonly thinId: number | undefined;
  readonly tags: readonly string[];
  readonly active: boolean;
  /** Something has its device open: a mount, a virtual machine. */
  readonly open: boolean;
  /** Of a thin pool: how full its data and metadata are, in percent. */
  readonly dataPercent: number | undefined;
  readonly metadataPercent: number | undefined;
}

const columns = [
  ...["lv_uuid", "lv_name", "lv_size", "pool_lv", "origin", "thin_id", "lv_tags"],
  ...["lv_active", "lv_device_open", "data_percent", "metadata_percent"],
] as const;

// LVM gives every figure as text, and an empty one where there is none.
const figure = z.string().transform(text => (text === "" ? undefined : Number(text)));
const report = z.object({
  report: z
    .array(
      z.object({
        lv: z.array(
          z.object({
            lv_uuid: z.string(),
            lv_name: z.string(),
            lv_size: z.coerce.number(),
            pool_lv: z.string(),
            origin: z.string(),
            thin_id: figure,
            lv_tags: z.string(),
            lv_active: z.string(),
            lv_device_open: z.string(),
            data_percent: figure,
            metadata_percent: figure,
          }),
        ),
      }),
    )
    .length(1),
});

/** Every volume of a volume group, by one `lvs`. @throws {RunnerError} when LVM can't say */
export async function listVolumes(vg: string, stop: AbortSignal): Promise<LogicalVolume[]> {
  const { stdout } = await lvm(
    ["lvs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o", columns.join(","), vg],
    stop,
  );
  const rows = report.parse(JSON.parse(stdout)).report[0]?.lv ?? [];
  return rows.map(row => ({
    uuid: row.lv_uuid,
    name: row.lv_name,
    sizeBytes: row.lv_size,
    pool: row.pool_lv,
    origin: row.origin,
    thinId: row.thin_id,
    tags: row.lv_tags === "" ? [] : row.lv_tags.split(","),
    active: row.lv_active === "active",
    open: row.lv_device_open === "open",
    dataPercent: row.data_percent,
    metadataPercent: row.metadata_percent,
  }));
}

/** Longest time that one command of LVM or device-mapper may take: on a busy host it waits for another one's lock. */
const commandMs = 120_000;

/** A command of LVM failed. */
export class LvmFailed extends RunnerError {
  constructor(
    readonly argv: readonly string[],
    readonly reason: string,
  ) {
    super(exitCodes.failed, {
      failed: `"${argv.join(" ")}" failed: ${reason}`,
      kept: "Volumes and earlier snapshots are as they were.",
      next: "lvs; dmesg --level err,warn | tail",
    });
    this.name = "LvmFailed";
  }
}

/** Runs a command of LVM, device-mapper or their tools. @throws {LvmFailed} @throws {Refusal} when it isn't installed */
export async function lvm(
  argv: readonly [string, ...string[]],
  stop: AbortSignal,
): Promise<{ readonly stdout: string }> {
  try {
    const result = await run(argv, { timeoutMs: commandMs, stop, env: { LC_ALL: "C" } });
    if (result.ended === "exited" && result.exitCode === 0) return result;
    const how =
      result.ended === "timed-out"
        ? `no end after ${commandMs / 1000} s`
        : `exit ${result.exitCode ?? result.signal}`;
    throw new LvmFailed(argv, `${how}: ${firstLines(result.stderr)}`);
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    throw new Refusal(
      `${error.program} can't be started: ${error.errno}`,
      "apt-get install lvm2 thin-provisioning-tools",
    );
  }
}
