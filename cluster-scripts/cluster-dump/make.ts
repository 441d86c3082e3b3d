import { join } from "node:path";
import { traitsOf } from "../../plan/contracts/dump-forms";
import type { Manifest } from "../../plan/contracts/dump-manifest";
import { differenceFrom } from "./compare";
import type { Dump } from "./manifest";
import { namesThere, otherName, otherNames } from "./names";
import { renamedText } from "./renamed-text";
import type { RestoreClient } from "./restore-client";
import type { Restoring } from "./restoring";
import { contentOf } from "./take";

/** What a restore of one dump does to its server. */
export interface Change {
  /** What the dump's database is called then; bytes in latin1. */
  readonly as: string;
  /** Databases that it takes the place of. */
  readonly touched: readonly string[];
  readonly former: "renamed" | "dumped" | "stays";
}

/** Whether a server has it by itself, under this name alone. */
export function isServersOwn({ database, form }: Manifest): boolean {
  return database === (form === "mariadb-sql" ? "mysql" : form === "postgresql-archive" ? "template1" : "");
}

/** @param there databases of the server */
export function changeOf({ database, form }: Manifest, there: ReadonlySet<string>, beside: boolean): Change {
  const { former } = traitsOf(form);
  if (former === "stays") return { as: database, touched: [], former };
  if (beside && there.has(database)) return { as: otherName(database, "beside", there), touched: [], former };
  const touched = [...there].filter(name => database === "" || name === database);
  // MariaDB's own, which is there always.
  return {
    as: database,
    touched: former === "dumped" && database === "mysql" ? [database] : touched,
    former,
  };
}

/** What databases that it takes the place of are called afterwards, where they stay under another name. */
export function renamedBy({ touched, former }: Change, there: ReadonlySet<string>): Restoring["renamed"] {
  return former === "renamed" ? otherNames(touched, "before", there) : [];
}

/** How the place of what a dump makes is made free. */
interface Freed {
  readonly as: string;
  readonly renamed: Restoring["renamed"];
  readonly dropped: readonly string[];
}

/** Makes what a dump has, and counts it. @throws {Error} that says what isn't as in the dump */
export async function make(
  { folder, manifest }: Dump,
  client: RestoreClient,
  { as, renamed, dropped }: Freed,
): Promise<void> {
  const { database, file, form } = manifest;
  for (const each of renamed) await client.ask("aside", each);
  for (const name of dropped) await client.ask("drop", { name });
  const content = contentOf(join(folder, file), form);
  const isText = traitsOf(form).former === "dumped" && as !== database;
  const input = isText ? renamedText(content, database, as) : content;
  await client.ask("restore", { name: database, other: as, form, input });
  const difference = await differenceFrom(manifest, as, client);
  if (difference !== undefined) throw new Error(`what was made isn't what the dump has: ${difference}`);
}

/** The same in a server that has nothing of anybody's: what a server has by itself gives way. */
export async function makeInEmpty(dump: Dump, client: RestoreClient): Promise<void> {
  const there = await namesThere(client);
  const change = changeOf(dump.manifest, there, false);
  const { as, touched, former } = change;
  await make(dump, client, {
    as,
    renamed: renamedBy(change, there),
    dropped: former === "dumped" ? touched : [],
  });
}
