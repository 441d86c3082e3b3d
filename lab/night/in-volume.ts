import { mustOnHost } from "../hosts";
import type { HouseClaim } from "../house/claims";

/** Runs a script in the mounted volume of a claim on `pve`. @returns what it said */
export function inVolume(
  { volume }: HouseClaim,
  script: string,
  access: "ro" | "rw" = "rw",
): Promise<string> {
  const mountPoint = "/run/house";
  return mustOnHost(
    "pve",
    `set -e; lvchange -qq -ay -K pve/${volume}; mkdir -p ${mountPoint}
mount -o ${access},nosuid,nodev,noexec /dev/pve/${volume} ${mountPoint}; trap 'umount ${mountPoint}' EXIT
(cd ${mountPoint}; ${script})`,
    { timeoutMs: 1_200_000 },
  );
}
