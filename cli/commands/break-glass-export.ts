import { resolve } from "node:path";
import { z } from "zod";
import { version } from "../../package.json";
import { counted } from "../../checks/wording";
import { shellWord } from "../../plan/contracts/shell-word";
import { keptOutside } from "../../plan/estate/kept-outside";
import { formatSize } from "../../plan/units/size";
import { packed } from "../break-glass/archive";
import { setFlags, setOptions, wantedNow } from "../break-glass/asked";
import { sha256Of } from "../break-glass/files";
import { refuseExisting, writeNew } from "../new-file";
import { keyText, type Openers, sealed } from "../break-glass/seal";
import { sheetOf } from "../break-glass/sheet";
import { BadInput } from "../bad-input";
import type { CommandSpec } from "../command";
import { namedBy } from "../estate-source";

const options = z.object({
  ...setOptions,
  out: z.string(),
  recipient: z.array(z.string()).optional(),
  passphraseFile: z.string().optional(),
  sheet: z.string().optional(),
});
type Options = z.output<typeof options>;

/** `holdfast break-glass export`: all that restores need when everything else is gone, in one encrypted file. */
export const breakGlassExport: CommandSpec<Options> = {
  name: "export",
  summary:
    "Write the secrets, the hosts' programs, the estate and the pages of each disaster, encrypted as age does",
  flags: [
    ...setFlags,
    ["--out <file>", "the set, e.g. break-glass-2026-12-01.age"],
    ["--recipient <keys...>", "age's public keys, age1…: whoever has one of the private keys opens it"],
    ["--passphrase-file <file>", "or else a passphrase of 16 characters or more"],
    ["--sheet <file>", "the secrets as a page for paper too, with codes to scan: not encrypted"],
  ],
  required: ["out", "secrets"],
  options,
  async run(asked, context) {
    const { json, recipient, passphraseFile } = asked;
    const out = resolve(context.folder, asked.out);
    const sheet = asked.sheet === undefined ? undefined : resolve(context.folder, asked.sheet);
    refuseExisting({ flag: "--out", path: out });
    if (sheet !== undefined) refuseExisting({ flag: "--sheet", path: sheet });
    if (sheet === out) throw new BadInput(`--sheet: "${out}" is --out's too. Name another file.`);
    const openers = openersOf(asked, context.folder);
    const { sources, files } = await wantedNow(asked, context);
    const { nowMs } = context;
    const bytes = await sealed(await packed({ madeMs: nowMs, holdfast: version, files }), openers);
    const made = { file: out, bytes: bytes.length, sha256: sha256Of(bytes), madeMs: nowMs };
    writeNew([
      { flag: "--out", path: out, bytes },
      ...(sheet === undefined
        ? []
        : [{ flag: "--sheet", path: sheet, bytes: Buffer.from(sheetOf(sources, made)) }]),
    ]);
    const { estate } = sources.plan;
    const secrets = keptOutside(estate);
    const leftOut = Object.keys(sources.secrets).filter(name => !secrets.includes(name));
    if (json)
      return {
        text: JSON.stringify(
          {
            ...{ file: out, bytes: made.bytes, sha256: made.sha256, madeAt: new Date(nowMs).toISOString() },
            ...{ files: files.map(({ path }) => path), secrets, leftOut, sheet: sheet ?? null },
          },
          undefined,
          2,
        ),
        exitCode: 0,
      };
    const key = recipient ? "--identity-file KEYS" : `--passphrase-file ${shellWord(passphraseFile ?? "")}`;
    const named = namedBy({ stack: asked.stack, estate: asked.estate }, context).map(shellWord);
    return {
      text: [
        `${out}: ${counted(secrets.length, "secret")} and ${counted(files.length - secrets.length, "other file")}, ${formatSize(made.bytes)}.`,
        ...(leftOut.length === 0
          ? []
          : [`Not in it, as their keptIn doesn't say "break-glass": ${leftOut.join(", ")}.`]),
        ...(sheet === undefined
          ? []
          : [`${sheet}: for paper, and NOT ENCRYPTED. Print it, then: shred -u ${shellWord(sheet)}`]),
        "Next: take it to where no disaster reaches both, and prove there that it opens:",
        `  ${["holdfast break-glass verify", shellWord(out), key, ...named, "--secrets …"].join(" ")}`,
      ].join("\n"),
      exitCode: 0,
    };
  },
};

function openersOf({ recipient, passphraseFile }: Options, folder: string): Openers {
  if ((recipient === undefined) === (passphraseFile === undefined))
    throw new BadInput(
      "Who may open it? Give either --recipient with age's public keys, or --passphrase-file: age allows one of the two for a file.",
    );
  if (recipient) return { recipients: recipient };
  const passphrase = keyText({ kind: "passphrase", file: passphraseFile ?? "" }, folder);
  if (/\p{Cc}/u.test(passphrase))
    throw new BadInput(
      "--passphrase-file: it has more than one line, or a control character, which nobody can type where age asks for it.",
    );
  const leastLength = 16;
  if (passphrase.length < leastLength)
    throw new BadInput(
      `--passphrase-file: it has ${counted(passphrase.length, "character")}, expected ${leastLength} or more: whoever finds the file can try as long as they like.`,
    );
  return { passphrase };
}
