import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { asRunnerError } from "./entry";
import { rsync } from "./rsync";

test.each([false, true])(
  "a host without rsync is told so, and what brings it (one that dies with its runner: %s)",
  async diesWithRunner => {
    const bin = mkdtempSync(join(tmpdir(), "holdfast-no-rsync-"));
    const setpriv = execFileSync("sh", ["-c", "command -v setpriv"], { encoding: "utf8" }).trim();
    symlinkSync(setpriv, join(bin, "setpriv"));
    const told = await rsync(
      ["--version"],
      { timeoutMs: 60_000, env: { PATH: bin }, diesWithRunner },
      () => undefined,
    ).then(
      ({ result }) => result.stderr,
      (fault: unknown) => asRunnerError(fault, "offsite-sync-backup"),
    );
    rmSync(bin, { recursive: true });
    expect(told).toMatchObject({
      failed: `rsync isn't installed on ${hostname()}`,
      next: "apt-get install rsync",
    });
  },
);

test("a folder that isn't there is told as that, and not as a host without rsync", async () => {
  const cwd = join(tmpdir(), "holdfast-no-such-folder");
  const told = await rsync(["--version"], { timeoutMs: 60_000, cwd }, () => undefined).catch(
    (fault: unknown) => asRunnerError(fault, "offsite-sync-backup"),
  );
  expect(told).toMatchObject({ failed: `"${cwd}" isn't there`, next: `ls -ld ${cwd}` });
});
