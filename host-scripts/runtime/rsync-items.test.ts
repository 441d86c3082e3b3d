import { longestLine } from "./lines";
import { parseItem, rsyncReport, type RsyncItem } from "./rsync-items";

test.each([
  ["|>f+++++++++|12|a/b c", "created", "a/b c", 12],
  ["|>f.st......|7|a", "changed", "a", 7],
  ["|.f...p.....|7|a", "changed", "a", 0],
  ["|hf+++++++++|9|two", "created", "two", 0],
  ["|cd+++++++++|4096|dir/", "created", "dir", 0],
  ["|*deleting  |0|old/", "deleted", "old", 0],
  ["|.d..t......|4096|./", "changed", ".", 0],
  ["|>f+++++++++|1|pipe|in|name", "created", "pipe|in|name", 1],
  ["|>f+++++++++|1|line\\#012break", "created", "line\nbreak", 1],
  ["|>f+++++++++|1|bad\\#377\\#376", "created", "bad\xff\xfe", 1],
  // The name itself holds "\#012": rsync escapes its backslash.
  ["|>f+++++++++|1|hash\\#134#012", "created", "hash\\#012", 1],
])("reads %s", (line, kind, path, bytes) => {
  const item = parseItem(line);
  expect(item).toMatchObject({ kind, bytes });
  expect(item?.path.toString("latin1")).toBe(path);
});

test.each(["cannot delete non-empty directory: x", "Number of files: 3", "", "|>f|1|short"])(
  "takes %j for no entry",
  line => expect(parseItem(line)).toBeUndefined(),
);

test("reads a report that is cut at any byte", () => {
  const text =
    "|>f+++++++++|5|a\\#012\n|*deleting  |0|b\n\nNumber of files: 4 (reg: 3, dir: 1)\nNumber of created files: 1 (reg: 1)\nTotal file size: 9 bytes\nTotal transferred file size: 5 bytes\n";
  for (let cut = 0; cut <= text.length; cut += 1) {
    const items: RsyncItem[] = [];
    const report = rsyncReport(item => items.push(item));
    report.add(Buffer.from(text.slice(0, cut)));
    report.add(Buffer.from(text.slice(cut)));
    expect(items.map(item => item.path.toString())).toEqual(["a\n", "b"]);
    expect(report.stats()).toEqual({
      ...{ entries: 4, files: 3, created: 1, createdFiles: 1, bytes: 5, totalBytes: 9, wireBytes: 0 },
    });
  }
});

test("of a line that the far side sends without end, no more is kept than the beginning", () => {
  const texts: string[] = [];
  const report = rsyncReport(
    () => undefined,
    line => texts.push(line),
  );
  const piece = Buffer.alloc(longestLine, "a");
  for (let count = 0; count < 12; count += 1) report.add(piece);
  report.add(Buffer.from("\nNumber of files: 3 (reg: 3)\n"));
  expect(texts.map(({ length }) => length)).toEqual([longestLine, 27]);
  expect(report.stats().entries).toBe(3);
});
