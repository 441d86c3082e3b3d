import { z } from "zod";
import { entryName, image, labels, reason } from "../../../estate/fields";
import { backByName, type Engine, integrity } from "./engine";

const noDatabase = entryName
  .refine(
    text => !/[*?]/.test(text),
    'is no pattern here: what is left out is called letter by letter. Expected one entry of the volume, e.g. "icon_cache"',
  )
  .refine(
    text => !/\.(db3?|sqlite3?)(-(wal|shm|journal))?$/i.test(text),
    'is a database by its name, which this dump is there for. Expected what can be had again, e.g. "icon_cache"',
  );

/** What has no server: an application's SQLite databases, and the files that belong to them. */
export const sqlite = {
  spec: z.strictObject({
    engine: z.literal("sqlite").describe("Whose client makes it"),
    image: image.describe("Image with sqlite3 (3.37 or later), tar and a shell"),
    owner: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .describe(
        'Number of the account that the files belong to, which reads them: ls -ln. With 0 the pod fits "baseline" and not "restricted"',
      ),
    usedBy: labels.describe("Labels of the pods that have the volume: the dump runs on their node"),
    excludes: z
      .array(z.strictObject({ name: noDatabase.describe("Entry of the volume, letter by letter"), reason }))
      .default([])
      .describe("Entries of the volume that aren't the application's data, such as a cache"),
    ...integrity,
  }),
  scripts: "sqlite",
  script: () => "files",
  // Copies of its databases, and what is read back.
  scratch: true,
  wayBack: {
    changes:
      "its databases and files are as its newest good dump has them; what was there is in the volume under another name. What uses them is scaled to 0 before, or it is refused",
    undo: backByName,
  },
} satisfies Engine;
