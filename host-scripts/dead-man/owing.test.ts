import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { owing } from "./owing";

const hourMs = 3_600_000;
const nowMs = Date.UTC(2026, 4, 26, 12);
const folder = mkdtempSync(join(tmpdir(), "dead-man-"));
const textfile = join(folder, "dump.prom");
afterAll(() => rmSync(folder, { recursive: true }));

/** @param text what its runs left */
function owed(text: string, sinceMs: number): string[] {
  writeFileSync(textfile, text);
  const metrics = { textfile, status: "dump_last_status", lastSuccess: "dump_last_success_timestamp" };
  return owing([{ name: "dump", ...metrics, staleAfterMs: 26 * hourMs }], sinceMs, nowMs);
}

const success = (hoursAgo: number): string =>
  `dump_last_success_timestamp ${(nowMs - hoursAgo * hourMs) / 1000}\n`;

test.each([
  [
    "a run that failed",
    `dump_last_status 3\n${success(2)}`,
    "dump failed (3), and last succeeded at 2026-05-26T10:00:00.000Z",
  ],
  [
    "a success that is too old",
    `dump_last_status 0\n${success(27)}`,
    "dump last succeeded at 2026-05-25T09:00:00.000Z, and may be silent for 1560 min",
  ],
  [
    "one that hasn't come yet",
    `dump_last_status 0\n${success(-2)}`,
    "dump last succeeded at 2026-05-26T14:00:00.000Z, which hasn't come yet",
  ],
  ["none since the release", "", "dump has never succeeded, and may be silent for 1560 min"],
])("%s is owed", (_, text, line) => expect(owed(text, nowMs - 48 * hourMs)).toEqual([line]));

test("a success that is young enough, and none yet of a young release, owe nothing", () => {
  expect(owed(`dump_last_status 0\n${success(25)}`, nowMs - 48 * hourMs)).toEqual([]);
  expect(owed("", nowMs - hourMs)).toEqual([]);
});
