import { destinationName, destinationPart, folderAt, leftAtNas, nasIn } from "./nas";
import { plainOf, typeScriptOf } from "./noted";

const says = { key: undefined, media: undefined, shares: undefined, system: undefined, room: undefined };
const way = { user: "me", address: "nas", port: 22 };

test.each([
  ["of numbers without end", { room: `/dev/sda ${"9".repeat(400)} 1 ${"9".repeat(400)} 1% /volume1` }],
  ["of a mount point that is code", { room: "/dev/sda 9000000 1 9000000 1% /mnt/a\u001b[2Jb" }],
  ["of blanks that a reader would try for ever", { room: `/dev/sda${" ".repeat(1_000_000)}x` }],
  ["larger than a rack of disks", { room: "/dev/sda 950000000000 1 900000000000 1% /volume1" }],
  ["in another form", { room: "/dev/sda  9,0G  1,0G  8,0G  12 % /mnt" }],
])("a volume %s is none", (_, answers) => {
  expect(nasIn({ ...says, ...answers }, way, undefined)).toBeUndefined();
});

test("what a NAS calls itself, its shares and its key are text, or left out", () => {
  const found = nasIn(
    {
      room: "/dev/sda 9000000 1 9000000 1% /volume1",
      system: 'productversion="7.2.1"\nupnpmodelname="DS\u001b[2J"',
      shares: ["photo", "back\u202eup", "Backup\n//", "ok"].map(name => `/volume1/${name}\0`).join(""),
      ...{ media: "/sys/block/sda/queue/rotational:7", key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFpz me" },
    },
    way,
    undefined,
  );
  expect(found).toMatchObject({ system: "a Synology, DSM 7.2.1", shares: ["/ok", "/photo"] });
  expect([found?.media.size, found?.hostKey]).toEqual([0, undefined]);
});

test("of a NAS that is all but full, no more is in use than it has", () => {
  const found = nasIn(
    { ...says, room: "/dev/sda 6979904000 6977000000 2904000 100% /volume1" },
    way,
    undefined,
  );
  expect(found && plainOf(destinationPart(found, "nas"))).toMatchObject({ size: "7.1TB", used: "7.1TB" });
});

test("a NAS that is full has a volume all the same, and none besides where copies could lie", () => {
  const full = "/dev/sr0 700000 700000 0 100% /mnt/dvd\n/dev/sda 9000000 9000000 0 100% /mnt/tank";
  const found = nasIn({ ...says, room: full }, way, undefined);
  expect([found?.volume.mount, found && leftAtNas(found)]).toEqual(["/mnt/tank", []]);
});

test("without a share that is called as a backup's, one has to be made; of what is no Synology, a folder of the volume is meant", () => {
  const room = "/dev/sda 9000000 1 9000000 1% /volume1";
  const of = (system: string | undefined, shares: string) => {
    const found = nasIn({ ...says, room, system, shares }, way, undefined);
    if (!found) throw new Error("it has told of a volume");
    return [folderAt(found, "pve"), leftAtNas(found).some(line => line.includes("has to be made"))];
  };
  expect(of('productversion="7.2"', "/volume1/photo\0")).toEqual(["/Backup/pve", true]);
  expect(of('productversion="7.2"', "/volume1/my-backup\0")).toEqual(["/my-backup/pve", false]);
  expect(of(undefined, "")).toEqual(["/volume1/Backup/pve", false]);
});

test("it is called otherwise than its host, and its key is asked for at its own port", () => {
  expect(["pve", "nas"].map(destinationName)).toEqual(["nas", "nas-2"]);
  const room = "/dev/sda 9000000 1 9000000 1% /volume1";
  const found = nasIn({ ...says, room }, { ...way, port: 2222 }, undefined);
  const text = typeScriptOf({ it: found && destinationPart(found, "nas-2") });
  expect(text).toMatch(/explain destinations\.nas-2\.receives; .* ssh-keyscan -p 2222 -t ed25519 nas, /);
});
