import { z } from "zod";
import type { CheckRequest } from "../protocol/provider";
import { type Values, assetKind, plain, plainValues, withSecrets } from "../protocol/values";
import { failuresOf } from "./command";
import { connectionSchema } from "./connection";
import { dial } from "./dial";
import { type Resource, newId } from "./resource";
import { upload } from "./upload";

const sourceSchema = z.object({
  /** Of a file, directory or archive file; relative to the program's folder. */
  path: z.string().optional(),
  text: z.string().optional(),
  hash: z.string().optional(),
});

const schema = z.object({
  connection: connectionSchema,
  remotePath: z.string().min(1),
  source: sourceSchema.refine(source => Boolean(source.path) || source.text !== undefined, {
    message:
      "asset must be a path-based file asset or a text asset, archive must be a path to a file or directory",
  }),
  triggers: z.array(z.unknown()).optional(),
});

/** `command:remote:CopyToRemote`: a file, a text or a directory, copied to a host. What was copied stays when the resource goes. */
export const copyToRemote: Resource = {
  check({ news }: CheckRequest) {
    const failures = failuresOf(schema, news);
    if (failures.length === 0 && assetKind(plain(news["source"] ?? null)) === undefined)
      failures.push({ property: "source", reason: "either asset or archive must be set" });
    return { inputs: news, failures };
  },
  async create({ urn, inputs, preview }, log) {
    if (!preview) await copy(inputs, line => log("info", urn, line, true));
    return { id: newId(""), state: withSecrets(inputs, ["connection"]) };
  },
  async update({ urn, oldState, news, preview }, log) {
    if (!preview && needsCopy(oldState, news)) await copy(news, line => log("info", urn, line, true));
    return withSecrets(news, ["connection"]);
  },
  async delete() {},
};

function needsCopy(old: Values, news: Values): boolean {
  const parts = z.object({ source: sourceSchema, remotePath: z.string() });
  const before = parts.safeParse(plainValues(old));
  const now = parts.parse(plainValues(news));
  return (
    !before.success ||
    before.data.source.hash !== now.source.hash ||
    before.data.remotePath !== now.remotePath
  );
}

async function copy(inputs: Values, progress: (line: string) => void): Promise<void> {
  const { connection, source, remotePath } = schema.parse(plainValues(inputs));
  const client = await dial(connection, progress);
  try {
    await upload(client, source.path ? { path: source.path } : { text: source.text ?? "" }, remotePath);
  } finally {
    client.end();
  }
}
