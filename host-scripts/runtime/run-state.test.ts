import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, RunState } from "./run-state";

describe("what a run notes of its phases", () => {
  const folder = mkdtempSync(join(tmpdir(), "run-state-"));
  const file = join(folder, "running.json");
  const startedAt = new Date("2026-05-04T03:02:01Z");
  const state = new RunState(folder);
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is whole after each, a shorter name after a longer one too, and takes no other file's place", () => {
    const files = new Set<number>();
    for (const phase of ["lock", "acknowledge", "scan", "remember the config", "note"]) {
      state.enter(phase, startedAt, "abc");
      files.add(statSync(file).ino);
      const record = new RunState(folder).readRunning();
      expect(record).toMatchObject({ phase, startedAt: startedAt.toISOString(), invocation: "abc" });
      expect(record && isAlive(record)).toBe(true);
    }
    expect(files.size).toBe(1);
  });

  it("is there again when somebody has removed it meanwhile", () => {
    rmSync(file);
    state.enter("copy", startedAt, "abc");
    expect(new RunState(folder).readRunning()).toMatchObject({ phase: "copy" });
  });

  it("takes the place of what an earlier run has left", () => {
    const next = new RunState(folder);
    next.enter("verify", startedAt, "def");
    expect(new RunState(folder).readRunning()).toMatchObject({ phase: "verify", invocation: "def" });
    next.end({ endedAt: startedAt.toISOString(), invocation: "def", status: 0, pushed: true }, true);
    expect(new RunState(folder).readRunning()).toBeUndefined();
  });
});
