import { accessSync, constants, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";

/** The file that a shell would start for a program, wherever it is started from later. @param path as in PATH */
export function onPath(program: string, path = ""): string | undefined {
  for (const folder of path.split(delimiter)) {
    const file = resolve(folder, program);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      continue;
    }
  }
  return undefined;
}
