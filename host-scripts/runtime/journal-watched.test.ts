import { mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askedFile, askWatched, forgetWatched, noteWatched } from "./journal-watched";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-watched-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a word from before the clock went back is no answer to who asks now", async () => {
  noteWatched(folder, Date.now() + 60_000);
  let hasAnswered = false;
  const watcher = watch(folder, (_, name) => {
    if (name !== askedFile || hasAnswered) return;
    hasAnswered = true;
    noteWatched(folder, Date.now());
  });
  try {
    expect(await askWatched(folder, new AbortController().signal)).toBeUndefined();
  } finally {
    watcher.close();
  }
  expect(hasAnswered).toBe(true);
});

describe("who asks one that is gone isn't kept waiting", () => {
  const throughMs = Date.now() - 1_000;
  const since = `since ${new Date(throughMs).toISOString()}`;

  test("when it ends meanwhile", async () => {
    noteWatched(folder, throughMs);
    const watcher = watch(folder, (_, name) => {
      if (name === askedFile) forgetWatched(folder);
    });
    try {
      expect(await askWatched(folder, new AbortController().signal)).toBe(since);
    } finally {
      watcher.close();
    }
  });

  test("when it was killed, and another process has its number by now", async () => {
    noteWatched(folder, throughMs);
    const [file, own] = [join(folder, "watched"), `"pid":${process.pid},"startTicks":"`];
    writeFileSync(file, readFileSync(file, "utf8").replace(own, `${own}1`));
    expect(await askWatched(folder, new AbortController().signal)).toBe(since);
  });
});
