import { z } from "zod";
import { mustOnHost } from "../hosts";
import { runOnce } from "./steps";

const listed = z.object({
  drills: z.array(
    z.object({
      tier: z.string(),
      result: z.literal("proved"),
      scope: z.literal("whole"),
      restored: z.object({ entries: z.int() }),
    }),
  ),
});

/**
 * Has each copy of the backup disk restored for real beside the data, and compared.
 * @returns how many came back @throws where one didn't, or the record of it doesn't hold
 */
export async function drillRestores(): Promise<string> {
  // While a copy of the mirror comes back the mirror can't run, which it would every two minutes.
  await mustOnHost("pve", "systemctl stop nfs-mirror.timer");
  const seconds = await runOnce("restore-drill", 1_800_000).finally(() =>
    mustOnHost("pve", "systemctl start nfs-mirror.timer"),
  );
  const { drills } = listed.parse(JSON.parse(await mustOnHost("pve", "restore-drill list --json")));
  await mustOnHost("pve", "restore-drill verify");
  const tiers = [...new Set(drills.map(({ tier }) => tier))].map(
    tier => `${drills.filter(each => each.tier === tier).length} of ${tier}`,
  );
  const entries = drills.reduce((sum, { restored }) => sum + restored.entries, 0);
  return `${drills.length} copies came back whole (${tiers.join(", ")}) in ${seconds} s, ${entries} files and folders, and the records of it are a sound chain`;
}
