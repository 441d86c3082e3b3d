import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { Fragment } from "./alertmanager";

const object = z.record(z.string(), z.unknown());
const fragmentSchema = z.strictObject({
  route: object.optional(),
  receivers: z.array(object),
  inhibitRules: z.array(object),
  timeIntervals: z.array(object),
});
const kept = z.record(z.string(), z.strictObject({ text: z.string(), fragment: fragmentSchema }));

/** What a round needs to know of earlier ones. */
export interface Memory {
  /** Inputs that were refused, by object: they aren't checked again each second. */
  readonly refused: Map<string, { text: string; reason: string }>;
  /** What an AlertmanagerConfig last gave, by its uid: it stays in use while a newer version of it is refused. */
  fragmentOf(uid: string): Fragment | undefined;
  textOf(uid: string): string | undefined;
  accept(uid: string, text: string, fragment: Fragment): void;
  /** Forgets objects that are no more. */
  keepOnly(uids: ReadonlySet<string>): void;
}

/** @param file keeps what was accepted over a restart; mode 0600, for it holds the addresses of webhooks */
export function openMemory(file: string): Memory {
  const accepted = existsSync(file) ? kept.parse(JSON.parse(readFileSync(file, "utf8"))) : {};
  const save = (): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.part`, JSON.stringify(accepted), { mode: 0o600 });
    renameSync(`${file}.part`, file);
  };
  return {
    refused: new Map(),
    fragmentOf: uid => accepted[uid]?.fragment as Fragment | undefined,
    textOf: uid => accepted[uid]?.text,
    accept(uid, text, fragment) {
      accepted[uid] = kept.valueType.parse({ text, fragment });
      save();
    },
    keepOnly(uids) {
      const gone = Object.keys(accepted).filter(uid => !uids.has(uid));
      for (const uid of gone) delete accepted[uid];
      if (gone.length > 0) save();
    },
  };
}
