import type { RsyncPass } from "../runtime/rsync";
import { type Asking, failureOf } from "./remote";

const destination = { name: "nas", address: "nas.example", port: 22, user: "holdfast" };
const asking = { config: { job: "offsite-sync-backup", destination } } as unknown as Asking;
const ended = (exitCode: number, stderr: string) =>
  ({ result: { ended: "exited", exitCode, signal: undefined, stdout: "", stderr } }) as unknown as RsyncPass;

test.each([
  [
    11,
    'rsync: [receiver] write failed on "a" (in holdfast): Disk quota exceeded (122)',
    /^nas has no quota left for \/backup: .*quota/,
  ],
  // The receiver's words are lost where it ends before they are read.
  [11, "", /^nas could not write \/backup, and why was lost with its end \(rsync: 11\)/],
])("rsync's %i with %j leads to a look at the room there, and not at the line", (code, said, text) => {
  const { failed, next } = failureOf(asking, "/backup", ended(code, said), "");
  expect(failed).toMatch(text);
  expect(next).toContain("df -h");
});
