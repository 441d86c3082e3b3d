import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeWhole } from "../runtime/durable";
import { run } from "../runtime/run";

/** Prefix of the mappers' names. */
export const mapperPrefix = "holdfast-scratch-";

/** Gone with the next boot, and written again by the next run. Behind 55-dm.rules of Debian, which gives the device its name, and before whatever looks into it. */
const file = "/run/udev/rules.d/56-holdfast-scratch.rules";

// libdevmapper.h: the first leaves out the links by UUID and label, the second all other rules, LVM's among them.
const rule = `# daily-backup: what is in a volume that is unlocked to be read is no device of this host.
ENV{DM_NAME}=="${mapperPrefix}*", ENV{DM_UDEV_DISABLE_DISK_RULES_FLAG}="1", ENV{DM_UDEV_DISABLE_OTHER_RULES_FLAG}="1"
`;

/**
 * Has udev leave the mappers of unlocked volumes alone. It would look into each: the host would take up a volume group that a tenant
 * has written into an encrypted volume, and keep the mapper in use; a file system with the UUID of a disk of the host's would be that disk's link.
 */
export async function keepUdevOut(): Promise<void> {
  if (!existsSync("/run/udev") || (existsSync(file) && readFileSync(file, "utf8") === rule)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeWhole(file, rule);
  // It looks for new rules by itself every few seconds, which may be too late.
  await run(["udevadm", "control", "--reload"], { timeoutMs: 60_000 });
}
