import { z } from "zod";
import { lvm } from "./command";

/** The place in which LVM records the volumes of a group. Bytes. */
export interface Records {
  readonly sizeBytes: number;
  readonly freeBytes: number;
}

const report = z.object({
  report: z.tuple([
    z.object({ vg: z.tuple([z.object({ vg_mda_size: z.coerce.number(), vg_mda_free: z.coerce.number() })]) }),
  ]),
});

/** LVM writes what is new beside what is in force, so half of the place can be used; what it calls free is of that half. @throws {LvmFailed} */
export async function readRecords(vg: string, stop: AbortSignal): Promise<Records> {
  const { stdout } = await lvm(
    [
      ...(["vgs", "--reportformat", "json", "--units", "b", "--nosuffix"] as const),
      ...["-o", "vg_mda_size,vg_mda_free", vg],
    ],
    stop,
  );
  const [{ vg: groups }] = report.parse(JSON.parse(stdout)).report;
  return { sizeBytes: groups[0].vg_mda_size / 2, freeBytes: groups[0].vg_mda_free };
}
