import { delimiter, dirname, relative } from "node:path";

interface Caller {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of the program that was started. */
  readonly program: string;
  readonly folder: string;
}

interface Pages {
  /** Where they lie, seen from the reader's folder. */
  readonly docs: string;
  /** Whether there is one, by its path below that. */
  readonly isPage: (page: string) => boolean;
}

/** How the command was called, for what is to be typed next. */
export function called({ env, program, folder }: Caller): string {
  const isScript = /\/cli\/(holdfast|bin)\.mjs$/.test(program);
  // A test, or a program of somebody's own.
  if (!isScript && !program.endsWith("/holdfast")) return "holdfast";
  if (env["npm_lifecycle_event"] === "holdfast") return "npm run holdfast --";
  if (env["npm_lifecycle_event"] === "npx") return "npx holdfast";
  if (!isScript && env["PATH"]?.split(delimiter).includes(dirname(program))) return "holdfast";
  const below = relative(folder, program);
  const path = below.startsWith("..") ? program : below;
  // It stands also in JSON and in a shell's words: what would need quotes there is left to the reader.
  if (!/^[\w./@+-]+$/.test(path)) return "holdfast";
  return isScript ? `node ${path}` : path;
}

/**
 * A page is one that there is, behind a word that leads to it: what follows a flag or a command is a file of whoever asks.
 * @param commands names of all
 * @returns the text with each command of ours in it as its reader would have to type it, and each page where it finds it
 */
export function asCalled(
  text: string,
  commands: readonly string[],
  by: string,
  { docs, isPage }: Pages,
): string {
  const typed = new RegExp(`(?<![\\w./-]|npx |run )holdfast (?=(?:${commands.join("|")})\\b)`, "g");
  return text
    .replace(typed, () => `${by} `)
    .replace(
      /(?<=\(|: |\b(?:in|of|with) )docs\/((?:[\w-]+\/)*(?:[\w-]+|<code>)\.md|[\w.-]+\.json)\b/g,
      (said, page: string) => (page === "checks/<code>.md" || isPage(page) ? `${docs}/${page}` : said),
    );
}
