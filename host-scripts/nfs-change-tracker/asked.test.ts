import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
}, 20_000);
