import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { deadMenOf } from "../../plan/dead-man";
import { exampleEstate } from "../../plan/estate/example";
import { releaseFiles } from "../../plan/layers/release-files.test-support";
import { parseEstate, planOf } from "../../plan";
import { type HostRights, sandboxLines } from "../../plan/systemd-sandbox";

const folder = mkdtempSync(join(tmpdir(), "holdfast-units-"));
afterAll(() => rmSync(folder, { recursive: true }));

const plan = planOf(parseEstate(exampleEstate()));
const services = [
  ...plan.jobs.flatMap(job => releaseFiles(job)),
  ...deadMenOf(plan).flatMap(({ files }) => files),
].filter(({ name }) => name.endsWith(".service"));

/** At most, in tenths, as systemd counts: 100 is a service without any limit, root's own. One that isn't named has `most`. */
const exposures: Readonly<Record<string, number>> = {
  "pfsense-backup.service": 29,
  "vm-images.service": 29,
  // They change logical volumes, and mount them.
  "lvm-pvc-snapshot.service": 34,
  "daily-backup.service": 41,
};
const most = 35;

test("each service is as exposed as it has to be, by systemd's own account", async () => {
  expect(services.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["dead-man.service", ...Object.keys(exposures)]),
  );
  for (const { name, text } of services) {
    const file = join(folder, name);
    writeFileSync(file, text);
    const threshold = `--threshold=${exposures[name] ?? most}`;
    const judged = await execa("systemd-analyze", ["security", "--offline=true", threshold, file], {
      reject: false,
    });
    const overall = /Overall exposure level for .*$/m.exec(judged.stdout)?.[0];
    expect([overall, judged.exitCode]).toEqual([expect.stringContaining(name), 0]);
  }
});

test("systemd knows every line, and says nothing of it", async () => {
  const files = services.map(({ name }) => join(folder, name));
  const { all } = await execa("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", ...files], {
    all: true,
    reject: false,
  });
  expect(all.split("\n").filter(line => line.includes(folder) && !line.includes("not executable"))).toEqual(
    [],
  );
});

const rights: HostRights = { reads: [], writes: [], files: "own", volumes: "none", parses: false };

test("a path with blanks, quotes and percents stays one path", () => {
  const target = '/mnt/my "100%" disk';
  expect(sandboxLines({ ...rights, writes: [target] }, ["/var/lib/holdfast/job"])).toContain(
    String.raw`ReadWritePaths=-/var/lib/holdfast/job "-/mnt/my \"100%%\" disk"`,
  );
});

test("only a run that has strangers' bytes parsed may become another user, and end what runs as one", () => {
  const lines = (parses: boolean): string => sandboxLines({ ...rights, parses }, []).join("\n");
  expect(lines(true)).toMatch(/^CapabilityBoundingSet=.*CAP_SETUID CAP_SETGID CAP_KILL$/m);
  expect(lines(false)).not.toMatch(/CAP_SET[UG]ID|CAP_KILL/);
  // A network of its own is made with CAP_SYS_ADMIN, which nobody gets for that.
  expect(lines(true)).toContain("RestrictNamespaces=yes");
  const withMounts = sandboxLines({ ...rights, volumes: "mounted", parses: true }, []);
  expect(withMounts).toContain("RestrictNamespaces=net");
});

test("what a run reads in /home or /tmp isn't hidden from it", () => {
  const lines = (path: string): string[] => sandboxLines({ ...rights, reads: [path] }, []);
  expect(lines("/home/share")).toContain("ProtectHome=read-only");
  expect(lines("/homes")).toContain("ProtectHome=yes");
  expect(lines("/tmp/share")).not.toContain("PrivateTmp=yes");
  expect(lines("/srv/nfs")).toContain("PrivateTmp=yes");
});
