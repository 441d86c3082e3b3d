import { gunzipSync, gzipSync } from "node:zlib";
import { packTar, unpackTar } from "modern-tar";
import { z } from "zod";
import { jsonOf } from "../json";
import { type SetFile, sha256Of, textFile } from "./files";

const manifestPath = "manifest.json";

const manifest = z.object({
  format: z.literal(1),
  /** When the set was made, ISO 8601. */
  madeAt: z.iso.datetime(),
  /** Version of Holdfast that made it. */
  holdfast: z.string(),
  /** SHA-256 of each other file, by its path. */
  files: z.record(z.string(), z.string()),
});

/** What a set is made of. */
export interface BreakGlassSet {
  readonly madeMs: number;
  readonly holdfast: string;
  readonly files: readonly SetFile[];
}

/** A set as a tar archive, compressed by gzip: what `tar xzf` unpacks, files that their owner alone reads. */
export async function packed({ madeMs, holdfast, files }: BreakGlassSet): Promise<Uint8Array> {
  const told: z.output<typeof manifest> = {
    ...{ format: 1, madeAt: new Date(madeMs).toISOString(), holdfast },
    files: Object.fromEntries(files.map(({ path, bytes }) => [path, sha256Of(bytes)])),
  };
  const all = [textFile(manifestPath, `${JSON.stringify(told, undefined, 2)}\n`), ...files];
  const archive = await packTar(
    all.map(({ path, bytes, isProgram = false }) => ({
      header: {
        name: path,
        size: bytes.length,
        mode: isProgram ? 0o700 : 0o600,
        mtime: new Date(madeMs),
        type: "file",
      },
      body: bytes,
    })),
  );
  return gzipSync(archive);
}

/** The set in an archive; what is wrong with it where it isn't whole. */
export async function unpacked(archive: Uint8Array): Promise<BreakGlassSet | { readonly fault: string }> {
  const files: SetFile[] = [];
  try {
    for (const { header, data } of await unpackTar(gunzipSync(archive)))
      if (data) files.push({ path: header.name, bytes: data });
  } catch (error) {
    return { fault: `is no set: ${error instanceof Error ? error.message : String(error)}` };
  }
  const told = manifest.safeParse(
    jsonOf(Buffer.from(files.find(({ path }) => path === manifestPath)?.bytes ?? []).toString()),
  );
  if (!told.success) return { fault: `has no ${manifestPath} that says what is in it` };
  const { madeAt, holdfast, files: hashes } = told.data;
  const own = files.filter(({ path }) => path !== manifestPath);
  const found = new Map(own.map(({ path, bytes }) => [path, sha256Of(bytes)]));
  const wrong = [
    ...Object.keys(hashes).filter(path => found.get(path) !== hashes[path]),
    ...own.map(({ path }) => path).filter(path => !Object.hasOwn(hashes, path)),
  ];
  if (wrong.length > 0) return { fault: `isn't what was written: ${wrong.join(", ")}` };
  return { madeMs: Date.parse(madeAt), holdfast, files: own };
}
