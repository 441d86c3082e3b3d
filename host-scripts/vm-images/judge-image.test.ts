import type { GoodImage } from "./image";
import { collapseOf } from "./judge-image";

const size = { leastPercent: 50, mostPercent: 200 };
const last: GoodImage = {
  ...{ folder: "/images/2026-44/101", name: "vzdump-qemu-101-2026_11_01-16_00_01.vma.zst" },
  ...{ bytes: 1000, begunMs: Date.UTC(2026, 10, 1, 16, 0, 1), foreign: [], isProtected: false },
  log: {
    ...{ isFinished: true, name: "guest-101", errors: [], agentErrors: [], excluded: [] },
    included: ["scsi0", "scsi1"].map(key => ({ key, volume: `local-lvm:vm-101-${key}` })),
  },
  generation: { period: "2026-44", folder: "/images/2026-44/101", identity: "1" },
};

test.each([
  ["that is smaller", { bytes: 499 }, "its image has 499 bytes, the last one 1000: was the VM emptied?"],
  ["of nothing", { bytes: 0 }, "its image has 0 bytes, the last one 1000: was the VM emptied?"],
  ["that is larger", { bytes: 2001 }, "its image has 2001 bytes, the last one 1000: was the VM encrypted?"],
  [
    "without a disk",
    { log: { ...last.log, included: last.log.included.slice(0, 1) } },
    "the disk scsi1 is in its last image and not in this one",
  ],
  [
    "of another name",
    { log: { ...last.log, name: "another" } },
    "it is called another now, and guest-101 in its last image: is it another VM under the same id?",
  ],
])("an image %s waits for somebody, who is told why", (_, change, reason) =>
  expect(collapseOf({ ...last, ...change }, last, size)).toBe(reason),
);

test("an image within the band, of a VM that had no name, or with a further disk is as it should be", () => {
  const nameless = { ...last, log: { ...last.log, name: undefined } };
  const further = { ...last.log, included: [...last.log.included, { key: "scsi2", volume: "new" }] };
  for (const [image, before] of [
    [{ ...last, bytes: 500 }, last],
    [{ ...last, bytes: 2000 }, last],
    [last, nameless],
    [{ ...last, log: further }, last],
    [last, undefined],
  ] as const)
    expect(collapseOf(image, before as GoodImage | undefined, size)).toBeUndefined();
});
