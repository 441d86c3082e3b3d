import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askedFile } from "../runtime/journal-watched";
import { Asked } from "./asked";

const folder = mkdtempSync(join(tmpdir(), "holdfast-asked-"));
const journal = join(folder, "journal");
const asked = new Asked([journal]);

afterAll(() => {
  asked.close();
  rmSync(folder, { recursive: true });
});

test("a journal that another folder was put in the place of is heard again once there was a proof", async () => {
  writeFileSync(join(journal, askedFile), "");
  await asked.next();
  asked.answer();
  renameSync(journal, `${journal}.earlier`);
  mkdirSync(journal);
  asked.answer();
  writeFileSync(join(journal, askedFile), "");
  await asked.next();
});

test("so is one that was removed, whose number most file systems give to the next", async () => {
  asked.answer();
  const before = identity();
  // Births are told by the tick: two within one are the same folder to whoever asks.
  do {
    rmSync(journal, { recursive: true });
    mkdirSync(journal);
  } while (identity() === before);
  // What a reader had asked with goes with it, which is heard too.
  await asked.next();
  asked.answer();
  writeFileSync(join(journal, askedFile), "");
  await asked.next();
});

function identity(): string {
  const { ino, birthtimeNs } = statSync(journal, { bigint: true });
  return `${ino} ${birthtimeNs}`;
}
