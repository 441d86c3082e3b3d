import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "./log";
import { goWay } from "./ways";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ways-"));
  jest.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const log = createLog("copy", { json: false, progress: false });
const configIn = (folder: string) => ({
  ...{ job: "copy", host: "pve", budgetMs: 1000, stateDir: folder, textfile: join(folder, "copy.prom") },
  pushgateway: { url: "http://127.0.0.1:1", timeoutMs: 1000, attempts: 1 },
});

test("who is neither root nor the account that makes copies brings none back, and is told so before anything is tried", async () => {
  const stranger = (process.getuid?.() ?? 0) + 1000;
  jest.spyOn(process, "getuid").mockReturnValue(stranger);
  const run = jest.fn();
  const asked = {
    verb: "restore",
    request: { what: [], dryRun: false, switches: new Set<string>() },
  } as const;
  const way = { ...{ usage: "", does: "" }, run };
  const ways = { list: way, verify: way, restore: { ...way, words: [0, 1] as const } };
  await expect(goWay(ways, asked, { config: configIn(folder), log, json: false })).rejects.toMatchObject({
    ...{ exitCode: 3, failed: `user ${stranger} can't reach copies, expected root` },
    next: "sudo copy restore",
  });
  expect(run).not.toHaveBeenCalled();
});

test("a look at copies that is stopped is to be asked for again: what starts the job makes other copies", async () => {
  const config = configIn(folder);
  const way = {
    ...{ usage: "", does: "" },
    run: (_: object, { stop }: { stop: { request(reason: { kind: "signal"; name: "SIGTERM" }): void } }) => {
      stop.request({ kind: "signal", name: "SIGTERM" });
      return Promise.resolve({ text: "", result: {} });
    },
  };
  const asked = { verb: "verify", request: {} } as const;
  await expect(goWay({ list: way, verify: way }, asked, { config, log, json: false })).rejects.toMatchObject({
    ...{ exitCode: 143, next: "the same command again" },
  });
  // Into a folder that has some of it by now, it would be refused.
  const request = { what: [], into: "/root/restored", dryRun: true, switches: new Set<string>() };
  const restore = {
    ...{ usage: "", does: "", words: [0, 1] as const },
    run: (asked: object, context: Parameters<typeof way.run>[1]) =>
      way.run(asked, context).then(() => Promise.reject(new Error("cut"))),
  };
  await expect(
    goWay({ list: way, restore }, { verb: "restore", request }, { config, log, json: false }),
  ).rejects.toMatchObject({ next: "the same command again, with a new folder behind --into" });
});
