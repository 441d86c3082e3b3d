import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whyHostsCannotBoot, type BootMachine } from "./requirements";

const folder = mkdtempSync(join(tmpdir(), "holdfast-requirements-"));
const programs = [
  "apt-get",
  "dpkg-deb",
  "ip",
  "mke2fs",
  "nsenter",
  "perl",
  "ssh",
  "ssh-keygen",
  "tar",
  "taskset",
  "unshare",
];
const able: BootMachine = {
  ...{ platform: "linux", arch: "x64", isRoot: true },
  ...{ path: [folder], tun: join(folder, "tun") },
};

beforeEach(() => {
  for (const name of [...programs, "tun"]) {
    writeFileSync(join(folder, name), "");
    chmodSync(join(folder, name), 0o755);
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

test("has nothing against a machine with all of it", () => {
  expect(whyHostsCannotBoot(able)).toBeUndefined();
});

test.each([
  ["another architecture", { arch: "arm64" }, "this machine is linux arm64"],
  ["no network device", { tun: join(folder, "absent") }, "sudo modprobe tun"],
  ["no root and no way to be one in a namespace", { isRoot: false }, "sudo apt-get install uidmap."],
])("says what is wrong with %s, and what runs all the same", (_, change, words) => {
  const reason = whyHostsCannotBoot({ ...able, ...change });
  expect(reason).toContain(words);
  expect(reason).toContain("npm run check");
});

test("names all missing programs at once, and the packages that have them", () => {
  for (const name of ["ssh", "ssh-keygen", "mke2fs"]) rmSync(join(folder, name));
  expect(whyHostsCannotBoot(able)).toContain(
    "mke2fs, ssh, ssh-keygen can't be found. Next: sudo apt-get install e2fsprogs openssh-client.",
  );
});
