import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { todayOf } from "../../checks/proof-day";
import { counted } from "../../checks/wording";
import { errorText } from "../../plan/estate/plain";
import { formatDuration } from "../../plan/units/duration";
import { type BreakGlassSet, unpacked } from "../break-glass/archive";
import { setFlags, setOptions, wantedNow } from "../break-glass/asked";
import { differences } from "../break-glass/differences";
import { type Key, opened, type Unusable } from "../break-glass/seal";
import { BadInput } from "../bad-input";
import type { CommandSpec, Outcome } from "../command";

const options = z.object({
  ...setOptions,
  file: z.string({ error: "name the set's file" }),
  identityFile: z.string().optional(),
  passphraseFile: z.string().optional(),
});
type Options = z.output<typeof options>;

/** `holdfast break-glass verify`: proves that a set opens, is whole, and is the one that would be made today. */
export const breakGlassVerify: CommandSpec<Options> = {
  name: "verify",
  summary: "Prove that a break-glass set opens, is whole, and has today's secrets, estate and programs",
  argument: ["<file>", "the set, from where it is kept"],
  flags: [
    ...setFlags,
    ["--identity-file <file>", "age's private keys, as age-keygen writes them"],
    ["--passphrase-file <file>", "or else the passphrase"],
  ],
  required: ["secrets"],
  options,
  async run(asked, context) {
    const key = keyOf(asked);
    const bytes = bytesOf(resolve(context.folder, asked.file));
    const archive = await opened(bytes, key, context.folder);
    const set = "fault" in archive ? archive : await unpacked(archive);
    if ("fault" in set) return unusable(asked, { next: "It is of no use as it is.", ...set });
    const { files, sources } = await wantedNow(asked, context);
    const { nowMs } = context;
    const today = todayOf(sources.plan.estate, nowMs);
    return told(asked, set, differences(set, files), { nowMs, today });
  },
};

function keyOf({ identityFile, passphraseFile }: Options): Key {
  if (identityFile !== undefined && passphraseFile === undefined)
    return { kind: "identity", file: identityFile };
  if (passphraseFile !== undefined && identityFile === undefined)
    return { kind: "passphrase", file: passphraseFile };
  throw new BadInput("What opens it? Give either --identity-file or --passphrase-file.");
}

function bytesOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new BadInput(`The set can't be read: ${errorText(error)}.`);
  }
}

const another = "holdfast break-glass export, take the new one to where this one is kept, and verify that.";

function unusable({ file, json }: Options, { fault, next }: Unusable): Outcome {
  const text = json
    ? JSON.stringify({ file, opens: false, fault }, undefined, 2)
    : `${file} ${fault}.\n${next} Where nothing opens it, for as long as the machines are there: ${another}`;
  return { text, exitCode: 1 };
}

function told(
  { file, json }: Options,
  set: BreakGlassSet,
  differ: readonly string[],
  { nowMs, today }: { readonly nowMs: number; readonly today: string },
): Outcome {
  const exitCode = differ.length === 0 ? 0 : 1;
  const madeAt = new Date(set.madeMs).toISOString();
  if (json)
    return {
      text: JSON.stringify(
        { file, opens: true, madeAt, holdfast: set.holdfast, current: exitCode === 0, differ },
        undefined,
        2,
      ),
      exitCode,
    };
  const head = `${file}: it opens, and ${counted(set.files.length, "file")} are what was written at ${madeAt}, ${formatDuration(Math.max(0, nowMs - set.madeMs))} ago.`;
  const lines =
    exitCode === 0
      ? ["It has today's secrets, estate and programs.", `Next: breakGlass.proven: "${today}" in the estate.`]
      : [
          "It isn't the one that would be made today:",
          ...differ.map(line => `  ${line}`),
          `Next: ${another}`,
        ];
  return { text: [head, ...lines].join("\n"), exitCode };
}
