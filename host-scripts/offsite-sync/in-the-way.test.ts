import type { RsyncPass } from "../runtime/rsync";
import { overFolders } from "./in-the-way";
import type { Offsite } from "./offsite";
import type { Transfer } from "./transfer";

const pass = (outcome: RsyncPass["outcome"], lacked: Readonly<Record<string, string>>): RsyncPass => ({
  ...{ outcome, entries: 40, totalBytes: 400, bytes: 4, wireBytes: 5, created: 0, files: 3, createdFiles: 0 },
  result: { ended: "exited", exitCode: 23, signal: undefined, stdout: "", stderr: "" },
  lacked: {
    entries: Object.entries(lacked).map(([name, reason]) => ({ path: Buffer.from(name), reason })),
    unnamed: [],
  },
});

const blocked = "could not make way for new regular file: …";
const denied = "rsync: send_files failed to open …: Permission denied (13)";

test.each([
  ["went while it was sent", "vanished", {}],
  ["can't be read now", "partial", { one: denied }],
] as const)("what isn't answered is lacked still, though what was %s", async (_, outcome, lacked) => {
  const run = { inTheWay: new Set(), accepted: new Set(["/backup/one"]) } as unknown as Offsite;
  const first = pass("partial", { one: blocked, two: blocked, three: denied });
  const found = await overFolders(run, { from: "/backup" } as Transfer, first, () =>
    Promise.resolve(pass(outcome, lacked)),
  );
  expect(found).toEqual({
    ...pass("partial", { two: blocked, three: denied, ...lacked }),
    ...{ bytes: 8, wireBytes: 10 },
  });
});
