import { z } from "zod";
import { lvm } from "./command";

export { LvmFailed } from "./command";

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
  /** Of a thin pool: which change to it LVM has recorded last; the kernel's own count is in its status. */
  readonly transactionId: number | undefined;
  /** Of a thin pool: how full its data and metadata are, in percent. */
  readonly dataPercent: number | undefined;
  readonly metadataPercent: number | undefined;
}

const columns = [
  ...["lv_uuid", "lv_name", "lv_size", "pool_lv", "origin", "thin_id", "lv_tags"],
  ...["lv_active", "lv_device_open", "transaction_id", "data_percent", "metadata_percent"],
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
            transaction_id: figure,
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
  // A volume in several pieces comes once for each of them.
  const volumes = new Map(rows.map(row => [row.lv_uuid, row]));
  return [...volumes.values()].map(row => ({
    uuid: row.lv_uuid,
    name: row.lv_name,
    sizeBytes: row.lv_size,
    pool: row.pool_lv,
    origin: row.origin,
    thinId: row.thin_id,
    tags: row.lv_tags === "" ? [] : row.lv_tags.split(","),
    active: row.lv_active === "active",
    open: row.lv_device_open === "open",
    transactionId: row.transaction_id,
    dataPercent: row.data_percent,
    metadataPercent: row.metadata_percent,
  }));
}
