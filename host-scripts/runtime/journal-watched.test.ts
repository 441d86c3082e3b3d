import { mkdtempSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askedFile, askWatched, noteWatched } from "./journal-watched";

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
