import { existsSync, readFileSync } from "node:fs";

const page = readFileSync("docs/failure-classes.md", "utf8");
const rows = page.split("\n").filter(line => line.startsWith("|") && !/^\| (guard |-)/.test(line));

test("each guard is listed once, and each table has one head", () => {
  const guards = rows.map(row => row.split("|")[1]?.trim());
  expect(guards.filter((guard, index) => guards.indexOf(guard) < index)).toEqual([]);
  const sections = page.split("\n## ").slice(1);
  expect(sections.filter(section => section.split("\n| guard ").length !== 2)).toEqual([]);
});

test("each file and folder that guards something, or tests that, is there", () => {
  const paths = rows.flatMap(row =>
    [...row.matchAll(/`([a-z][\w.-]*\/[\w./{},-]+)`/g)].flatMap(([, path = ""]) => eachOf(path)),
  );
  expect(paths.length).toBeGreaterThan(rows.length);
  expect(paths.filter(path => !existsSync(path))).toEqual([]);
});

/** `a/{b,c}.ts` stands for two. */
function eachOf(path: string): string[] {
  const [, before, names, after] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(path) ?? [];
  return names === undefined ? [path] : names.split(",").map(name => `${before}${name}${after}`);
}
