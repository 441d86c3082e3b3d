import fc from "fast-check";
import { tableText } from "./table";

const lines = (text: string): string[] => text.split("\n");
const look = { terminal: false };

test("a table has no rule between its rows, and without an end of lines none is broken", () => {
  expect(
    lines(
      tableText(
        ["job", "when"],
        [
          ["nfs-mirror", "*-*-* 02:00:00 Europe/Sofia"],
          ["daily", "-"],
        ],
        look,
      ),
    ),
  ).toEqual([
    "┌────────────┬─────────────────────────────┐",
    "│ job        │ when                        │",
    "├────────────┼─────────────────────────────┤",
    "│ nfs-mirror │ *-*-* 02:00:00 Europe/Sofia │",
    "│ daily      │ -                           │",
    "└────────────┴─────────────────────────────┘",
  ]);
});

test("where lines have an end, cells break at blanks, and long words behind what joins them", () => {
  const rows = [["nfs-mirror", "*-*-* 02:00:00 Europe/Sofia", "pve:/mnt/backup/books"]];
  expect(lines(tableText(["job", "when", "where"], rows, { ...look, columns: 40 }))).toEqual([
    "┌────────────┬──────────┬───────────┐",
    "│ job        │ when     │ where     │",
    "├────────────┼──────────┼───────────┤",
    "│ nfs-mirror │ *-*-*    │ pve:/mnt/ │",
    "│            │ 02:00:00 │ backup/   │",
    "│            │ Europe/  │ books     │",
    "│            │ Sofia    │           │",
    "└────────────┴──────────┴───────────┘",
  ]);
});

test("no line is wider than there is room, and no letter is lost", () => {
  const cell = fc.stringMatching(/^[a-zäλ/: -]{0,40}$/);
  const table = fc
    .integer({ min: 1, max: 6 })
    .chain(width =>
      fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 4 }),
    );
  fc.assert(
    fc.property(table, fc.integer({ min: 30, max: 120 }), (rows, columns) => {
      const head = (rows[0] ?? []).map((_, index) => `h${index}`);
      const text = tableText(head, rows, { ...look, columns });
      expect(Math.max(...lines(text).map(line => [...line].length))).toBeLessThanOrEqual(columns);
      const letters = (from: string): string => [...from.replace(/[\s│┌┬┐├┼┤└┴┘─]/g, "")].sort().join("");
      expect(letters(text)).toBe(letters([head, ...rows].flat().join("")));
    }),
  );
});
