import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Variable for programs of Node by which their clock begins at an instant; file systems go on telling the real time.
 * @param folder in which what does that is written
 */
export function clockFrom(folder: string, at: string): { NODE_OPTIONS: string } {
  const file = join(folder, `clock-${at}.cjs`);
  writeFileSync(
    file,
    `const Real = Date, ahead = ${Date.parse(at)} - Real.now();
globalThis.Date = class Date extends Real {
  constructor(...given) { if (given.length === 0) super(Real.now() + ahead); else super(...given); }
  static now() { return Real.now() + ahead; }
};
`,
  );
  return { NODE_OPTIONS: `--require ${file}` };
}
