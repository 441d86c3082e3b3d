import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refuseExisting, writeNew } from "./new-file";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "holdfast-new-file-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const asked = (name: string) => ({ flag: "--out", path: join(folder, name), bytes: Buffer.from(name) });

test("what a cut run left is named, with what removes it, and stays as it is", () => {
  writeFileSync(join(folder, "set.part"), "half");
  expect(() => refuseExisting(asked("set"))).toThrow(`shred -u ${folder}/set.part`);
  expect(() => writeNew([asked("set")])).toThrow("EEXIST");
  expect(readFileSync(join(folder, "set.part"), "utf8")).toBe("half");
});

test("a link that leads nowhere is somebody's too", () => {
  symlinkSync("nowhere", join(folder, "set"));
  expect(() => refuseExisting(asked("set"))).toThrow("is there already");
});

test("of two files, none is left where one can't be written", () => {
  expect(() => writeNew([asked("set"), asked("nowhere/sheet")])).toThrow("nowhere/sheet");
  expect(readdirSync(folder)).toEqual([]);
  writeNew([asked("set"), asked("sheet")]);
  expect(readdirSync(folder)).toEqual(["set", "sheet"]);
  expect(readFileSync(join(folder, "sheet"), "utf8")).toBe("sheet");
});
