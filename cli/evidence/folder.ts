import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errorText } from "../../plan/estate/plain";
import { BadInput } from "../bad-input";
import { refuseExisting, writeNew } from "../new-file";
import { jsonOf } from "../json";
import { type Dossier, type EarlierDossier, earlierDossier } from "./dossier";
import { pageOf } from "./page";

const earlierName = /^evidence-\d{8}T\d{6}Z\.json$/;

/** Dossiers of other days that lie in a folder, by their files' names. @throws {BadInput} for one that can't be read: what it would tell is missing */
export function earlierIn(folder: string): ReadonlyMap<string, EarlierDossier> {
  const found = new Map<string, EarlierDossier>();
  for (const name of namesIn(folder).filter(each => earlierName.test(each))) {
    const parsed = earlierDossier.safeParse(jsonOf(textIn(join(folder, name))));
    if (!parsed.success)
      throw new BadInput(
        `--to: "${join(folder, name)}" isn't what this command has written: it was changed, or cut. Nothing was written. Next: bring it back from where the folder is kept, or move it away; what it would hold the records to isn't looked at then`,
      );
    found.set(name, parsed.data);
  }
  return found;
}

function textIn(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new BadInput(`--to: "${path}" can't be read: ${errorText(error)}. Nothing was written.`);
  }
}

function namesIn(folder: string): string[] {
  try {
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  } catch (error) {
    throw new BadInput(`--to: "${folder}" can't be read: ${errorText(error)}.`);
  }
}

/** Writes it as a page and for a program, beside the earlier ones. @returns both files @throws {BadInput} where it can't */
export function writeDossier(folder: string, dossier: Dossier): string[] {
  const name = `evidence-${dossier.made.replace(/[-:]|\.\d+/g, "")}`;
  const files = [
    { flag: "--to", path: join(folder, `${name}.json`), text: `${JSON.stringify(dossier, undefined, 1)}\n` },
    { flag: "--to", path: join(folder, `${name}.html`), text: pageOf(dossier) },
  ];
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new BadInput(`--to: "${folder}" can't be made: ${errorText(error)}.`);
  }
  for (const file of files) refuseExisting(file);
  writeNew(files.map(({ text, ...file }) => ({ ...file, bytes: Buffer.from(text) })));
  return files.map(({ path }) => path);
}
