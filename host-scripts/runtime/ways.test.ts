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

test("a look at copies that is stopped is to be asked for again: what starts the job makes other copies", async () => {
  const log = createLog("copy", { json: false, progress: false });
  const config = {
    ...{ job: "copy", host: "pve", budgetMs: 1000, stateDir: folder, textfile: join(folder, "copy.prom") },
    pushgateway: { url: "http://127.0.0.1:1", timeoutMs: 1000, attempts: 1 },
  };
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
});
