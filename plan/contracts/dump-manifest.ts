import { z } from "zod";
import { type DumpForm, isDumpForm } from "./dump-forms";

/** What is known of a dump: a file beside it, of the same name with ".json". Sizes in bytes. */
export const manifest = z.strictObject({
  job: z.string(),
  /** Name of the database, its bytes in latin1; empty for what the whole server has. */
  database: z.string(),
  form: z.custom<DumpForm>(form => typeof form === "string" && isDumpForm(form)),
  /** Name of the file with the dump. */
  file: z.string(),
  /** When it began, which is what it holds the state of; ISO 8601, UTC. */
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  /** Of the file. */
  bytes: z.int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** What the client wrote. */
  contentBytes: z.int(),
  /** e.g. "PostgreSQL 15.18" */
  server: z.string(),
  /** Rows of each table. */
  tables: z.record(z.string(), z.int()),
  /** Whole, and so much smaller or larger than the one before that somebody has to look at it: no good dump yet. */
  held: z.literal(true).optional(),
  /** What a restore took the place of: it is no night's dump, and a restore takes it only where it is asked for by its time. */
  former: z.literal(true).optional(),
});
export type Manifest = z.infer<typeof manifest>;
