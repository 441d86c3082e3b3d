import { traitsOf } from "../../plan/contracts/dump-forms";
import type { Manifest } from "../../plan/contracts/dump-manifest";
import { namesThere } from "./names";
import type { RestoreClient } from "./restore-client";

type Tables = Readonly<Record<string, number>>;

/** What MariaDB writes into its own tables by itself. */
const ownTables = /^`mysql`\.`(?:innodb_(?:table|index)_stats|gtid_slave_pos|general_log|slow_log)`$/;

/**
 * Compares what a restore has made with the rows that its dump has.
 * @param as what the database is called there, its bytes in latin1
 * @returns what differs
 */
export async function differenceFrom(
  { database, form, tables }: Manifest,
  as: string,
  client: RestoreClient,
): Promise<string | undefined> {
  const { text } = traitsOf(form);
  switch (text) {
    case "counts":
    case "postgresql":
      return differenceOf(tables, await countsOf(client, as));
    case "postgresql-cluster": {
      const expected = Object.keys(tables);
      const found: Record<string, number> = {};
      for (const name of await namesThere(client)) {
        // What the dump says nothing of may be large, or let nobody connect.
        const said = connected(name).filter(each => expected.some(table => table.startsWith(`${each} `)));
        if (said.length === 0) continue;
        for (const [table, rows] of Object.entries(await countsOf(client, name)))
          for (const each of said) found[`${each} ${table}`] = rows;
      }
      return differenceOf(tables, found);
    }
    case "mariadb": {
      const names = database === "" ? [...(await namesThere(client)), "mysql"] : [as];
      const found: Record<string, number> = {};
      for (const name of names) Object.assign(found, await countsOf(client, name));
      const expected = Object.entries(tables)
        .filter(([table]) => !ownTables.test(table))
        .map(([table, rows]) => [
          as === database ? table : table.replace(backticked(database), () => backticked(as)),
          rows,
        ]);
      return differenceOf(Object.fromEntries(expected) as Tables, found);
    }
    default:
      return text satisfies never;
  }
}

async function countsOf(client: RestoreClient, name: string): Promise<Tables> {
  const lines = await client.lines("count", { name });
  return Object.fromEntries(
    lines.map(line => {
      const tab = line.indexOf("\t");
      return [Buffer.from(line.slice(tab + 1), "latin1").toString("utf8"), Number(line.slice(0, tab))];
    }),
  );
}

/** How pg_dumpall may write that it goes on in a database. */
function connected(name: string): string[] {
  const text = Buffer.from(name, "latin1").toString("utf8");
  const conninfo = `dbname='${text.replaceAll(/[\\']/g, "\\$&")}'`;
  return [text, `"${text}"`, `"${conninfo.replaceAll('"', '""')}"`];
}

function backticked(name: string): string {
  return `\`${Buffer.from(name, "latin1").toString("utf8").replaceAll("`", "``")}\``;
}

const shown = 3;

/** @returns what differs; undefined where all that is expected was found */
export function differenceOf(expected: Tables, found: Tables): string | undefined {
  const other = Object.entries(expected).filter(([table, rows]) => (found[table] ?? 0) !== rows);
  if (other.length === 0) return undefined;
  const some = other
    .slice(0, shown)
    .map(([table, rows]) => `${table} has ${found[table] ?? 0} of ${rows} rows`);
  return `${some.join(", ")}${other.length > shown ? `, and ${other.length - shown} more tables differ` : ""}`;
}
